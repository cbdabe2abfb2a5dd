package main

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	specPath     = field.NewPath("spec")
	labelsPath   = field.NewPath("metadata", "labels")
	dnsLabel     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	duration     = regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`)
	imageName    = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9._:/@]*$`)
	reservedName = []string{"system", "admin", "health", "metrics", "default"}
	ownLayouts   = []string{"List", "Stream", "GoRedisWorkQueue"}
	layouts      = []string{"List", "Stream", "Celery", "RQ", "BullMQ", "Sidekiq", "Asynq", "GoRedisWorkQueue"}
)

func (s *Snapshot) validatePool(pool *WorkerPool) (errors field.ErrorList, warnings []string) {
	errors = append(errors, staticPool(pool)...)
	errors = append(errors, reservedLabels(pool.Labels)...)
	for i, variable := range pool.Spec.Env {
		if strings.HasPrefix(variable.Name, "HEADGATE_") {
			errors = append(errors, field.Invalid(specPath.Child("env").Index(i).Child("name"), variable.Name, "HEADGATE_* is set by Headgate; use another name"))
		}
	}
	known := s.queues[pool.Namespace]
	for i, queue := range pool.Spec.Queues {
		if _, found := known[queue.Name]; !found {
			warnings = append(warnings, fmt.Sprintf("spec.queues[%d].name: no Queue %q in %s%s", i, queue.Name, pool.Namespace, hint(queue.Name, known)))
		}
	}
	for _, policy := range s.applying("WorkerPool", pool.Namespace, pool.Name, pool.Labels) {
		errors = append(errors, policyPool(&policy, pool)...)
	}
	return errors, warnings
}

func (s *Snapshot) validateQueue(queue *Queue, create bool) (errors field.ErrorList, warnings []string) {
	errors = append(errors, staticQueue(queue)...)
	errors = append(errors, reservedLabels(queue.Labels)...)
	if redis := queue.Spec.Broker.Redis; redis != nil && slices.Contains(ownLayouts, redis.Layout) {
		folded := strings.ToLower(queue.Spec.QueueName)
		if slices.Contains(reservedName, folded) || strings.HasPrefix(folded, "kube-") {
			errors = append(errors, field.Invalid(specPath.Child("queueName"), queue.Spec.QueueName, "reserved at a broker with layout "+redis.Layout))
		}
	}
	for _, policy := range s.applying("Queue", queue.Namespace, queue.Name, queue.Labels) {
		errors = append(errors, s.policyQueue(&policy, queue, create)...)
	}
	return errors, warnings
}

func (s *Snapshot) applying(kind, namespace, name string, set map[string]string) []compiledPolicy {
	var found []compiledPolicy
	for _, policy := range s.policies[namespace] {
		match := policy.Spec.Match
		if len(match.Kinds) > 0 && !slices.Contains(match.Kinds, kind) {
			continue
		}
		if len(match.Names) > 0 && !slices.ContainsFunc(match.Names, func(glob string) bool { ok, _ := path.Match(glob, name); return ok }) {
			continue
		}
		if policy.selector.Matches(labels.Set(set)) {
			found = append(found, policy)
		}
	}
	return found
}

func policyPool(policy *compiledPolicy, pool *WorkerPool) (errors field.ErrorList) {
	source := fmt.Sprintf("(Policy %s, ", policy.Name)
	if limit := policy.Spec.Limits.MaxReplicasPerPool; limit != nil {
		atMost := func(path *field.Path, value *int32) {
			if value != nil && *value > *limit {
				errors = append(errors, field.Invalid(path, *value, fmt.Sprintf("at most %d %slimits.maxReplicasPerPool)", *limit, source)))
			}
		}
		scaling := specPath.Child("scaling")
		atMost(scaling.Child("maxReplicas"), &pool.Spec.Scaling.MaxReplicas)
		atMost(scaling.Child("minReplicas"), pool.Spec.Scaling.MinReplicas)
		if pool.Spec.Hold != nil {
			atMost(specPath.Child("hold", "replicas"), &pool.Spec.Hold.Replicas)
		}
	}
	if allowed := policy.Spec.AllowedImages; len(allowed) > 0 && pool.Spec.Image != "" {
		if !slices.ContainsFunc(allowed, func(prefix string) bool { return strings.HasPrefix(pool.Spec.Image, prefix) }) {
			errors = append(errors, field.NotSupported(specPath.Child("image"), pool.Spec.Image, allowed))
		}
	}
	return append(errors, required(policy, pool.Labels, source)...)
}

