// Files of other people that are odd: values without a word in JSON, names for processes, times of two kinds, what is
// empty, what is cut off, and models that do not answer as they must.
import { gzipSync } from "node:zlib";
import { answers, type Files, lines, op } from "./answers.ts";

const edn = (process: unknown, f: string, asked: string, answered: string = asked, type = "ok"): string =>
  `{:process ${process} :type :invoke :f ${f} :value ${asked}}\n` +
  `{:process ${process} :type :${type} :f ${f} :value ${answered}}\n`;
const written = (value: string, read: string): string => edn(0, ":write", value) + edn(1, ":read", "nil", read);
const tabs = (...all: string[]): string => all.map((line) => `${line.replaceAll("|", "\t")}\n`).join("");

// Values.

for (
  const [one, other] of [
    ["##Inf", "##-Inf"],
    ["##NaN", "##Inf"],
    ["##NaN", "nil"],
    ["[##Inf]", "[##NaN]"],
    ["{:a ##Inf}", "{:a nil}"],
    ['#inst "2020-01-01T00:00:00Z"', '"2020-01-01T00:00:00Z"'],
    ['#inst "2020-01-01T00:00:00Z"', '#inst "2020-01-01T00:00:00.000000001Z"'],
    ['#uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"', '"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"'],
    ["[9007199254740993]", '["9007199254740993"]'],
  ] as const
) {
  answers(`${one} and ${other} differ in EDN`, written(one, other), { flags: ["--null-reads", "value"], exit: 1 });
  answers(`${one} is itself in EDN, unlike ${other}`, written(one, one), { exit: 0 });
}
answers(
  "an instant is the same in any zone",
  written('#inst "2020-01-01T00:00:00Z"', '#inst "2020-01-01T01:00:00.000+01:00"'),
  { exit: 0 },
);
answers(
  "a UUID is the same in capitals",
  written('#uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"', '#uuid "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"'),
  { exit: 0 },
);
answers(
  "numbers that no double can hold are refused in JSON",
  '{"process":0,"type":"invoke","f":"write","value":1e400}\n',
  { exit: 254, contains: "h:1:50: expected a number below" },
);
answers(
  "integers beyond 2^53 are told with all their digits",
  '{"process":0,"type":"invoke","f":"read"}\n{"process":0,"type":"ok","f":"read","value":9007199254740993}\n',
  { exit: 1, contains: "returned 9007199254740993," },
);
answers(
  "JSON that is nested too deeply is refused",
  `{"process":0,"type":"invoke","f":"write","value":${"[".repeat(5000)}${"]".repeat(5000)}}\n`,
  { exit: 254, contains: "levels of nesting" },
);
for (const model of ["counter", "linearizable-counter", "pn-counter"]) {
  answers(
    `sums of fractions are refused by ${model}, as they would be rounded`,
    lines(...op(0, "add", { value: 0.1 }), ...op(0, "add", { value: 0.2 }), ...op(1, "read", {}, { value: 0.3 })),
    { flags: ["--model", model], exit: 254, contains: "whole number" },
  );
}
answers("halves are summed exactly", lines(...op(0, "add", { value: 0.5 }), ...op(1, "read", {}, { value: 0.5 })), {
  flags: ["--model", "counter"],
  exit: 0,
});
answers(
  "balances in cents are refused by the bank, as their sums would be rounded",
  edn(0, ":read", "nil", "{0 0.1}"),
  {
    flags: ["--model", "bank"],
    exit: 254,
    contains: "whole numbers",
  },
);

// What is written in EDN.

