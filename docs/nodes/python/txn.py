#!/usr/bin/env python3
"""Challenge 6: transactions over registers, totally available: each node answers without asking others, and sends them its writes.

Of two writes to a key the one with the later stamp wins, at every node. A transaction's writes arrive together: what one reads is committed.
"""
from node import Node, RpcError

node = Node()
registers = {}  # value and stamp, by key
clock = 0


def keep(writes, stamp):
    """Stores the writes that are later than this node's own."""
    global clock
    clock = max(clock, stamp[0])
    for key, value in writes:
        if key not in registers or registers[key][1] < stamp:
            registers[key] = (value, stamp)


async def tell(other, writes, stamp):
    """Sends the writes to another node, until it acknowledges them."""
    while True:
        try:
            await node.rpc(other, {"type": "writes", "writes": writes, "stamp": stamp})
            return
        except RpcError:
            pass


@node.on("writes")
def writes(message):
    keep(message["body"]["writes"], message["body"]["stamp"])
    return {"type": "writes_ok"}


@node.on("txn")
def txn(message):
    global clock
    own = {}
    results = []
    for f, key, value in message["body"]["txn"]:
        if f == "w":
            own[key] = value
        else:
            value = own[key] if key in own else registers.get(key, (None, None))[0]
        results.append([f, key, value])
    if own:
        clock += 1
        stamp = [clock, node.id]
        keep(list(own.items()), stamp)
        for other in node.ids:
            if other != node.id:
                node.spawn(tell(other, list(own.items()), stamp))
    return {"type": "txn_ok", "txn": results}


node.run()
