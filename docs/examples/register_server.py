#!/usr/bin/env python3
"""A replicated register store: `PUT /key` writes, `GET /key` reads, on any node. Each node keeps its data in a file.

    register_server.py --id 1 --port 8001 --data ./1 --peer 127.0.0.1:8002 --peer 127.0.0.1:8003 [--safe]

A write is stored with a version by a majority of the nodes. Without --safe a read is answered from the node's own
memory, which is wrong: another node may have acknowledged a newer write. With --safe a read asks a majority, and stores
what it found at a majority before it answers (Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly", 1995).
"""
import argparse, itertools, json, os, threading, urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--id", type=int, required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--data", required=True)
parser.add_argument("--peer", action="append", default=[])
parser.add_argument("--safe", action="store_true")
args = parser.parse_args()

NOTHING = [[0, 0, 0], None]
serial = itertools.count()  # makes the versions of writes at this node at the same time differ
pool = ThreadPoolExecutor(32)
lock = threading.Lock()
store = {}  # key: [version, value], where a version is [number, node, serial]
log = open(os.path.join(args.data, "log"), "a+")
log.seek(0)
for line in log:
    try:
        key, version, value = json.loads(line)
        store[key] = max(store.get(key, NOTHING), [version, value], key=lambda entry: entry[0])
    except ValueError:
        pass  # a line that a kill has torn
log.write("\n")


def keep(key, version, value):
    """Stores a version, on disk first, unless a newer one is there."""
    with lock:
        if version > store.get(key, NOTHING)[0]:
            log.write(json.dumps([key, version, value]) + "\n")
            log.flush()
            os.fsync(log.fileno())
            store[key] = [version, value]


def ask(peer, path, body):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://{peer}{path}", data, timeout=0.5) as reply:
        return json.loads(reply.read())


def at_majority(path, body, own):
    """The answers of a majority, this node's among them; an error if there is none."""
    answers = [own]
    futures = as_completed([pool.submit(ask, peer, path, body) for peer in args.peer])
    while len(answers) <= (len(args.peer) + 1) // 2:
        future = next(futures, None)
        if future is None:
            raise OSError("no majority")
        if future.exception() is None:
            answers.append(future.result())
    return answers


def newest(key):
    return max(at_majority(f"/peer/{key}", None, store.get(key, NOTHING)), key=lambda entry: entry[0])


def spread(key, version, value):
    keep(key, version, value)
    at_majority(f"/peer/{key}", [version, value], None)
    return value


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        *peer, key = self.path.split("/")[1:]
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
        try:
            if peer:
                result = store.get(key, NOTHING) if body is None else keep(key, *body)
            elif self.command == "PUT":
                result = spread(key, [newest(key)[0][0] + 1, args.id, next(serial)], body)
            else:
                result = spread(key, *newest(key)) if args.safe else store.get(key, NOTHING)[1]
            status, data = 200, json.dumps(result).encode()
        except OSError as error:
            status, data = 503, str(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = answer
    log_message = lambda *_: None


ThreadingHTTPServer(("127.0.0.1", args.port), Handler).serve_forever()