answers("an event with metadata is an event", `^{:line 1} ${written("1", "2")}`, { exit: 1 });
answers("maps whose keys are strings", written("1", "2").replaceAll(/:(process|type|f|value) /g, '"$1" '), { exit: 1 });
answers(
  "keyed transactions in vectors have operations named by keywords",
  edn(0, ":txn", "[0 [[:append 1 1]]]") + edn(1, ":txn", "[0 [[:r 1 nil]]]", "[0 [[:r 1 [1 1]]]]"),
  { exit: 1, contains: "list-append" },
);
answers(
  "keyed transactions in tuples have operations named by keywords",
  edn(0, ":txn", "#jepsen.independent.Tuple [0 [[:append 1 1]]]") +
    edn(1, ":txn", "#jepsen.independent.Tuple [0 [[:r 1 nil]]]", "#jepsen.independent.Tuple [0 [[:r 1 [1 1]]]]"),
  { exit: 1, contains: "list-append" },
);
answers(
  "micro-operations under any name are transactions",
  edn(0, ":move-money", "[[:append :x 1]]") + edn(1, ":look", "[[:r :x nil]]", "[[:r :x [1 1]]]"),
  { exit: 1, contains: "list-append" },
);
answers(
  "micro-operations under any name are transactions in JSON too",
  lines(
    ...op(0, "move-money", { value: [["append", "x", 1]] }),
    ...op(1, "look", { value: [["r", "x", null]] }, { value: [["r", "x", [2]]] }),
  ),
  { exit: 1, contains: "list-append" },
);
answers(
  "intervals in EDN",
  "{:process 1 :f :write :value 1 :start 1 :end 2}\n{:process 2 :f :read :value 2 :start 3 :end 4}",
  { exit: 1, contains: "register" },
);
answers("Knossos' vectors with commas", "[[0, :invoke, :write, 1], [0, :ok, :write, 1]]", {
  exit: 0,
  contains: "knossos",
});
answers("Knossos' vectors with names for processes", '[["a" :invoke :write 1] ["a" :ok :write 1]]', {
  exit: 0,
  contains: "knossos",
});
answers(
  "history.txt whose tabs have become spaces",
  "0  :invoke  :write  1\n0  :ok  :write  1\n1  :invoke  :read  nil\n1  :ok  :read  2\n",
  {
    exit: 1,
    contains: "jepsen-history",
  },
);
answers(
  "history.txt that ends within an operation's name",
  tabs("0|:invoke|:write|1", "0|:ok|:write|1", "1|:invoke|:"),
  {
    exit: 254,
    contains: "h:3:",
  },
);
answers("history.txt that ends before a value", tabs("0|:invoke|:write|1", "0|:ok|:write|1", "1|:invoke|:write"), {
  exit: 254,
  contains: "h:3:",
});

// Processes.

const named = (name: unknown, f: string, asked: object, answered: object = asked, type = "ok"): unknown[] =>
  (op(0, f, asked, answered, type) as object[]).map((event) => ({ ...event, process: name }));
answers(
  "clients with names",
  lines(...named("anna", "write", { value: 1 }), ...named("bob", "read", {}, { value: 2 })),
  {
    exit: 1,
  },
);
answers("clients with keywords for names", edn(":anna", ":write", "1") + edn(":bob", ":read", "nil", "2"), { exit: 1 });
answers(
  "a process that only reports is a nemesis, whatever its name",
  lines({ process: "chaos", type: "info", f: "kill", value: "n1" }, ...op(0, "write", { value: 1 })),
  { exit: 0 },
);
answers(
  "a client with a name whose operation has an unknown outcome",
  lines(...named("anna", "write", { value: 1 }, { value: 1 }, "info"), ...op(3, "read", {}, { value: 1 })),
  { exit: 0 },
);

// Keys.

answers(
  "a key that only the ok names is refused",
  lines({ process: 0, type: "invoke", f: "get" }, { process: 0, type: "ok", f: "get", key: "x", value: null }),
  { exit: 254, contains: "names no key" },
);
answers(
  "a key that only the ok of a put names is refused",
  lines(...op(0, "put", { value: 1 }, { key: "x", value: 1 })),
  {
    exit: 254,
    contains: "names no key",
  },
);

