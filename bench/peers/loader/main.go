// Command loader sends prepared HTTP requests over kept TLS connections and tells how fast the right answers came.
//
// It writes bytes that were made beforehand and reads no more of an answer than its status, its length and the one word
// that says which verdict it is, so that one core of it keeps one core of any server busy.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Case is one request and a piece of text that the right answer to it contains. The requests of Then follow it on the
// same connection, and the time of all is counted as one.
type Case struct {
	Path string          `json:"path"`
	Body json.RawMessage `json:"body"`
	Want string          `json:"want"`
	Then []Case          `json:"then"`

	request []byte
	want    []byte
}

// Report is what is printed. `Sent` counts those of the warm-up too, which cost the server as much. Latencies are in milliseconds; with a rate they count from when a request was due.
type Report struct {
	Requests int     `json:"requests"`
	Sent     int64   `json:"sent"`
	Wrong    int64   `json:"wrong"`
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"rate"`
	P50      float64 `json:"p50"`
	P90      float64 `json:"p90"`
	P99      float64 `json:"p99"`
	Max      float64 `json:"max"`
}

var (
	address     = flag.String("address", "127.0.0.1:9443", "address of the server")
	serverName  = flag.String("server-name", "localhost", "name in the server's certificate")
	authority   = flag.String("ca", "", "file with the authority of the server's certificate")
	casesFile   = flag.String("cases", "", "file with the requests, a JSON list")
	connections = flag.Int("connections", 1, "connections, one request at a time on each")
	duration    = flag.Duration("duration", 3*time.Second, "how long to load")
	warmUp      = flag.Duration("warm-up", 500*time.Millisecond, "how long to load before counting")
	most        = flag.Int("most", 200_000, "requests at most")
	rate        = flag.Float64("rate", 0, "requests a second over all connections; 0: as fast as answers come")
)

func main() {
	flag.Parse()
	cases, config, err := prepare()
	if err != nil {
		log.Fatal(err)
	}
	report, err := load(cases, config)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		log.Fatal(err)
	}
}

func prepare() ([]Case, *tls.Config, error) {
	pem, err := os.ReadFile(*authority)
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	content, err := os.ReadFile(*casesFile)
	if err != nil {
		return nil, nil, err
	}
	var cases []Case
	if err := json.Unmarshal(content, &cases); err != nil {
		return nil, nil, err
	}
	write(cases)
	return cases, &tls.Config{RootCAs: pool, ServerName: *serverName, NextProtos: []string{"http/1.1"}}, nil
}

// write makes the bytes of every request. The header lines are those of kube-apiserver.
func write(cases []Case) {
	for index := range cases {
		one := &cases[index]
		one.want = []byte(one.Want)
		one.request = fmt.Appendf(nil, "POST %s?timeout=5s HTTP/1.1\r\nHost: %s\r\nUser-Agent: kube-apiserver-admission\r\n"+
			"Content-Length: %d\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n"+
			"Accept-Encoding: gzip\r\n\r\n%s", one.Path, *serverName, len(one.Body), one.Body)
		write(one.Then)
	}
}

func load(cases []Case, config *tls.Config) (*Report, error) {
	var wrong, sent atomic.Int64
	var group sync.WaitGroup
	latencies := make([][]time.Duration, *connections)
	failures := make(chan error, *connections)
	begin := time.Now().Add(*warmUp)
	end := begin.Add(*duration)
	for number := range *connections {
		conn, err := tls.Dial("tcp", *address, config)
		if err != nil {
			return nil, err
		}
		group.Go(func() {
			defer conn.Close()
			reader := bufio.NewReaderSize(conn, 64*1024)
			pace := newPace(number)
			for turn := number; ; turn++ {
				due := pace.wait()
				if due.After(end) || sent.Add(1) > int64(*most) {
					return
				}
				one := &cases[turn%len(cases)]
				right, err := one.send(conn, reader)
				if err != nil {
					failures <- err
					return
				}
				if due.Before(begin) {
					continue
				}
				latencies[number] = append(latencies[number], time.Since(due))
				if !right {
					wrong.Add(1)
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-failures:
		return nil, err
	default:
	}
	report := summarise(slices.Concat(latencies...), wrong.Load(), min(time.Since(begin), *duration))
	report.Sent = sent.Load()
	return report, nil
}

// pace tells each connection when its next request is due.
type pace struct {
	start    time.Time
	interval time.Duration
	turns    int
}

func newPace(number int) *pace {
	if *rate <= 0 {
		return &pace{}
	}
	interval := time.Duration(float64(time.Second) * float64(*connections) / *rate)
	offset := interval * time.Duration(number) / time.Duration(*connections)
	return &pace{start: time.Now().Add(offset), interval: interval}
}

func (pace *pace) wait() time.Time {
	if pace.interval == 0 {
		return time.Now()
	}
	due := pace.start.Add(pace.interval * time.Duration(pace.turns))
	pace.turns++
	time.Sleep(time.Until(due))
	return due
}

func (one *Case) send(conn io.Writer, reader *bufio.Reader) (bool, error) {
	right, err := exchange(conn, reader, one)
	for index := range one.Then {
		if err != nil {
			break
		}
		var also bool
		also, err = one.Then[index].send(conn, reader)
		right = right && also
	}
	return right, err
}

func exchange(conn io.Writer, reader *bufio.Reader, one *Case) (bool, error) {
	if _, err := conn.Write(one.request); err != nil {
		return false, err
	}
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
		return false, fmt.Errorf("answered %q", line)
	}
	length := -1
	for {
		if line, err = reader.ReadSlice('\n'); err != nil {
			return false, err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return false, err
			}
		}
	}
	if length < 0 {
		return chunked(reader, one.want)
	}
	return contains(reader, length, one.want)
}

// chunked reads a body in chunks; the text that is looked for is within one of them.
func chunked(reader *bufio.Reader, want []byte) (bool, error) {
	right := false
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		length, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return false, err
		}
		found, err := contains(reader, int(length), want)
		if err != nil {
			return false, err
		}
		right = right || found
		if _, err := reader.Discard(len("\r\n")); err != nil || length == 0 {
			return right, err
		}
	}
}

func contains(reader *bufio.Reader, length int, want []byte) (bool, error) {
	if length > reader.Size() {
		return false, errors.New("the answer is too long to be looked at")
	}
	body, err := reader.Peek(length)
	if err != nil {
		return false, err
	}
	right := bytes.Contains(body, want)
	_, err = reader.Discard(length)
	return right, err
}

func summarise(latencies []time.Duration, wrong int64, took time.Duration) *Report {
	report := &Report{Requests: len(latencies), Wrong: wrong, Seconds: took.Seconds()}
	if len(latencies) == 0 {
		return report
	}
	slices.Sort(latencies)
	at := func(share float64) float64 {
		return float64(latencies[int(share*float64(len(latencies)-1))].Nanoseconds()) / 1e6
	}
	report.Rate = float64(len(latencies)) / took.Seconds()
	report.P50, report.P90, report.P99, report.Max = at(0.5), at(0.9), at(0.99), at(1)
	return report
}
