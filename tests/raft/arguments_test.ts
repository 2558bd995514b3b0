// What a host passes in is checked: plain JavaScript, or numbers from a file, get an error that names the argument.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  changeConfiguration,
  configurationOf,
  decodeCommand,
  decodeConfiguration,
  decodeEnvelope,
  encodeCommand,
  encodeEnvelope,
  type Envelope,
  leaseTicks,
  logIndex,
  MemLog,
  nodeId,
  type RaftConfig,
  RaftNode,
  term,
} from "../../raft/mod.ts";
import { append, entriesOf, header, heartbeat, Network, voteRequest, voteResponse } from "./network.ts";

const NO_BYTES: readonly unknown[] = ["text", 7, null, undefined, [1, 2], {}, new ArrayBuffer(4), new Uint16Array(2)];
const NO_NUMBERS: readonly unknown[] = ["3", null, undefined, 3n, {}, true];
const NO_WHOLE_NUMBERS: readonly number[] = [NaN, 1.5, -1, Infinity, 2 ** 53];

/** Asserts that a call throws an error of a class, whose message names the argument. */
function refuses(call: () => unknown, name: "TypeError" | "RangeError", argument: RegExp): void {
  assert.throws(call, (error: Error) => {
    assert.equal(error.name, name, error.stack);
    assert.match(error.message, argument);
    return true;
  });
}

test("a leader takes nothing but bytes as a command, and appends nothing of what it refused", () => {
  const network = new Network();
  const leader = network.elect(1);
  const before = network.log(1).lastIndex;
  for (const command of NO_BYTES) refuses(() => leader.propose(command as Uint8Array), "TypeError", /as a command/);
  assert.equal(network.log(1).lastIndex, before);
});

test("an error says what it got: a class by its name, and an object without one as such", () => {
  const propose = (command: unknown) => () => new Network().node(1).propose(command as Uint8Array);
  refuses(propose(new Date()), "TypeError", /an object \(Date\)/);
  refuses(propose(Object.create(null)), "TypeError", /an object as a command/);
  refuses(propose(new (class {})()), "TypeError", /an object as a command/);
});

test("bytes of another realm, and a subclass of Uint8Array, are taken as bytes", () => {
  class Bytes extends Uint8Array {}
  const leader = new Network({ nodes: 1 }).elect(1);
  leader.propose(new Bytes([1]));
});

test("an option that does not exist is refused, with the one that was probably meant", () => {
  const make = (more: object) => () => new RaftNode({ id: nodeId(1), peers: [], ...more });
  const meant: [string, string | null][] = [
    ["electionTimeout", "electionTimeoutTicks"],
    ["electionTimeoutTick", "electionTimeoutTicks"],
    ["heartbeatTicks", "heartbeatIntervalTicks"],
    ["prevote", "preVote"],
    ["checkquorum", "checkQuorum"],
    ["maxAppendByte", "maxAppendBytes"],
    ["tracr", "tracer"],
    ["colour", null],
  ];
  for (const [wrong, right] of meant) {
    const hint = right === null ? /a RaftConfig has none of that name$/ : new RegExp(`did you mean ${right}\\?$`);
    refuses(make({ [wrong]: 20 }), "TypeError", hint);
  }
});

test("each setting of the wrong type is refused by its name, and none of the right type", () => {
  const numbers = ["electionTimeoutTicks", "heartbeatIntervalTicks", "seed", "maxAppendBytes", "maxInflightAppends"];
  const more = ["maxInflightBytes", "maxUncommittedBytes", "maxCommandBytes", "maxApplyBytes", "maxPendingReads"];
  for (const name of [...numbers, ...more]) {
    const make = (value: unknown) => () => new RaftNode({ id: nodeId(1), peers: [], [name]: value } as RaftConfig);
    for (const value of NO_NUMBERS) if (value !== undefined) refuses(make(value), "TypeError", new RegExp(name));
    for (const value of [NaN, 2.5, -1]) refuses(make(value), "RangeError", new RegExp(name));
  }
  for (const name of ["join", "preVote", "checkQuorum", "leaseReads"]) {
    const make = (value: unknown) => () => new RaftNode({ id: nodeId(1), peers: [], [name]: value } as RaftConfig);
    for (const value of ["no", 0, null]) refuses(make(value), "TypeError", new RegExp(name));
  }
  for (const peers of [undefined, null, "2", 2, new Set([2])]) {
    refuses(() => new RaftNode({ id: nodeId(1), peers: peers as never }), "TypeError", /peers/);
  }
  for (const id of NO_NUMBERS) refuses(() => new RaftNode({ id: id as never, peers: [] }), "TypeError", /NodeId/);
  for (const config of [undefined, null, 1, "x", []]) {
    refuses(() => new RaftNode(config as never), "TypeError", /a RaftConfig/);
  }
  for (const log of [null, {}, [], "log"]) {
    refuses(() => new RaftNode({ id: nodeId(1), peers: [] }, log as never), "TypeError", /log/i);
  }
});