// What is empty.

for (
  const [what, text] of [
    ["an empty vector", "[]"],
    ["an empty list", "()"],
    ["an object with an empty history", '{"history":[]}'],
    ["a map with an empty history", "{:history []}"],
    ["a comment", "; nothing here\n"],
    ["a log without operations", "2023-05-01 12:00:00,001{GMT}\tINFO\t[main] jepsen.cli: Test options\n"],
  ] as const
) {
  answers(`${what} is unknown`, text, { exit: 2, contains: "nothing succeeded" });
}
answers("an empty file among others", { a: lines(...op(0, "put", { key: "x", value: 1 })), b: "[]" }, { exit: 2 });
answers("what is compressed twice", {
  h: Uint8Array.from(gzipSync(gzipSync(lines(...op(0, "put", { key: "x", value: 1 }))))),
}, { exit: 0 });

// Times.

const at = (time: unknown, event: unknown): object => ({ ...event as object, time });
const [w, wok] = op(0, "write", { value: 1 });
const [r, rok] = op(1, "read", {}, { value: 1 });
answers("dates and numbers as times of one file are refused", lines(at(5, w), at("2024-01-01T00:00:00Z", wok)), {
  exit: 254,
  contains: "h:2:1: the time is a date, but that on line 1 is a number",
});
answers(
  "dates and numbers as times of intervals are refused",
  lines(
    { process: 0, op: "write", value: 1, start: 1, end: 2 },
    { process: 1, op: "read", value: 1, start: "2024-01-01T00:00:02Z", end: "2024-01-01T00:00:03Z" },
  ),
  { exit: 254, contains: "h:2:1: the time is a date" },
);
answers("--sort without times is refused", lines(w, wok, r, rok), {
  flags: ["--sort"],
  exit: 254,
  contains: "no times",
});
answers("times that some events lack are told without them", lines(at(5, w), wok, at(1, r), rok), {
  exit: 254,
  contains: "goes back",
});

// Intervals.

answers(
  "an end by another name is no missing end",
  lines(
    { process: 0, op: "write", value: 1, start: 1, end: 2 },
    { process: 0, op: "write", value: 2, start: 3, edn: 4 },
  ),
  { exit: 254, contains: 'h:2:1: the operation has no end, but it has "edn"; did you mean end?' },
);
const porcupine = (client: unknown, input: object, call: number, output: unknown, end: number): object => ({
  ClientId: client,
  Input: input,
  Call: call,
  Output: output,
  Return: end,
});
answers(
  "Porcupine's operations by named clients, one of which never returned",
  lines(
    porcupine("a", { Op: "write", Value: 1 }, 0, null, -1),
    porcupine("b", { Op: "read" }, 2, 1, 3),
    porcupine("b", { Op: "read" }, 4, 1, 5),
  ),
  { exit: 0 },
);

// Priority queues.

answers(
  "a priority queue of which the greatest comes first",
  lines(...op(0, "insert", { value: 2 }), ...op(0, "insert", { value: 1 }), ...op(1, "delete-max", {}, { value: 1 })),
  { exit: 1, contains: "priority-queue:max" },
);

// Models that do not answer as they must.

const own = (body: string): Files => ({ "m.mjs": `export default { name: "m", ${body} };`, h: lines(w, wok, r, rok) });
for (
  const [what, body, contains] of [
    ["whose state is a Map", "initial: new Map(), step: (s) => [s]", "a Map"],
    ["whose state is a Date", "initial: new Date(0), step: (s) => [s]", "a Date"],
    ["whose state is NaN after the first step", "initial: 0, step: () => [NaN]", "h:1: Cannot tell"],
    ["whose state holds itself", "initial: 0, step: () => { const a = []; a.push(a); return [a]; }", "itself"],
    [
      "that throws",
      'initial: 0, step: () => { throw new TypeError("boom"); }',
      "h:1: the model m threw TypeError: boom",
    ],
    ["that returns no list", "initial: 0, step: () => true", "list of states"],
    ["whose describe throws", 'initial: 0, step: () => [], describe: () => { throw "boom"; }', "describe"],
    [
      "whose partition throws",
      'initial: 0, step: (s) => [s], partition: () => { throw "boom"; }',
      "h:1: the model m threw",
    ],
  ] as const
) {
  answers(`a model ${what} is refused`, own(body), { flags: ["--model", "@m.mjs", "@h"], exit: 254, contains });
}

