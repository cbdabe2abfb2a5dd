// The part of the API that the rules look at, as a controller-runtime project would declare it.
package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type Queue struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              QueueSpec `json:"spec"`
}

type QueueSpec struct {
	QueueName      string     `json:"queueName,omitempty"`
	MaxJobDuration string     `json:"maxJobDuration,omitempty"`
	Broker         Broker     `json:"broker"`
	RateLimit      *RateLimit `json:"rateLimit,omitempty"`
	Retry          *Retry     `json:"retry,omitempty"`
}

type Broker struct {
	Redis *Redis `json:"redis,omitempty"`
}

type Redis struct {
	Layout    string `json:"layout"`
	URL       string `json:"url,omitempty"`
	KeyPrefix string `json:"keyPrefix,omitempty"`
}

type RateLimit struct {
	Jobs  int64  `json:"jobs"`
	Per   string `json:"per"`
	Burst *int64 `json:"burst,omitempty"`
}

type Retry struct {
	MaxRetries *int32   `json:"maxRetries,omitempty"`
	Backoff    *Backoff `json:"backoff,omitempty"`
}

type Backoff struct {
	Initial       string `json:"initial,omitempty"`
	Max           string `json:"max,omitempty"`
	Multiplier    string `json:"multiplier,omitempty"`
	JitterPercent *int32 `json:"jitterPercent,omitempty"`
}

type WorkerPool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              WorkerPoolSpec `json:"spec"`
}

type WorkerPoolSpec struct {
	Queues      []PoolQueue                 `json:"queues"`
	Image       string                      `json:"image,omitempty"`
	Version     string                      `json:"version,omitempty"`
	Command     []string                    `json:"command,omitempty"`
	Args        []string                    `json:"args,omitempty"`
	Env         []corev1.EnvVar             `json:"env,omitempty"`
	Resources   corev1.ResourceRequirements `json:"resources,omitempty"`
	Concurrency *int32                      `json:"concurrency,omitempty"`
	MaxInFlight *int32                      `json:"maxInFlight,omitempty"`
	Scaling     Scaling                     `json:"scaling"`
	Hold        *Hold                       `json:"hold,omitempty"`
	Drain       *Drain                      `json:"drain,omitempty"`
	Priority    *int32                      `json:"priority,omitempty"`
}

type PoolQueue struct {
	Name   string `json:"name"`
	Weight *int32 `json:"weight,omitempty"`
}

type Scaling struct {
	MaxReplicas    int32  `json:"maxReplicas"`
	MinReplicas    *int32 `json:"minReplicas,omitempty"`
	JobsPerReplica *int32 `json:"jobsPerReplica,omitempty"`
}

type Hold struct {
	Replicas int32 `json:"replicas"`
}

type Drain struct {
	Timeout   string `json:"timeout,omitempty"`
	OnTimeout string `json:"onTimeout,omitempty"`
}

type Policy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              PolicySpec `json:"spec"`
}

type PolicySpec struct {
	Action        string          `json:"action"`
	Match         Match           `json:"match,omitempty"`
	Limits        Limits          `json:"limits,omitempty"`
	AllowedImages []string        `json:"allowedImages,omitempty"`
	Required      []RequiredLabel `json:"requiredLabels,omitempty"`
	Defaults      Defaults        `json:"defaults,omitempty"`
}

type Match struct {
	Kinds         []string              `json:"kinds,omitempty"`
	Names         []string              `json:"names,omitempty"`
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
}

type Limits struct {
	MaxReplicasPerPool    *int32     `json:"maxReplicasPerPool,omitempty"`
	MaxQueuesPerNamespace *int       `json:"maxQueuesPerNamespace,omitempty"`
	MaxRate               *RateLimit `json:"maxRate,omitempty"`
}

type RequiredLabel struct {
	Key    string   `json:"key"`
	Values []string `json:"values,omitempty"`
}

type Defaults struct {
	Labels map[string]string `json:"labels,omitempty"`
}
