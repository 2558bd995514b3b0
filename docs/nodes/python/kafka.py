#!/usr/bin/env python3
"""Challenge 5: logs. Each log is a list under a key of the service lin-kv; a node appends to it by compare-and-set.

--owner   the log of a key belongs to one node, which all others ask: nobody has to try twice (5c)
"""
import sys

from node import Node, RpcError

node = Node()
has_owner = "--owner" in sys.argv
POLLED_MAX = 100


async def load(key, default):
    try:
        return (await node.rpc("lin-kv", {"type": "read", "key": key}))["value"]
    except RpcError as error:
        if error.code != 20:
            raise
        return default


async def update(key, default, change):
    """Changes a value, again if another node changed it meanwhile; returns the previous value."""
    while True:
        value = await load(key, default)
        try:
            request = {"type": "cas", "key": key, "from": value, "to": change(value), "create_if_not_exists": True}
            await node.rpc("lin-kv", request)
            return value
        except RpcError as error:
            if error.code != 22:
                raise


logs = {}  # those that this node owns


def owner_of(key):
    return node.ids[int(key) % len(node.ids)]


async def append(key, message):
    if not has_owner:
        return len(await update(f"log {key}", [], lambda log: log + [message]))
    if owner_of(key) != node.id:
        return (await node.rpc(owner_of(key), {"type": "send", "key": key, "msg": message}))["offset"]
    logs.setdefault(key, []).append(message)
    return len(logs[key]) - 1


async def slice_of(key, offset):
    if not has_owner:
        log = await load(f"log {key}", [])
    elif owner_of(key) == node.id:
        log = logs.get(key, [])
    else:
        return (await node.rpc(owner_of(key), {"type": "poll", "offsets": {key: offset}}))["msgs"][key]
    return [[i, log[i]] for i in range(offset, min(len(log), offset + POLLED_MAX))]


@node.on("send")
async def send(message):
    body = message["body"]
    return {"type": "send_ok", "offset": await append(body["key"], body["msg"])}


@node.on("poll")
async def poll(message):
    offsets = message["body"]["offsets"]
    return {"type": "poll_ok", "msgs": {key: await slice_of(key, offset) for key, offset in offsets.items()}}


@node.on("commit_offsets")
async def commit(message):
    for key, offset in message["body"]["offsets"].items():
        await update(f"committed {key}", -1, lambda known: max(known, offset))
    return {"type": "commit_offsets_ok"}


@node.on("list_committed_offsets")
async def committed(message):
    offsets = {key: await load(f"committed {key}", -1) for key in message["body"]["keys"]}
    return {"type": "list_committed_offsets_ok", "offsets": {key: at for key, at in offsets.items() if at >= 0}}


node.run()
