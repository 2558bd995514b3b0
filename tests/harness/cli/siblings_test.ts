// Files of the kinds that the case table has, in other formats, for other models, with the error in other places.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { answers, lines, op, run, skip } from "./answers.ts";

const put = (key: string, value: unknown): unknown[] => op(0, "put", { key, value }, { key });
const get = (key: string, value: unknown): unknown[] => op(1, "get", { key }, { key, value });

// Times that go back.

const late = (time: number, event: unknown): object => ({ time, ...event as object });
const [w1, w1ok] = op(0, "write", { value: 1 }) as [object, object];
const [r, r1] = op(1, "read", {}, { value: 1 }) as [object, object];
answers(
  "a read before the write that it saw, in another file of the run, is asked about",
  lines(late(30, r), late(40, r1), late(10, w1), late(20, w1ok)),
  { exit: 254, contains: "h:3: time goes back" },
);
answers(
  "with --keep-order the order of the file is that of the events",
  lines(late(30, r), late(40, r1), late(10, w1), late(20, w1ok)),
  { flags: ["--keep-order"], exit: 1 },
);
answers(
  "with --sort the order is that of the times",
  lines(late(30, r), late(40, r1), late(10, w1), late(20, w1ok)),
  { flags: ["--sort"], exit: 0 },
);
answers(
  "if both orders give the same verdict, the order of the file is kept, and the output says so",
  lines(late(10, w1), late(20, w1ok), late(19, r), late(40, r1)),
  { exit: 0, contains: "time goes back" },
);
answers(
  "EDN whose times go back is asked about too",
  `{:process 1 :type :invoke :f :read :value nil :time 30} {:process 1 :type :ok :f :read :value 1 :time 40}
   {:process 0 :type :invoke :f :write :value 1 :time 10} {:process 0 :type :ok :f :write :value 1 :time 20}`,
  { exit: 254, contains: "goes back" },
);
answers(
  "transactions whose times go back are asked about",
  lines(
    late(30, { process: 1, type: "invoke", f: "txn", value: [["r", "x", null]] }),
    late(40, { process: 1, type: "ok", f: "txn", value: [["r", "x", [1]]] }),
    late(10, { process: 0, type: "invoke", f: "txn", value: [["append", "x", 1]] }),
    late(20, { process: 0, type: "ok", f: "txn", value: [["append", "x", 1]] }),
  ),
  { exit: 254, contains: "goes back" },
);
answers(
  "times beyond 2^53 that go back by a nanosecond do go back",
  '{"time":1700000000000000003,"process":1,"type":"invoke","f":"read"}\n' +
    '{"time":1700000000000000004,"process":1,"type":"ok","f":"read","value":1}\n' +
    '{"time":1700000000000000001,"process":0,"type":"invoke","f":"write","value":1}\n' +
    '{"time":1700000000000000002,"process":0,"type":"ok","f":"write","value":1}\n',
  { exit: 254, contains: "goes back" },
);
answers(
  "dates are times",
  lines(
    { timestamp: "2024-01-01T00:00:03Z", ...r },
    { timestamp: "2024-01-01T00:00:04Z", ...r1 },
    { timestamp: "2024-01-01T00:00:01Z", ...w1 },
    { timestamp: "2024-01-01T00:00:02Z", ...w1ok },
  ),
  { exit: 254, contains: "goes back" },
);
answers(
  "two clients with one number cannot be sorted, and the output says why",
  lines(
    late(10, { process: 0, type: "invoke", f: "put", key: "x", value: 1 }),
    late(20, { process: 0, type: "ok", f: "put", key: "x" }),
    late(5, { process: 0, type: "invoke", f: "get", key: "x" }),
    late(15, { process: 0, type: "ok", f: "get", key: "x", value: null }),
  ),
  { exit: 254, contains: "within process 0" },
);
answers("--merge sorts the files of one run", {
  a: lines(late(10, w1), late(20, w1ok)),
  b: lines(late(5, r), late(15, r1)),
}, { flags: ["--merge"], exit: 0 });
answers("--merge takes one number in two files for two clients", {
  a: lines(late(10, w1), late(20, w1ok)),
  b: lines(late(5, { ...r, process: 0 }), late(15, { ...r1, process: 0 })),
}, { flags: ["--merge"], exit: 0, contains: "is another client" });
answers("--merge refuses clocks that cannot be the same", {
  a: lines(late(10, w1), late(20, w1ok)),
  b: lines(late(1e15, r), late(1e15 + 1, r1)),
}, { flags: ["--merge"], exit: 254, contains: "clocks cannot be the same" });
answers("--merge refuses a value that is read before anybody writes it", {
  a: lines(late(10, w1), late(20, w1ok)),
  b: lines(late(1, r), late(5, r1)),
}, { flags: ["--merge"], exit: 254, contains: "clocks cannot be the same" });
answers("--merge tells of ties, and what happened at one time overlaps", {
  a: lines(late(10, w1), late(20, w1ok)),
  b: lines(late(20, r), late(30, { ...r1, value: null })),
}, { flags: ["--merge"], exit: 0, contains: "time is shared" });

