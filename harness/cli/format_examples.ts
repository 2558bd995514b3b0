/**
 * Example lines of each format.
 *
 * @module
 */

/** A format with example lines. */
interface Example {
  /** One of `FORMATS`. */
  readonly format: string;
  /** What the format is, and who writes it. */
  readonly about: string;
  /** Three lines of a history. */
  readonly lines: readonly [string, string, string];
}

/** An example of every format. */
export const EXAMPLES: readonly Example[] = [
  {
    format: "jsonl",
    about: "JSON lines: an event a line, as `run` writes them",
    lines: [
      '{"process": 0, "type": "invoke", "f": "put", "key": "x", "value": 1}',
      '{"process": 0, "type": "ok", "f": "put", "key": "x"}',
      '{"process": 1, "type": "invoke", "f": "get", "key": "x"}',
    ],
  },
  {
    format: "json",
    about: "JSON: one array of events, or an object that has it; the workload shown is list-append",
    lines: [
      '[{"process": 0, "type": "invoke", "f": "txn", "value": [["append", 1, 5], ["r", 2, null]]},',
      ' {"process": 0, "type": "ok", "f": "txn", "value": [["append", 1, 5], ["r", 2, []]]},',
      ' {"process": "nemesis", "type": "info", "f": "kill"}]',
    ],
  },
  {
    format: "edn",
    about: "EDN: maps one after another or in a vector, as Jepsen's history.edn; a read of nil says nothing",
    lines: [
      "{:index 0, :time 1, :process 0, :type :invoke, :f :write, :value [1 3]}",
      "{:index 1, :time 2, :process 0, :type :ok, :f :write, :value [1 3]}",
      "{:index 2, :time 3, :process 1, :type :invoke, :f :read, :value [1 nil]}",
    ],
  },
  {
    format: "knossos",
    about: "EDN: Knossos' vectors",
    lines: ["[[0 :invoke :write 1]", " [0 :ok :write 1]", " [1 :invoke :read nil]]"],
  },
  {
    format: "jepsen-history",
    about: "Jepsen's history.txt, and its jepsen.log since 2015; columns are separated by tabs",
    lines: [
      "0\t:invoke\t:cas\t[1 2]",
      "0\t:fail\t:cas\t[1 2]\t:timeout",
      "2022-07-28 07:52:55,490{GMT}\tINFO\t[jepsen worker 0] jepsen.util: 0\t:invoke\t:write\t1",
    ],
  },
  {
    format: "jepsen-log",
    about: "Jepsen's log before 2015; a cas that failed saw another value",
    lines: [
      "INFO  jepsen.util - 0\t:invoke\t:write\t1",
      "INFO  jepsen.util - 0\t:ok\t:write\t1",
      "INFO  jepsen.util - 1\t:info\t:read\t:timed-out",
    ],
  },
  {
    format: "intervals",
    about: "JSON: one object an operation, with its beginning and its end; operations that meet at one time overlap",
    lines: [
      '{"process": 0, "op": "put", "key": "x", "value": 1, "start": 1, "end": 2}',
      '{"process": 1, "op": "get", "key": "x", "value": 1, "start": 3, "end": 4}',
      '{"process": 2, "op": "put", "key": "x", "value": 2, "start": 5, "end": null}',
    ],
  },
  {
    format: "porcupine",
    about: "JSON: Porcupine's operations, those of etcd's robustness tests too; Go's empty string is no value",
    lines: [
      '[{"ClientId": 0, "Input": {"Type": "put", "Key": "x", "Value": "1"}, "Call": 0, "Output": {}, "Return": 10},',
      ' {"ClientId": 1, "Input": {"Type": "get", "Key": "x"}, "Call": 11, "Output": {"Value": "1"}, "Return": 20},',
      ' {"ClientId": 0, "Input": {"Type": "get", "Key": "y"}, "Call": 12, "Output": {"Value": ""}, "Return": 30}]',
    ],
  },
  {
    format: "kaya-wgl",
    about: "JSON lines: an operation a line, with a half-open interval of ticks",
    lines: [
      '{"client": 0, "start": 1, "end": 2, "op": "put", "key": "k", "value": "v", "result": "ok"}',
      '{"client": 1, "start": 2, "end": 5, "op": "get", "key": "k", "result": "v"}',
      '{"client": 2, "start": 2, "end": 9, "op": "scan", "prefix": "k", "result": [["k", "v"]]}',
    ],
  },
  {
    format: "polysi",
    about: "PolySI's and Plume's text: op(key,value,session,transaction)",
    lines: ["w(1,5,0,0)", "r(1,5,1,1)", "w(2,7,1,1)"],
  },
  {
    format: "awdit",
    about: "AWDIT's text: dashes end a transaction, equals signs a session",
    lines: ["w 1 5", "-----", "====="],
  },
];
