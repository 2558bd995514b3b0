#!/usr/bin/env python3
"""Challenge 1: echo."""
from node import Node

node = Node()


@node.on("echo")
def echo(message):
    return {"type": "echo_ok", "echo": message["body"]["echo"]}


node.run()