// Names that are misspelt.

answers(
  "a queue's value by another name",
  lines(...op(0, "enqueue", { val: 1 }), ...op(1, "dequeue", {}, { val: 1 })),
  {
    exit: 254,
    contains: 'h:1:1: expected a enqueue to have a "value", found none, but it has "val"; did you mean value?',
  },
);
answers(
  "the result of a read by another name",
  lines(...put("x", 1), ...op(1, "get", { key: "x" }, { key: "x", result: 1 })),
  {
    exit: 254,
    contains: "did you mean value",
  },
);
answers("k instead of key", lines(...op(0, "put", { k: "x", value: 1 })), { exit: 254, contains: "did you mean key" });
answers("a slip in key", lines(...op(0, "put", { kye: "x", value: 1 })), { exit: 254, contains: "did you mean key" });
answers("names in capitals", lines(...op(0, "put", { Key: "x", Value: 1 })), { exit: 254, contains: "did you mean" });
answers("client instead of process", '{"client":0,"type":"invoke","f":"put","value":1}\n', {
  exit: 254,
  contains: "did you mean process",
});
answers("status instead of type", '{"process":0,"status":"invoke","f":"put","value":1}\n', {
  exit: 254,
  contains: "did you mean type",
});
answers("call and return instead of invoke and ok", '{"process":0,"type":"call","f":"put","value":1}\n', {
  exit: 254,
  contains: "did you mean invoke",
});
answers("an operation's name in EDN under :op", "{:process 0 :type :invoke :op :write :value 1}", {
  exit: 254,
  contains: "did you mean f",
});
answers("a value in EDN under :val", "{:process 0 :type :invoke :f :write :val 1}", {
  exit: 254,
  contains: "did you mean value",
});
answers("fetch instead of get", lines(...put("x", 1), ...op(1, "fetch", { key: "x" }, { key: "x", value: 1 })), {
  exit: 254,
  contains: "h:3: the model cannot be inferred",
});
answers("a slip in an operation's name", lines(...op(0, "wirte", { value: 1 }), ...op(1, "read", {}, { value: 1 })), {
  exit: 254,
  contains: "did you mean write",
});
answers(
  "compare-and-set instead of cas",
  lines(...op(0, "write", { value: 1 }), ...op(1, "compare-and-set", { value: [1, 2] })),
  {
    exit: 254,
    contains: "did you mean cas",
  },
);
answers("store instead of put", lines(...op(0, "store", { key: "x", value: 1 }), ...get("x", 1)), {
  exit: 254,
  contains: "did you mean put",
});
answers("set instead of write", lines(...op(0, "set", { value: 1 }), ...op(1, "read", {}, { value: 1 })), {
  exit: 254,
  contains: "did you mean write",
});
answers("lock instead of acquire", lines(...op(0, "lock", {}), ...op(0, "release", {})), {
  exit: 254,
  contains: "did you mean acquire",
});

// Completions of something else.

