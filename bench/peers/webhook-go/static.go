package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The static rules of the kinds, by hand, on decoded objects.

var (
	durationPattern = regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`)
	namePattern     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	imagePattern    = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9._:/@]*$`)
	versionPattern  = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)
	redisPattern    = regexp.MustCompile(`^rediss?://[^@\s]+$`)
	brokerPattern   = regexp.MustCompile(`^[^\s\x00-\x1f]+$`)
	priorityPattern = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_.]*$`)
	layouts         = []string{"List", "Stream", "Celery", "RQ", "BullMQ", "Sidekiq", "Asynq", "GoRedisWorkQueue"}
)

func validateWorkerPool(pool *WorkerPool, old *WorkerPool) field.ErrorList {
	var errs field.ErrorList
	spec, path := &pool.Spec, field.NewPath("spec")
	errs = append(errs, pattern(field.NewPath("metadata", "name"), pool.Name, namePattern, 52)...)
	errs = append(errs, poolQueues(spec.Queues, path.Child("queues"))...)
	if spec.Image != "" {
		errs = append(errs, pattern(path.Child("image"), spec.Image, imagePattern, 1024)...)
	}
	if (spec.Image != "") == (spec.Template != nil) {
		errs = append(errs, field.Invalid(path.Child("image"), spec.Image, "set exactly one of image and template"))
	}
	if spec.Template != nil && !workerSets(spec.Template, func(c *corev1.Container) bool { return c.Image != "" }) {
		errs = append(errs, field.Required(path.Child("template", "spec", "containers"), "needs a container worker with an image"))
	}
	if old != nil && workloadType(spec) != workloadType(&old.Spec) {
		errs = append(errs, field.Forbidden(path.Child("workload", "type"), "cannot be changed: make a new WorkerPool"))
	}
	if len(spec.Env) > 0 && workerSets(spec.Template, func(c *corev1.Container) bool { return len(c.Env) > 0 }) {
		errs = append(errs, field.Duplicate(path.Child("env"), len(spec.Env)))
	}
	if spec.Version != "" {
		errs = append(errs, pattern(path.Child("version"), spec.Version, versionPattern, 63)...)
	}
	if len(spec.Command) > 256 {
		errs = append(errs, field.TooMany(path.Child("command"), len(spec.Command), 256))
	}
	if len(spec.Args) > 256 {
		errs = append(errs, field.TooMany(path.Child("args"), len(spec.Args), 256))
	}
	errs = append(errs, environment(spec.Env, path.Child("env"))...)
	errs = append(errs, between(path.Child("concurrency"), spec.Concurrency, 1, 1000)...)
	errs = append(errs, between(path.Child("maxInFlight"), spec.MaxInFlight, 1, 10000)...)
	if spec.Concurrency != nil && spec.MaxInFlight != nil && *spec.MaxInFlight < *spec.Concurrency {
		errs = append(errs, field.Invalid(path.Child("maxInFlight"), *spec.MaxInFlight, "must be at least concurrency"))
	}
	errs = append(errs, scaling(&spec.Scaling, path.Child("scaling"))...)
	if spec.Hold != nil {
		errs = append(errs, between(path.Child("hold", "replicas"), &spec.Hold.Replicas, 0, 1000)...)
	}
	errs = append(errs, drain(spec.Drain, path.Child("drain"))...)
	errs = append(errs, rollout(spec.Rollout, path.Child("rollout"))...)
	return append(errs, between(path.Child("priority"), spec.Priority, -1000, 1000)...)
}

func poolQueues(queues []PoolQueue, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(queues) == 0 {
		errs = append(errs, field.Required(path, "must have at least 1 entry"))
	}
	if len(queues) > 50 {
		errs = append(errs, field.TooMany(path, len(queues), 50))
	}
	seen := make(map[string]struct{}, len(queues))
	for index := range queues {
		queue, at := &queues[index], path.Index(index)
		if _, known := seen[queue.Name]; known {
			errs = append(errs, field.Duplicate(at, queue.Name))
		}
		seen[queue.Name] = struct{}{}
		errs = append(errs, pattern(at.Child("name"), queue.Name, namePattern, 63)...)
		errs = append(errs, between(at.Child("weight"), queue.Weight, 1, 1000)...)
		errs = append(errs, duration(at.Child("waitTarget"), queue.WaitTarget)...)
	}
	return errs
}

func scaling(scaling *Scaling, path *field.Path) field.ErrorList {
	errs := between(path.Child("maxReplicas"), &scaling.MaxReplicas, 1, 1000)
	errs = append(errs, between(path.Child("minReplicas"), scaling.MinReplicas, 0, 1000)...)
	if scaling.MinReplicas != nil && *scaling.MinReplicas > scaling.MaxReplicas {
		message := fmt.Sprintf("must not be more than maxReplicas, %d", scaling.MaxReplicas)
		errs = append(errs, field.Invalid(path.Child("minReplicas"), *scaling.MinReplicas, message))
	}
	errs = append(errs, between(path.Child("jobsPerReplica"), scaling.JobsPerReplica, 1, 2147483647)...)
	if scaling.Wait != nil {
		errs = append(errs, duration(path.Child("wait", "target"), scaling.Wait.Target)...)
		errs = append(errs, between(path.Child("wait", "percentile"), scaling.Wait.Percentile, 50, 99)...)
	}
	errs = append(errs, duration(path.Child("catchUpTime"), scaling.CatchUpTime)...)
	errs = append(errs, duration(path.Child("startupTime"), scaling.StartupTime)...)
	if scaling.Fallback != nil {
		errs = append(errs, duration(path.Child("fallback", "after"), scaling.Fallback.After)...)
		errs = append(errs, between(path.Child("fallback", "replicas"), &scaling.Fallback.Replicas, 0, scaling.MaxReplicas)...)
	}
	for index := range scaling.Schedules {
		schedule, at := &scaling.Schedules[index], path.Child("schedules").Index(index)
		errs = append(errs, pattern(at.Child("name"), schedule.Name, namePattern, 63)...)
		errs = append(errs, duration(at.Child("duration"), schedule.Duration)...)
		errs = append(errs, between(at.Child("minReplicas"), &schedule.MinReplicas, 0, scaling.MaxReplicas)...)
	}
	return errs
}

func drain(drain *Drain, path *field.Path) field.ErrorList {
	if drain == nil {
		return nil
	}
	errs := duration(path.Child("timeout"), drain.Timeout)
	errs = append(errs, oneOf(path.Child("onTimeout"), drain.OnTimeout, "Wait", "Requeue", "Kill")...)
	errs = append(errs, oneOf(path.Child("method"), drain.Method, "Auto", "AdminAPI", "Broker", "Signal")...)
	errs = append(errs, oneOf(path.Child("guard"), drain.Guard, "None", "Evictions", "Deletes")...)
	if drain.AdminAPI != nil {
		errs = append(errs, between(path.Child("adminAPI", "port"), drain.AdminAPI.Port, 1, 65535)...)
	}
	return errs
}

func rollout(rollout *Rollout, path *field.Path) field.ErrorList {
	if rollout == nil {
		return nil
	}
	errs := duration(path.Child("progressDeadline"), rollout.ProgressDeadline)
	errs = append(errs, oneOf(path.Child("onLatencyBreach"), rollout.OnLatencyBreach, "Pause", "Continue")...)
	errs = append(errs, oneOf(path.Child("onFailure"), rollout.OnFailure, "Pause", "Rollback")...)
	if rollout.MaxSurge != nil && rollout.MaxUnavailable != nil &&
		strings.TrimSuffix(rollout.MaxSurge.String(), "%") == "0" && strings.TrimSuffix(rollout.MaxUnavailable.String(), "%") == "0" {
		errs = append(errs, field.Invalid(path.Child("maxUnavailable"), 0, "must not be 0 when maxSurge is 0"))
	}
	return errs
}

func validateQueue(queue *Queue, old *Queue) field.ErrorList {
	var errs field.ErrorList
	spec, path := &queue.Spec, field.NewPath("spec")
	errs = append(errs, pattern(field.NewPath("metadata", "name"), queue.Name, namePattern, 63)...)
	if spec.QueueName != "" {
		errs = append(errs, pattern(path.Child("queueName"), spec.QueueName, brokerPattern, 255)...)
	}
	if old != nil && brokerName(queue) != brokerName(old) {
		errs = append(errs, field.Forbidden(path.Child("queueName"), "the name at the broker cannot be changed: make a new Queue"))
	}
	errs = append(errs, oneOf(path.Child("management"), spec.Management, "Observe", "Manage")...)
	if len(spec.Priorities) > 16 {
		errs = append(errs, field.TooMany(path.Child("priorities"), len(spec.Priorities), 16))
	}
	seen := map[string]struct{}{}
	for index, priority := range spec.Priorities {
		at := path.Child("priorities").Index(index)
		if _, known := seen[priority]; known {
			errs = append(errs, field.Duplicate(at, priority))
		}
		seen[priority] = struct{}{}
		errs = append(errs, pattern(at, priority, priorityPattern, 63)...)
	}
	errs = append(errs, duration(path.Child("maxJobDuration"), spec.MaxJobDuration)...)
	errs = append(errs, broker(queue, old, path.Child("broker"))...)
	if spec.RateLimit != nil {
		errs = append(errs, between(path.Child("rateLimit", "jobs"), &spec.RateLimit.Jobs, 1, 2147483647)...)
		errs = append(errs, duration(path.Child("rateLimit", "per"), spec.RateLimit.Per)...)
		errs = append(errs, between(path.Child("rateLimit", "burst"), spec.RateLimit.Burst, 1, 2147483647)...)
	}
	errs = append(errs, retry(spec.Retry, path.Child("retry"))...)
	if spec.Retention != nil {
		errs = append(errs, duration(path.Child("retention", "completed"), spec.Retention.Completed)...)
		errs = append(errs, duration(path.Child("retention", "failed"), spec.Retention.Failed)...)
	}
	if spec.DeadLetter != nil {
		at := path.Child("deadLetter")
		if spec.DeadLetter.QueueName != "" {
			errs = append(errs, pattern(at.Child("queueName"), spec.DeadLetter.QueueName, brokerPattern, 255)...)
		}
		if spec.DeadLetter.QueueName == brokerName(queue) {
			errs = append(errs, field.Invalid(at.Child("queueName"), spec.DeadLetter.QueueName, "is the queue itself"))
		}
		errs = append(errs, oneOf(at.Child("deletionPolicy"), spec.DeadLetter.DeletionPolicy, "Block", "Retain", "Purge")...)
	}
	errs = append(errs, oneOf(path.Child("deletionPolicy"), spec.DeletionPolicy, "Retain", "Drain", "Purge")...)
	if spec.DeletionPolicy == "Purge" && spec.Management != "Manage" {
		errs = append(errs, field.Invalid(path.Child("deletionPolicy"), spec.DeletionPolicy, "needs management Manage"))
	}
	return append(errs, duration(path.Child("drainTimeout"), spec.DrainTimeout)...)
}

func broker(queue *Queue, old *Queue, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	broker, set := &queue.Spec.Broker, 0
	for _, is := range []bool{broker.Redis != nil, broker.RabbitMQ != nil, broker.Kafka != nil, broker.Prometheus != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		errs = append(errs, field.Invalid(path, set, "set exactly one of redis, rabbitmq, kafka and prometheus"))
	}
	if old != nil && ((broker.Redis == nil) != (old.Spec.Broker.Redis == nil) || (broker.RabbitMQ == nil) != (old.Spec.Broker.RabbitMQ == nil) ||
		(broker.Kafka == nil) != (old.Spec.Broker.Kafka == nil)) {
		errs = append(errs, field.Forbidden(path, "the kind of broker cannot be changed: make a new Queue"))
	}
	errs = append(errs, oneOf(path.Child("type"), broker.Type, "Redis", "RabbitMQ", "Kafka", "Prometheus")...)
	if broker.Redis != nil {
		redis, at := broker.Redis, path.Child("redis")
		errs = append(errs, oneOf(at.Child("layout"), redis.Layout, layouts...)...)
		if redis.URL != "" {
			errs = append(errs, pattern(at.Child("url"), redis.URL, redisPattern, 1024)...)
		} else if broker.ConnectionSecretRef == nil && redis.Sentinel == nil && redis.Cluster == nil {
			errs = append(errs, field.Required(path.Child("connectionSecretRef"), "say where the broker is"))
		}
		if redis.ConsumerGroup != "" && redis.Layout != "Stream" {
			errs = append(errs, field.Forbidden(at.Child("consumerGroup"), "has a meaning for the layout Stream only"))
		}
		if redis.ProcessingKey != "" && redis.Layout != "List" {
			errs = append(errs, field.Forbidden(at.Child("processingKey"), "has a meaning for the layout List only"))
		}
		errs = append(errs, duration(at.Child("visibilityTimeout"), redis.VisibilityTimeout)...)
		if old != nil && old.Spec.Broker.Redis != nil && old.Spec.Broker.Redis.Layout != redis.Layout {
			errs = append(errs, field.Forbidden(at.Child("layout"), "cannot be changed: make a new Queue"))
		}
		if old != nil && old.Spec.Broker.Redis != nil && old.Spec.Broker.Redis.KeyPrefix != redis.KeyPrefix {
			errs = append(errs, field.Forbidden(at.Child("keyPrefix"), "cannot be changed: make a new Queue"))
		}
	}
	return errs
}

func retry(retry *Retry, path *field.Path) field.ErrorList {
	if retry == nil {
		return nil
	}
	errs := between(path.Child("maxRetries"), retry.MaxRetries, 0, 100)
	if retry.Backoff != nil {
		at := path.Child("backoff")
		errs = append(errs, duration(at.Child("initial"), retry.Backoff.Initial)...)
		errs = append(errs, duration(at.Child("max"), retry.Backoff.Max)...)
		errs = append(errs, between(at.Child("jitterPercent"), retry.Backoff.JitterPercent, 0, 100)...)
		if initial, err := time.ParseDuration(retry.Backoff.Initial); err == nil {
			if longest, err := time.ParseDuration(retry.Backoff.Max); err == nil && initial > longest {
				errs = append(errs, field.Invalid(at.Child("initial"), retry.Backoff.Initial, "must not be longer than max"))
			}
		}
	}
	return errs
}

func environment(env []corev1.EnvVar, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(env) > 500 {
		errs = append(errs, field.TooMany(path, len(env), 500))
	}
	seen := make(map[string]struct{}, len(env))
	for index := range env {
		if _, known := seen[env[index].Name]; known {
			errs = append(errs, field.Duplicate(path.Index(index), env[index].Name))
		}
		seen[env[index].Name] = struct{}{}
		if env[index].Name == "" {
			errs = append(errs, field.Required(path.Index(index).Child("name"), "must be set"))
		}
	}
	return errs
}

func workloadType(spec *WorkerPoolSpec) string {
	if spec.Workload == nil || spec.Workload.Type == "" {
		return "Deployment"
	}
	return spec.Workload.Type
}

func workerSets(template *corev1.PodTemplateSpec, sets func(*corev1.Container) bool) bool {
	if template == nil {
		return false
	}
	for index := range template.Spec.Containers {
		if container := &template.Spec.Containers[index]; container.Name == "worker" && sets(container) {
			return true
		}
	}
	return false
}

func brokerName(queue *Queue) string {
	if queue.Spec.QueueName != "" {
		return queue.Spec.QueueName
	}
	return queue.Name
}

func pattern(path *field.Path, value string, pattern *regexp.Regexp, longest int) field.ErrorList {
	if len(value) > longest {
		return field.ErrorList{field.TooLong(path, value, longest)}
	}
	if !pattern.MatchString(value) {
		return field.ErrorList{field.Invalid(path, value, "must match "+pattern.String())}
	}
	return nil
}

func duration(path *field.Path, value string) field.ErrorList {
	if value == "" {
		return nil
	}
	if errs := pattern(path, value, durationPattern, 28); errs != nil {
		return errs
	}
	if parsed, err := time.ParseDuration(value); err != nil || parsed <= 0 {
		return field.ErrorList{field.Invalid(path, value, "must be longer than 0s")}
	}
	return nil
}

func between(path *field.Path, value *int32, least, most int32) field.ErrorList {
	if value == nil {
		return nil
	}
	if *value < least {
		return field.ErrorList{field.Invalid(path, *value, fmt.Sprintf("at least %d", least))}
	}
	if *value > most {
		return field.ErrorList{field.Invalid(path, *value, fmt.Sprintf("at most %d", most))}
	}
	return nil
}

func oneOf(path *field.Path, value string, allowed ...string) field.ErrorList {
	if value == "" {
		return nil
	}
	for _, choice := range allowed {
		if value == choice {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(path, value, allowed)}
}
