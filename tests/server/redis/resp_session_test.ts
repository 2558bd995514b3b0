import { test } from "node:test";
import assert from "node:assert/strict";
import type { RespFailure, RespValue } from "../../../server/redis/resp.ts";
import { COMMANDS, parseCommand } from "../../../server/redis/resp_commands.ts";
import {
  answerConnectionCommand,
  createRespSession,
  endTransaction,
  inOrder,
  isConnectionCommand,
  queue,
  type QueuedCommand,
  refusal,
  type RespSession,
  type RespSessionOptions,
} from "../../../server/redis/resp_session.ts";

const OPEN: RespSessionOptions = { password: null, readMode: "linearizable", version: "1.2.3" };
const LOCKED: RespSessionOptions = { ...OPEN, password: "secret" };

/** What a server would answer; `"(store)"` for what is not about the connection. */
function ask(request: string, session: RespSession, options: RespSessionOptions): RespValue {
  const command = parseCommand(request.split(" "));
  const refused = refusal(command, session);
  if (refused !== null) return refused;
  const queued = queue(command, request.length, session);
  if (queued !== null) return queued;
  if (command.type === "invalid") return { error: command.error };
  if (command.type === "exec") {
    const ended = endTransaction(session);
    return "error" in ended ? ended : ended.map(({ type }) => type);
  }
  return isConnectionCommand(command) ? answerConnectionCommand(command, session, options) : "(store)";
}

test("without its password, a connection may only authenticate or leave", () => {
  const session = createRespSession(1, LOCKED);
  const noauth = { error: "NOAUTH Authentication required." };
  for (const request of ["GET k", "PING", "INFO", "RAFT STATUS", "COMMAND COUNT"]) {
    assert.deepEqual(ask(request, session, LOCKED), noauth, request);
  }
  assert.match((ask("HELLO 2", session, LOCKED) as { error: string }).error, /^NOAUTH HELLO must be called/);
  const wrong = { error: "WRONGPASS invalid username-password pair or user is disabled." };
  for (const request of ["AUTH secre", "AUTH secret1", "AUTH other secret", "HELLO 2 AUTH default no"]) {
    assert.deepEqual(ask(request, session, LOCKED), wrong, request);
  }
  assert.deepEqual(ask("GET k", session, LOCKED), noauth);
  assert.deepEqual(ask("QUIT", session, LOCKED), { simple: "OK" });
});

test("a connection authenticates by AUTH or HELLO, and RESET takes it back", () => {
  for (const request of ["AUTH secret", "AUTH default secret", "HELLO 2 AUTH default secret"]) {
    const session = createRespSession(1, LOCKED);
    ask(request, session, LOCKED);
    assert.equal(ask("GET k", session, LOCKED), "(store)", request);
    assert.deepEqual(ask("RESET", session, LOCKED), { simple: "RESET" });
    assert.notEqual(ask("GET k", session, LOCKED), "(store)", request);
  }
});

test("AUTH on a server without a password is told that there is none", () => {
  assert.match(
    (ask("AUTH x", createRespSession(1, OPEN), OPEN) as { error: string }).error,
    /^ERR AUTH <password> called/,
  );
});

test("HELLO tells the server, the protocol and the connection", () => {
  const session = createRespSession(7, OPEN);
  const facts = (proto: number): RespValue => ({
    pairs: [
      ...[["server", "kayadb"], ["version", "1.2.3"], ["proto", proto], ["id", 7]] as const,
      ...[["mode", "standalone"], ["role", "master"], ["modules", []]] as const,
    ],
  });
  assert.deepEqual(ask("HELLO 2 SETNAME me", session, OPEN), facts(2));
  assert.deepEqual(ask("HELLO 3", session, OPEN), facts(3));
  assert.deepEqual(ask("HELLO", session, OPEN), facts(3));
  assert.equal(session.version, 3);
  assert.equal(ask("CLIENT GETNAME", session, OPEN), "me");
});

test("a connection keeps its name, its number and its way to read", () => {
  const session = createRespSession(7, OPEN);
  assert.equal(ask("CLIENT GETNAME", session, OPEN), null);
  ask("CLIENT SETNAME me", session, OPEN);
  assert.equal(ask("CLIENT GETNAME", session, OPEN), "me");
  assert.equal(ask("CLIENT ID", session, OPEN), 7);
  assert.equal(ask("READMODE", session, OPEN), "linearizable");
  assert.deepEqual(ask("READMODE local", session, OPEN), { simple: "OK" });
  assert.equal(session.readMode, "local");
  assert.equal(ask("CLIENT INFO", session, OPEN), "id=7 name=me db=0 resp=2 readmode=local\n");
});

