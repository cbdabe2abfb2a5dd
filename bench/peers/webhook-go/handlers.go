package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admission/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// Handler decides reviews; `final` is validating admission, where nothing is defaulted any more.
type Handler struct {
	snapshot *Snapshot
	final    bool
}

func (handler *Handler) Handle(_ context.Context, request admission.Request) admission.Response {
	if request.Operation == admissionv1.Delete {
		return handler.deletion(request)
	}
	switch {
	case request.Resource.Resource == "workerpools" && request.SubResource == "scale":
		return handler.scale(request)
	case request.Resource.Resource == "workerpools":
		return handler.pool(request)
	case request.Resource.Resource == "queues":
		return handler.queue(request)
	}
	return admission.Errored(http.StatusBadRequest, fmt.Errorf("unknown resource %s", request.Resource.Resource))
}

func (handler *Handler) pool(request admission.Request) admission.Response {
	var pool, old WorkerPool
	if err := decode(request, &pool, &old); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if unjudged(&pool.ObjectMeta, &old.ObjectMeta, pool.Spec, old.Spec, request) {
		return admission.Allowed("")
	}
	policies := handler.snapshot.applying("WorkerPool", pool.Namespace, pool.Name, pool.Labels)
	patch := handler.labels(&pool.ObjectMeta, policies)
	now := time.Now()
	findings := handler.poolFindings(&pool, &old, request.Operation == admissionv1.Create, policies, now)
	if request.Operation == admissionv1.Update {
		findings = append(findings, gitOpsDrift(&pool.ObjectMeta, &old.ObjectMeta, request.Object.Raw, request.OldObject.Raw, policies, now)...)
	}
	if len(findings) > 0 && request.Operation == admissionv1.Update {
		before := handler.snapshot.applying("WorkerPool", old.Namespace, old.Name, old.Labels)
		findings = tolerate(findings, handler.poolFindings(&old, &WorkerPool{}, true, before, now))
	}
	return handler.answer("WorkerPool", pool.Name, findings, handler.snapshot.poolTimely(&pool, policies), patch, policies)
}

func (handler *Handler) poolFindings(pool, old *WorkerPool, create bool, policies []*Compiled, now time.Time) []Finding {
	var before *WorkerPool
	if !create {
		before = old
	}
	findings := builtIn(validateWorkerPool(pool, before), nil)
	findings = builtIn(reservedMetadata(&pool.ObjectMeta, &old.ObjectMeta), findings)
	findings = builtIn(templateMetadata(pool), findings)
	findings = builtIn(reservedEnvironment(&pool.Spec), findings)
	findings = builtIn(handler.snapshot.takenOverTwice(pool), findings)
	findings = builtIn(schedules(pool), findings)
	findings = builtIn(glassForm(&pool.ObjectMeta, now), findings)
	findings = append(findings, handler.snapshot.poolAdvice(pool, policies, now)...)
	return handler.snapshot.judgePool(pool, policies, findings)
}

func (handler *Handler) queue(request admission.Request) admission.Response {
	var queue, old Queue
	if err := decode(request, &queue, &old); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if unjudged(&queue.ObjectMeta, &old.ObjectMeta, queue.Spec, old.Spec, request) {
		return admission.Allowed("")
	}
	create := request.Operation == admissionv1.Create
	policies := handler.snapshot.applying("Queue", queue.Namespace, queue.Name, queue.Labels)
	patch := handler.labels(&queue.ObjectMeta, policies)
	now := time.Now()
	findings := handler.queueFindings(&queue, &old, create, policies, now)
	if !create {
		findings = append(findings, gitOpsDrift(&queue.ObjectMeta, &old.ObjectMeta, request.Object.Raw, request.OldObject.Raw, policies, now)...)
	}
	if len(findings) > 0 && !create {
		before := handler.snapshot.applying("Queue", old.Namespace, old.Name, old.Labels)
		findings = tolerate(findings, handler.queueFindings(&old, &Queue{}, true, before, now))
	}
	return handler.answer("Queue", queue.Name, findings, queueTimely(&queue), patch, policies)
}

