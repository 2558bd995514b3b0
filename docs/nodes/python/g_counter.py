#!/usr/bin/env python3
"""Challenge 4: a counter that only grows, over the service seq-kv, whose reads may be stale. A successful compare-and-set is never stale: the value that it confirms is the latest."""
from node import Node, RpcError

node = Node()
KEY = "counter"


async def change(delta):
    """Adds to the counter and returns it. Adding 0 ensures that the value is the latest."""
    while True:
        try:
            value = (await node.rpc("seq-kv", {"type": "read", "key": KEY}))["value"]
        except RpcError as error:
            if error.code != 20:
                raise
            value = 0
        try:
            request = {"type": "cas", "key": KEY, "from": value, "to": value + delta, "create_if_not_exists": True}
            await node.rpc("seq-kv", request)
            return value + delta
        except RpcError as error:
            if error.code != 22:
                raise


@node.on("add")
async def add(message):
    await change(message["body"]["delta"])
    return {"type": "add_ok"}


@node.on("read")
async def read(message):
    return {"type": "read_ok", "value": await change(0)}


node.run()
