// A node for Maelstrom's protocol, to copy into your own project: one file, the standard library alone.
//
// It works under --target maelstrom, under Maelstrom itself, and in lockstep (--clock lockstep), where the same seed repeats the run byte for byte.
// In lockstep, all waiting must go through this file: use RPC, Sleep, Every, Go, Now and Rand of this file, and no goroutines, channels, clocks, files or
// sockets of your own. Go ranges over maps in another order each time: sort the keys where what you send depends on it.
//
//	node := NewNode()
//	node.On("echo", func(m Message) (Body, error) {
//		return Body{"type": "echo_ok", "echo": m.Body["echo"]}, nil
//	})
//	node.Run()
//
// Each handler is a task of its own. One task runs at a time: while one waits in RPC or Sleep, others run. No locks are needed, and none must be held
// while waiting.
package main

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"time"
)

// Body is what a message says.
type Body = map[string]any

// Message is a message.
type Message struct {
	Src  string `json:"src"`
	Dest string `json:"dest"`
	Body Body   `json:"body"`
	// In lockstep only.
	Now  *float64 `json:"now,omitempty"`
	Seq  int      `json:"seq,omitempty"`
	Seed *int64   `json:"seed,omitempty"`
}

// RPCError is an error that a client, or another node, is told of.
// 0 timeout, 10 not supported, 11 unavailable, 14 abort, 20 no such key, 22 precondition failed.
type RPCError struct {
	Code int
	Text string
}

func (e *RPCError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Text) }

// Handler takes a message and returns the body of its answer, or nil.
type Handler func(Message) (Body, error)

type timer struct {
	at     float64
	order  int
	action func()
}

type timers []*timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || (t[i].at == t[j].at && t[i].order < t[j].order)
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(*timer)) }
func (t *timers) Pop() any {
	old := *t
	last := old[len(old)-1]
	*t = old[:len(old)-1]
	return last
}

// Node is a node.
type Node struct {
	ID   string     // this node's name
	IDs  []string   // the names of all
	Rand *rand.Rand // in lockstep it follows from the run's seed, the node and its life

	handlers map[string]Handler
	waiting  map[int]func(Body)
	nextID   int
	timers   timers
	order    int
	ready    []func()      // what can go on, one after another
	paused   chan struct{} // a task that waits, or ends, hands back the turn here
	virtual  *float64      // in lockstep: the time of the last line
	began    time.Time
	out      *bufio.Writer
}

// NewNode makes a node.
func NewNode() *Node {
	return &Node{
		Rand:     rand.New(rand.NewSource(time.Now().UnixNano())),
		handlers: map[string]Handler{},
		waiting:  map[int]func(Body){},
		paused:   make(chan struct{}),
		began:    time.Now(),
		out:      bufio.NewWriterSize(os.Stdout, 1<<16),
	}
}

// On registers a handler.
func (n *Node) On(kind string, handler Handler) { n.handlers[kind] = handler }

// Send sends a message that needs no answer.
func (n *Node) Send(dest string, body Body) {
	line, err := json.Marshal(Message{Src: n.ID, Dest: dest, Body: body})
	if err != nil {
		panic(err)
	}
	n.out.Write(line)
	n.out.WriteByte('\n')
}

// Reply answers a message.
func (n *Node) Reply(m Message, body Body) {
	answer := Body{"in_reply_to": m.Body["msg_id"]}
	for name, value := range body {
		answer[name] = value
	}
	n.Send(m.Src, answer)
}

// RPC asks another node or a service, and waits. The error is an *RPCError: the answer's, or 0 if none came within a second.
func (n *Node) RPC(dest string, body Body) (Body, error) {
	n.nextID++
	id := n.nextID
	request := Body{"msg_id": id}
	for name, value := range body {
		request[name] = value
	}
	n.Send(dest, request)
	var answer Body
	n.wait(func(resume func()) {
		expiry := n.after(1000, func() {
			delete(n.waiting, id)
			answer = Body{"type": "error", "code": float64(0), "text": "no answer from " + dest}
			n.ready = append(n.ready, resume)
		})
		n.waiting[id] = func(arrived Body) {
			n.cancel(expiry)
			answer = arrived
			n.ready = append(n.ready, resume)
		}
	})
	if answer["type"] == "error" {
		code, _ := answer["code"].(float64)
		text, _ := answer["text"].(string)
		return nil, &RPCError{int(code), text}
	}
	return answer, nil
}

// Now is the time in milliseconds.
func (n *Node) Now() float64 {
	if n.virtual != nil {
		return *n.virtual
	}
	return float64(time.Since(n.began).Nanoseconds()) / 1e6
}

// Sleep waits for some milliseconds.
func (n *Node) Sleep(ms float64) {
	n.wait(func(resume func()) {
		n.after(ms, func() { n.ready = append(n.ready, resume) })
	})
}

