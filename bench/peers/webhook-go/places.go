package main

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

const longestChain = 32

var ports = map[string]string{"redis": "6379", "rediss": "6379", "amqp": "5672", "amqps": "5671", "http": "80", "https": "443"}

// Address is one address of a broker and the field that says it.
type Address struct{ path, text, host, port string }

func addresses(broker *Broker) []Address {
	var found []Address
	link := func(path, text string) {
		if text != "" {
			host, port := ofURL(text)
			found = append(found, Address{"spec.broker." + path, text, host, port})
		}
	}
	pairs := func(path string, texts []string) {
		for index, text := range texts {
			host, port, err := net.SplitHostPort(text)
			if err != nil {
				host, port = text, "0"
			}
			found = append(found, Address{fmt.Sprintf("spec.broker.%s[%d]", path, index), text, strings.ToLower(host), port})
		}
	}
	if redis := broker.Redis; redis != nil {
		link("redis.url", redis.URL)
		if redis.Sentinel != nil {
			pairs("redis.sentinel.addresses", redis.Sentinel.Addresses)
		}
		if redis.Cluster != nil {
			pairs("redis.cluster.addresses", redis.Cluster.Addresses)
		}
	}
	if broker.RabbitMQ != nil {
		link("rabbitmq.url", broker.RabbitMQ.URL)
		link("rabbitmq.managementURL", broker.RabbitMQ.ManagementURL)
	}
	if broker.Prometheus != nil {
		link("prometheus.url", broker.Prometheus.URL)
	}
	if broker.Kafka != nil {
		pairs("kafka.bootstrapServers", broker.Kafka.BootstrapServers)
	}
	return found
}

func ofURL(text string) (host, port string) {
	parsed, err := url.Parse(text)
	if err != nil {
		return "", "0"
	}
	if port = parsed.Port(); port == "" {
		port = ports[parsed.Scheme]
	}
	return strings.ToLower(strings.TrimRight(parsed.Hostname(), ".")), port
}

// place is the same for two queues exactly when they read the same jobs, as far as that can be known.
func place(namespace string, broker *Broker, name string) string {
	var servers []string
	for _, address := range addresses(broker) {
		if strings.HasSuffix(address.path, "managementURL") {
			continue
		}
		host := address.host
		if !strings.Contains(host, ".") {
			host += "." + namespace + ".svc"
		}
		servers = append(servers, host+":"+address.port)
	}
	slices.Sort(servers)
	where := strings.Join(servers, ",")
	if where == "" && broker.ConnectionSecretRef != nil {
		where = "secret " + namespace + "/" + broker.ConnectionSecretRef.Name
	}
	switch {
	case broker.Kafka != nil:
		return "kafka " + where + " " + broker.Kafka.Topic + " " + broker.Kafka.ConsumerGroup
	case broker.Prometheus != nil:
		return "prometheus " + where + " " + broker.Prometheus.Queries.Waiting
	case broker.Redis != nil:
		redis, master, database := broker.Redis, "", "0"
		if redis.Sentinel != nil {
			master = redis.Sentinel.MasterName
		}
		if parsed, err := url.Parse(redis.URL); err == nil && strings.Trim(parsed.Path, "/") != "" {
			database = strings.Trim(parsed.Path, "/")
		}
		return strings.Join([]string{redis.Layout, where, master, database, redis.KeyPrefix, name}, " ")
	case broker.RabbitMQ != nil:
		vhost := broker.RabbitMQ.Vhost
		if vhost == "" {
			vhost = "/"
		}
		return "rabbitmq " + where + " " + vhost + " " + name
	}
	return "rabbitmq " + where + " / " + name
}

// Placed is a Queue of the snapshot with the place of its dead letters.
type Placed struct {
	*Queue
	deadLetters string
}

func deadLetterPlace(queue *Queue) string {
	if queue.Spec.DeadLetter == nil || queue.Spec.DeadLetter.QueueName == "" {
		return ""
	}
	return place(queue.Namespace, &queue.Spec.Broker, queue.Spec.DeadLetter.QueueName)
}

func (snapshot *Snapshot) duplicate(queue *Queue, at string) field.ErrorList {
	name := ""
	for _, other := range snapshot.places[at] {
		if other.Namespace == queue.Namespace && other.Name != queue.Name && (name == "" || other.Name < name) {
			name = other.Name
		}
	}
	if name == "" {
		return nil
	}
	message := fmt.Sprintf("Queue %s is these jobs already; each would count and limit them by itself", name)
	return field.ErrorList{&field.Error{Type: field.ErrorTypeDuplicate, Field: namedAt(queue), BadValue: brokerName(queue), Detail: message}}
}

func (snapshot *Snapshot) deadLetterCycle(queue *Queue, own string) field.ErrorList {
	at, chain := deadLetterPlace(queue), []string{brokerName(queue)}
	for at != "" && at != own && len(chain) < longestChain {
		next := slices.IndexFunc(snapshot.places[at], func(one Placed) bool { return one.deadLetters != "" })
		if next < 0 {
			return nil
		}
		following := snapshot.places[at][next]
		chain, at = append(chain, brokerName(following.Queue)), following.deadLetters
	}
	if at == "" || at != own || len(chain) == 1 {
		return nil
	}
	message := "dead letters would go round for ever: " + strings.Join(append(chain, chain[0]), " -> ")
	return field.ErrorList{field.Invalid(field.NewPath("spec", "deadLetter", "queueName"), queue.Spec.DeadLetter.QueueName, message)}
}

func credentials(broker *Broker) field.ErrorList {
	var errs field.ErrorList
	for _, address := range addresses(broker) {
		_, rest, _ := strings.Cut(address.text, "://")
		before, _, _ := strings.Cut(rest, "/")
		_, query, _ := strings.Cut(address.text, "?")
		query = strings.ToLower(query)
		held := strings.Contains(before, "@")
		for _, word := range []string{"password=", "username=", "user=", "token="} {
			held = held || strings.Contains(query, word)
		}
		if held {
			message := "holds credentials: put them into the Secret of connectionSecretRef"
			errs = append(errs, &field.Error{Type: field.ErrorTypeForbidden, Field: address.path, BadValue: "", Detail: message})
		}
	}
	return errs
}

func namedAt(queue *Queue) string {
	if queue.Spec.QueueName != "" {
		return "spec.queueName"
	}
	return "metadata.name"
}
