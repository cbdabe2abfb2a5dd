package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const breakGlass = "headgate.dev/break-glass"

var (
	gitOps        = []string{"argocd-controller", "argocd-application-controller", "kustomize-controller", "helm-controller"}
	longestMonths = [12]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	cronRanges    = [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}
	cronNames     = [2][]string{
		{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"},
		{"sun", "mon", "tue", "wed", "thu", "fri", "sat"},
	}
)

// glass is the break-glass of an object: until when, and why. A zero time is none.
func glass(meta *metav1.ObjectMeta) (until time.Time, reason string) {
	written, reason, _ := strings.Cut(meta.Annotations[breakGlass], " ")
	until, err := time.Parse(time.RFC3339, written)
	if reason = strings.Join(strings.Fields(reason), " "); err != nil || reason == "" {
		return time.Time{}, ""
	}
	return until, reason
}

func glassForm(meta *metav1.ObjectMeta, now time.Time) field.ErrorList {
	written := meta.Annotations[breakGlass]
	if written == "" {
		return nil
	}
	wrong := func(message string) field.ErrorList {
		return field.ErrorList{field.Invalid(field.NewPath("metadata", "annotations").Key(breakGlass), written, message)}
	}
	until, reason := glass(meta)
	switch {
	case until.IsZero():
		return wrong("write <time, at most 24h from now> <reason>, such as 2026-11-25T23:00:00Z database is down, see INC-4711")
	case !now.Before(until):
		return wrong("is over already: give it a later time, or remove it")
	case until.After(now.Add(24 * time.Hour)):
		return wrong("lasts for longer than 24h: write it again tomorrow")
	case len(reason) < 10:
		return wrong("give a reason of at least 10 characters")
	}
	return nil
}

func templateMetadata(pool *WorkerPool) field.ErrorList {
	if pool.Spec.Template == nil {
		return nil
	}
	var errs field.ErrorList
	path := field.NewPath("spec", "template", "metadata")
	for part, own := range map[string]map[string]string{"labels": pool.Spec.Template.Labels, "annotations": pool.Spec.Template.Annotations} {
		for key := range own {
			if strings.HasPrefix(key, "headgate.dev/") {
				errs = append(errs, field.Forbidden(path.Child(part).Key(key), "headgate.dev/ is set by Headgate only; remove it"))
			}
		}
	}
	return errs
}

func schedules(pool *WorkerPool) field.ErrorList {
	var errs field.ErrorList
	for index := range pool.Spec.Scaling.Schedules {
		schedule, at := &pool.Spec.Scaling.Schedules[index], field.NewPath("spec", "scaling", "schedules").Index(index)
		if !cron(schedule.Schedule) {
			errs = append(errs, field.Invalid(at.Child("schedule"), schedule.Schedule, "is no time that exists"))
		}
		if _, err := time.LoadLocation(schedule.TimeZone); err != nil {
			errs = append(errs, field.Invalid(at.Child("timeZone"), schedule.TimeZone, "no such time zone"))
		}
	}
	return errs
}

// cron tells whether an expression of five fields means a time that comes; what has not its form is not judged here.
func cron(text string) bool {
	fields := strings.Split(text, " ")
	if len(fields) != len(cronRanges) {
		return true
	}
	var values [len(cronRanges)][]int
	for index, one := range fields {
		for part := range strings.SplitSeq(one, ",") {
			found, fine := cronPart(part, index)
			if !fine {
				return false
			}
			values[index] = append(values[index], found...)
		}
	}
	eitherDay := !strings.HasPrefix(fields[2], "*") && !strings.HasPrefix(fields[4], "*")
	first := slices.Min(values[2])
	return eitherDay || slices.ContainsFunc(values[3], func(month int) bool { return first <= longestMonths[month-1] })
}

func cronPart(part string, index int) ([]int, bool) {
	span, step, stepped := strings.Cut(part, "/")
	every, err := 1, error(nil)
	if stepped {
		if every, err = strconv.Atoi(step); err != nil || every <= 0 {
			return nil, false
		}
	}
	low, high := cronRanges[index][0], cronRanges[index][1]
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		var fine, also bool
		low, fine = cronNumber(first, index)
		if also = true; ranged {
			high, also = cronNumber(last, index)
		} else if !stepped {
			high = low
		}
		if !fine || !also || low > high {
			return nil, false
		}
	}
	var found []int
	for value := low; value <= high; value += every {
		found = append(found, value)
	}
	return found, true
}

func cronNumber(text string, index int) (int, bool) {
	if index == 3 || index == 4 {
		names := cronNames[index-3]
		if at := slices.Index(names, strings.ToLower(text)); at >= 0 {
			return at + cronRanges[index][0], true
		}
	}
	number, err := strconv.Atoi(text)
	return number, err == nil && number >= cronRanges[index][0] && number <= cronRanges[index][1]
}