test("commands after MULTI are queued until EXEC, and dropped by DISCARD", () => {
  const session = createRespSession(1, OPEN);
  const queued = { simple: "QUEUED" };
  for (const [end, answer] of [["EXEC", ["set", "increment", "get"]], ["DISCARD", { simple: "OK" }]] as const) {
    assert.deepEqual(ask("MULTI", session, OPEN), { simple: "OK" });
    for (const request of ["SET k v", "INCR k", "GET k"]) {
      assert.deepEqual(ask(request, session, OPEN), queued, request);
    }
    assert.deepEqual(ask("MULTI", session, OPEN), { error: "ERR MULTI calls can not be nested" });
    assert.deepEqual(ask(end, session, OPEN), answer);
    assert.equal(ask("SET k v", session, OPEN), "(store)");
    assert.deepEqual(ask(end, session, OPEN), { error: `ERR ${end} without MULTI` });
  }
  ask("MULTI", session, OPEN);
  assert.deepEqual(ask("EXEC", session, OPEN), []);
  ask("MULTI", session, OPEN);
  assert.deepEqual(ask("RESET", session, OPEN), { simple: "RESET" });
  assert.equal(ask("GET k", session, OPEN), "(store)");
});

test("PING, ECHO and SELECT are queued too, and answered in their places", () => {
  const session = createRespSession(1, OPEN);
  ask("MULTI", session, OPEN);
  for (const request of ["PING", "SET k v", "ECHO hello", "PING pong", "GET k", "SELECT 0"]) {
    assert.deepEqual(ask(request, session, OPEN), { simple: "QUEUED" }, request);
  }
  const queued = endTransaction(session) as readonly QueuedCommand[];
  const answers = inOrder(queued, ["set", "got"], (command) => answerConnectionCommand(command, session, OPEN));
  assert.deepEqual(answers, [{ simple: "PONG" }, "set", "hello", "pong", "got", { simple: "OK" }]);
});

test("a transaction with a command that cannot be queued does nothing", () => {
  for (const wrong of ["NOPE", "GET", "RAFT STATUS", "INFO", "KEYS *", "SCAN 0", "CLIENT ID", "AUTH x"]) {
    const session = createRespSession(1, OPEN);
    ask("MULTI", session, OPEN);
    ask("SET k v", session, OPEN);
    assert.match((ask(wrong, session, OPEN) as RespFailure).error, /^ERR /, wrong);
    assert.match((ask("EXEC", session, OPEN) as RespFailure).error, /^EXECABORT Transaction discarded/, wrong);
  }
  const session = createRespSession(1, OPEN);
  ask("MULTI", session, OPEN);
  for (let i = 0; i < 10_000; i++) ask("GET k", session, OPEN);
  assert.match((ask("GET k", session, OPEN) as RespFailure).error, /^ERR the transaction has more/);
  assert.match((ask("EXEC", session, OPEN) as RespFailure).error, /^EXECABORT/);
});

test("HELP lists the subcommands", () => {
  const lines = ask("RAFT HELP", createRespSession(1, OPEN), OPEN) as { simple: string }[];
  assert.deepEqual(lines.map(({ simple }) => simple), [
    "RAFT takes one of:",
    ...["STATUS", "ADD", "REMOVE", "REPLACE", "BACKUP", "TRANSFER"],
  ]);
});

test("QUIT is answered, and ends the connection", () => {
  const session = createRespSession(1, OPEN);
  assert.deepEqual(ask("QUIT", session, OPEN), { simple: "OK" });
  assert.equal(session.isQuitting, true);
});

test("COMMAND describes every command, and nil stands for one that is unknown", () => {
  const session = createRespSession(1, OPEN);
  assert.equal(ask("COMMAND COUNT", session, OPEN), COMMANDS.length);
  assert.equal((ask("COMMAND", session, OPEN) as RespValue[]).length, COMMANDS.length);
  assert.deepEqual(ask("COMMAND INFO get nope", session, OPEN), [
    ["get", 2, [{ simple: "readonly" }, { simple: "fast" }], 1, 1, 1, [], [], [], []],
    null,
  ]);
  const { pairs } = ask("COMMAND DOCS nope get", session, OPEN) as { pairs: [string, RespValue][] };
  assert.deepEqual(pairs.map(([name]) => name), ["get"]);
  assert.ok((ask("COMMAND LIST", session, OPEN) as string[]).includes("kaya"));
});

test("CONFIG GET tells by name and pattern what redis-benchmark asks for", () => {
  const session = createRespSession(1, OPEN);
  const settings = (patterns: string): RespValue[] =>
    (ask(`CONFIG GET ${patterns}`, session, OPEN) as { pairs: readonly (readonly [RespValue, RespValue])[] }).pairs
      .flat();
  assert.deepEqual(settings("save"), ["save", ""]);
  assert.deepEqual(settings("append??ly nope SAVE"), ["appendonly", "yes", "save", ""]);
  assert.deepEqual(settings("*o*y*"), ["appendonly", "yes"]);
  assert.deepEqual(settings(`${"*".repeat(100_000)}a ${"*a".repeat(30)}`), []);
});

test("a request concerns either the connection or the server", () => {
  const ofServer = [
    "GET k",
    "SET k v",
    "DEL k",
    "EXISTS k",
    "MGET k",
    "INCR k",
    "INFO",
    "RAFT STATUS",
    "RAFT REMOVE 1",
  ];
  const session = createRespSession(1, OPEN);
  for (const request of ofServer) assert.equal(ask(request, session, OPEN), "(store)", request);
  for (const request of ["PING", "ECHO x", "SELECT 0", "CLIENT ID", "COMMAND LIST", "READMODE"]) {
    assert.notEqual(ask(request, session, OPEN), "(store)", request);
  }
});
