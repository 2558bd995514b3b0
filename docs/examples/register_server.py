#!/usr/bin/env python3
"""A replicated register store: `PUT /key` writes, `GET /key` reads, on any node. Each node keeps its data in a file.

    register_server.py --port 8001 --data ./1 --peer 127.0.0.1:8002 --peer 127.0.0.1:8003 [--safe]

A write is stored with a version by a majority of the nodes. Without --safe a read is answered from the node's own memory, which is wrong:
another node may have acknowledged a newer write. With --safe a read asks a majority, and stores what it found at a majority before it answers
(Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems", 1995).
"""
import argparse, json, os, threading, urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--id", type=int, required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--data", required=True)
parser.add_argument("--peer", action="append", default=[])
parser.add_argument("--safe", action="store_true")
args = parser.parse_args()

lock = threading.Lock()
last = 0  # the highest number that this node has given to a write
store = {}  # key: [version, value], where a version is [number, node]
path = os.path.join(args.data, "log")
if os.path.exists(path):
    for line in open(path):
        try:
            key, version, value = json.loads(line)
            store[key] = max(store.get(key, [[0, 0], None]), [version, value], key=lambda entry: entry[0])
        except ValueError:
            pass  # the last line, torn by a kill
log = open(path, "a")
log.write("\n")
pool = ThreadPoolExecutor(32)
majority = (len(args.peer) + 1) // 2 + 1


def keep(key, version, value):
    """Stores a version, on disk first, unless a newer one is there."""
    with lock:
        if version <= store.get(key, [[0, 0], None])[0]:
            return
        log.write(json.dumps([key, version, value]) + "\n")
        log.flush()
        os.fsync(log.fileno())
        store[key] = [version, value]


def ask(peer, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{peer}{path}", data=data, method="GET" if body is None else "POST")
    with urllib.request.urlopen(request, timeout=0.5) as reply:
        return json.loads(reply.read())


def at_majority(path, body, own):
    """The answers of a majority, this node's among them; an error if there is none."""
    answers = [own]
    for future in as_completed([pool.submit(ask, peer, path, body) for peer in args.peer]):
        try:
            answers.append(future.result())
        except OSError:
            continue
        if len(answers) >= majority:
            return answers
    if len(answers) >= majority:
        return answers
    raise OSError("no majority")


def newest(key):
    return max(at_majority(f"/peer/{key}", None, store.get(key, [[0, 0], None])), key=lambda entry: entry[0])


def fresh(number):
    """A version above `number` that no other write has: writes at this node at the same time differ too."""
    global last
    with lock:
        last = max(last, number) + 1
        return [last, args.id]


def spread(key, version, value):
    keep(key, version, value)
    at_majority(f"/peer/{key}", [version, value], True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/peer/"):
            return self.answer(200, store.get(self.path[6:], [[0, 0], None]))
        key = self.path[1:]
        try:
            if args.safe:
                version, value = newest(key)
                spread(key, version, value)
                return self.answer(200, value)
            self.answer(200, store.get(key, [[0, 0], None])[1])
        except OSError as error:
            self.answer(503, str(error))

    def do_POST(self):
        version, value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        keep(self.path[6:], version, value)
        self.answer(200, True)

    def do_PUT(self):
        key, value = self.path[1:], json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            (number, _), _ = newest(key)
            spread(key, fresh(number), value)
            self.answer(200, True)
        except OSError as error:
            self.answer(503, str(error))

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", args.port), Handler).serve_forever()
