#!/usr/bin/env python3
"""Nodes that keep nothing themselves, with one fault each, and without it if there is a second argument:
plain-read  g-counter: a counter in seq-kv, whose reads are trusted although they may be old
retry       lin-kv: what lin-kv has not answered is asked again, although it may have happened
reads-only  lin-kv: reads are all it knows; nothing is wrong with that"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../../../docs/nodes/python"))
from node import Node, RpcError

fault = sys.argv[1]
is_sound = len(sys.argv) > 2
node = Node()


async def change(delta):
    """Adds to the counter; what it returns is the latest."""
    while True:
        value = await look()
        try:
            request = {"type": "cas", "key": "sum", "from": value, "to": value + delta, "create_if_not_exists": True}
            await node.rpc("seq-kv", request)
            return value + delta
        except RpcError as error:
            if error.code != 22:
                raise


async def look():
    try:
        return (await node.rpc("seq-kv", {"type": "read", "key": "sum"}))["value"]
    except RpcError as error:
        if error.code != 20:
            raise
        return 0


async def ask(message):
    body = {name: value for name, value in message["body"].items() if name != "msg_id"}
    while True:
        try:
            answer = await node.rpc("lin-kv", body, 100)
            return {name: value for name, value in answer.items() if name not in ("msg_id", "in_reply_to")}
        except RpcError as error:
            if error.code != 0 or is_sound:
                raise


if fault == "plain-read":

    @node.on("add")
    async def add(message):
        await change(message["body"]["delta"])
        return {"type": "add_ok"}

    @node.on("read")
    async def read(message):
        return {"type": "read_ok", "value": await (change(0) if is_sound else look())}


if fault == "retry":
    for type in ["read", "write", "cas"]:
        node.on(type)(ask)

if fault == "reads-only":
    node.on("read")(ask)

node.run()
