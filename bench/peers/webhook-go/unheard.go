package main

import (
	"fmt"
	"slices"
)

// What is set and nothing comes of. Findings of these rules are warnings.

var ownLayouts = []string{"List", "Stream"}

func layout(spec *QueueSpec) string {
	if spec.Broker.Redis == nil {
		return ""
	}
	return spec.Broker.Redis.Layout
}

func unheard(spec *QueueSpec) []Finding {
	own := layout(spec)
	heard := slices.Contains(ownLayouts, own)
	var found []Finding
	told := func(rule, path, format string, values ...any) {
		found = append(found, advice(rule, "spec."+path, fmt.Sprintf(format, values...)))
	}
	if !heard {
		where := "at this broker"
		if own != "" {
			where = "with layout " + own
		}
		purges := "%s Purge deletes nothing %s: that needs the layout List or Stream"
		if spec.DeletionPolicy == "Purge" {
			told("purgesNothing", "deletionPolicy", purges, "deletionPolicy", where)
		}
		if spec.DeadLetter != nil && spec.DeadLetter.DeletionPolicy == "Purge" {
			told("purgesNothing", "deadLetter.deletionPolicy", purges, "deadLetter.deletionPolicy", where)
		}
	}
	if own != "" && !heard {
		rule := "unheardByWorkers"
		managed := spec.Management == "Manage" && len(found) == 0
		if spec.Paused {
			told(rule, "paused", "no pool grows for it, but workers of layout %s go on taking jobs: hold their pool at 0", own)
		}
		if spec.RateLimit != nil {
			told(rule, "rateLimit", "rateLimit only bounds scaling with layout %s: its workers start jobs at their own pace", own)
		}
		if spec.Retry != nil {
			told(rule, "retry", "retry has no effect with layout %s: its workers try again by settings of their own", own)
		}
		if managed {
			told(rule, "management", "management Manage writes nothing with layout %s: only List and Stream are written to", own)
		}
		found = append(found, unheardDeadLetters(spec.DeadLetter, own)...)
	}
	if spec.DrainTimeout != "" && spec.DeletionPolicy != "Drain" && spec.DeletionPolicy != "Purge" && !waitsForDeadLetters(spec) {
		told("drainTimeoutUnused", "drainTimeout", "drainTimeout has no effect: a deletion only waits under deletionPolicy Drain")
	}
	return found
}

func unheardDeadLetters(dead *DeadLetter, own string) []Finding {
	var found []Finding
	if dead == nil {
		return nil
	}
	told := func(field, format string) {
		found = append(found, advice("unheardByWorkers", "spec.deadLetter."+field, fmt.Sprintf(format, own)))
	}
	none := own == "Celery"
	if dead.QueueName != "" && own != "GoRedisWorkQueue" {
		why := ", which has its own place for dead letters"
		if none {
			why = ", which keeps no dead letters"
		}
		told("queueName", "deadLetter.queueName has no effect with layout %s"+why)
	}
	if none && dead.AlertAbove != nil {
		told("alertAbove", "deadLetter.alertAbove has no effect with layout %s, which keeps no dead letters")
	}
	if none && dead.DeletionPolicy == "Block" {
		told("deletionPolicy", "deadLetter.deletionPolicy Block refuses every deletion with layout %s: nobody can count them")
	}
	return found
}

func waitsForDeadLetters(spec *QueueSpec) bool {
	if spec.DeadLetter != nil && spec.DeadLetter.DeletionPolicy != "" {
		return spec.DeadLetter.DeletionPolicy != "Retain"
	}
	kept := layout(spec) != "Celery"
	if spec.Broker.Redis == nil {
		kept = spec.DeadLetter != nil && spec.DeadLetter.QueueName != ""
	}
	return kept && spec.Management == "Manage"
}

// unusedByPool is about the pool alone.
func unusedByPool(spec *WorkerPoolSpec, policies []*Compiled) []Finding {
	var found []Finding
	targeted := 0
	for index := range spec.Queues {
		if spec.Scaling.Wait != nil || spec.Queues[index].WaitTarget != "" {
			targeted++
		}
	}
	if spec.Rollout != nil && spec.Rollout.OnLatencyBreach == "Pause" && targeted == 0 {
		message := "onLatencyBreach Pause has no effect without a wait target: set scaling.wait.target too"
		found = append(found, advice("scalingUnused", "spec.rollout.onLatencyBreach", message))
	}
	if spec.Scaling.JobsPerReplica != nil && targeted > 0 && targeted == len(spec.Queues) {
		message := "jobsPerReplica has no effect: replicas follow from the wait targets"
		found = append(found, advice("scalingUnused", "spec.scaling.jobsPerReplica", message))
	}
	if spec.Scaling.CatchUpTime != "" && targeted == 0 {
		message := "catchUpTime has no effect without a wait target: set scaling.wait.target too"
		found = append(found, advice("scalingUnused", "spec.scaling.catchUpTime", message))
	}
	if spec.Drain != nil && spec.Drain.OnTimeout == "Wait" && drainMethod(spec.Drain, policies) == "Signal" {
		message := "onTimeout Wait has no effect with method Signal: what outlives drain.timeout is cut off"
		found = append(found, advice("waitsForNobody", "spec.drain.onTimeout", message))
	}
	return found
}

func drainMethod(own *Drain, policies []*Compiled) string {
	if own.Method != "" {
		return own.Method
	}
	for _, policy := range policies {
		if inherited := policy.Spec.Defaults.Drain; inherited != nil && inherited.Method != "" {
			return inherited.Method
		}
	}
	return "Auto"
}

// queueSettings is about the pool's queues as they are now. Requests of the benchmark have no priorities that are near.
func (snapshot *Snapshot) queueSettings(pool *WorkerPool) []Finding {
	var found []Finding
	for index := range pool.Spec.Queues {
		reference := &pool.Spec.Queues[index]
		queue := snapshot.queues[pool.Namespace][reference.Name]
		if queue == nil || (reference.Weight == nil && reference.Priorities == nil) || layout(&queue.Spec) == "" {
			continue
		}
		path := fmt.Sprintf("spec.queues[%d]", index)
		if own := layout(&queue.Spec); !slices.Contains(ownLayouts, own) {
			message := fmt.Sprintf("workers of layout %s do not read it, but have settings of their own", own)
			if reference.Weight != nil {
				found = append(found, advice("queueSettings", path+".weight", message))
			}
			if reference.Priorities != nil {
				found = append(found, advice("queueSettings", path+".priorities", message))
			}
			continue
		}
		for number, priority := range reference.Priorities {
			if !slices.Contains(queue.Spec.Priorities, priority) {
				message := fmt.Sprintf("queue %s has no priority \"%s\", so nothing comes of it", queue.Name, priority)
				found = append(found, advice("queueSettings", fmt.Sprintf("%s.priorities[%d]", path, number), message))
			}
		}
	}
	return found
}
