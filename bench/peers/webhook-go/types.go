package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	corev1 "k8s.io/api/core/v1"
)

// The kinds of work.headgate.dev/v1, as a Go operator would declare them.

type WorkerPool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              WorkerPoolSpec       `json:"spec"`
	Status            runtime.RawExtension `json:"status,omitempty"`
}

type WorkerPoolSpec struct {
	Queues      []PoolQueue                  `json:"queues"`
	Image       string                       `json:"image,omitempty"`
	Template    *corev1.PodTemplateSpec      `json:"template,omitempty"`
	Version     string                       `json:"version,omitempty"`
	Command     []string                     `json:"command,omitempty"`
	Args        []string                     `json:"args,omitempty"`
	Env         []corev1.EnvVar              `json:"env,omitempty"`
	EnvFrom     []corev1.EnvFromSource       `json:"envFrom,omitempty"`
	Resources   *corev1.ResourceRequirements `json:"resources,omitempty"`
	Concurrency *int32                       `json:"concurrency,omitempty"`
	MaxInFlight *int32                       `json:"maxInFlight,omitempty"`
	Scaling     Scaling                      `json:"scaling"`
	Hold        *Hold                        `json:"hold,omitempty"`
	Workload    *Workload                    `json:"workload,omitempty"`
	TakeOver    *TakeOver                    `json:"takeOver,omitempty"`
	Drain       *Drain                       `json:"drain,omitempty"`
	Rollout     *Rollout                     `json:"rollout,omitempty"`
	Priority    *int32                       `json:"priority,omitempty"`
	Paused      *bool                        `json:"paused,omitempty"`
}

type Workload struct {
	Type                 string `json:"type,omitempty"`
	VolumeClaimTemplates []any  `json:"volumeClaimTemplates,omitempty"`
}

type TakeOver struct {
	DeploymentName string `json:"deploymentName"`
}

type PoolQueue struct {
	Name       string   `json:"name"`
	Weight     *int32   `json:"weight,omitempty"`
	Priorities []string `json:"priorities,omitempty"`
	WaitTarget string   `json:"waitTarget,omitempty"`
}

type Scaling struct {
	MaxReplicas    int32      `json:"maxReplicas"`
	MinReplicas    *int32     `json:"minReplicas,omitempty"`
	JobsPerReplica *int32     `json:"jobsPerReplica,omitempty"`
	Wait           *Wait      `json:"wait,omitempty"`
	CatchUpTime    string     `json:"catchUpTime,omitempty"`
	StartupTime    string     `json:"startupTime,omitempty"`
	Fallback       *Fallback  `json:"fallback,omitempty"`
	Schedules      []Schedule `json:"schedules,omitempty"`
}

type Wait struct {
	Target     string `json:"target"`
	Percentile *int32 `json:"percentile,omitempty"`
}

type Fallback struct {
	After    string `json:"after,omitempty"`
	Replicas int32  `json:"replicas"`
}

type Schedule struct {
	Name        string `json:"name"`
	Schedule    string `json:"schedule"`
	TimeZone    string `json:"timeZone,omitempty"`
	Duration    string `json:"duration"`
	MinReplicas int32  `json:"minReplicas"`
}