answers(
  "an ok of another operation",
  lines({ process: 0, type: "invoke", f: "put", value: 1 }, { process: 0, type: "ok", f: "get", value: 1 }),
  {
    exit: 254,
    contains: "h:2:1: the ok is of a get, but the operation is a put",
  },
);
answers(
  "an ok with another value",
  lines(...op(0, "write", { value: 1 }, { value: 2 }), ...op(1, "read", {}, { value: 1 })),
  {
    exit: 254,
    contains: "h:2:1: the ok has value 2",
  },
);
answers("an ok of another cas", lines(...op(0, "cas", { value: [1, 2] }, { value: [1, 3] })), {
  exit: 254,
  contains: "has value [1,3]",
});
answers(
  "an ok of another key in EDN",
  `{:process 0 :type :invoke :f :write :key :a :value 1} {:process 0 :type :ok :f :write :key "a" :value 1}`,
  {
    exit: 254,
    contains: "key",
  },
);
answers(
  "an ok of another transaction",
  lines(...op(0, "txn", { value: [["append", 1, 1]] }, { value: [["append", 2, 1]] })),
  {
    exit: 254,
    contains: "micro-operation",
  },
);
answers(
  "an ok of a transaction that lost an operation",
  lines(...op(0, "txn", { value: [["w", 1, 1], ["r", 2, null]] }, { value: [["w", 1, 1]] })),
  {
    exit: 254,
    contains: "micro-operations",
  },
);
answers("an ok of another enqueue", lines(...op(0, "enqueue", { value: 1 }, { value: 2 })), {
  exit: 254,
  contains: "value 2",
});
answers(
  "a process that goes on after its info",
  lines(
    ...op(0, "put", { key: "x", value: 1 }, { key: "x" }, "info"),
    ...op(0, "get", { key: "x" }, { key: "x", value: 1 }),
  ),
  { exit: 254, contains: "h:3:1: process 0 is invoked after its info on line 2" },
);
answers(
  "a process that goes on after its info in EDN",
  `{:process 0 :type :invoke :f :write :value 1} {:process 0 :type :info :f :write :value 1}
   {:process 0 :type :invoke :f :read :value nil} {:process 0 :type :ok :f :read :value 1}`,
  { exit: 254, contains: "after its info" },
);
answers(
  "a value that a system fills in does not count as another argument",
  lines(
    ...op(0, "put", { key: "x", value: "a" }, { key: "x", value: "OK" }),
    ...op(1, "cas", { key: "x", value: ["a", "b"] }, { key: "x", value: true }),
    ...get("x", "b"),
  ),
  { exit: 0 },
);

// Pairs of keys and values.

const pairs = (f: string, ...values: unknown[]): unknown[] =>
  values.flatMap((value, i) =>
    Array.isArray(value) && value.length === 3
      ? op(i, f, { value: [value[0], value[1]] }, { value: [value[0], value[2]] })
      : op(i, f, { value })
  );
answers(
  "queues by key in pairs",
  lines(
    ...pairs("enqueue", [1, "a"], [2, "b"]),
    ...pairs("dequeue", [2, null, "b"], [1, null, "a"]),
  ),
  { exit: 0 },
);
answers(
  "queues by key in pairs, one of them wrong",
  lines(
    ...pairs("enqueue", [1, "a"], [1, "b"], [2, "c"]),
    ...pairs("dequeue", [1, null, "b"], [1, null, "a"], [2, null, "c"]),
  ),
  { exit: 1 },
);
answers(
  "sets by key in pairs",
  lines(...pairs("add", [1, 10], [2, 20]), ...pairs("read", [1, null, [10]], [2, null, [20]])),
  {
    flags: ["--model", "set"],
    exit: 0,
  },
);
answers(
  "sets by key in pairs, one of which lost an element",
  lines(...pairs("add", [1, 10], [2, 20]), ...pairs("read", [1, null, [10]], [2, null, []])),
  {
    flags: ["--model", "set"],
    exit: 1,
    contains: "key 2",
  },
);
answers(
  "list-append by key in pairs",
  lines(
    ...pairs("txn", [1, [["append", "x", 1]]], [2, [["append", "x", 5]]]),
    ...pairs("txn", [1, [["r", "x", null]], [["r", "x", [1]]]], [2, [["r", "x", null]], [["r", "x", [5]]]]),
  ),
  { exit: 0 },
);
answers(
  "tagged tuples",
  `
  {:process 0 :type :invoke :f :write :value #jepsen.independent.Tuple [:a 3]} {:process 0 :type :ok :f :write :value #jepsen.independent.Tuple [:a 3]}
  {:process 1 :type :invoke :f :read :value #jepsen.independent.Tuple [:b nil]} {:process 1 :type :ok :f :read :value #jepsen.independent.Tuple [:b 3]}`,
  {
    exit: 1,
  },
);
answers(
  "pairs that could be keys or values, where the verdict depends on it",
  lines(
    ...op(0, "write", { value: [1, 2] }),
    ...op(1, "write", { value: [2, 2] }),
    { process: 2, type: "invoke", f: "read", value: [1, 5] },
    { process: 2, type: "ok", f: "read", value: [1, 2] },
  ),
  { exit: 254, contains: "--pairs" },
);
answers(
  "a register that holds pairs",
  lines(...op(0, "write", { value: [1, 2] }), ...op(1, "read", {}, { value: [1, 2] })),
  { exit: 0, contains: "register" },
);

// Reads of null.

