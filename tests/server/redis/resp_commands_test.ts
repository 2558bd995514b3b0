import { test } from "node:test";
import assert from "node:assert/strict";
import { type Command, COMMANDS, parseCommand } from "../../../server/redis/resp_commands.ts";

/** Parses a request whose words stand apart by spaces. */
function parse(request: string): Command {
  return parseCommand(request.split(" "));
}

function error(request: string): string {
  const command = parse(request);
  assert.equal(command.type, "invalid", request);
  return command.type === "invalid" ? command.error : "";
}

test("store commands become typed operations", () => {
  assert.deepEqual(parse("GET k"), { type: "get", key: "k" });
  assert.deepEqual(parse("del a b a"), { type: "delete", keys: ["a", "b", "a"] });
  assert.deepEqual(parse("Exists a"), { type: "exists", keys: ["a"] });
  assert.deepEqual(parse("MGET a b"), { type: "mget", keys: ["a", "b"] });
  assert.deepEqual(parse("INCR k"), { type: "increment", key: "k", by: 1 });
  assert.deepEqual(parse("DECR k"), { type: "increment", key: "k", by: -1 });
  assert.deepEqual(parse("INCRBY k -12"), { type: "increment", key: "k", by: -12 });
  assert.deepEqual(parse("DECRBY k 0"), { type: "increment", key: "k", by: 0 });
});

test("SET takes one condition and GET, in any order and case", () => {
  const set = { type: "set", key: "k", value: "v", condition: { type: "always" }, returnsOld: false };
  assert.deepEqual(parse("SET k v"), set);
  assert.deepEqual(parse("set k v nx"), { ...set, condition: { type: "absent" } });
  assert.deepEqual(parse("SET k v GET XX"), { ...set, condition: { type: "present" }, returnsOld: true });
  assert.deepEqual(parse("SET k v IFEQ nx get"), {
    ...set,
    condition: { type: "equals", value: "nx" },
    returnsOld: true,
  });
  for (const options of ["NX XX", "XX NX", "NX IFEQ a", "IFEQ", "what", "IFEQ a IFEQ a", "GET what"]) {
    assert.equal(error(`SET k v ${options}`), "ERR syntax error", options);
  }
  assert.equal(error("SET k v ex 10"), "ERR SET does not support EX here: keys do not expire");
});

test("connection commands become typed requests", () => {
  assert.deepEqual(parse("PING"), { type: "ping", message: null });
  assert.deepEqual(parse("ping hi"), { type: "ping", message: "hi" });
  assert.deepEqual(parse("HELLO"), { type: "hello", version: null, auth: null, name: null });
  assert.deepEqual(parse("hello 2 auth u p setname n"), {
    type: "hello",
    version: 2,
    auth: { username: "u", password: "p" },
    name: "n",
  });
  assert.deepEqual(parse("AUTH p"), { type: "auth", credentials: { username: "default", password: "p" } });
  assert.deepEqual(parse("AUTH u p"), { type: "auth", credentials: { username: "u", password: "p" } });
  assert.deepEqual(parse("SELECT 0"), { type: "select" });
  assert.deepEqual(parse("CLIENT SETINFO LIB-NAME x"), { type: "client-hint" });
  assert.deepEqual(parse("client no-evict ON"), { type: "client-hint" });
  assert.deepEqual(parse("CLIENT TRACKING ON OPTIN"), { type: "client-hint" });
  assert.deepEqual(parse("client tracking on noloop optin"), { type: "client-hint" });
  assert.deepEqual(parse("CLIENT TRACKING off"), { type: "client-hint" });
  assert.deepEqual(parse("COMMAND"), { type: "command-info", names: null });
  assert.deepEqual(parse("COMMAND DOCS GET"), { type: "command-docs", names: ["get"] });
  assert.deepEqual(parse("CONFIG GET SAVE appendonly"), { type: "config-get", patterns: ["save", "appendonly"] });
  assert.deepEqual(parse("READMODE Lease"), { type: "readmode", mode: "lease" });
  assert.deepEqual(parse("READMODE"), { type: "readmode", mode: null });
  assert.deepEqual(parse("QUIT now"), { type: "quit" });
});