// Logs with JSON behind a prefix.

const logged = (prefix: string, result: number): string =>
  [...op(0, "write", { value: 1 }), ...op(1, "read", {}, { value: result })]
    .map((event) => `${prefix}${JSON.stringify(event)}\n`).join("");
const prefixes = [
  "2024-01-01T00:00:00Z INFO ",
  "[2024-01-01 00:00:00,123] [main] INFO client: ",
  "client_1  | ",
  "Jan  1 00:00:00 host app[12]: ",
  "12:00:01.5 DEBUG (worker-3) event=",
  'time="2024-01-01" level=info msg=',
  "\x1b[32mINFO\x1b[0m ",
  "history.jsonl:7:",
];
for (const prefix of prefixes) {
  answers(`events behind ${JSON.stringify(prefix)} are read`, logged(prefix, 1), {
    exit: 0,
    contains: "behind a prefix",
  });
  answers(`a wrong read behind ${JSON.stringify(prefix)} is found on its line`, logged(prefix, 2), {
    exit: 1,
    contains: "lines 3 to 4",
  });
}
answers(
  "lines of a log without an event are passed over and counted, and lines keep their numbers",
  `2024 INFO starting\n2024 INFO started\n${logged("2024 INFO ", 2)}2024 INFO bye\n`,
  { exit: 1, contains: "lines 5 to 6" },
);
answers("how many lines of a log were passed over is said", `2024 INFO starting\n${logged("2024 INFO ", 1)}`, {
  exit: 0,
  contains: "1 without one was passed over",
});
answers("an object in a log that is no event is refused with its line", `${logged("2024 ", 1)}2024 {"retry":3}\n`, {
  exit: 254,
  contains: "h:5",
});
answers("a line of a log with something behind its event is refused", logged("2024 ", 1).replace(/\n$/, " done\n"), {
  exit: 254,
  contains: "h:4: expected the line to end with a JSON event",
});
answers("a log without events is no history", "2024-01-01 INFO starting\n2024-01-01 INFO bye\n", {
  exit: 254,
  contains: "h:1:1: no history in any of the formats",
});
answers("files of one run may be logs", {
  a: logged("2024 ", 1).replaceAll('{"process":0', '{"time":5,"process":0').replaceAll(
    '{"process":1',
    '{"time":6,"process":1',
  ),
  b: logged("2024 ", 1).replaceAll('{"process":0', '{"time":7,"process":0').replaceAll(
    '{"process":1',
    '{"time":8,"process":1',
  ),
}, { flags: ["--merge", "@a", "@b"], exit: 0 });

answers(
  "a comma behind the last event of an array is ignored, as behind a line",
  `[${[...op(0, "write", { value: 1 }), ...op(1, "read", {}, { value: 1 })].map((each) => JSON.stringify(each))},]`,
  { exit: 0 },
);
answers(
  "a comma behind the last value of a list is refused with its line",
  '{"process":0,"type":"invoke","f":"txn","value":[["append",1,1],]}\n' +
    '{"process":0,"type":"ok","f":"txn","value":[["append",1,1]]}\n',
  { exit: 254, contains: "h:1:" },
);
answers(
  "a small checker's events are told as lines",
  lines(
    ...op(0, "add", { value: 1 }),
    ...op(1, "read", { value: null }, { value: [1] }),
    ...op(2, "read", { value: null }, { value: [] }),
  ),
  { flags: ["--model", "g-set"], exit: 1, contains: "event N stands on line N + 1" },
);

