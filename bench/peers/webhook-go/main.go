// A hand-written admission webhook on controller-runtime with the rules that Headgate's benchmark exercises.
//
// It is a peer to measure beside, written as a careful Go team would: typed objects, rules over field.ErrorList, policies
// compiled once. It keeps no state and talks to no API server.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	crlog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/go-logr/logr"
)

func main() {
	folder := flag.String("snapshot", "", "folder of manifests")
	port := flag.Int("port", 9444, "port to serve on")
	certificates := flag.String("cert-dir", "", "folder with tls.crt and tls.key")
	flag.Parse()
	crlog.SetLogger(logr.Discard())
	snapshot, err := load(*folder)
	if err != nil {
		log.Fatal(err)
	}
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certificates})
	server.Register("/validate", &webhook.Admission{Handler: admission.HandlerFunc(snapshot.validate)})
	server.Register("/default", &webhook.Admission{Handler: admission.HandlerFunc(snapshot.mutate)})
	server.Register("/healthz", http.HandlerFunc(healthz.CheckHandler{Checker: healthz.Ping}.ServeHTTP))
	if err := server.Start(ctrl.SetupSignalHandler()); err != nil {
		log.Fatal(err)
	}
}

func (s *Snapshot) validate(_ context.Context, request admission.Request) admission.Response {
	_, response := s.judge(request)
	return response
}

// mutate decides as validate does and, where nothing is wrong, answers with the policies' labels as a patch.
func (s *Snapshot) mutate(_ context.Context, request admission.Request) admission.Response {
	object, response := s.judge(request)
	if !response.Allowed || object == nil {
		return response
	}
	changed := false
	labels := object.GetLabels()
	for _, policy := range s.applying(request.Kind.Kind, object.GetNamespace(), object.GetName(), labels) {
		for key, value := range policy.Spec.Defaults.Labels {
			if _, set := labels[key]; !set {
				if labels == nil {
					labels = map[string]string{}
				}
				labels[key], changed = value, true
			}
		}
	}
	if !changed {
		return response
	}
	object.SetLabels(labels)
	data, err := json.Marshal(object)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, data).WithWarnings(response.Warnings...)
}

func (s *Snapshot) judge(request admission.Request) (metav1.Object, admission.Response) {
	if request.Operation == admissionv1.Delete {
		return nil, admission.Allowed("")
	}
	var errors field.ErrorList
	var warnings []string
	var object metav1.Object
	switch request.Kind.Kind {
	case "WorkerPool":
		pool := &WorkerPool{}
		if err := json.Unmarshal(request.Object.Raw, pool); err != nil {
			return nil, admission.Errored(http.StatusBadRequest, err)
		}
		errors, warnings = s.validatePool(pool)
		object = pool
	case "Queue":
		queue := &Queue{}
		if err := json.Unmarshal(request.Object.Raw, queue); err != nil {
			return nil, admission.Errored(http.StatusBadRequest, err)
		}
		errors, warnings = s.validateQueue(queue, request.Operation == admissionv1.Create)
		object = queue
	default:
		return nil, admission.Errored(http.StatusBadRequest, fmt.Errorf("unknown kind %s", request.Kind.Kind))
	}
	if len(errors) == 0 {
		return object, admission.Allowed("").WithWarnings(warnings...)
	}
	kind := schema.GroupKind{Group: request.Kind.Group, Kind: request.Kind.Kind}
	status := apierrors.NewInvalid(kind, request.Name, errors).Status()
	return nil, admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Allowed: false, Result: &status, Warnings: warnings}}
}