answers(
  "a null read in JSON lines tells that the flag would change the verdict",
  lines(...op(0, "write", { value: 1 }), ...op(1, "read", {}, { value: null })),
  {
    exit: 1,
    contains: "with --null-reads unknown the history would be valid",
  },
);
answers("--null-reads unknown in JSON lines", lines(...put("x", 1), ...get("x", null)), {
  flags: ["--null-reads", "unknown"],
  exit: 0,
});
answers(
  "--null-reads value in EDN",
  `{:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write :value 1}
  {:process 1 :type :invoke :f :read :value nil} {:process 1 :type :ok :f :read :value nil}`,
  { flags: ["--null-reads", "value"], exit: 1 },
);
answers(
  "a null read in history.txt",
  "0\t:invoke\t:write\t1\n0\t:ok\t:write\t1\n1\t:invoke\t:read\tnil\n1\t:ok\t:read\tnil\n",
  {
    exit: 0,
    contains: "--null-reads value the history would be invalid",
  },
);
answers("a null read that no rule would judge otherwise", lines(...get("x", null)), { exit: 0 });
answers("--null-reads is for registers", lines(...op(0, "add", { value: 1 }), ...op(0, "read", {}, { value: 1 })), {
  flags: ["--null-reads", "value"],
  exit: 254,
  contains: "--null-reads is for",
});

// Nothing that could be wrong.

answers(
  "nothing succeeded in EDN",
  "{:process 0 :type :invoke :f :write :value 1} {:process 0 :type :fail :f :write :value 1}",
  {
    exit: 2,
    contains: "nothing succeeded",
  },
);
answers(
  "no transaction succeeded",
  lines(...op(0, "txn", { value: [["append", 1, 1]] }, { value: [["append", 1, 1]] }, "fail")),
  {
    exit: 2,
    contains: "nothing succeeded",
  },
);
answers("no add of a set succeeded", lines(...op(0, "add", { value: 1 }, { value: 1 }, "info")), {
  flags: ["--model", "set"],
  exit: 2,
});
answers("no increment of a counter succeeded", lines(...op(0, "add", { value: 1 }, { value: 1 }, "info")), {
  flags: ["--model", "counter"],
  exit: 2,
  contains: "nothing succeeded",
});
answers(
  "only the nemesis, in EDN",
  "{:process :nemesis :type :info :f :start :value {:a #{1}}} {:process :nemesis :type :info :f nil :value nil}",
  {
    exit: 2,
    contains: "nothing succeeded",
  },
);
answers("only the nemesis, in history.txt", ":nemesis\t:info\t:start\tnil\n", {
  exit: 2,
  contains: "nothing succeeded",
});
answers(
  "nothing succeeded in a log",
  "INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:fail\t:read\t:timed-out\n",
  { exit: 2 },
);
answers(
  "transactions that have nothing to do with each other",
  lines(
    ...op(0, "txn", { value: [["append", 1, 1]] }),
    ...op(1, "txn", { value: [["append", 2, 1]] }),
  ),
  { flags: ["--consistency-model", "serializable"], exit: 2 },
);

// What cannot be told.

answers(
  "ids are written and lists are read, in JSON lines",
  lines(...op(0, "write", { value: 1 }), ...op(1, "read", {}, { value: [1] })),
  {
    exit: 254,
    contains: "--model",
  },
);
answers("ids are put and lists are got", lines(...put("x", 7), ...get("x", [7])), { exit: 254, contains: "--model" });
answers(
  "ids are written by key and sets are read",
  `{:process 0 :type :invoke :f :write :value [1 5]} {:process 0 :type :ok :f :write :value [1 5]}
  {:process 1 :type :invoke :f :read :value [1 nil]} {:process 1 :type :ok :f :read :value [1 #{5}]}`,
  { exit: 254, contains: "--model" },
);

answers(
  "locks with numbers that may be fencing tokens",
  lines(...op(0, "acquire", {}, { value: 1 }), ...op(0, "release", {})),
  {
    exit: 254,
    contains: "--model fenced-mutex",
  },
);
const lease = (time: number, process: number, f: string, answered: unknown, type = "ok"): unknown[] => [
  { time: time * 1e6, process, type: "invoke", f, value: f === "read" ? null : process },
  { time: (time + 1) * 1e6, process, type, f, value: answered },
];
answers(
  "leases in JSON lines are judged by their times",
  lines(...lease(0, 1, "acquire", 1), ...lease(5000, 2, "acquire", 2)),
  { flags: ["--model", "lease:1000"], exit: 0 },
);
answers(
  "a lease that is taken while another lasts",
  lines(...lease(0, 1, "acquire", 1), ...lease(500, 2, "acquire", 2)),
  { flags: ["--model", "lease:1000"], exit: 1 },
);
answers("a queue that is drained", lines(...op(0, "enqueue", { value: 1 }), ...op(0, "drain", {}, { value: [1] })), {
  exit: 254,
  contains: "--model total-queue",
});
answers(
  "a priority queue",
  lines(...op(0, "insert", { value: 2 }), ...op(0, "insert", { value: 1 }), ...op(1, "delete-min", {}, { value: 2 })),
  {
    exit: 1,
    contains: "priority-queue",
  },
);