const docker = (field: string, text: (event: unknown) => string, result: number): string =>
  [...op(0, "write", { value: 1 }), ...op(1, "read", {}, { value: result })]
    .map((event) => `${JSON.stringify({ [field]: text(event), stream: "stdout" })}\n`).join("");
for (const field of ["log", "message", "msg"]) {
  answers(
    `events in the text ${field} of a log's objects are read`,
    docker(field, (e) => `${JSON.stringify(e)}\n`, 2),
    {
      exit: 1,
      contains: "lines 3 to 4",
    },
  );
}
answers(
  "events behind a prefix in the text of a log's objects are read, other texts are passed over",
  `{"log":"starting\\n"}\n${docker("log", (e) => `2024 INFO ${JSON.stringify(e)}\n`, 1)}`,
  { exit: 0, contains: '"log" was read; 1 without one was passed over' },
);
answers(
  "a text of a log's object with something behind its event is refused",
  docker("log", (e) => JSON.stringify(e), 1) + '{"log":"{} x"}\n',
  { exit: 254, contains: 'h:5: expected the text "log" to end with a JSON event' },
);
answers(
  "an event with a message of its own is no log",
  lines(
    ...op(0, "write", { value: 1 }, { value: 1, message: "{}" }),
  ),
  { exit: 0 },
);

for (const separator of [",", ";", "\t", " | "]) {
  answers(
    `a table whose cells are separated by ${JSON.stringify(separator)} is refused, and the line says what to do`,
    `process${separator}type${separator}f${separator}value\n0${separator}invoke${separator}write${separator}1\n`,
    { exit: 254, contains: "h:1:1: no history in any of the formats" },
  );
  answers(
    `a quoted table whose cells are separated by ${JSON.stringify(separator)} looks like CSV`,
    `"process"${separator}"type"${separator}"f"\n`,
    { exit: 254, contains: "looks like CSV: write each row as a JSON object" },
  );
}
answers(
  "transactions of objects have no micro-operations",
  lines(...op(0, "txn", { value: [{ f: "append", key: "x", value: 1 }] })),
  { exit: 254, contains: "no micro-operations" },
);

for (const name of ["duration", "duration_ms", "latency", "elapsed"]) {
  answers(
    `an interval with a ${name} in place of its end is refused`,
    lines({ client: 0, f: "write", value: 1, start: 0, [name]: 1 }, {
      client: 1,
      f: "read",
      value: 0,
      start: 2,
      [name]: 1,
    }),
    { exit: 254, contains: `h:1:1: the operation has no end, but it has "${name}"` },
  );
  answers(
    `an interval with an end may have a ${name} as well`,
    lines({ client: 0, f: "write", value: 1, start: 0, end: 1, [name]: 1 }, {
      client: 1,
      f: "read",
      value: 0,
      start: 2,
      end: 3,
    }),
    { exit: 1 },
  );
}
answers("an id that was given out without a value is refused", lines(...op(0, "generate", {}, { value: null })), {
  exit: 254,
  contains: "expected an id, found null",
});

for (const value of ["{:a 1}", '{"a" 1}', "{:type 1}", "[{:a 1}]", "#{1 2}", "{}"]) {
  answers(
    `Knossos' vectors whose first one has the value ${value}`,
    `[0 :invoke :write ${value}]\n[0 :info :write ${value}]\n[1 :invoke :read nil]\n[1 :ok :read ${value}]\n`,
    { exit: 0 },
  );
  answers(
    `Knossos' vectors whose first one has the value ${value}, and a read of another`,
    `[0 :invoke :write ${value}]\n[0 :ok :write ${value}]\n[1 :invoke :read nil]\n[1 :ok :read {:b 1}]\n`,
    { flags: ["--model", "register"], exit: 1 },
  );
}
