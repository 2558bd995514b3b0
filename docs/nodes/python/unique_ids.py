#!/usr/bin/env python3
"""Challenge 2: unique ids. An id is the node's name, a number drawn at each start, and a count."""
from node import Node

node = Node()
count = 0


@node.on("generate")
def generate(message):
    global count
    count += 1
    if count == 1:
        node.life = node.random.getrandbits(64)
    return {"type": "generate_ok", "id": f"{node.id}-{node.life:x}-{count}"}


node.run()