// Values that differ in EDN.

const edn = (written: string, read: string): string =>
  `{:process 0 :type :invoke :f :write :value ${written}} {:process 0 :type :ok :f :write :value ${written}}
   {:process 1 :type :invoke :f :read :value nil} {:process 1 :type :ok :f :read :value ${read}}`;
for (
  const [one, other] of [[":a", '"a"'], ["\\a", '"a"'], ["a", '"a"'], [":a", '":a"'], ["{:a 1}", '{"a" 1}'], [
    "9007199254740993",
    "9007199254740992",
  ], ["true", ":true"]] as const
) {
  answers(`${one} and ${other} are two values in EDN`, edn(one, other), { exit: 1 });
  answers(`${one} is the same as ${one} in EDN, not as ${other}`, edn(one, one), { exit: 0 });
}
answers("a set is the same in any order", edn("#{1 2 :x}", "#{:x 2 1}"), { exit: 0 });
answers(
  "keywords and strings among the elements of a list",
  lines().concat(
    `{:process 0 :type :invoke :f :txn :value [[:append :x "1"]]} {:process 0 :type :ok :f :txn :value [[:append :x "1"]]}
   {:process 1 :type :invoke :f :txn :value [[:r :x nil]]} {:process 1 :type :ok :f :txn :value [[:r :x [:1]]]}`,
  ),
  { exit: 1 },
);

// Formats.

