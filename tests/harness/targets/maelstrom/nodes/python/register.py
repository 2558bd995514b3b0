#!/usr/bin/env python3
"""A linearizable register for each key: every node has a copy, and a majority decides (Attiya, Bar-Noy and Dolev, 1995). A read writes back what it found.
`--fault` plants one: `local-read` reads this node's copy alone, `no-write-back` returns what a read found without writing it back."""
import itertools
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../../../docs/nodes/python"))
from node import Future, Node, RpcError

fault = sys.argv[2] if sys.argv[1:2] == ["--fault"] else None
node = Node()
copies = {}


def copy_of(key):
    return copies.get(key, {"stamp": [0, "", 0], "value": None})


async def majority(body):
    """The answers of a majority, this node's included."""
    answers = []
    needed = len(node.ids) // 2 + 1
    enough = Future()

    def answered(answer):
        answers.append(answer)
        if len(answers) == needed:
            enough.set()

    async def give_up():
        await node.sleep(1000)
        enough.set()

    async def ask(other):
        for _ in range(5):
            try:
                return answered(await node.rpc(other, body, 100 + node.random.randrange(100)))
            except RpcError:
                pass

    for other in node.ids:
        if other == node.id:
            answered(handlers[body["type"]](body))
        else:
            node.spawn(ask(other))
    node.spawn(give_up())
    await enough
    if len(answers) < needed:
        raise RpcError(0, "no majority answered")
    return answers


def query(body):
    return {"type": "query_ok", **copy_of(body["key"])}


def store(body):
    if body["stamp"] > copy_of(body["key"])["stamp"]:
        copies[body["key"]] = {"stamp": body["stamp"], "value": body["value"]}
    return {"type": "store_ok"}


handlers = {"query": query, "store": store}
node.on("query")(lambda message: query(message["body"]))
node.on("store")(lambda message: store(message["body"]))


def latest(answers):
    return max(answers, key=lambda answer: answer["stamp"])


@node.on("read")
async def read(message):
    key = message["body"]["key"]
    if fault == "local-read":
        return {"type": "read_ok", "value": copy_of(key)["value"]}
    found = latest(await majority({"type": "query", "key": key}))
    if fault != "no-write-back":
        await majority({"type": "store", "key": key, "stamp": found["stamp"], "value": found["value"]})
    return {"type": "read_ok", "value": found["value"]}


# Makes the stamps of writes that this node does at the same time differ.
writes = itertools.count(1)


@node.on("write")
async def write(message):
    key, value = message["body"]["key"], message["body"]["value"]
    stamp = latest(await majority({"type": "query", "key": key}))["stamp"]
    await majority({"type": "store", "key": key, "stamp": [stamp[0] + 1, node.id, next(writes)], "value": value})
    return {"type": "write_ok"}


node.run()