test("a log without the methods for snapshots will do until one is taken, or sent to the node", () => {
  const log = new MemLog();
  const plain = new Proxy(log, {
    get(target, name) {
      if (["readSnapshot", "holdSnapshots", "receiveSnapshot"].includes(String(name))) return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const node = new RaftNode({ id: nodeId(1), peers: [] }, plain);
  while (node.role !== "leader") node.tick();
  node.propose(new Uint8Array(1));
  node.broadcast();
  node.drainApplied();
  const compact = () => node.compact(logIndex(1), { bytes: 0, digest: 0 });
  refuses(compact, "TypeError", /the log has no method readSnapshot/);
  const follower = new RaftNode({ id: nodeId(1), peers: [nodeId(2)] }, plain);
  const before = JSON.stringify(follower.status());
  const chunk = { offset: 0, totalBytes: 1, digest: 0, chunk: new Uint8Array(1), round: 1 };
  const of = { snapshotIndex: logIndex(9), snapshotTerm: term(1), configuration: configurationOf([nodeId(1)]) };
  assert.deepEqual(follower.handle({ type: "snapshot-request", ...header(2, 1, follower.term), ...of, ...chunk }), []);
  assert.equal(follower.status().snapshotIndex, JSON.parse(before).snapshotIndex);
});

test("ids, terms, indexes and contexts are whole numbers of their ranges", () => {
  const leader = new Network().elect(1);
  const calls: [(value: never) => unknown, RegExp][] = [
    [nodeId, /NodeId/],
    [term, /Term/],
    [logIndex, /LogIndex/],
    [(value) => leader.readIndex(value), /context/],
    [(value) => leader.transferLeadership(value), /NodeId/],
    [(value) => leader.compact(value, { bytes: 1, digest: 0 }), /LogIndex/],
    [(value) => configurationOf([value]), /NodeId/],
    [leaseTicks, /electionTimeoutTicks/],
  ];
  for (const [call, argument] of calls) {
    for (const value of NO_NUMBERS) refuses(() => call(value as never), "TypeError", argument);
    for (const value of NO_WHOLE_NUMBERS) refuses(() => call(value as never), "RangeError", argument);
  }
  refuses(() => leader.drainApplied("all" as never), "TypeError", /maxBytes/);
  refuses(() => leader.drainApplied(NaN), "RangeError", /maxBytes/);
});

test("a change of the wrong shape is refused by the part that is wrong", () => {
  const leader = new Network().elect(1);
  const wrong: [unknown, RegExp][] = [
    [null, /a ConfigurationChange/],
    ["leave-joint", /a ConfigurationChange/],
    [{ type: "add" }, /the type of a ConfigurationChange/],
    [{ type: "simple" }, /changes/],
    [{ type: "simple", changes: [null] }, /a MemberChange/],
    [{ type: "simple", changes: [{ type: "addVoter", node: 4 }] }, /the type of a MemberChange/],
    [{ type: "simple", changes: [{ type: "add-voter", node: "4" }] }, /NodeId/],
    [{ type: "simple", changes: [{ type: "add-voter", id: 4 }] }, /did you mean node|none of that name/],
    [{ type: "enter-joint", changes: [] }, /autoLeave/],
    [{ type: "enter-joint", changes: [], autoleave: true, autoLeave: true }, /did you mean autoLeave/],
  ];
  for (const [change, argument] of wrong) {
    refuses(() => leader.proposeChange(change as never), "TypeError", argument);
    refuses(() => changeConfiguration(configurationOf([nodeId(1)]), change as never), "TypeError", argument);
  }
});

test("a message of the wrong shape is an error that names the part, and changes nothing", () => {
  const samples: Envelope[] = [
    heartbeat(2, 1, 5, 1),
    append(2, 1, 5, [0, 0], entriesOf(1, 5)),
    voteRequest(2, 1, 5, [3, 3]),
    voteResponse(2, 1, 5, true),
    { ...voteResponse(2, 1, 5, true), type: "read-request", readId: 3, context: 4, confirmation: "quorum" } as Envelope,
  ];
  for (const sample of samples) {
    for (const [name, value] of Object.entries(sample)) {
      if (name === "afterSync" || (name === "granted" && sample.type !== "vote-response")) continue;
      const node = new Network().node(1);
      const before = JSON.stringify(node.status());
      const wrong: unknown[] = typeof value === "number" ? [...NO_NUMBERS, ...NO_WHOLE_NUMBERS] : [null, 7, "x"];
      for (const other of wrong) {
        const broken = { ...sample, [name]: other } as Envelope;
        for (const call of [() => node.handle(broken), () => encodeEnvelope(broken)]) {
          assert.throws(call, (error: Error) => error instanceof TypeError || error instanceof RangeError, name);
        }
      }
      assert.equal(JSON.stringify(node.status()), before);
    }
  }
  for (const nothing of [null, undefined, 1, "append-request", []]) {
    refuses(() => new Network().node(1).handle(nothing as never), "TypeError", /an Envelope/);
  }
});

test("an entry of the wrong shape is an error that names its place", () => {
  const entry = entriesOf(1, 1)[0]!;
  const wrong: [object, RegExp][] = [
    [{ index: "1" }, /entries\[0\]\.index/],
    [{ term: NaN }, /entries\[0\]\.term/],
    [{ kind: "Command" }, /entries\[0\]\.kind/],
    [{ data: "text" }, /entries\[0\]\.data/],
    [{ data: () => 1 }, /a function as entries\[0\]\.data/],
    [{ kind: Symbol("command") }, /Cannot take a symbol as entries\[0\]\.kind/],
  ];
  for (const [part, name] of wrong) {
    const message = append(2, 1, 1, [0, 0], [{ ...entry, ...part } as never]);
    assert.throws(() => new Network().node(1).handle(message), name);
  }
  for (const nothing of [null, undefined, 7, "entry", []]) {
    const message = append(2, 1, 1, [0, 0], [nothing as never]);
    refuses(() => new Network().node(1).handle(message), "TypeError", /entries\[0\]/);
  }
});

test("entries that do not follow each other are rejected, and nothing of them is appended", () => {
  for (const [index, entryTerm] of [[2, 1], [0, 1], [1, 2]] as const) {
    const network = new Network();
    const [entry] = entriesOf(1, 1);
    const message = append(2, 1, 1, [0, 0], [{ ...entry!, index: logIndex(index), term: term(entryTerm) }]);
    assert.deepEqual(network.node(1).handle(message), []);
    assert.equal(network.log(1).lastIndex, 0);
  }
});

test("the reason why a snapshot is refused is one of two", () => {
  const said = { snapshotIndex: logIndex(1), received: 0, written: 0, isGap: false };
  for (const refusal of ["late", 7, undefined]) {
    const message = { type: "snapshot-response", ...header(2, 1, 1), ...said, refusal } as unknown as Envelope;
    refuses(() => new Network().node(1).handle(message), "TypeError", /as refusal: it is too-large, damaged or null/);
  }
});

test("codecs refuse values that are not bytes, and invalid commands", () => {
  for (const bytes of NO_BYTES) {
    refuses(() => decodeEnvelope(bytes as never), "TypeError", /an Envelope's bytes/);
    refuses(() => decodeCommand(bytes as never), "TypeError", /a RaftCommand's bytes/);
    refuses(() => decodeConfiguration(bytes as never), "TypeError", /a Configuration's bytes/);
    refuses(() => encodeCommand({ type: "delete", key: bytes as never }), "TypeError", /a key/);
    const put = { type: "put", key: new Uint8Array(1), value: bytes as never } as const;
    refuses(() => encodeCommand(put), "TypeError", /a value/);
  }
  refuses(() => encodeCommand({ type: "Put", key: new Uint8Array(1) } as never), "TypeError", /RaftCommand/);
});
