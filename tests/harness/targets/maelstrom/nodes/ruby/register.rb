#!/usr/bin/env ruby
# A linearizable register for each key: every node has a copy, and a majority decides (Attiya, Bar-Noy and Dolev, 1995). A read writes back what it found.
# `--fault` plants one: `local-read` reads this node's copy alone, `no-write-back` returns what a read found without writing it back.
require_relative "../../../../../../docs/nodes/ruby/node"

FAULT = ARGV[0] == "--fault" ? ARGV[1] : nil
NODE = Node.new
COPIES = Hash.new({ "stamp" => [0, "", 0], "value" => nil })

def query(body)
  { "type" => "query_ok" }.merge(COPIES[body["key"]])
end

def store(body)
  later = (body["stamp"] <=> COPIES[body["key"]]["stamp"]).positive?
  COPIES[body["key"]] = { "stamp" => body["stamp"], "value" => body["value"] } if later
  { "type" => "store_ok" }
end

# The answers of a majority, this node's included.
def majority(body)
  answers = []
  needed = NODE.ids.length / 2 + 1
  enough = NODE.future
  answered = lambda do |answer|
    answers << answer
    enough.set if answers.length == needed
  end
  NODE.ids.each do |other|
    if other == NODE.id
      answered.call(send(body["type"], body))
    else
      NODE.spawn do
        5.times do
          break answered.call(NODE.rpc(other, body, 100 + NODE.random.rand(100)))
        rescue RpcError
          next
        end
      end
    end
  end
  NODE.spawn do
    NODE.sleep(1000)
    enough.set
  end
  enough.wait
  raise RpcError.new(0, "no majority answered") if answers.length < needed

  answers
end

def latest(answers)
  answers.max_by { |answer| answer["stamp"] }
end

NODE.on("query") { |message| query(message["body"]) }
NODE.on("store") { |message| store(message["body"]) }

NODE.on("read") do |message|
  key = message["body"]["key"]
  next { type: "read_ok", value: COPIES[key]["value"] } if FAULT == "local-read"

  found = latest(majority({ "type" => "query", "key" => key }))
  unless FAULT == "no-write-back"
    majority({ "type" => "store", "key" => key, "stamp" => found["stamp"], "value" => found["value"] })
  end
  { type: "read_ok", value: found["value"] }
end

# Makes the stamps of writes that this node does at the same time differ.
WRITES = (1..).each

NODE.on("write") do |message|
  key, value = message["body"].values_at("key", "value")
  stamp = latest(majority({ "type" => "query", "key" => key }))["stamp"]
  majority({ "type" => "store", "key" => key, "stamp" => [stamp[0] + 1, NODE.id, WRITES.next], "value" => value })
  { type: "write_ok" }
end

NODE.run