type Hold struct {
	Replicas int32  `json:"replicas"`
	Until    string `json:"until,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

type Drain struct {
	Timeout   string    `json:"timeout,omitempty"`
	OnTimeout string    `json:"onTimeout,omitempty"`
	Method    string    `json:"method,omitempty"`
	AdminAPI  *AdminAPI `json:"adminAPI,omitempty"`
	Guard     string    `json:"guard,omitempty"`
}

type AdminAPI struct {
	Port *int32 `json:"port,omitempty"`
	Path string `json:"path,omitempty"`
}

type Rollout struct {
	MaxSurge         *intstr.IntOrString `json:"maxSurge,omitempty"`
	MaxUnavailable   *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	ProgressDeadline string              `json:"progressDeadline,omitempty"`
	OnLatencyBreach  string              `json:"onLatencyBreach,omitempty"`
	OnFailure        string              `json:"onFailure,omitempty"`
}

type Queue struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              QueueSpec            `json:"spec"`
	Status            runtime.RawExtension `json:"status,omitempty"`
}

type QueueSpec struct {
	QueueName      string          `json:"queueName,omitempty"`
	Management     string          `json:"management,omitempty"`
	Paused         bool            `json:"paused,omitempty"`
	Priorities     []string        `json:"priorities,omitempty"`
	MaxJobDuration string          `json:"maxJobDuration,omitempty"`
	Broker         Broker          `json:"broker"`
	RateLimit      *Rate           `json:"rateLimit,omitempty"`
	Retry          *Retry          `json:"retry,omitempty"`
	CircuitBreaker *CircuitBreaker `json:"circuitBreaker,omitempty"`
	Retention      *Retention      `json:"retention,omitempty"`
	DeadLetter     *DeadLetter     `json:"deadLetter,omitempty"`
	DeletionPolicy string          `json:"deletionPolicy,omitempty"`
	DrainTimeout   string          `json:"drainTimeout,omitempty"`
}

type Broker struct {
	Type                string           `json:"type,omitempty"`
	ConnectionSecretRef *SecretRef       `json:"connectionSecretRef,omitempty"`
	Redis               *Redis           `json:"redis,omitempty"`
	RabbitMQ            *RabbitMQ        `json:"rabbitmq,omitempty"`
	Kafka               *Kafka           `json:"kafka,omitempty"`
	Prometheus          *PrometheusQuery `json:"prometheus,omitempty"`
}

type CircuitBreaker struct {
	FailurePercent *int32 `json:"failurePercent,omitempty"`
	Window         string `json:"window,omitempty"`
	MinSamples     *int32 `json:"minSamples,omitempty"`
	Cooldown       string `json:"cooldown,omitempty"`
	HalfOpenProbes *int32 `json:"halfOpenProbes,omitempty"`
}

type SecretRef struct {
	Name string `json:"name"`
}

type Redis struct {
	Layout            string        `json:"layout"`
	URL               string        `json:"url,omitempty"`
	KeyPrefix         string        `json:"keyPrefix,omitempty"`
	ConsumerGroup     string        `json:"consumerGroup,omitempty"`
	ProcessingKey     string        `json:"processingKey,omitempty"`
	VisibilityTimeout string        `json:"visibilityTimeout,omitempty"`
	Sentinel          *Sentinel     `json:"sentinel,omitempty"`
	Cluster           *RedisCluster `json:"cluster,omitempty"`
}

type Sentinel struct {
	MasterName string   `json:"masterName"`
	Addresses  []string `json:"addresses"`
}

type RedisCluster struct {
	Addresses []string `json:"addresses"`
}

type RabbitMQ struct {
	URL             string `json:"url,omitempty"`
	Vhost           string `json:"vhost,omitempty"`
	ManagementURL   string `json:"managementURL,omitempty"`
	ConsumerTimeout string `json:"consumerTimeout,omitempty"`
}

type Kafka struct {
	BootstrapServers []string `json:"bootstrapServers"`
	Topic            string   `json:"topic"`
	ConsumerGroup    string   `json:"consumerGroup"`
}

type PrometheusQuery struct {
	URL     string  `json:"url"`
	Queries Queries `json:"queries"`
}

type Queries struct {
	Waiting string `json:"waiting"`
}

type Rate struct {
	Jobs  int32  `json:"jobs"`
	Per   string `json:"per"`
	Burst *int32 `json:"burst,omitempty"`
}

type Retry struct {
	MaxRetries *int32   `json:"maxRetries,omitempty"`
	Backoff    *Backoff `json:"backoff,omitempty"`
}

type Backoff struct {
	Initial       string              `json:"initial,omitempty"`
	Max           string              `json:"max,omitempty"`
	Multiplier    *intstr.IntOrString `json:"multiplier,omitempty"`
	JitterPercent *int32              `json:"jitterPercent,omitempty"`
}

type Retention struct {
	Completed string `json:"completed,omitempty"`
	Failed    string `json:"failed,omitempty"`
	MaxJobs   *int64 `json:"maxJobs,omitempty"`
}

type DeadLetter struct {
	QueueName      string `json:"queueName,omitempty"`
	AlertAbove     *int64 `json:"alertAbove,omitempty"`
	DeletionPolicy string `json:"deletionPolicy,omitempty"`
}

// Policy is a Policy or a ClusterPolicy: the two differ in scope and in match.namespaceSelector only.
type Policy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              PolicySpec `json:"spec"`
}

type PolicySpec struct {
	Action         string          `json:"action"`
	Match          Match           `json:"match,omitempty"`
	Limits         Limits          `json:"limits,omitempty"`
	AllowedImages  []string        `json:"allowedImages,omitempty"`
	RequiredLabels []RequiredLabel `json:"requiredLabels,omitempty"`
	Defaults       Defaults        `json:"defaults,omitempty"`
	Drift          Drift           `json:"drift,omitempty"`
}

type Drift struct {
	GitOps         string   `json:"gitOps,omitempty"`
	GitOpsManagers []string `json:"gitOpsManagers,omitempty"`
}

type Match struct {
	Kinds             []string              `json:"kinds,omitempty"`
	Names             []string              `json:"names,omitempty"`
	LabelSelector     *metav1.LabelSelector `json:"labelSelector,omitempty"`
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
}

type Limits struct {
	MaxQueuesPerNamespace *int32 `json:"maxQueuesPerNamespace,omitempty"`
	MaxReplicasPerPool    *int32 `json:"maxReplicasPerPool,omitempty"`
	MaxRate               *Rate  `json:"maxRate,omitempty"`
}

type RequiredLabel struct {
	Key    string   `json:"key"`
	Values []string `json:"values,omitempty"`
}

type Defaults struct {
	RateLimit *Rate             `json:"rateLimit,omitempty"`
	Drain     *Drain            `json:"drain,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}