func (handler *Handler) queueFindings(queue, old *Queue, create bool, policies []*Compiled, now time.Time) []Finding {
	var before *Queue
	if !create {
		before = old
	}
	findings := builtIn(validateQueue(queue, before), nil)
	findings = builtIn(reservedMetadata(&queue.ObjectMeta, &old.ObjectMeta), findings)
	findings = builtIn(reservedQueueName(queue), findings)
	findings = builtIn(credentials(&queue.Spec.Broker), findings)
	at := place(queue.Namespace, &queue.Spec.Broker, brokerName(queue))
	findings = builtIn(handler.snapshot.duplicate(queue, at), findings)
	findings = builtIn(handler.snapshot.deadLetterCycle(queue, at), findings)
	findings = builtIn(glassForm(&queue.ObjectMeta, now), findings)
	findings = append(findings, handler.snapshot.queueAdvice(queue, at)...)
	return handler.snapshot.judgeQueue(queue, create, policies, findings)
}

func (handler *Handler) scale(request admission.Request) admission.Response {
	var scale, old autoscalingv1.Scale
	if err := json.Unmarshal(request.Object.Raw, &scale); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if err := json.Unmarshal(request.OldObject.Raw, &old); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	pool := WorkerPool{ObjectMeta: metav1.ObjectMeta{Namespace: request.Namespace, Name: request.Name}}
	if known := handler.snapshot.pools[request.Namespace][request.Name]; known != nil {
		pool = *known
	}
	policies := handler.snapshot.applying("WorkerPool", request.Namespace, request.Name, pool.Labels)
	pool.Spec.Hold = &Hold{Replicas: scale.Spec.Replicas}
	var findings []Finding
	if slices.Contains(autoscalers, request.UserInfo.Username) {
		message := "a HorizontalPodAutoscaler or ScaledObject scales this pool, which scales itself: delete it"
		findings = builtIn(field.ErrorList{field.Forbidden(field.NewPath("spec", "hold", "replicas"), message)}, nil)
	}
	findings = handler.snapshot.judgePool(&pool, scaleOnly(policies), findings)
	if len(findings) > 0 {
		pool.Spec.Hold = &Hold{Replicas: old.Spec.Replicas}
		findings = tolerate(findings, handler.snapshot.judgePool(&pool, scaleOnly(policies), nil))
	}
	var timely []Finding
	if scale.Spec.Replicas > pool.Spec.Scaling.MaxReplicas {
		timely = append(timely, holdAboveMaximum(scale.Spec.Replicas, pool.Spec.Scaling.MaxReplicas))
	}
	return handler.answer("WorkerPool", request.Name, findings, timely, nil, policies)
}

// scaleOnly leaves what a Scale can break: the limit on replicas.
func scaleOnly(policies []*Compiled) []*Compiled {
	var limits []*Compiled
	for _, policy := range policies {
		if policy.Spec.Limits.MaxReplicasPerPool != nil {
			only := *policy
			only.Spec.AllowedImages, only.Spec.RequiredLabels = nil, nil
			limits = append(limits, &only)
		}
	}
	return limits
}