// Future is a value that comes later.
type Future struct {
	node    *Node
	value   any
	isSet   bool
	resumes []func()
}

// NewFuture makes one.
func (n *Node) NewFuture() *Future { return &Future{node: n} }

// Set brings the value, once.
func (f *Future) Set(value any) {
	if f.isSet {
		return
	}
	f.isSet, f.value = true, value
	f.node.ready = append(f.node.ready, f.resumes...)
}

// Wait waits for the value.
func (f *Future) Wait() any {
	if !f.isSet {
		f.node.wait(func(resume func()) { f.resumes = append(f.resumes, resume) })
	}
	return f.value
}

// Every runs an action every so many milliseconds from now on; again only when it is done.
func (n *Node) Every(ms float64, action func()) {
	n.Go(func() {
		for {
			n.Sleep(ms)
			action()
		}
	})
}

// Go runs a task beside all others.
func (n *Node) Go(task func()) {
	n.ready = append(n.ready, func() {
		go func() {
			task()
			n.paused <- struct{}{}
		}()
		<-n.paused
	})
}

// wait lets others run until what start is given is called.
func (n *Node) wait(start func(resume func())) {
	resumed := make(chan struct{})
	start(func() {
		resumed <- struct{}{}
		<-n.paused
	})
	n.paused <- struct{}{}
	<-resumed
}

// Run listens until the standard input ends.
func (n *Node) Run() {
	lines := make(chan []byte, 64)
	go func() {
		reader := bufio.NewReaderSize(os.Stdin, 1<<16)
		for {
			line, err := reader.ReadBytes('\n')
			if len(bytes.TrimSpace(line)) > 0 {
				lines <- line
			}
			if err != nil {
				close(lines)
				return
			}
		}
	}()
	for {
		n.work()
		var due <-chan time.Time
		if n.virtual == nil && len(n.timers) > 0 {
			due = time.After(time.Duration((n.timers[0].at - n.Now()) * 1e6))
		}
		select {
		case line, isOpen := <-lines:
			if !isOpen {
				return
			}
			var m Message
			if err := json.Unmarshal(line, &m); err != nil {
				panic(err)
			}
			n.take(m)
		case <-due:
		}
	}
}

func (n *Node) take(m Message) {
	if m.Now == nil {
		n.handle(m)
		return
	}
	// A step in lockstep: what is due, then the message, one after another.
	n.virtual = m.Now
	if m.Seed != nil {
		n.Rand = rand.New(rand.NewSource(*m.Seed))
	}
	n.work()
	if m.Src != "clock" {
		n.handle(m)
		n.work()
	}
	var wakeAt any
	if len(n.timers) > 0 {
		wakeAt = n.timers[0].at
	}
	n.Send("clock", Body{"type": "idle", "seq": m.Seq, "wake_at": wakeAt})
	n.out.Flush()
}

func (n *Node) handle(m Message) {
	if inReplyTo, isReply := m.Body["in_reply_to"].(float64); isReply {
		answered := n.waiting[int(inReplyTo)]
		delete(n.waiting, int(inReplyTo))
		if answered != nil {
			answered(m.Body)
		}
		return
	}
	n.Go(func() { n.serve(m) })
}

func (n *Node) serve(m Message) {
	kind, _ := m.Body["type"].(string)
	if kind == "init" {
		n.ID = m.Body["node_id"].(string)
		n.IDs = nil
		for _, id := range m.Body["node_ids"].([]any) {
			n.IDs = append(n.IDs, id.(string))
		}
	}
	var answer Body
	var err error
	if handler := n.handlers[kind]; handler != nil {
		answer, err = handler(m)
	} else if kind != "init" {
		err = &RPCError{10, kind + " is not supported"}
	}
	if err != nil {
		code := 13
		if known, isKnown := err.(*RPCError); isKnown {
			code = known.Code
		}
		answer = Body{"type": "error", "code": code, "text": err.Error()}
	}
	if answer == nil && kind == "init" {
		answer = Body{"type": "init_ok"}
	}
	if _, isAsked := m.Body["msg_id"]; isAsked && answer != nil {
		n.Reply(m, answer)
	}
}

// work runs what can run: tasks first, then timers that are due, one after another.
func (n *Node) work() {
	for {
		for len(n.ready) > 0 {
			next := n.ready[0]
			n.ready = n.ready[1:]
			next()
		}
		if len(n.timers) == 0 || n.timers[0].at > n.Now() {
			break
		}
		heap.Pop(&n.timers).(*timer).action()
	}
	if n.virtual == nil {
		n.out.Flush()
	}
}

func (n *Node) after(ms float64, action func()) *timer {
	n.order++
	t := &timer{n.Now() + ms, n.order, action}
	heap.Push(&n.timers, t)
	return t
}

func (n *Node) cancel(t *timer) {
	for i, other := range n.timers {
		if other == t {
			heap.Remove(&n.timers, i)
			return
		}
	}
}