answers(
  "history.txt with transactions and a nemesis whose value is a map",
  '0\t:invoke\t:txn\t[[:append 1 1] [:r 2 nil]]\n:nemesis\t:info\t:start\t{"n1" #{"n2"}}\n0\t:ok\t:txn\t[[:append 1 1] [:r 2 []]]\n1\t:invoke\t:txn\t[[:r 1 nil]]\n1\t:ok\t:txn\t[[:r 1 [1]]]\n',
  {
    exit: 0,
    contains: "list-append",
  },
);
answers(
  "history.txt with keys and a stale read",
  "0\t:invoke\t:write\t[1 1]\n0\t:ok\t:write\t[1 1]\n0\t:invoke\t:write\t[1 2]\n0\t:ok\t:write\t[1 2]\n1\t:invoke\t:read\t[1 nil]\n1\t:ok\t:read\t[1 1]\n",
  { exit: 1 },
);
answers(
  "a log with exceptions between its operations",
  "2022-07-28 07:52:55,480{GMT}\tINFO\t[main] jepsen.core: Running\n2022-07-28 07:52:55,490{GMT}\tINFO\t[jepsen worker 0] jepsen.util: 0\t:invoke\t:write\t1\n2022-07-28 07:52:55,491{GMT}\tWARN\t[jepsen worker 0] jepsen.core: Process 0 crashed\njava.net.SocketTimeoutException: Read timed out\n\tat java.net.SocketInputStream.socketRead0(Native Method)\n2022-07-28 07:52:55,492{GMT}\tINFO\t[jepsen worker 0] jepsen.util: 0\t:info\t:write\t1\tindeterminate: Read timed out\n2022-07-28 07:52:55,493{GMT}\tINFO\t[jepsen worker 1] jepsen.util: 1\t:invoke\t:read\tnil\n2022-07-28 07:52:55,494{GMT}\tINFO\t[jepsen worker 1] jepsen.util: 1\t:ok\t:read\t1\n",
  {
    exit: 0,
    contains: "jepsen-history",
  },
);
answers(
  "a log of 2016",
  "2016-03-01 10:00:00,123 INFO  jepsen.util - 0\t:invoke\t:write\t1\n2016-03-01 10:00:00,124 INFO  jepsen.util - 0\t:ok\t:write\t1\n2016-03-01 10:00:00,125 INFO  jepsen.util - 1\t:invoke\t:read\tnil\n2016-03-01 10:00:00,126 INFO  jepsen.util - 1\t:ok\t:read\t2\n",
  { exit: 1 },
);
answers(
  "Knossos' vectors one after another",
  "[0 :invoke :write 1]\n[0 :ok :write 1]\n[:nemesis :info :start nil]\n[1 :invoke :read nil]\n[1 :ok :read 2]\n",
  { exit: 1, contains: "knossos" },
);
answers(
  "Porcupine's operations one a line, an append",
  '{"ClientId":0,"Input":{"Op":"append","Key":"x","Value":"a"},"Call":0,"Output":{"Value":""},"Return":1}\n{"ClientId":1,"Input":{"Op":"get","Key":"x","Value":""},"Call":2,"Output":{"Value":"a"},"Return":3}\n',
  { exit: 0, contains: "kv-append" },
);
answers(
  "Porcupine's operations that touch overlap",
  '[{"ClientId":0,"Input":{"op":"put","key":"x","value":"1"},"Call":0,"Output":null,"Return":10},\n{"ClientId":1,"Input":{"op":"get","key":"x"},"Call":10,"Output":"","Return":20}]',
  { exit: 0 },
);
answers(
  "Porcupine's operations whose numbers only their program knows",
  '[{"ClientId":0,"Input":{"Op":1,"Key":"x","Value":"1"},"Call":0,"Output":{},"Return":10}]',
  { exit: 254, contains: "only its program knows" },
);
answers(
  "intervals by other names",
  '[{"thread":"client-1","operation":"write","arg":1,"invoke":1,"return":2},{"thread":"client-2","operation":"read","result":2,"invoke":3,"return":4}]',
  { exit: 1 },
);
answers(
  "an interval that never ended may have happened",
  '{"process":0,"op":"put","key":"x","value":1,"start":1,"end":null}\n{"process":1,"op":"get","key":"x","value":1,"start":5,"end":6}\n{"process":1,"op":"get","key":"x","value":1,"start":7,"end":8}\n',
  { exit: 0, contains: "intervals" },
);
answers("an interval that ends before it begins", '{"process":0,"op":"put","key":"x","value":1,"start":3,"end":2}\n', {
  exit: 254,
  contains: "before its start",
});
answers(
  "micro-operations under :r and :w",
  lines(...op(0, "w", { value: [["w", 1, 1]] }), ...op(1, "r", { value: [["r", 1, null]] }, { value: [["r", 1, 1]] })),
  { exit: 0, contains: "rw-register" },
);
answers("gzip in two members, of EDN", {
  h: Uint8Array.from([...gzipSync(edn("1", "2").slice(0, 40)), ...gzipSync(edn("1", "2").slice(40))]),
}, { exit: 1, contains: "edn" });
answers("gzip that ends too early", { h: Uint8Array.from(gzipSync(edn("1", "2"))).slice(0, -9) }, {
  exit: 254,
  contains: "ends too early",
});
answers("a zip archive", { h: "PK\x03\x04\x14\0\0\0" }, { exit: 254, contains: "zip" });
answers("Jepsen's binary file", { h: "JEPSEN\0\0\0\0" }, { exit: 254, contains: "Fressian" });
answers("a folder of Jepsen's store", {
  "store/latest/history.edn": edn("1", "1"),
  "store/latest/test.jepsen": "JEPSEN",
}, { flags: ["@store"], exit: 0, contains: "history.edn" });
answers("a folder with nothing in it that is a history", { "store/x.txt": "" }, {
  flags: ["@store"],
  exit: 254,
  contains: "a folder without",
});
answers("a map around the history", `{:name "x" :history [${edn("1", "2")}]}`, { exit: 1 });
answers(
  "an object around the history",
  `{"name":"x","history":[${lines(...put("x", 1), ...get("x", 2)).trim().replaceAll("\n", ",")}]}`,
  { exit: 1 },
);
answers(
  "an object around each event",
  lines(...[...put("x", 1), ...get("x", 2)].map((event) => ({ op: event, node: "n1" }))),
  { exit: 1 },
);
answers("lines with commas at their ends", lines(...put("x", 1), ...get("x", 2)).replaceAll("}\n", "},\n"), {
  exit: 1,
});
answers("an array with a comma at its end", `[${lines(...put("x", 1), ...get("x", 1)).replaceAll("}\n", "},\n")}]`, {
  exit: 0,
});
answers(
  "processes by name",
  lines(
    ...[...put("x", 1), ...get("x", 1)].map((event) => ({
      ...event as object,
      process: `client-${(event as { process: number }).process}`,
    })),
  ),
  { exit: 0 },
);
answers("UTF-16", {
  h: new Uint8Array(new Uint16Array([0xfeff, ...[...'{"process":0}'].map((c) => c.charCodeAt(0))]).buffer),
}, { exit: 254, contains: "UTF-16" });
answers("a NUL byte in a line", lines(...put("x", 1)) + '\0{"process":1,"type":"invoke","f":"get","key":"x"}\n', {
  exit: 254,
  contains: "h:3:",
});
answers(
  "EDN with windows' line ends, a byte order mark and comments",
  `\ufeff; a history\r\n${edn("1", "1").replaceAll("\n", "\r\n")}\r\n#_{:dropped 1}`,
  { exit: 0 },
);
answers("EDN cut off", edn("1", "1").slice(0, -5), { exit: 254 });
answers("namespaced fields", edn("1", "2").replaceAll(/:(process|type|f|value) /g, ":op/$1 "), { exit: 1 });
answers(
  "tagged records with gaps in their indexes",
  edn("1", "2").replaceAll("{:process", "#jepsen.history.Op{:index 100, :process"),
  { exit: 1 },
);
answers(
  "a nemesis with the number -1",
  lines({ process: -1, type: "info", f: "kill", value: { n1: 1 } }, ...put("x", 1)),
  { exit: 0 },
);

