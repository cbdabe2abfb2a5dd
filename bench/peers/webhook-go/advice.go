package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What is allowed and does not come out as it reads. Findings of these rules are warnings.

const longestWarning = 120

var autoscalers = []string{"system:serviceaccount:kube-system:horizontal-pod-autoscaler", "system:kube-controller-manager"}

func advice(rule, path, message string) Finding {
	err := &field.Error{Type: field.ErrorTypeInvalid, Field: path, BadValue: "", Detail: message}
	return Finding{Error: err, rule: rule, warn: true}
}

// words is one line; a sentence that begins with the field's own name needs no path before it.
func words(finding Finding) string {
	said := finding.Field + ": " + finding.Detail
	if finding.origin != "" {
		said = finding.Field + ": " + finding.ErrorBody() + finding.origin
	} else if first, _, _ := strings.Cut(finding.Detail, " "); strings.HasSuffix("."+finding.Field, "."+first) {
		said = finding.Detail
	}
	if runes := []rune(said); len(runes) > longestWarning {
		return string(runes[:longestWarning-3]) + "..."
	}
	return said
}

// poolTimely speaks of the world as it is now, so it is told at every write.
func (snapshot *Snapshot) poolTimely(pool *WorkerPool, policies []*Compiled) []Finding {
	var found []Finding
	spec := &pool.Spec
	found = append(found, onlyInBeta(&pool.ObjectMeta)...)
	found = append(found, snapshot.missingQueues(pool)...)
	if spec.Hold != nil && spec.Hold.Replicas > spec.Scaling.MaxReplicas {
		found = append(found, holdAboveMaximum(spec.Hold.Replicas, spec.Scaling.MaxReplicas))
	}
	found = append(found, snapshot.drainAndJobs(pool, policies)...)
	return append(found, snapshot.queueSettings(pool)...)
}

func holdAboveMaximum(held, most int32) Finding {
	message := fmt.Sprintf("%d is above scaling.maxReplicas: the pool is held at %d", held, most)
	return advice("holdAboveMaximum", "spec.hold.replicas", message)
}

func (snapshot *Snapshot) drainAndJobs(pool *WorkerPool, policies []*Compiled) []Finding {
	var found []Finding
	timeout, then := "", ""
	for index := range pool.Spec.Queues {
		queue := snapshot.queues[pool.Namespace][pool.Spec.Queues[index].Name]
		if queue == nil {
			continue
		}
		if timeout == "" {
			timeout, then = snapshot.draining(pool, policies)
		}
		if again := redelivery(&queue.Spec.Broker); again != nil && seconds(timeout) > seconds(again.text) {
			message := fmt.Sprintf("drain.timeout %s > %s of queue %s: draining jobs may be delivered twice", timeout, again, queue.Name)
			found = append(found, advice("drainLongerThanBroker", "spec.drain.timeout", message))
		}
		longest := queue.Spec.MaxJobDuration
		if longest != "" && (then == "Requeue" || then == "Kill") && seconds(longest) > seconds(timeout) {
			message := fmt.Sprintf("drain.timeout %s < maxJobDuration %s of queue %s: %s ends such jobs", timeout, longest, queue.Name, then)
			found = append(found, advice("drainShorterThanJob", "spec.drain.timeout", message))
		}
	}
	return found
}

// draining is the effective drain timeout and what follows when it is over.
func (snapshot *Snapshot) draining(pool *WorkerPool, policies []*Compiled) (timeout, then string) {
	set := func(drain *Drain) {
		if drain != nil && timeout == "" {
			timeout = drain.Timeout
		}
		if drain != nil && then == "" {
			then = drain.OnTimeout
		}
	}
	set(pool.Spec.Drain)
	for _, policy := range policies {
		set(policy.Spec.Defaults.Drain)
	}
	if then == "" {
		then = "Wait"
	}
	if timeout != "" {
		return timeout, then
	}
	longest := 9 * time.Minute
	known := false
	for index := range pool.Spec.Queues {
		if queue := snapshot.queues[pool.Namespace][pool.Spec.Queues[index].Name]; queue != nil && queue.Spec.MaxJobDuration != "" {
			length, _ := time.ParseDuration(queue.Spec.MaxJobDuration)
			if !known || length > longest {
				known, longest = true, length
			}
		}
	}
	return written(longest + time.Minute), then
}