// labels sets the labels that policies default, in the object and as patch operations.
func (handler *Handler) labels(meta *metav1.ObjectMeta, policies []*Compiled) []jsonpatch.JsonPatchOperation {
	if handler.final {
		return nil
	}
	missing := map[string]string{}
	for _, policy := range policies {
		for key, value := range policy.Spec.Defaults.Labels {
			if _, set := meta.Labels[key]; !set {
				if _, chosen := missing[key]; !chosen {
					missing[key] = value
				}
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if meta.Labels == nil {
		meta.Labels = missing
		return []jsonpatch.JsonPatchOperation{{Operation: "add", Path: "/metadata/labels", Value: missing}}
	}
	var patch []jsonpatch.JsonPatchOperation
	for key, value := range missing {
		meta.Labels[key] = value
		path := "/metadata/labels/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		patch = append(patch, jsonpatch.JsonPatchOperation{Operation: "add", Path: path, Value: value})
	}
	sort.Slice(patch, func(one, other int) bool { return patch[one].Path < patch[other].Path })
	return patch
}

func (handler *Handler) answer(kind, name string, findings, timely []Finding, patch []jsonpatch.JsonPatchOperation, policies []*Compiled) admission.Response {
	var causes []metav1.StatusCause
	var lines, warnings []string
	refused := map[string]bool{}
	for _, finding := range findings {
		if finding.warn {
			warnings = append(warnings, words(finding))
			continue
		}
		refused[finding.Field] = true
		detail := finding.ErrorBody() + finding.origin
		causes = append(causes, metav1.StatusCause{Type: metav1.CauseType(finding.Type), Field: finding.Field, Message: detail})
		lines = append(lines, finding.Field+": "+detail)
	}
	for _, finding := range timely {
		if !refused[finding.Field] {
			warnings = append(warnings, words(finding))
		}
	}
	var response admission.Response
	if len(causes) > 0 {
		response.Result = &metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid,
			Message: fmt.Sprintf("%s.work.headgate.dev %q is invalid: [%s]", kind, name, strings.Join(lines, ", ")),
			Details: &metav1.StatusDetails{Group: "work.headgate.dev", Kind: kind, Name: name, Causes: causes},
		}
	} else {
		response = admission.Allowed("")
		response.Patches = patch
	}
	if handler.final || len(causes) > 0 {
		response.Warnings = warnings
		if len(policies) > 0 {
			tags := make([]string, len(policies))
			for index, policy := range policies {
				tags[index] = fmt.Sprintf("%s/%s=%s@%d", policy.Kind, policy.Name, policy.UID, policy.Generation)
			}
			response.AuditAnnotations = map[string]string{"policies": strings.Join(tags, ",")}
		}
	}
	return response
}

func (finding Finding) identity() string {
	return finding.origin + finding.rule + finding.Field + string(finding.Type)
}

func (handler *Handler) deletion(request admission.Request) admission.Response {
	var queue Queue
	if request.Resource.Resource != "queues" {
		return admission.Allowed("")
	}
	if err := json.Unmarshal(request.OldObject.Raw, &queue); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if queue.DeletionTimestamp != nil {
		return admission.Allowed("")
	}
	policies := handler.snapshot.applying("Queue", queue.Namespace, queue.Name, queue.Labels)
	return handler.answer("Queue", queue.Name, handler.snapshot.queueDeletion(&queue, time.Now()), nil, nil, policies)
}

func decode(request admission.Request, obj, old any) error {
	if err := json.Unmarshal(request.Object.Raw, obj); err != nil {
		return err
	}
	if request.Operation == admissionv1.Update {
		return json.Unmarshal(request.OldObject.Raw, old)
	}
	return nil
}

func unjudged(new, old *metav1.ObjectMeta, spec, before any, request admission.Request) bool {
	if new.DeletionTimestamp != nil {
		return true
	}
	return request.Operation == admissionv1.Update && equality.Semantic.DeepEqual(spec, before) &&
		equality.Semantic.DeepEqual(new.Labels, old.Labels) && equality.Semantic.DeepEqual(new.Annotations, old.Annotations)
}

// tolerate drops what was wrong before and has not become worse.
func tolerate(findings, before []Finding) []Finding {
	known := map[string]Finding{}
	for _, finding := range before {
		known[finding.identity()] = finding
	}
	var kept []Finding
	for _, finding := range findings {
		old, was := known[finding.identity()]
		if !was || worse(finding.Error, old.Error) {
			kept = append(kept, finding)
		}
	}
	return kept
}

func worse(new, old *field.Error) bool {
	one, isNumber := new.BadValue.(int32)
	other, wasNumber := old.BadValue.(int32)
	if isNumber && wasNumber {
		return one > other
	}
	return fmt.Sprint(new.BadValue) != fmt.Sprint(old.BadValue) || new.Detail != old.Detail
}
