// A closed-loop load generator for admission webhooks over TLS: each connection sends the next review as soon as the last
// one is answered, and every verdict is checked. Bounded in requests and in time; loopback only.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// Call is one request with the verdict that must come back.
type Call struct {
	Path    string          `json:"path"`
	Review  json.RawMessage `json:"review"`
	Allowed bool            `json:"allowed"`
}

type Result struct {
	Requests  int     `json:"requests"`
	Wrong     int     `json:"wrong"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"perSecond"`
	P50       float64 `json:"p50Milliseconds"`
	P99       float64 `json:"p99Milliseconds"`
	Example   string  `json:"example,omitempty"`
}

func main() {
	target := flag.String("url", "", "https://127.0.0.1:PORT")
	callsFile := flag.String("calls", "", "JSON list of calls")
	authority := flag.String("ca", "", "PEM of the authority")
	connections := flag.Int("connections", 16, "connections, each with one request under way")
	requests := flag.Int("requests", 10000, "requests in all")
	limit := flag.Duration("limit", 60*time.Second, "longest run")
	flag.Parse()
	parsed, err := url.Parse(*target)
	if err != nil || !net.ParseIP(parsed.Hostname()).IsLoopback() {
		log.Fatalf("%q is not a loopback address", *target)
	}
	result, err := run(*target, read(*callsFile), transport(*authority, *connections), *connections, *requests, *limit)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}

func read(file string) []Call {
	data, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	var calls []Call
	if err := json.Unmarshal(data, &calls); err != nil {
		log.Fatal(err)
	}
	return calls
}

func transport(authority string, connections int) *http.Transport {
	pem, err := os.ReadFile(authority)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, ServerName: "localhost"},
		MaxIdleConnsPerHost: connections,
		MaxConnsPerHost:     connections,
		DisableCompression:  true,
	}
}

func run(target string, calls []Call, transport *http.Transport, connections, requests int, limit time.Duration) (Result, error) {
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	latencies := make([][]float64, connections)
	var next, wrong atomic.Int64
	var example atomic.Value
	var failed atomic.Value
	began := time.Now()
	var group sync.WaitGroup
	for c := range connections {
		group.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= requests || time.Since(began) > limit || failed.Load() != nil {
					return
				}
				call := calls[n%len(calls)]
				sent := time.Now()
				body, err := post(client, target+call.Path, call.Review)
				if err != nil {
					failed.Store(err)
					return
				}
				latencies[c] = append(latencies[c], float64(time.Since(sent).Microseconds())/1000)
				if !bytes.Contains(body, fmt.Appendf(nil, `"allowed":%t`, call.Allowed)) {
					wrong.Add(1)
					example.Store(string(body[:min(len(body), 400)]))
				}
			}
		})
	}
	group.Wait()
	if err, found := failed.Load().(error); found {
		return Result{}, err
	}
	return summary(latencies, time.Since(began).Seconds(), int(wrong.Load()), example.Load()), nil
}

func post(client *http.Client, target string, review []byte) ([]byte, error) {
	response, err := client.Post(target+"?timeout=10s", "application/json", bytes.NewReader(review))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", response.StatusCode, body)
	}
	return body, err
}

func summary(latencies [][]float64, seconds float64, wrong int, example any) Result {
	var all []float64
	for _, one := range latencies {
		all = append(all, one...)
	}
	sort.Float64s(all)
	at := func(share float64) float64 { return all[min(len(all)-1, int(share*float64(len(all))))] }
	text, _ := example.(string)
	return Result{len(all), wrong, seconds, float64(len(all)) / seconds, at(0.5), at(0.99), text}
}
