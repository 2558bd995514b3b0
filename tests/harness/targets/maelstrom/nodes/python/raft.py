#!/usr/bin/env python3
"""A small Raft for lin-kv, in memory. `--fault` plants one:
late-ack    a client is answered when its index is applied, whosever entry stands there
truncate    an append cuts off all that is behind it, though it agrees with what is there
local-read  a read is answered from this node's memory"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../../../docs/nodes/python"))
from node import Future, Node, RpcError

fault = sys.argv[2] if sys.argv[1:2] == ["--fault"] else None
node = Node()
term, voted_for, role, leader = 0, None, "follower", None
log = [(0, None)]
commit, applied = 0, 0
next_index, match_index = {}, {}
state = {}
waiting = {}  # by index: the term, what was asked, and who waits
deadline = 0


def reset_deadline():
    global deadline
    deadline = node.now() + 300 + node.random.randrange(300)


def step_down(new_term):
    global term, voted_for, role
    if new_term > term:
        term, voted_for = new_term, None
    role = "follower"


def apply_all():
    global applied
    while applied < commit:
        applied += 1
        at, request = log[applied]
        result = apply_one(request)
        if applied in waiting:
            asked, kind, future = waiting.pop(applied)
            lost = {"type": "error", "code": 14, "text": "lost"}
            if fault == "late-ack" and kind != "read":
                lost = {"type": kind + "_ok"}
            future.set(result if asked == at else lost)


def apply_one(request):
    if request is None:
        return {"type": "none"}
    kind, key = request["type"], request["key"]
    if kind == "write":
        state[key] = request["value"]
    elif key not in state:
        return {"type": "error", "code": 20, "text": "no such key"}
    elif kind == "read":
        return {"type": "read_ok", "value": state[key]}
    elif state[key] != request["from"]:
        return {"type": "error", "code": 22, "text": "another value"}
    else:
        state[key] = request["to"]
    return {"type": kind + "_ok"}


async def propose(request):
    if role != "leader":
        raise RpcError(11, "not the leader")
    log.append((term, request))
    future = Future()
    waiting[len(log) - 1] = (term, request["type"], future)
    replicate()
    return await future


def replicate():
    for other in node.ids:
        if other != node.id:
            node.spawn(append_to(other))


async def append_to(other):
    global commit
    sent_term, previous = term, next_index[other] - 1
    entries = log[previous + 1:]
    request = {"type": "append", "term": term, "previous": previous, "previous_term": log[previous][0], "entries": entries,
               "commit": commit}
    try:
        answer = await node.rpc(other, request, 200)
    except RpcError:
        return
    if answer["term"] > term:
        step_down(answer["term"])
    if role != "leader" or term != sent_term:
        return
    if not answer["success"]:
        next_index[other] = max(1, min(next_index[other], previous))
        return
    match_index[other] = max(match_index[other], previous + len(entries))
    next_index[other] = match_index[other] + 1
    held = sorted([*match_index.values(), len(log) - 1])[len(node.ids) // 2 - (1 - len(node.ids) % 2)]
    if held > commit and log[held][0] == term:
        commit = held
        apply_all()


@node.on("append")
def append(message):
    global leader, role, commit
    body = message["body"]
    if body["term"] < term:
        return {"type": "append_ok", "term": term, "success": False}
    step_down(body["term"])
    leader = message["src"]
    reset_deadline()
    previous = body["previous"]
    if previous >= len(log) or log[previous][0] != body["previous_term"]:
        return {"type": "append_ok", "term": term, "success": False}
    if fault == "truncate":
        del log[previous + 1:]
    for i, entry in enumerate(body["entries"]):
        at = previous + 1 + i
        if at < len(log) and log[at][0] != entry[0]:
            del log[at:]
        if at >= len(log):
            log.append(tuple(entry))
    commit = max(commit, min(body["commit"], len(log) - 1))
    apply_all()
    return {"type": "append_ok", "term": term, "success": True}


@node.on("vote")
def vote(message):
    global voted_for
    body = message["body"]
    if body["term"] > term:
        step_down(body["term"])
    is_current = (body["last_term"], body["last"]) >= (log[-1][0], len(log) - 1)
    granted = body["term"] == term and voted_for in (None, message["src"]) and is_current
    if granted:
        voted_for = message["src"]
        reset_deadline()
    return {"type": "vote_ok", "term": term, "granted": granted}


async def campaign():
    global term, voted_for, role, leader
    term, voted_for, role, leader = term + 1, node.id, "candidate", None
    reset_deadline()
    votes, mine = {node.id}, term

    async def ask(other):
        global role, leader
        request = {"type": "vote", "term": mine, "last": len(log) - 1, "last_term": log[-1][0]}
        try:
            answer = await node.rpc(other, request, 200)
        except RpcError:
            return
        if answer["term"] > term:
            step_down(answer["term"])
        if answer["granted"] and role == "candidate" and term == mine:
            votes.add(other)
            if len(votes) > len(node.ids) // 2:
                role, leader = "leader", node.id
                for each in node.ids:
                    next_index[each] = len(log)
                    if each != node.id:
                        match_index[each] = 0
                log.append((term, None))
                replicate()

    for other in node.ids:
        if other != node.id:
            node.spawn(ask(other))


async def tick():
    if role == "leader":
        replicate()
    elif node.now() > deadline:
        await campaign()


@node.on("init")
def init(message):
    reset_deadline()
    node.every(50, tick)


async def serve(message):
    body = message["body"]
    if body["type"] == "read" and fault == "local-read":
        return apply_one(body)
    if role == "leader" or leader is None:
        return await propose(body)
    answer = await node.rpc(leader, {"type": "forward", "request": body}, 1500)
    return answer["answer"]


forwarded = set()


@node.on("forward")
async def forward(message):
    # A message may come twice; what it asks for must happen once.
    name = (message["src"], message["body"]["msg_id"])
    if name in forwarded:
        return None
    forwarded.add(name)
    return {"type": "forward_ok", "answer": await propose(message["body"]["request"])}


for kind in ("read", "write", "cas"):
    node.on(kind)(serve)
node.run()
