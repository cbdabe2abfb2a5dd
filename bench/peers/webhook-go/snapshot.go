package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Snapshot is what informers would hold: whole objects by namespace and name, and the policies compiled.
type Snapshot struct {
	queues     map[string]map[string]*Queue
	pools      map[string]map[string]*WorkerPool
	policies   map[string][]*Compiled
	namespaces map[string]labels.Set
	places     map[string][]Placed
	users      map[string]map[string]bool
}

// Compiled is a policy with its selectors ready.
type Compiled struct {
	Policy
	kinds      map[string]bool
	names      []*regexp.Regexp
	labels     labels.Selector
	namespaces labels.Selector
}

func (snapshot *Snapshot) applying(kind, namespace, name string, own map[string]string) []*Compiled {
	var found []*Compiled
	for _, scope := range []string{namespace, ""} {
		for _, policy := range snapshot.policies[scope] {
			if policy.applies(kind, name, own, snapshot.namespaces[namespace], scope != "") {
				found = append(found, policy)
			}
		}
	}
	return found
}

func (policy *Compiled) applies(kind, name string, own map[string]string, of labels.Set, local bool) bool {
	if !policy.kinds[kind] || !(local || policy.namespaces.Matches(of)) || !policy.labels.Matches(labels.Set(own)) {
		return false
	}
	for _, pattern := range policy.names {
		if pattern.MatchString(name) {
			return true
		}
	}
	return len(policy.names) == 0
}

func compile(policy Policy) (*Compiled, error) {
	compiled := &Compiled{Policy: policy, kinds: map[string]bool{}, labels: labels.Everything()}
	for _, kind := range policy.Spec.Match.Kinds {
		compiled.kinds[kind] = true
	}
	if len(compiled.kinds) == 0 {
		compiled.kinds = map[string]bool{"Queue": true, "WorkerPool": true}
	}
	for _, glob := range policy.Spec.Match.Names {
		quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(glob))
		compiled.names = append(compiled.names, regexp.MustCompile("^"+quoted+"$"))
	}
	var err error
	if policy.Spec.Match.LabelSelector != nil {
		if compiled.labels, err = metav1.LabelSelectorAsSelector(policy.Spec.Match.LabelSelector); err != nil {
			return nil, err
		}
	}
	compiled.namespaces, err = metav1.LabelSelectorAsSelector(policy.Spec.Match.NamespaceSelector)
	return compiled, err
}

func load(folder string) (*Snapshot, error) {
	snapshot := &Snapshot{
		queues: map[string]map[string]*Queue{}, pools: map[string]map[string]*WorkerPool{},
		policies: map[string][]*Compiled{}, namespaces: map[string]labels.Set{},
		places: map[string][]Placed{}, users: map[string]map[string]bool{},
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var list struct {
			Items []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(content, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, item := range list.Items {
			if err := snapshot.put(item); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	snapshot.index()
	for _, policies := range snapshot.policies {
		sort.Slice(policies, func(one, other int) bool { return policies[one].Name < policies[other].Name })
	}
	return snapshot, nil
}

// index keeps where the jobs of each queue are, and which pools take them, as an informer's indexers would.
func (snapshot *Snapshot) index() {
	for _, names := range snapshot.queues {
		for _, queue := range names {
			at := place(queue.Namespace, &queue.Spec.Broker, brokerName(queue))
			snapshot.places[at] = append(snapshot.places[at], Placed{queue, deadLetterPlace(queue)})
		}
	}
	for _, names := range snapshot.pools {
		for _, pool := range names {
			for index := range pool.Spec.Queues {
				key := pool.Namespace + "/" + pool.Spec.Queues[index].Name
				if snapshot.users[key] == nil {
					snapshot.users[key] = map[string]bool{}
				}
				snapshot.users[key][pool.Name] = true
			}
		}
	}
}

func (snapshot *Snapshot) put(raw json.RawMessage) error {
	var meta metav1.PartialObjectMetadata
	if err := json.Unmarshal(raw, &meta); err != nil {
		return err
	}
	switch meta.Kind {
	case "Queue":
		return put(snapshot.queues, raw, meta.Namespace, meta.Name)
	case "WorkerPool":
		return put(snapshot.pools, raw, meta.Namespace, meta.Name)
	case "Policy", "ClusterPolicy":
		var policy Policy
		if err := json.Unmarshal(raw, &policy); err != nil {
			return err
		}
		compiled, err := compile(policy)
		if err != nil {
			return err
		}
		snapshot.policies[policy.Namespace] = append(snapshot.policies[policy.Namespace], compiled)
	case "Namespace":
		snapshot.namespaces[meta.Name] = meta.Labels
	}
	return nil
}

func put[T any](into map[string]map[string]*T, raw json.RawMessage, namespace, name string) error {
	obj := new(T)
	if err := json.Unmarshal(raw, obj); err != nil {
		return err
	}
	if into[namespace] == nil {
		into[namespace] = map[string]*T{}
	}
	into[namespace][name] = obj
	return nil
}
