#!/usr/bin/env python3
"""Nodes with one fault each, and without it if there is a second argument:
retry         lin-kv: n0 holds all; the others ask it again when its answer did not come, as if nothing had happened
no-isolation  txn-list-append: n0 holds all; a transaction's steps are taken one after another, and others in between
lossy-merge   g-set: nodes tell each other all that they have, and the larger set takes the place of the smaller
drop          broadcast: one message in 50 is acknowledged and dropped"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../../../docs/nodes/python"))
from node import Node, RpcError

fault = sys.argv[1]
is_right = len(sys.argv) > 2
node = Node()
state = {}
elements = set()
busy = []


async def at_primary(body):
    primary = node.ids[0]
    if node.id == primary:
        return await execute(body)
    for _ in range(5):
        try:
            return (await node.rpc(primary, {"type": "execute", "request": body}, 200))["answer"]
        except RpcError as error:
            if error.code != 0 or is_right or fault != "retry":
                raise
    raise RpcError(0, "no answer")


async def execute(body):
    kind = body["type"]
    if kind == "txn":
        return await transact(body["txn"])
    key = body["key"]
    if kind == "write":
        state[key] = body["value"]
        return {"type": "write_ok"}
    if key not in state:
        raise RpcError(20, "no such key")
    if kind == "read":
        return {"type": "read_ok", "value": state[key]}
    if state[key] != body["from"]:
        raise RpcError(22, "another value")
    state[key] = body["to"]
    return {"type": "cas_ok"}


async def transact(steps):
    results = []
    for f, key, value in steps:
        if not is_right:
            await node.sleep(1 + node.random.randrange(3))
        if f == "append":
            state.setdefault(key, []).append(value)
            results.append([f, key, value])
        else:
            results.append([f, key, list(state.get(key, []))])
    return {"type": "txn_ok", "txn": results}


async def serve(message):
    return await at_primary(message["body"])


@node.on("execute")
async def asked(message):
    return {"type": "execute_ok", "answer": await execute(message["body"]["request"])}


def add(name):
    def handler(message):
        element = message["body"][name]
        if fault != "drop" or is_right or node.random.randrange(50) > 0:
            elements.add(element)
        return {"type": message["body"]["type"] + "_ok"}

    return handler


@node.on("merge")
def merge(message):
    theirs = set(message["body"]["elements"])
    if fault == "lossy-merge" and not is_right:
        if len(theirs) > len(elements):
            elements.clear()
            elements.update(theirs)
    else:
        elements.update(theirs)


def gossip():
    other = node.ids[node.random.randrange(len(node.ids))]
    if other != node.id:
        node.send(other, {"type": "merge", "elements": sorted(elements)})


@node.on("topology")
def topology(message):
    return {"type": "topology_ok"}


@node.on("init")
def init(message):
    if fault in ("lossy-merge", "drop"):
        node.every(100, gossip)


if fault in ("lossy-merge", "drop"):
    node.on("read")(lambda _: {"type": "read_ok", "value": sorted(elements), "messages": sorted(elements)})
    node.on("add")(add("element"))
    node.on("broadcast")(add("message"))
else:
    for kind in ("read", "write", "cas", "txn"):
        node.on(kind)(serve)
node.run()
