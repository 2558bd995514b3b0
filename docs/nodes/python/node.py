"""
A node for Maelstrom's protocol, to copy into your own project: one file, the standard library alone.

It works under `--target maelstrom`, under Maelstrom itself, and in lockstep (`--clock lockstep`), where the same seed repeats the run byte for byte.
In lockstep, all waiting must go through this file: use `rpc`, `sleep`, `every`, `now` and `random` of this file, and no threads, clocks, files or sockets.

    from node import Node
    node = Node()

    @node.on("echo")
    def echo(message):
        return {"type": "echo_ok", "echo": message["body"]["echo"]}

    node.run()

A handler may be a plain function or `async def`; in the latter it may `await node.rpc(...)` and `await node.sleep(ms)`. One task runs at a time: between
two awaits nothing else happens, so no locks are needed.
"""
import heapq
import json
import os
import select
import sys
import time
import traceback
from collections import deque
from random import Random


class RpcError(Exception):
    """An error that is sent to a client or another node.
    0 timeout, 10 not supported, 11 unavailable, 14 abort, 20 no such key, 22 precondition failed."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


class _Wait:
    """The result that a task waits for: `start` gets the function to call with it."""

    def __init__(self, start):
        self.start = start

    def __await__(self):
        result, error = yield self
        if error is not None:
            raise error
        return result


class Future:
    """A value that comes later: `await future` waits for it; `set` brings it, once."""

    def __init__(self):
        self._value = None
        self._is_set = False
        self._resumes = []

    def set(self, value=None):
        if not self._is_set:
            self._is_set, self._value = True, value
            for resume in self._resumes:
                resume(value, None)

    def __await__(self):
        if self._is_set:
            return self._value
        result = yield from _Wait(self._resumes.append).__await__()
        return result


class Node:
    def __init__(self):
        self.id = ""  # this node's name
        self.ids = []  # the names of all
        self.random = Random()  # in lockstep it follows from the run's seed, the node and its life
        self._handlers = {}
        self._waiting = {}  # requests, by msg_id
        self._next_id = 0
        self._timers = []  # (time, order, action), a heap
        self._order = 0
        self._ready = deque()  # tasks that can go on, with what they waited for
        self._virtual = None  # in lockstep: the time of the last line
        self._out = []

    def on(self, type):
        """Registers a handler, which takes a message and returns the body of its answer, or None."""

        def register(handler):
            self._handlers[type] = handler
            return handler

        return register

    def send(self, dest, body):
        """Sends a message that needs no answer."""
        self._out.append(json.dumps({"src": self.id, "dest": dest, "body": body}))

    def reply(self, message, body):
        """Answers a message."""
        self.send(message["src"], {**body, "in_reply_to": message["body"].get("msg_id")})

    def rpc(self, dest, body, timeout=1000):
        """Asks another node or a service, to be awaited. Raises RpcError: the answer's, or 0 if none came within `timeout` ms."""
        self._next_id += 1
        msg_id = self._next_id
        self.send(dest, {**body, "msg_id": msg_id})

        def start(resume):
            def answered(answer):
                if answer["type"] == "error":
                    resume(None, RpcError(answer.get("code"), answer.get("text")))
                else:
                    resume(answer, None)

            def expired():
                if self._waiting.pop(msg_id, None) is not None:
                    resume(None, RpcError(0, f"no answer from {dest} within {timeout} ms"))

            self._waiting[msg_id] = answered
            self._after(timeout, expired, lambda: msg_id in self._waiting)

        return _Wait(start)

    def now(self):
        """Milliseconds."""
        return time.monotonic() * 1000 if self._virtual is None else self._virtual

    def sleep(self, ms):
        """Waits for `ms`, to be awaited."""
        return _Wait(lambda resume: self._after(ms, lambda: resume(None, None)))

    def every(self, ms, action):
        """Runs `action`, plain or async, every `ms` from now on; again only when it is done."""

        async def loop():
            while True:
                await self.sleep(ms)
                result = action()
                if hasattr(result, "__await__"):
                    await result

        self.spawn(loop())

    def spawn(self, coroutine):
        """Runs a task beside all others."""
        self._ready.append((coroutine, None))

    def run(self):
        """Listens until the standard input ends."""
        rest = b""
        while True:
            self._work()
            if not select.select([0], [], [], self._until_due())[0]:
                continue
            read = os.read(0, 1 << 20)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                if line.strip():
                    self._take(json.loads(line))

    def _take(self, message):
        if "now" not in message:
            self._handle(message)
            return self._work()
        # A step in lockstep: what is due, then the message, one after another.
        self._virtual = message["now"]
        if "seed" in message:
            self.random.seed(message["seed"])
        self._work()
        if message["src"] != "clock":
            self._handle(message)
            self._work()
        self._drop_idle_timers()
        wake_at = self._timers[0][0] if self._timers else None
        self.send("clock", {"type": "idle", "seq": message["seq"], "wake_at": wake_at})
        self._flush()

    def _handle(self, message):
        body = message["body"]
        if body.get("in_reply_to") is not None:
            answered = self._waiting.pop(body["in_reply_to"], None)
            if answered is not None:
                answered(body)
        else:
            self.spawn(self._serve(message))

    async def _serve(self, message):
        body = message["body"]
        is_init = body["type"] == "init"
        if is_init:
            self.id, self.ids = body["node_id"], body["node_ids"]
        handler = self._handlers.get(body["type"])
        try:
            if handler is None and not is_init:
                raise RpcError(10, f"{body['type']} is not supported")
            answer = handler(message) if handler is not None else None
            if hasattr(answer, "__await__"):
                answer = await answer
        except RpcError as error:
            answer = {"type": "error", "code": error.code, "text": error.text}
        except Exception as error:
            traceback.print_exc()
            answer = {"type": "error", "code": 13, "text": str(error)}
        if answer is None and is_init:
            answer = {"type": "init_ok"}
        if answer is not None and "msg_id" in body:
            self.reply(message, answer)

    def _work(self):
        """Runs what can run: tasks first, then timers that are due, one after another."""
        while True:
            while self._ready:
                self._go_on(*self._ready.popleft())
            if not self._timers or self._timers[0][0] > self.now():
                break
            heapq.heappop(self._timers)[2]()
        if self._virtual is None:
            self._flush()

    def _go_on(self, coroutine, result):
        try:
            wait = coroutine.send(result)
        except StopIteration:
            return
        wait.start(lambda value, error: self._ready.append((coroutine, (value, error))))

    def _after(self, ms, action, is_needed=None):
        self._order += 1
        heapq.heappush(self._timers, (self.now() + ms, self._order, action, is_needed))

    def _drop_idle_timers(self):
        """Nobody is to be woken for a request that was answered."""
        while self._timers and self._timers[0][3] is not None and not self._timers[0][3]():
            heapq.heappop(self._timers)

    def _until_due(self):
        """Seconds; in lockstep the harness wakes us."""
        if self._virtual is not None or not self._timers:
            return None
        return max(0, self._timers[0][0] - self.now()) / 1000

    def _flush(self):
        if self._out:
            sys.stdout.write("\n".join(self._out) + "\n")
            sys.stdout.flush()
            self._out.clear()