func (s *Snapshot) policyQueue(policy *compiledPolicy, queue *Queue, create bool) (errors field.ErrorList) {
	source := fmt.Sprintf("(Policy %s, ", policy.Name)
	if limit := policy.Spec.Limits.MaxQueuesPerNamespace; limit != nil && create {
		if count := len(s.queues[queue.Namespace]); count >= *limit {
			errors = append(errors, field.Forbidden(field.NewPath("metadata", "namespace"), fmt.Sprintf("namespace %s has %d of at most %d queues %slimits.maxQueuesPerNamespace)", queue.Namespace, count, *limit, source)))
		}
	}
	if limit := policy.Spec.Limits.MaxRate; limit != nil {
		ratePath := specPath.Child("rateLimit")
		words := fmt.Sprintf("at most %d per %s %slimits.maxRate)", limit.Jobs, limit.Per, source)
		if rate := queue.Spec.RateLimit; rate == nil {
			errors = append(errors, field.Required(ratePath, words))
		} else if perSecond(rate) > perSecond(limit) {
			errors = append(errors, field.Invalid(ratePath, fmt.Sprintf("%d per %s", rate.Jobs, rate.Per), words))
		}
	}
	return append(errors, required(policy, queue.Labels, source)...)
}

func required(policy *compiledPolicy, set map[string]string, source string) (errors field.ErrorList) {
	for _, wanted := range policy.Spec.Required {
		value, found := set[wanted.Key]
		if !found {
			errors = append(errors, field.Required(labelsPath.Key(wanted.Key), source+"requiredLabels)"))
		} else if len(wanted.Values) > 0 && !slices.Contains(wanted.Values, value) {
			errors = append(errors, field.NotSupported(labelsPath.Key(wanted.Key), value, wanted.Values))
		}
	}
	return errors
}

func reservedLabels(set map[string]string) (errors field.ErrorList) {
	for key := range set {
		if strings.HasPrefix(key, "headgate.dev/") {
			errors = append(errors, field.Forbidden(labelsPath.Key(key), "headgate.dev/ is set by Headgate only; remove it"))
		}
	}
	return errors
}

