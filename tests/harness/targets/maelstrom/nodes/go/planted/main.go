// Nodes with one fault each, and without it if there is a second argument:
//
//	retry  lin-kv: n0 holds all; the others ask it again when its answer did not come, as if nothing had happened
//	drop   broadcast: one message in 50 is acknowledged and dropped
//
// Built together with docs/nodes/go/node.go: go build -o planted main.go node.go
package main

import "os"

var node = NewNode()
var state = map[float64]any{}
var seen = map[float64]bool{}
var fault string
var isRight bool

func execute(body Body) (Body, error) {
	key := body["key"].(float64)
	value, isThere := state[key]
	switch {
	case body["type"] == "write":
		state[key] = body["value"]
		return Body{"type": "write_ok"}, nil
	case !isThere:
		return nil, &RPCError{20, "no such key"}
	case body["type"] == "read":
		return Body{"type": "read_ok", "value": value}, nil
	case value != body["from"]:
		return nil, &RPCError{22, "another value"}
	}
	state[key] = body["to"]
	return Body{"type": "cas_ok"}, nil
}

func atPrimary(m Message) (Body, error) {
	if node.ID == node.IDs[0] {
		return execute(m.Body)
	}
	for range 3 {
		answer, err := node.RPC(node.IDs[0], Body{"type": "execute", "request": m.Body})
		if err == nil {
			return answer["answer"].(Body), nil
		}
		if isRight || err.(*RPCError).Code != 0 {
			return nil, err
		}
	}
	return nil, &RPCError{0, "no answer"}
}

func hear(message float64, source string) {
	if seen[message] {
		return
	}
	if source[0] == 'c' && fault == "drop" && !isRight && node.Rand.Intn(50) == 0 {
		return
	}
	seen[message] = true
	for _, id := range node.IDs {
		if id != node.ID && source[0] == 'c' {
			node.Go(func() {
				for {
					if _, err := node.RPC(id, Body{"type": "gossip", "message": message}); err == nil {
						return
					}
				}
			})
		}
	}
}

func main() {
	fault, isRight = os.Args[1], len(os.Args) > 2
	node.On("execute", func(m Message) (Body, error) {
		answer, err := execute(m.Body["request"].(Body))
		return Body{"type": "execute_ok", "answer": answer}, err
	})
	node.On("write", atPrimary)
	node.On("cas", atPrimary)
	node.On("topology", func(m Message) (Body, error) { return Body{"type": "topology_ok"}, nil })
	node.On("broadcast", func(m Message) (Body, error) {
		hear(m.Body["message"].(float64), m.Src)
		return Body{"type": "broadcast_ok"}, nil
	})
	node.On("gossip", func(m Message) (Body, error) {
		hear(m.Body["message"].(float64), m.Src)
		return Body{"type": "gossip_ok"}, nil
	})
	node.On("read", func(m Message) (Body, error) {
		if fault != "drop" {
			return atPrimary(m)
		}
		messages := []float64{}
		for message := range seen {
			messages = append(messages, message)
		}
		sortNumbers(messages)
		return Body{"type": "read_ok", "messages": messages}, nil
	})
	node.Run()
}

func sortNumbers(numbers []float64) {
	for i := range numbers {
		for j := i; j > 0 && numbers[j] < numbers[j-1]; j-- {
			numbers[j], numbers[j-1] = numbers[j-1], numbers[j]
		}
	}
}
