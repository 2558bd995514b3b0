#!/usr/bin/env python3
"""Challenge 3: broadcast. Each node sends new messages to its neighbours, again and again until a neighbour has acknowledged them.

--hub        every node's only neighbour is n0: two hops between any two nodes (3d, 3e)
--every MS   messages to one neighbour are collected for this time (3e)
"""
import sys

from node import Node, RpcError

node = Node()
neighbours = []
seen = set()
gathered = {}  # for each neighbour, what it is to be told next
has_hub = "--hub" in sys.argv
every = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 0


@node.on("topology")
def topology(message):
    hub = node.ids[0]
    if has_hub:
        neighbours[:] = [other for other in node.ids if other != hub] if node.id == hub else [hub]
    else:
        neighbours[:] = message["body"]["topology"][node.id]
    return {"type": "topology_ok"}


def hear(messages, source):
    """Stores new messages, and queues them for all neighbours except the sender."""
    new = [message for message in messages if message not in seen]
    seen.update(new)
    for neighbour in neighbours:
        if new and neighbour != source:
            if neighbour in gathered:
                gathered[neighbour] += new
            else:
                gathered[neighbour] = list(new)
                node.spawn(tell(neighbour))


async def tell(neighbour):
    """Sends a neighbour its queued messages, until it acknowledges them."""
    await node.sleep(every)
    messages = gathered.pop(neighbour)
    while True:
        try:
            await node.rpc(neighbour, {"type": "gossip", "messages": messages})
            return
        except RpcError:
            pass


@node.on("broadcast")
def broadcast(message):
    hear([message["body"]["message"]], message["src"])
    return {"type": "broadcast_ok"}


@node.on("gossip")
def gossip(message):
    hear(message["body"]["messages"], message["src"])
    return {"type": "gossip_ok"}


@node.on("read")
def read(message):
    return {"type": "read_ok", "messages": sorted(seen)}


node.run()
