package main

import (
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// compiledPolicy is a policy with its selector parsed once, as an informer's event handler would keep it.
type compiledPolicy struct {
	Policy
	selector labels.Selector
}

// Snapshot is what an informer cache would hold, filled from a folder of manifests and read only afterwards.
type Snapshot struct {
	queues   map[string]map[string]*Queue
	pools    map[string]map[string]*WorkerPool
	policies map[string][]compiledPolicy
}

func load(folder string) (*Snapshot, error) {
	snapshot := &Snapshot{map[string]map[string]*Queue{}, map[string]map[string]*WorkerPool{}, map[string][]compiledPolicy{}}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, document := range strings.Split(string(data), "\n---\n") {
			if err := snapshot.add([]byte(document)); err != nil {
				return nil, err
			}
		}
	}
	return snapshot, nil
}

func (s *Snapshot) add(document []byte) error {
	var meta metav1.TypeMeta
	if err := yaml.Unmarshal(document, &meta); err != nil {
		return err
	}
	switch meta.Kind {
	case "Queue":
		var queue Queue
		if err := yaml.Unmarshal(document, &queue); err != nil {
			return err
		}
		put(s.queues, queue.Namespace, queue.Name, &queue)
	case "WorkerPool":
		var pool WorkerPool
		if err := yaml.Unmarshal(document, &pool); err != nil {
			return err
		}
		put(s.pools, pool.Namespace, pool.Name, &pool)
	case "Policy":
		var policy Policy
		if err := yaml.Unmarshal(document, &policy); err != nil {
			return err
		}
		selector := labels.Everything()
		if policy.Spec.Match.LabelSelector != nil {
			var err error
			if selector, err = metav1.LabelSelectorAsSelector(policy.Spec.Match.LabelSelector); err != nil {
				return err
			}
		}
		s.policies[policy.Namespace] = append(s.policies[policy.Namespace], compiledPolicy{policy, selector})
	}
	return nil
}

func put[T any](into map[string]map[string]*T, namespace, name string, value *T) {
	if into[namespace] == nil {
		into[namespace] = map[string]*T{}
	}
	into[namespace][name] = value
}