func (snapshot *Snapshot) takenOverTwice(pool *WorkerPool) field.ErrorList {
	if pool.Spec.TakeOver == nil {
		return nil
	}
	for _, other := range snapshot.pools[pool.Namespace] {
		if other.Name != pool.Name && other.Spec.TakeOver != nil && other.Spec.TakeOver.DeploymentName == pool.Spec.TakeOver.DeploymentName {
			message := fmt.Sprintf("WorkerPool %s takes this Deployment over; two would scale it against each other", other.Name)
			path := field.NewPath("spec", "takeOver", "deploymentName").String()
			return field.ErrorList{&field.Error{Type: field.ErrorTypeDuplicate, Field: path, BadValue: pool.Spec.TakeOver.DeploymentName, Detail: message}}
		}
	}
	return nil
}

// queueDeletion is what would be left without its queue, or without anybody who knows of its dead letters.
func (snapshot *Snapshot) queueDeletion(queue *Queue, now time.Time) []Finding {
	if until, _ := glass(&queue.ObjectMeta); now.Before(until) {
		return nil
	}
	var errs field.ErrorList
	var users []string
	for name := range snapshot.users[queue.Namespace+"/"+queue.Name] {
		if pool := snapshot.pools[queue.Namespace][name]; pool != nil && pool.DeletionTimestamp == nil {
			users = append(users, name)
		}
	}
	if len(users) > 0 && queue.Spec.DeletionPolicy != "Drain" {
		sort.Strings(users)
		errs = append(errs, field.Forbidden(field.NewPath("metadata", "name"), among(users)+" jobs from it: change or delete what uses it first"))
	}
	if dead := queue.Spec.DeadLetter; dead != nil {
		keeps := dead.DeletionPolicy == "Block" || dead.DeletionPolicy == "" && dead.QueueName != "" && queue.Spec.Management == "Manage"
		var status struct {
			DeadLetters *int64 `json:"deadLetters"`
		}
		if keeps && (json.Unmarshal(queue.Status.Raw, &status) != nil || status.DeadLetters == nil || *status.DeadLetters != 0) {
			errs = append(errs, field.Forbidden(field.NewPath("spec", "deadLetter", "deletionPolicy"), "dead letters left: bring them back or purge them first, or set deadLetter.deletionPolicy to Retain"))
		}
	}
	return builtIn(errs, nil)
}

func among(users []string) string {
	verb, rest := "take", ""
	if len(users) == 1 {
		verb = "takes"
	}
	if len(users) > 3 {
		users, rest = users[:3], fmt.Sprintf(" and %d more", len(users)-3)
	}
	return fmt.Sprintf("WorkerPool %s%s %s", strings.Join(users, ", "), rest, verb)
}

// gitOpsDrift is about fields that a GitOps tool owned before, that nobody of its kind owns now, and that have changed.
func gitOpsDrift(new, old *metav1.ObjectMeta, newRaw, oldRaw []byte, policies []*Compiled, now time.Time) []Finding {
	names, ignored := gitOps, ""
	for _, policy := range policies {
		drift := &policy.Spec.Drift
		if ignored == "" {
			ignored = drift.GitOps
		}
		if len(drift.GitOpsManagers) > 0 && &names[0] == &gitOps[0] {
			names = drift.GitOpsManagers
		}
	}
	if until, _ := glass(new); ignored == "Ignore" || now.Before(until) {
		return nil
	}
	before := managed(old, names)
	if len(before) == 0 {
		return nil
	}
	after := managed(new, names)
	var one, other map[string]any
	if json.Unmarshal(newRaw, &one) != nil || json.Unmarshal(oldRaw, &other) != nil {
		return nil
	}
	var found []Finding
	for path, manager := range before {
		if _, still := after[path]; still || fmt.Sprint(valueAt(one, path)) == fmt.Sprint(valueAt(other, path)) {
			continue
		}
		name := path[strings.LastIndex(path, ".")+1:]
		message := fmt.Sprintf("%s is managed by %s; this edit may be reverted: change it in Git", name, manager)
		found = append(found, advice("gitOpsDrift", path, message))
	}
	return found
}

func managed(meta *metav1.ObjectMeta, names []string) map[string]string {
	found := map[string]string{}
	for index := range meta.ManagedFields {
		entry := &meta.ManagedFields[index]
		if !slices.Contains(names, entry.Manager) || entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(entry.FieldsV1.Raw, &fields) == nil {
			leaves(fields, "", func(path string) {
				if strings.HasPrefix(path, "spec") || strings.HasPrefix(path, "metadata.labels") {
					found[path] = entry.Manager
				}
			})
		}
	}
	return found
}

func leaves(fields map[string]any, path string, yield func(string)) {
	for step, below := range fields {
		name, isField := strings.CutPrefix(step, "f:")
		if !isField {
			continue
		}
		here := strings.TrimPrefix(path+"."+name, ".")
		if inner, is := below.(map[string]any); is && len(inner) > 0 {
			leaves(inner, here, yield)
		} else {
			yield(here)
		}
	}
}

func valueAt(node any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		inner, _ := node.(map[string]any)
		node = inner[step]
	}
	return node
}
