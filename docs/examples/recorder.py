"""Records a history by hand: copy this file. One recorder for each client process, each with a file of its own.

    client = Recorder("history-0.jsonl", process=0)
    client.perform("write", "x", 1, lambda: store.put("x", 1))
    client.perform("read", "x", None, lambda: store.get("x"))

Call `Failed` what surely did not happen. Any other exception, a timeout among them, may have happened (`info`): the process then goes on
under another number. All files have the machine's one monotonic clock, so `merge` can put them in order.
"""
import json, sys, time


class Failed(Exception):
    """The operation surely did not happen."""


class Recorder:
    def __init__(self, path, process, processes=1000):
        self.file, self.process, self.processes = open(path, "w"), process, processes

    def perform(self, f, key, value, operation):
        self.write("invoke", f, key, value)
        try:
            result = operation()
        except Failed as error:
            self.write("fail", f, key, value, str(error))
        except Exception as error:
            self.write("info", f, key, value, str(error))
            self.process += self.processes
        else:
            self.write("ok", f, key, value if result is None and value is not None else result)
            return result

    def write(self, type, f, key, value, error=None):
        event = {"time": time.monotonic_ns(), "process": self.process, "type": type, "f": f, "key": key, "value": value}
        self.file.write(json.dumps(event if error is None else {**event, "error": error}) + "\n")
        self.file.flush()


def merge(paths, out):
    """Several clients' files as one history, in the order of their times."""
    events = [json.loads(line) for path in paths for line in open(path)]
    for event in sorted(events, key=lambda event: event["time"]):
        out.write(json.dumps(event) + "\n")


if __name__ == "__main__":
    merge(sys.argv[1:], sys.stdout)