// What is there at first, and in the end.

answers(
  "a register transaction that reads what is there at first",
  lines(
    ...op(0, "txn", { value: [["r", 1, null]] }, { value: [["r", 1, 7]] }),
    ...op(0, "txn", { value: [["w", 1, 8]] }),
    ...op(0, "txn", { value: [["r", 1, null]] }, { value: [["r", 1, 8]] }),
  ),
  { flags: ["--model", "rw-register:7"], exit: 0 },
);
answers(
  "a register transaction that reads what was never there",
  lines(
    ...op(0, "txn", { value: [["r", 1, null]] }, { value: [["r", 1, 7]] }),
    ...op(0, "txn", { value: [["w", 1, 8]] }),
  ),
  { flags: ["--model", "rw-register:6"], exit: 1 },
);
answers(
  "a register transaction that reads the initial value after a write",
  lines(
    ...op(0, "txn", { value: [["w", 1, 8]] }),
    ...op(1, "txn", { value: [["r", 1, null]] }, { value: [["r", 1, 0]] }),
  ),
  { flags: ["--model", "rw-register:0", "--version-order", "linearizable-keys"], exit: 1 },
);
answers(
  "lists with elements at first",
  lines(
    ...op(0, "txn", { value: [["r", "x", null], ["append", "x", 3]] }, {
      value: [["r", "x", [1, 2]], ["append", "x", 3]],
    }),
    ...op(1, "txn", { value: [["r", "x", null]] }, { value: [["r", "x", [1, 2, 3]]] }),
  ),
  { flags: ["--model", 'list-append:{"x":[1,2]}'], exit: 0 },
);
answers(
  "lists with other elements at first",
  lines(...op(0, "txn", { value: [["r", 5, null], ["append", 5, 3]] }, { value: [["r", 5, [1]], ["append", 5, 3]] })),
  { flags: ["--model", 'list-append:{"5":[1,2]}'], exit: 1 },
);
answers("a final state that lost a write", { h: lines(...put("x", 1), ...put("y", 2)), end: '{"x":1,"y":null}' }, {
  flags: ["--final", "@end", "@h"],
  exit: 1,
  contains: "y",
});
answers("a final state with all writes", { h: lines(...put("x", 1), ...put("y", 2)), end: '{"x":1,"y":2}' }, {
  flags: ["--final", "@end", "@h"],
  exit: 0,
});
answers("a final state of lists, in EDN", {
  h: lines(...op(0, "txn", { value: [["append", 1, 5]] }), ...op(0, "txn", { value: [["append", 1, 6]] })),
  end: "{1 [5]}",
}, { flags: ["--final", "@end", "@h"], exit: 1 });
answers("a final state of a set", {
  h: lines(...op(0, "add", { value: 1 }), ...op(0, "add", { value: 2 })),
  end: "[1]",
}, { flags: ["--final", "@end", "--model", "set", "@h"], exit: 1 });
answers("a final state of a queue is none", { h: lines(...op(0, "enqueue", { value: 1 })), end: "[1]" }, {
  flags: ["--final", "@end", "@h"],
  exit: 254,
  contains: "--final is for",
});
answers("a final state that is no JSON", { h: lines(...put("x", 1)), end: "{x" }, {
  flags: ["--final", "@end", "@h"],
  exit: 254,
  contains: "end:1:",
});

// A model of one's own.

const MODEL = `export default {
  name: "max", initial: 0, partition: ({ key }) => key,
  step: (most, { f, argument, result, type }) => f === "raise" ? [Math.max(most, argument)] : type === "info" || result === most ? [most] : [],
};`;
answers("a model from a module", {
  "m.mjs": MODEL,
  h: lines(...op(0, "raise", { value: 5 }), ...op(0, "raise", { value: 3 }), ...op(1, "read", {}, { value: 3 })),
}, { flags: ["--model", "@m.mjs", "@h"], exit: 1, contains: "max" });
answers("a module without a model", { "m.mjs": "export default 5;", h: lines(...put("x", 1)) }, {
  flags: ["--model", "@m.mjs", "@h"],
  exit: 254,
});

// etcd's robustness tests.

