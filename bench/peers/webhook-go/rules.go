package main

import (
	"fmt"
	"sort"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Finding is one refused or warned field, with the policy that set the limit or the built-in rule.
type Finding struct {
	*field.Error
	origin string
	rule   string
	warn   bool
}

var reservedNames = map[string]bool{"system": true, "admin": true, "health": true, "metrics": true, "default": true}

func builtIn(errs field.ErrorList, findings []Finding) []Finding {
	for _, err := range errs {
		findings = append(findings, Finding{Error: err})
	}
	return findings
}

// usersKey tells the annotations of ours that people write.
func usersKey(key string) bool {
	switch key {
	case breakGlass, "headgate.dev/conversion-data", "headgate.dev/restarted-at", "headgate.dev/rollout":
		return true
	}
	return false
}

func reservedMetadata(new, old *metav1.ObjectMeta) field.ErrorList {
	var errs field.ErrorList
	for part, pair := range map[string][2]map[string]string{
		"labels":      {new.Labels, old.Labels},
		"annotations": {new.Annotations, old.Annotations},
	} {
		for key, value := range pair[0] {
			before, known := pair[1][key]
			if strings.HasPrefix(key, "headgate.dev/") && !(part == "annotations" && usersKey(key)) && !(known && before == value) {
				errs = append(errs, field.Forbidden(field.NewPath("metadata", part).Key(key), "headgate.dev/ is set by Headgate only; remove it"))
			}
		}
	}
	return errs
}

func reservedEnvironment(spec *WorkerPoolSpec) field.ErrorList {
	errs := reservedEnv(spec.Env, field.NewPath("spec", "env"))
	if spec.Template != nil {
		for index := range spec.Template.Spec.Containers {
			path := field.NewPath("spec", "template", "spec", "containers").Index(index).Child("env")
			errs = append(errs, reservedEnv(spec.Template.Spec.Containers[index].Env, path)...)
		}
	}
	return errs
}

func reservedEnv(env []corev1.EnvVar, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for index := range env {
		if strings.HasPrefix(env[index].Name, "HEADGATE_") {
			errs = append(errs, field.Invalid(path.Index(index).Child("name"), env[index].Name, "HEADGATE_* is set by Headgate; use another name"))
		}
	}
	return errs
}

func reservedQueueName(queue *Queue) field.ErrorList {
	redis := queue.Spec.Broker.Redis
	if redis == nil || !(redis.Layout == "List" || redis.Layout == "Stream" || redis.Layout == "GoRedisWorkQueue") {
		return nil
	}
	folded := strings.ToLower(queue.Spec.QueueName)
	if reservedNames[folded] || strings.HasPrefix(folded, "kube-") {
		message := fmt.Sprintf("reserved at a broker with layout %s; choose another queueName", redis.Layout)
		return field.ErrorList{field.Invalid(field.NewPath("spec", "queueName"), queue.Spec.QueueName, message)}
	}
	return nil
}

func (snapshot *Snapshot) judgePool(pool *WorkerPool, policies []*Compiled, findings []Finding) []Finding {
	for _, policy := range policies {
		if limit := policy.Spec.Limits.MaxReplicasPerPool; limit != nil {
			origin := policy.origin("limits.maxReplicasPerPool")
			for _, err := range replicas(pool, *limit) {
				findings = append(findings, Finding{Error: err, origin: origin, warn: policy.Spec.Action != "Deny"})
			}
		}
		if len(policy.Spec.AllowedImages) > 0 {
			for _, err := range images(pool, policy.Spec.AllowedImages) {
				findings = append(findings, Finding{Error: err, origin: policy.origin("allowedImages"), warn: policy.Spec.Action != "Deny"})
			}
		}
		findings = policy.required(pool.Labels, findings)
	}
	return findings
}

func (snapshot *Snapshot) judgeQueue(queue *Queue, create bool, policies []*Compiled, findings []Finding) []Finding {
	for _, policy := range policies {
		warn := policy.Spec.Action != "Deny"
		if limit := policy.Spec.Limits.MaxQueuesPerNamespace; limit != nil && create {
			others := snapshot.queues[queue.Namespace]
			count := len(others)
			if others[queue.Name] != nil {
				count--
			}
			if count >= int(*limit) {
				message := fmt.Sprintf("namespace %s has %d of at most %d queues", queue.Namespace, count, *limit)
				err := field.Forbidden(field.NewPath("metadata", "namespace"), message)
				findings = append(findings, Finding{Error: err, origin: policy.origin("limits.maxQueuesPerNamespace"), warn: warn})
			}
		}
		if limit := policy.Spec.Limits.MaxRate; limit != nil {
			if err := rate(queue, limit, policies); err != nil {
				findings = append(findings, Finding{Error: err, origin: policy.origin("limits.maxRate"), warn: warn})
			}
		}
		findings = policy.required(queue.Labels, findings)
	}
	return findings
}

func replicas(pool *WorkerPool, limit int32) field.ErrorList {
	var errs field.ErrorList
	scaling, path := &pool.Spec.Scaling, field.NewPath("spec", "scaling")
	atMost := func(path *field.Path, value int32) {
		if value > limit {
			errs = append(errs, field.Invalid(path, value, fmt.Sprintf("at most %d", limit)))
		}
	}
	atMost(path.Child("maxReplicas"), scaling.MaxReplicas)
	if scaling.MinReplicas != nil {
		atMost(path.Child("minReplicas"), *scaling.MinReplicas)
	}
	if scaling.Fallback != nil {
		atMost(path.Child("fallback", "replicas"), scaling.Fallback.Replicas)
	}
	if pool.Spec.Hold != nil {
		atMost(field.NewPath("spec", "hold", "replicas"), pool.Spec.Hold.Replicas)
	}
	for index := range scaling.Schedules {
		atMost(path.Child("schedules").Index(index).Child("minReplicas"), scaling.Schedules[index].MinReplicas)
	}
	return errs
}

func rate(queue *Queue, limit *Rate, policies []*Compiled) *field.Error {
	path, words := field.NewPath("spec", "rateLimit"), fmt.Sprintf("at most %d per %s", limit.Jobs, limit.Per)
	effective := queue.Spec.RateLimit
	for _, policy := range policies {
		if effective == nil {
			effective = policy.Spec.Defaults.RateLimit
		}
	}
	if effective == nil {
		return field.Required(path, words)
	}
	if perSecond(effective) > perSecond(limit) {
		return field.Invalid(path, fmt.Sprintf("%d per %s", effective.Jobs, effective.Per), words)
	}
	return nil
}

func perSecond(rate *Rate) float64 {
	per, err := time.ParseDuration(rate.Per)
	if err != nil || per <= 0 {
		return 0
	}
	return float64(rate.Jobs) / per.Seconds()
}

func images(pool *WorkerPool, allowed []string) field.ErrorList {
	var errs field.ErrorList
	check := func(path *field.Path, image string) {
		full := normalised(image)
		for _, prefix := range allowed {
			if strings.HasPrefix(full, strings.TrimRight(prefix, "/")+"/") {
				return
			}
		}
		errs = append(errs, field.NotSupported(path, image, allowed))
	}
	if pool.Spec.Image != "" {
		check(field.NewPath("spec", "image"), pool.Spec.Image)
	}
	if pool.Spec.Template != nil {
		for index := range pool.Spec.Template.Spec.Containers {
			if image := pool.Spec.Template.Spec.Containers[index].Image; image != "" {
				check(field.NewPath("spec", "template", "spec", "containers").Index(index).Child("image"), image)
			}
		}
		for index := range pool.Spec.Template.Spec.Volumes {
			if image := pool.Spec.Template.Spec.Volumes[index].Image; image != nil && image.Reference != "" {
				path := field.NewPath("spec", "template", "spec", "volumes").Index(index)
				check(path.Child("image", "reference"), image.Reference)
			}
		}
	}
	return errs
}

func normalised(image string) string {
	first, rest, found := strings.Cut(image, "/")
	if !found {
		return "docker.io/library/" + image
	}
	if !strings.ContainsAny(first, ".:") && first != "localhost" && first == strings.ToLower(first) {
		return "docker.io/" + image
	}
	return strings.ToLower(first) + "/" + rest
}

func (policy *Compiled) required(own map[string]string, findings []Finding) []Finding {
	for _, label := range policy.Spec.RequiredLabels {
		path := field.NewPath("metadata", "labels").Key(label.Key)
		value := own[label.Key]
		if value == "" {
			message := "name the owning " + label.Key[strings.LastIndex(label.Key, "/")+1:]
			findings = append(findings, Finding{Error: field.Required(path, message), origin: policy.origin("requiredLabels"), warn: policy.Spec.Action != "Deny"})
			continue
		}
		listed := len(label.Values) == 0
		for _, allowed := range label.Values {
			listed = listed || value == allowed
		}
		if !listed {
			findings = append(findings, Finding{Error: field.NotSupported(path, value, label.Values), origin: policy.origin("requiredLabels"), warn: policy.Spec.Action != "Deny"})
		}
	}
	return findings
}

func (snapshot *Snapshot) missingQueues(pool *WorkerPool) []Finding {
	var warnings []Finding
	known := snapshot.queues[pool.Namespace]
	for index := range pool.Spec.Queues {
		name := pool.Spec.Queues[index].Name
		if known[name] != nil {
			continue
		}
		hint := " yet"
		if near := nearest(name, known); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		message := fmt.Sprintf("no Queue %q in %s%s", name, pool.Namespace, hint)
		warnings = append(warnings, advice("queueExists", fmt.Sprintf("spec.queues[%d].name", index), message))
	}
	return warnings
}

func nearest(name string, known map[string]*Queue) string {
	limit := min(3, len(name)/3)
	names := make([]string, 0, len(known))
	for candidate := range known {
		names = append(names, candidate)
	}
	sort.Strings(names)
	best := ""
	for _, candidate := range names {
		if found := distance(name, candidate); found <= limit {
			best, limit = candidate, found-1
		}
	}
	return best
}

func distance(one, other string) int {
	row := make([]int, len(other)+1)
	for column := range row {
		row[column] = column
	}
	for line := 1; line <= len(one); line++ {
		diagonal := row[0]
		row[0] = line
		for column := 1; column <= len(other); column++ {
			cost := diagonal
			if one[line-1] != other[column-1] {
				cost++
			}
			diagonal = row[column]
			row[column] = min(cost, row[column]+1, row[column-1]+1)
		}
	}
	return row[len(other)]
}

func (policy *Compiled) origin(rule string) string {
	return fmt.Sprintf(" (%s %s, %s)", policy.Kind, policy.Name, rule)
}