test("member commands carry checked ids and addresses", () => {
  assert.deepEqual(parse("RAFT STATUS"), { type: "raft-status" });
  assert.deepEqual(parse("raft add 4 127.0.0.1:7104"), {
    type: "raft-add",
    id: 4,
    address: "127.0.0.1:7104",
    birth: 0,
    proof: "",
  });
  const proof = "0f".repeat(32);
  assert.deepEqual(parse(`raft add 4 127.0.0.1:7104 4294967295 ${proof}`), {
    type: "raft-add",
    id: 4,
    address: "127.0.0.1:7104",
    birth: 0xffff_ffff,
    proof,
  });
  for (const more of ["-1", "x", "4294967296", "1 2", `1 ${proof}0`, `1 ${proof} 3`, `1 ${"xy".repeat(32)}`]) {
    assert.equal(parse(`raft add 4 127.0.0.1:7104 ${more}`).type, "invalid", more);
  }
  assert.deepEqual(parse("RAFT ADD 4 [::1]:7104"), {
    ...{ type: "raft-add", id: 4, address: "[::1]:7104", birth: 0, proof: "" },
  });
  assert.deepEqual(parse("RAFT REMOVE 4"), { type: "raft-remove", id: 4 });
  assert.deepEqual(parse("RAFT REPLACE 3 4 host:1"), { type: "raft-replace", id: 3, by: 4, address: "host:1" });
  assert.deepEqual(parse("RAFT TRANSFER"), { type: "raft-transfer", to: null });
  assert.deepEqual(parse("RAFT TRANSFER 2"), { type: "raft-transfer", to: 2 });
  assert.match(error("RAFT ADD 0 host:1"), /^ERR a member is a whole number from 1 on, but was given '0'$/);
  assert.match(error("RAFT ADD 1 host"), /^ERR an address is HOST:PORT, but was given 'host'$/);
  assert.match(error("RAFT ADD 1 host:70000"), /HOST:PORT/);
  assert.match(error("RAFT REPLACE 3 3 host:1"), /^ERR node 3 cannot take its own place/);
  assert.equal(error("RAFT TRANSFER 1 2"), "ERR wrong number of arguments for 'raft|transfer' command");
});

// Each of these was answered by Redis 7.0.15 as it stands here.
const REDIS_ERRORS: Readonly<Record<string, string>> = {
  "GET": "ERR wrong number of arguments for 'get' command",
  "GET a b": "ERR wrong number of arguments for 'get' command",
  "SET a": "ERR wrong number of arguments for 'set' command",
  "INCR a b": "ERR wrong number of arguments for 'incr' command",
  "MGET": "ERR wrong number of arguments for 'mget' command",
  "PING a b": "ERR wrong number of arguments for 'ping' command",
  "AUTH a b c": "ERR syntax error",
  "FOO a b": "ERR unknown command 'FOO', with args beginning with: 'a' 'b' ",
  "foo": "ERR unknown command 'foo', with args beginning with: ",
  "DECRBY a -9223372036854775808": "ERR decrement would overflow",
  "INCRBY a x": "ERR value is not an integer or out of range",
  "INCRBY a 01": "ERR value is not an integer or out of range",
  "SELECT x": "ERR value is not an integer or out of range",
  "SELECT 99": "ERR DB index is out of range",
  "HELLO 4": "NOPROTO unsupported protocol version",
  "HELLO x": "ERR Protocol version is not an integer or out of range",
  "HELLO 2 FOO": "ERR Syntax error in HELLO option 'FOO'",
  "HELLO 2 AUTH a": "ERR Syntax error in HELLO option 'AUTH'",
  "CLIENT": "ERR wrong number of arguments for 'client' command",
  "CLIENT FOO": "ERR unknown subcommand 'FOO'. Try CLIENT HELP.",
  "CLIENT SETNAME": "ERR wrong number of arguments for 'client|setname' command",
  "CLIENT NO-EVICT x": "ERR syntax error",
  "CLIENT SETINFO foo bar": "ERR Unrecognized option 'foo'",
  "MSET a": "ERR wrong number of arguments for 'mset' command",
  "MSET a 1 b": "ERR wrong number of arguments for 'mset' command",
  "SETNX a": "ERR wrong number of arguments for 'setnx' command",
  "GETDEL": "ERR wrong number of arguments for 'getdel' command",
  "DBSIZE x": "ERR wrong number of arguments for 'dbsize' command",
  "SCAN x": "ERR invalid cursor",
  "SCAN 0 COUNT 0": "ERR syntax error",
  "SCAN 0 COUNT x": "ERR value is not an integer or out of range",
  "SCAN 0 MATCH": "ERR syntax error",
  "SCAN 0 FOO x": "ERR syntax error",
  "COMMAND COUNT 1": "ERR wrong number of arguments for 'command|count' command",
  "CONFIG GET": "ERR wrong number of arguments for 'config|get' command",
  "CONFIG FOO": "ERR unknown subcommand 'FOO'. Try CONFIG HELP.",
};