const etcdRange = (call: number, key: string, kvs: unknown[], revision: number): unknown => ({
  ClientId: 1,
  Input: { Type: "range", LeaseGrant: null, Range: { Start: key, End: "", Limit: 0, Revision: 0 }, Txn: null },
  Call: call,
  Output: { Txn: null, Range: { KVs: kvs, Count: kvs.length }, Revision: revision, Error: "" },
  Return: call + 5,
});
const etcdPut = (
  call: number,
  key: string,
  value: string,
  { revision = 0, error = "", expected = -1, failure = false },
): unknown => ({
  ClientId: 2,
  Input: {
    Type: "txn",
    Range: null,
    Txn: {
      Conditions: expected < 0 ? null : [{ Key: key, ExpectedRevision: expected }],
      OperationsOnSuccess: [{ Type: "put-operation", Put: { Key: key, Value: { Value: value, Hash: 0 }, LeaseID: 0 } }],
      OperationsOnFailure: null,
    },
  },
  Call: call,
  Output: {
    Txn: error === "" ? { Failure: failure, Results: failure ? null : [{ KVs: null, Count: 0, Deleted: 0 }] } : null,
    Range: null,
    Revision: revision,
    Error: error,
  },
  Return: call + 5,
});
const kv = (key: string, value: string, revision: number): unknown => ({
  Key: key,
  Value: { Value: value, Hash: 0 },
  ModRevision: revision,
});
answers(
  "etcd's operations",
  lines(etcdRange(0, "a", [], 1), etcdPut(10, "a", "1", { revision: 2 }), etcdRange(20, "a", [kv("a", "1", 2)], 2)),
  { exit: 0, contains: "etcd" },
);
answers(
  "etcd's operations with a stale read",
  lines(
    etcdPut(10, "a", "1", { revision: 2 }),
    etcdPut(20, "a", "2", { revision: 3 }),
    etcdRange(30, "a", [kv("a", "1", 2)], 2),
  ),
  { exit: 1 },
);
answers(
  "etcd's put that timed out may have happened",
  lines(etcdPut(10, "a", "1", { error: "timeout" }), etcdRange(20, "a", [kv("a", "1", 2)], 2)),
  { exit: 0 },
);
answers(
  "etcd's transaction whose condition did not hold",
  lines(
    etcdPut(10, "a", "1", { revision: 2 }),
    etcdPut(20, "a", "2", { revision: 2, expected: 7, failure: true }),
    etcdRange(30, "a", [kv("a", "1", 2)], 2),
  ),
  { exit: 0 },
);
answers(
  "etcd's transaction that went through although its condition did not hold",
  lines(etcdPut(10, "a", "1", { revision: 2 }), etcdPut(20, "a", "2", { revision: 3, expected: 7 })),
  { exit: 1 },
);
answers("the folder of a report of etcd's robustness tests", {
  "report/client-1/operations.json": lines(etcdPut(10, "a", "1", { revision: 2 })),
  "report/client-2/operations.json": lines(etcdRange(12, "a", [], 1), etcdRange(20, "a", [kv("a", "1", 2)], 2)),
}, { flags: ["@report"], exit: 0 });

test("--formats shows three lines of every format, and check takes them", { skip }, async () => {
  const { status, text } = await run({}, ["--formats"]);
  assert.equal(status, 0);
  for (const format of ["jsonl", "edn", "knossos", "jepsen-history", "porcupine", "intervals"]) {
    assert.match(text, new RegExp(`^${format}  .*\\n(    .*\\n){3}`, "m"));
  }
});

test("many files on two cores have the same answers in the same order", { skip }, async () => {
  const files = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`f${i}`, lines(...put("x", i), ...get("x", i % 2))]),
  );
  const names = Object.keys(files).map((name) => `@${name}`);
  const bare = (text: string): string => text.replaceAll(/[\d.]+ ms/g, "ms").replaceAll(/check-\w+/g, "");

  const one = await run(files, ["--jobs", "1", ...names]);
  const two = await run(files, ["--jobs", "2", ...names]);

  assert.equal(one.status, 1);
  assert.deepEqual([two.status, bare(two.text)], [one.status, bare(one.text)]);
});

test("a worker that dies ends the check with one line", { skip }, async () => {
  const model = 'import process from "node:process";\n' +
    'export default { name: "dies", initial: 0, step: () => process.exit(3) };\n';
  const history = lines(...put("x", 1), ...get("x", 1));
  const files = { "dies.ts": model, a: history, b: history };

  await assert.rejects(
    run(files, ["--jobs", "2", "--model", "@dies.ts", "@a", "@b"]),
    /^Error: a worker ended with status \d+; --jobs 1 needs no workers$/,
  );
});