// poolAdvice is about the object alone, so what was there before is not told again.
func (snapshot *Snapshot) poolAdvice(pool *WorkerPool, policies []*Compiled, now time.Time) []Finding {
	spec := &pool.Spec
	found := unusedByPool(spec, policies)
	if label := versionLabel(spec); spec.Version != "" && label != "" && label != spec.Version {
		message := fmt.Sprintf("version %s has no effect: the template's label app.kubernetes.io/version says %s", spec.Version, label)
		found = append(found, advice("versionAgainstTag", "spec.version", message))
	} else if tag := imageTag(image(spec)); spec.Version != "" && tag != "" && spec.Version != tag {
		message := fmt.Sprintf("version %[1]s is not the image's tag %[2]s: dashboards and rollouts will show %[1]s", spec.Version, tag)
		found = append(found, advice("versionAgainstTag", "spec.version", message))
	}
	if workloadType(spec) == "StatefulSet" && spec.Rollout != nil && spec.Rollout.MaxUnavailable != nil {
		if none := spec.Rollout.MaxUnavailable.String(); none == "0" || none == "0%" || none == "00%" {
			message := fmt.Sprintf("maxUnavailable %s has no effect: a StatefulSet replaces one worker at a time, at least", none)
			found = append(found, advice("surgeOfAStatefulSet", "spec.rollout.maxUnavailable", message))
		}
	}
	if workloadType(spec) == "StatefulSet" && spec.Rollout != nil && spec.Rollout.MaxSurge != nil {
		message := "a StatefulSet has none: maxUnavailable, at least 1, says how many are replaced at a time"
		found = append(found, advice("surgeOfAStatefulSet", "spec.rollout.maxSurge", message))
	}
	if spec.Hold != nil && spec.Hold.Until != "" {
		if ends, err := time.Parse(time.RFC3339, spec.Hold.Until); err == nil && !ends.After(now) {
			message := fmt.Sprintf("is over since %s, so the pool scales by itself", spec.Hold.Until)
			found = append(found, advice("expiredHold", "spec.hold.until", message))
		}
	}
	if spec.Template == nil {
		return found
	}
	for key := range spec.Template.Labels {
		if strings.HasPrefix(key, "app.kubernetes.io/instance") || strings.HasPrefix(key, "argocd.argoproj.io/") {
			message := "kept off the workers, which a GitOps tool would prune"
			found = append(found, advice("claimingLabels", fmt.Sprintf("spec.template.metadata.labels[%s]", key), message))
		}
	}
	if grace := spec.Template.Spec.TerminationGracePeriodSeconds; grace != nil {
		if timeout, _ := snapshot.draining(pool, policies); float64(*grace) < seconds(timeout) {
			length, _ := time.ParseDuration(timeout)
			message := fmt.Sprintf("terminationGracePeriodSeconds %d < drain.timeout %s: jobs on a node that goes get the shorter", *grace, written(length))
			found = append(found, advice("graceShorterThanDrain", "spec.template.spec.terminationGracePeriodSeconds", message))
		}
	}
	return found
}

func versionLabel(spec *WorkerPoolSpec) string {
	if spec.Template == nil {
		return ""
	}
	return spec.Template.Labels["app.kubernetes.io/version"]
}

func image(spec *WorkerPoolSpec) string {
	if spec.Image != "" || spec.Template == nil {
		return spec.Image
	}
	containers := spec.Template.Spec.Containers
	index := slices.IndexFunc(containers, func(one corev1.Container) bool { return one.Name == "worker" })
	if index < 0 {
		return ""
	}
	return containers[index].Image
}

func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return tag
}