test("errors are those of Redis", () => {
  for (const [request, expected] of Object.entries(REDIS_ERRORS)) assert.equal(error(request), expected, request);
});

test("CLIENT TRACKING is accepted if it needs no invalidations, and refused if the client would wait for them", () => {
  for (const request of ["CLIENT TRACKING ON", "CLIENT TRACKING ON BCAST", "CLIENT TRACKING ON OPTIN REDIRECT"]) {
    assert.match(error(request), /^ERR CLIENT TRACKING ON takes OPTIN here/, request);
  }
  assert.equal(error("CLIENT TRACKING maybe"), "ERR syntax error");
  assert.match(error("CLIENT CACHING YES"), /^ERR CLIENT CACHING is not supported/);
});

test("HELLO agrees on RESP2 and RESP3", () => {
  assert.deepEqual(parse("HELLO 3 SETNAME x"), { type: "hello", version: 3, auth: null, name: "x" });
  for (const version of ["1", "4", "0"]) {
    assert.equal(error(`HELLO ${version}`), "NOPROTO unsupported protocol version");
  }
});

test("commands of many keys and of none become typed requests", () => {
  assert.deepEqual(parse("MSET a 1 b 2"), { type: "mset", pairs: [["a", "1"], ["b", "2"]] });
  assert.deepEqual(parse("SETNX k v"), { type: "setnx", key: "k", value: "v" });
  assert.deepEqual(parse("GETDEL k"), { type: "getdel", key: "k" });
  assert.deepEqual(parse("STRLEN k"), { type: "strlen", key: "k" });
  assert.deepEqual(parse("TYPE k"), { type: "type", key: "k" });
  assert.deepEqual(parse("DBSIZE"), { type: "dbsize" });
  assert.deepEqual(parse("KEYS a*"), { type: "keys", pattern: "a*" });
  assert.deepEqual(parse("SCAN 0"), { type: "scan", cursor: 0, pattern: "*", count: 10, of: null });
  assert.deepEqual(parse("scan 7 count 5 match a* type String"), {
    ...{ type: "scan", cursor: 7, pattern: "a*", count: 5, of: "string" },
  });
  assert.deepEqual(parse('KAYA {"operation":1}'), { type: "operation", text: '{"operation":1}' });
});

test("an error repeats no more than a little of what was sent", () => {
  const long = "x".repeat(1_000_000);
  for (const args of [[long, long, long], ["CLIENT", long], ["HELLO", "2", long], ["RAFT", "ADD", long, long]]) {
    const command = parseCommand(args);
    assert.ok(command.type === "invalid" && command.error.length < 400, args[0]!.slice(0, 10));
  }
});

test("no request makes the parser throw", () => {
  const words = ["1", "-1", "", "x", "\0", "__proto__", "constructor", "GET", "GETNAME", "SETNAME", "*", "127.0.0.1:1"];
  const names = [...COMMANDS.map((known) => known.name), "__proto__", "toString", ""];
  let invalid = 0;
  for (const name of names) {
    for (let i = 0; i < words.length ** 2; i++) {
      const args = [name, words[i % words.length]!, words[Math.floor(i / words.length)]!];
      for (let length = 1; length <= 3; length++) {
        if (parseCommand(args.slice(0, length)).type === "invalid") invalid++;
      }
    }
  }
  assert.ok(invalid > 1000);
});

test("CLIENT SETINFO refuses values that would break a line of CLIENT LIST", () => {
  for (const value of ["a b", "a\nb", "a\tb", "\x7f", "\xff"]) {
    assert.deepEqual(parseCommand(["CLIENT", "SETINFO", "LIB-NAME", value]), {
      type: "invalid",
      error: "ERR lib-name cannot contain spaces, newlines or special characters.",
    });
    assert.deepEqual(parseCommand(["CLIENT", "SETINFO", "lib-ver", value]), {
      type: "invalid",
      error: "ERR lib-ver cannot contain spaces, newlines or special characters.",
    });
  }
  assert.deepEqual(parseCommand(["CLIENT", "SETINFO", "LIB-NAME", "redis-py(x;y)"]), { type: "client-hint" });
});
