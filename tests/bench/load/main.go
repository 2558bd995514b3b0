// Puts a load of one kind on three nodes, of this project (Redis's protocol) or of etcd (gRPC), and prints what came of
// it as a line of JSON. Both are asked by the same workers, spread over all nodes, each with one request open.
//
//	go mod tidy && go build -o FOLDER/load .
//	load --system kaya|etcd --operation put|get|fill --size BYTES --keys N --clients N --seconds N [--rate N]
//	     [--values text|binary] HOST:PORT HOST:PORT HOST:PORT
//
// Without --rate each worker asks as soon as it is answered. With it, requests are due at a fixed rate, and a latency
// counts from when its request was due: one that waits for its worker is late, not forgotten.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// A worker's way to a system.
type client interface {
	put(key string, value []byte) error
	// How many bytes the key holds.
	get(key string) (int, error)
}

type etcdClient struct{ client *clientv3.Client }

func (c etcdClient) put(key string, value []byte) error {
	_, err := c.client.Put(context.Background(), key, string(value))
	return err
}

func (c etcdClient) get(key string) (int, error) {
	found, err := c.client.Get(context.Background(), key)
	if err != nil || len(found.Kvs) == 0 {
		return 0, err
	}
	return len(found.Kvs[0].Value), nil
}

type redisClient struct {
	conn   net.Conn
	reader *bufio.Reader
	writer *bufio.Writer
}

func dialRedis(address string) (*redisClient, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &redisClient{conn, bufio.NewReaderSize(conn, 65536), bufio.NewWriterSize(conn, 65536)}, nil
}

func (c *redisClient) ask(words ...[]byte) (int, error) {
	fmt.Fprintf(c.writer, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(c.writer, "$%d\r\n", len(word))
		c.writer.Write(word)
		c.writer.WriteString("\r\n")
	}
	if err := c.writer.Flush(); err != nil {
		return 0, err
	}
	line, err := c.reader.ReadBytes('\n')
	if err != nil {
		return 0, err
	}
	line = bytes.TrimRight(line, "\r\n")
	if line[0] == '-' {
		return 0, fmt.Errorf("%s", line[1:])
	}
	if line[0] != '$' {
		return 0, nil
	}
	length, err := strconv.Atoi(string(line[1:]))
	if err != nil || length < 0 {
		return 0, err
	}
	_, err = io.CopyN(io.Discard, c.reader, int64(length)+2)
	return length, err
}

func (c *redisClient) put(key string, value []byte) error {
	_, err := c.ask([]byte("SET"), []byte(key), value)
	return err
}

func (c *redisClient) get(key string) (int, error) { return c.ask([]byte("GET"), []byte(key)) }

func connect(system string, clients int, endpoints []string) ([]client, error) {
	all := make([]client, clients)
	shared := make([]*clientv3.Client, 8)
	for i := range all {
		if system == "kaya" {
			c, err := dialRedis(endpoints[i%len(endpoints)])
			if err != nil {
				return nil, err
			}
			all[i] = c
			continue
		}
		at := i % len(shared)
		if shared[at] == nil {
			// Each talks to one member, as each connection of the other system does.
			c, err := clientv3.New(clientv3.Config{
				Endpoints:   []string{endpoints[at%len(endpoints)]},
				DialTimeout: 5 * time.Second,
			})
			if err != nil {
				return nil, err
			}
			shared[at] = c
		}
		all[i] = etcdClient{shared[at]}
	}
	return all, nil
}

// Values that differ, so that nothing can be won by having seen one before.
func values(size int, kind string) [][]byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	random := rand.New(rand.NewSource(1))
	all := make([][]byte, 16)
	for i := range all {
		all[i] = make([]byte, size)
		for at := range all[i] {
			if kind == "binary" {
				all[i][at] = byte(random.Intn(256))
			} else {
				all[i][at] = letters[random.Intn(len(letters))]
			}
		}
	}
	return all
}

type outcome struct {
	Operations int     `json:"operations"`
	Errors     int     `json:"errors"`
	PerSecond  float64 `json:"perSecond"`
	P50        float64 `json:"p50"`
	P99        float64 `json:"p99"`
	Longest    float64 `json:"longest"`
	Error      string  `json:"error,omitempty"`
}

type load struct {
	operation     string
	size, keys    int
	rate          float64
	began, ending time.Time
	values        [][]byte
	next          atomic.Int64
	mutex         sync.Mutex
	latencies     []time.Duration
	errors        int
	err           error
}

func (l *load) once(c client, random *rand.Rand, number int64) error {
	key := fmt.Sprintf("key%d", random.Intn(l.keys))
	switch l.operation {
	case "get":
		length, err := c.get(key)
		if err == nil && length != l.size {
			err = fmt.Errorf("%s has %d bytes instead of %d", key, length, l.size)
		}
		return err
	case "fill":
		key = fmt.Sprintf("key%d", number)
	}
	return c.put(key, l.values[random.Intn(len(l.values))])
}

func (l *load) work(c client, seed int64) {
	random := rand.New(rand.NewSource(seed))
	var latencies []time.Duration
	errors := 0
	var last error
	for {
		number := l.next.Add(1) - 1
		due := time.Now()
		if l.rate > 0 {
			due = l.began.Add(time.Duration(float64(number) / l.rate * float64(time.Second)))
			time.Sleep(time.Until(due))
		}
		if (l.operation == "fill" && number >= int64(l.keys)) || (l.operation != "fill" && !due.Before(l.ending)) {
			break
		}
		if err := l.once(c, random, number); err != nil {
			errors++
			last = err
			time.Sleep(time.Millisecond)
			continue
		}
		latencies = append(latencies, time.Since(due))
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.latencies = append(l.latencies, latencies...)
	l.errors += errors
	if last != nil {
		l.err = last
	}
}

func (l *load) outcome() outcome {
	seconds := time.Since(l.began).Seconds()
	all := l.latencies
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	told := outcome{Operations: len(all), Errors: l.errors, PerSecond: float64(len(all)) / seconds}
	if l.err != nil {
		told.Error = l.err.Error()
	}
	if len(all) > 0 {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		told.P50, told.P99, told.Longest = ms(all[len(all)/2]), ms(all[len(all)*99/100]), ms(all[len(all)-1])
	}
	return told
}

func main() {
	system := flag.String("system", "kaya", "kaya or etcd")
	operation := flag.String("operation", "put", "put, get, or fill: each key once")
	size := flag.Int("size", 100, "bytes of a value")
	keys := flag.Int("keys", 10000, "keys")
	clients := flag.Int("clients", 64, "workers")
	seconds := flag.Float64("seconds", 4, "how long")
	rate := flag.Float64("rate", 0, "requests a second; 0: as many as there can be")
	kind := flag.String("values", "text", "text or binary")
	flag.Parse()
	all, err := connect(*system, *clients, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	l := &load{operation: *operation, size: *size, keys: *keys, rate: *rate, values: values(*size, *kind)}
	l.began = time.Now()
	l.ending = l.began.Add(time.Duration(*seconds * float64(time.Second)))
	var workers sync.WaitGroup
	for i, c := range all {
		workers.Add(1)
		go func() {
			defer workers.Done()
			l.work(c, int64(i))
		}()
	}
	workers.Wait()
	json.NewEncoder(os.Stdout).Encode(l.outcome())
}