func queueTimely(queue *Queue) []Finding {
	var found []Finding
	spec := &queue.Spec
	for _, one := range []struct {
		set       bool
		path, why string
	}{
		{spec.Broker.Kafka != nil, "spec.broker.kafka", "Kafka is not observed yet"},
		{spec.CircuitBreaker != nil, "spec.circuitBreaker", "breakers never open yet"},
		{spec.Retention != nil, "spec.retention", "nothing is removed yet"},
	} {
		if one.set {
			found = append(found, advice("withoutEffect", one.path, "no effect: "+one.why))
		}
	}
	return append(found, onlyInBeta(&queue.ObjectMeta)...)
}

func (snapshot *Snapshot) queueAdvice(queue *Queue, at string) []Finding {
	spec := &queue.Spec
	found := unheard(spec)
	for _, other := range snapshot.places[at] {
		if other.Namespace != queue.Namespace {
			message := "a Queue of another namespace is these jobs too: each counts and limits them by itself"
			found = append(found, advice("duplicateQueueElsewhere", namedAt(queue), message))
			break
		}
	}
	if limit := spec.RateLimit; limit != nil && limit.Burst != nil && *limit.Burst < limit.Jobs {
		message := fmt.Sprintf("burst %d < jobs %[2]d: workers that look rarely may stay below %[2]d per %[3]s", *limit.Burst, limit.Jobs, limit.Per)
		found = append(found, advice("burstBelowRate", "spec.rateLimit.burst", message))
	}
	if spec.Retention != nil && spec.Retention.Failed != "" && seconds(spec.Retention.Failed) == 0 {
		message := "failed 0s removes dead letters at once: nobody can look at them or bring them back"
		found = append(found, advice("deadLettersKept", "spec.retention.failed", message))
	}
	if again := redelivery(&spec.Broker); again != nil && spec.MaxJobDuration != "" && seconds(spec.MaxJobDuration) > seconds(again.text) {
		then := fmt.Sprintf("running jobs get delivered twice; raise it in %s and here", again.where)
		message := fmt.Sprintf("maxJobDuration %s > %s: %s", spec.MaxJobDuration, again, then)
		found = append(found, advice("jobLongerThanBroker", "spec.maxJobDuration", message))
	}
	return found
}

// onlyInBeta is about fields of v1beta1 that an object carries along. The requests of the benchmark have none.
func onlyInBeta(meta *metav1.ObjectMeta) []Finding {
	if _, carried := meta.Annotations["headgate.dev/conversion-data"]; carried {
		return []Finding{advice("onlyInV1beta1", "metadata.annotations", "carries fields of v1beta1")}
	}
	return nil
}

// Redelivery is when a broker gives a job that nobody acknowledged to the next worker.
type Redelivery struct{ name, text, defaultOf, where string }

func (again *Redelivery) String() string {
	if again.defaultOf == "" {
		return again.name + " " + again.text
	}
	return fmt.Sprintf("%s %s (%s default)", again.name, again.text, again.defaultOf)
}

func redelivery(broker *Broker) *Redelivery {
	own := func(name, text, standard, library string) *Redelivery {
		if text == "" {
			return &Redelivery{name, standard, library, library}
		}
		return &Redelivery{name, text, "", library}
	}
	if broker.Redis != nil && broker.Redis.Layout == "Celery" {
		return own("visibilityTimeout", broker.Redis.VisibilityTimeout, "1h", "Celery")
	}
	if broker.RabbitMQ != nil {
		return own("consumerTimeout", broker.RabbitMQ.ConsumerTimeout, "30m", "RabbitMQ")
	}
	return nil
}

func seconds(text string) float64 {
	length, _ := time.ParseDuration(text)
	return length.Seconds()
}

// written is the shortest text: 1h30m and not 1h30m0s.
func written(length time.Duration) string {
	var text strings.Builder
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if count := length / unit.size; count > 0 {
			fmt.Fprintf(&text, "%d%s", count, unit.name)
			length -= count * unit.size
		}
	}
	if text.Len() == 0 {
		return "0s"
	}
	return text.String()
}
