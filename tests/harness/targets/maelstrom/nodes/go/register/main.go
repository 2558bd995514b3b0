// A linearizable register for each key: every node has a copy, and a majority decides (Attiya, Bar-Noy and Dolev, 1995). A read writes back what it found.
// --fault plants one: local-read reads this node's copy alone, no-write-back returns what a read found without writing it back.
//
// Built together with docs/nodes/go/node.go: go build -o register main.go node.go
package main

import "os"

type version struct {
	at     float64
	by     string
	serial float64 // makes the versions of writes that a node does at the same time differ
	value  any
}

func (v version) isLater(other version) bool {
	if v.at != other.at {
		return v.at > other.at
	}
	if v.by != other.by {
		return v.by > other.by
	}
	return v.serial > other.serial
}

func (v version) body(kind string) Body {
	return Body{"type": kind, "at": v.at, "by": v.by, "serial": v.serial, "value": v.value}
}

func versionOf(body Body) version {
	return version{body["at"].(float64), body["by"].(string), body["serial"].(float64), body["value"]}
}

var fault string
var node = NewNode()
var copies = map[float64]version{}
var writes float64

func query(key float64) Body { return copies[key].body("query_ok") }

func store(key float64, v version) Body {
	if v.isLater(copies[key]) {
		copies[key] = v
	}
	return Body{"type": "store_ok"}
}

// majority returns the answers of a majority, this node's included.
func majority(request Body, own func() Body) ([]Body, error) {
	answers := []Body{own()}
	needed := len(node.IDs)/2 + 1
	enough := node.NewFuture()
	for _, id := range node.IDs {
		if id == node.ID {
			continue
		}
		node.Go(func() {
			for range 5 {
				answer, err := node.RPC(id, request)
				if err == nil {
					answers = append(answers, answer)
					if len(answers) == needed {
						enough.Set(nil)
					}
					return
				}
				node.Sleep(float64(node.Rand.Intn(50)))
			}
		})
	}
	node.Go(func() {
		node.Sleep(1000)
		enough.Set(nil)
	})
	if len(answers) < needed {
		enough.Wait()
	}
	if len(answers) < needed {
		return nil, &RPCError{0, "no majority answered"}
	}
	return answers, nil
}

func find(key float64) (version, error) {
	answers, err := majority(Body{"type": "query", "key": key}, func() Body { return query(key) })
	var latest version
	for _, answer := range answers {
		if v := versionOf(answer); v.isLater(latest) {
			latest = v
		}
	}
	return latest, err
}

func keep(key float64, v version) error {
	request := v.body("store")
	request["key"] = key
	_, err := majority(request, func() Body { return store(key, v) })
	return err
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "--fault" {
		fault = os.Args[2]
	}
	node.On("query", func(m Message) (Body, error) { return query(m.Body["key"].(float64)), nil })
	node.On("store", func(m Message) (Body, error) { return store(m.Body["key"].(float64), versionOf(m.Body)), nil })
	node.On("read", func(m Message) (Body, error) {
		key := m.Body["key"].(float64)
		if fault == "local-read" {
			return Body{"type": "read_ok", "value": copies[key].value}, nil
		}
		found, err := find(key)
		if err == nil && fault != "no-write-back" {
			err = keep(key, found)
		}
		if err != nil {
			return nil, err
		}
		return Body{"type": "read_ok", "value": found.value}, nil
	})
	node.On("write", func(m Message) (Body, error) {
		key := m.Body["key"].(float64)
		found, err := find(key)
		if err == nil {
			writes++
			err = keep(key, version{found.at + 1, node.ID, writes, m.Body["value"]})
		}
		if err != nil {
			return nil, err
		}
		return Body{"type": "write_ok"}, nil
	})
	node.Run()
}