func staticPool(pool *WorkerPool) (errors field.ErrorList) {
	spec := &pool.Spec
	within := func(path *field.Path, value *int32, least, most int32) {
		if value != nil && (*value < least || *value > most) {
			errors = append(errors, field.Invalid(path, *value, fmt.Sprintf("%d to %d", least, most)))
		}
	}
	if len(spec.Queues) == 0 || len(spec.Queues) > 50 {
		errors = append(errors, field.Invalid(specPath.Child("queues"), len(spec.Queues), "1 to 50 queues"))
	}
	seen := map[string]bool{}
	for i, queue := range spec.Queues {
		queuePath := specPath.Child("queues").Index(i)
		if !dnsLabel.MatchString(queue.Name) || len(queue.Name) > 63 {
			errors = append(errors, field.Invalid(queuePath.Child("name"), queue.Name, "a DNS label"))
		}
		if seen[queue.Name] {
			errors = append(errors, field.Duplicate(queuePath, queue.Name))
		}
		seen[queue.Name] = true
		within(queuePath.Child("weight"), queue.Weight, 1, 1000)
	}
	if !imageName.MatchString(spec.Image) || len(spec.Image) > 1024 {
		errors = append(errors, field.Invalid(specPath.Child("image"), spec.Image, "an image name"))
	}
	within(specPath.Child("concurrency"), spec.Concurrency, 1, 1000)
	within(specPath.Child("maxInFlight"), spec.MaxInFlight, 1, 10000)
	if spec.MaxInFlight != nil && spec.Concurrency != nil && *spec.MaxInFlight < *spec.Concurrency {
		errors = append(errors, field.Invalid(specPath.Child("maxInFlight"), *spec.MaxInFlight, "at least concurrency"))
	}
	scaling := specPath.Child("scaling")
	within(scaling.Child("maxReplicas"), &spec.Scaling.MaxReplicas, 1, 1000)
	within(scaling.Child("minReplicas"), spec.Scaling.MinReplicas, 0, 1000)
	if least := spec.Scaling.MinReplicas; least != nil && *least > spec.Scaling.MaxReplicas {
		errors = append(errors, field.Invalid(scaling.Child("minReplicas"), *least, "at most maxReplicas"))
	}
	within(specPath.Child("priority"), spec.Priority, -1000, 1000)
	for i, variable := range spec.Env {
		if variable.Name == "" || len(variable.Name) > 1024 {
			errors = append(errors, field.Invalid(specPath.Child("env").Index(i).Child("name"), variable.Name, "1 to 1024 characters"))
		}
	}
	if spec.Drain != nil && spec.Drain.Timeout != "" && !duration.MatchString(spec.Drain.Timeout) {
		errors = append(errors, field.Invalid(specPath.Child("drain", "timeout"), spec.Drain.Timeout, "a duration such as 10m"))
	}
	return errors
}

func staticQueue(queue *Queue) (errors field.ErrorList) {
	spec := &queue.Spec
	if len(spec.QueueName) > 255 {
		errors = append(errors, field.TooLong(specPath.Child("queueName"), spec.QueueName, 255))
	}
	if spec.MaxJobDuration != "" && !duration.MatchString(spec.MaxJobDuration) {
		errors = append(errors, field.Invalid(specPath.Child("maxJobDuration"), spec.MaxJobDuration, "a duration such as 10m"))
	}
	if redis := spec.Broker.Redis; redis == nil {
		errors = append(errors, field.Required(specPath.Child("broker"), "exactly one of redis, rabbitmq, kafka, prometheus"))
	} else {
		if !slices.Contains(layouts, redis.Layout) {
			errors = append(errors, field.NotSupported(specPath.Child("broker", "redis", "layout"), redis.Layout, layouts))
		}
		if strings.Contains(redis.URL, "@") {
			errors = append(errors, field.Invalid(specPath.Child("broker", "redis", "url"), "…", "no credentials in a URL"))
		}
	}
	if rate := spec.RateLimit; rate != nil {
		if rate.Jobs < 1 || !duration.MatchString(rate.Per) || perSecond(rate) == 0 {
			errors = append(errors, field.Invalid(specPath.Child("rateLimit"), rate.Jobs, "jobs and per are positive"))
		}
		if rate.Burst != nil && *rate.Burst < rate.Jobs {
			errors = append(errors, field.Invalid(specPath.Child("rateLimit", "burst"), *rate.Burst, "at least jobs"))
		}
	}
	if retry := spec.Retry; retry != nil && retry.MaxRetries != nil && (*retry.MaxRetries < 0 || *retry.MaxRetries > 100) {
		errors = append(errors, field.Invalid(specPath.Child("retry", "maxRetries"), *retry.MaxRetries, "0 to 100"))
	}
	return errors
}

func perSecond(rate *RateLimit) float64 {
	per, err := time.ParseDuration(rate.Per)
	if err != nil || per <= 0 {
		return 0
	}
	return float64(rate.Jobs) / per.Seconds()
}

func hint(name string, known map[string]*Queue) string {
	best, least := "", 3
	for candidate := range known {
		if distance := edits(name, candidate, least); distance < least {
			best, least = candidate, distance
		}
	}
	if best == "" {
		return " yet"
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func edits(a, b string, bound int) int {
	if d := len(a) - len(b); d >= bound || -d >= bound {
		return bound
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
