import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import { test } from "node:test";
import { MILLISECOND, SECOND } from "../../../server/clock.ts";
import type { Address } from "../../../server/peer/peer_options.ts";
import type { Request } from "../../../server/redis/client_connection.ts";
import { CLIENT_LIMITS, type ClientLimits } from "../../../server/redis/client_limits.ts";
import { ClientListener } from "../../../server/redis/client_listener.ts";
import { type RespValue, RespWriter } from "../../../server/redis/resp.ts";
import { isReadOnly } from "../../../server/redis/resp_translation.ts";
import { mayUse } from "../../corpus.ts";
import { ManualClock } from "../manual_clock.ts";

const skip = mayUse("net") ? false : "needs sockets";

/** A door whose requests wait until the test answers them, or are answered with their name. */
interface Door {
  readonly listener: ClientListener;
  readonly clock: ManualClock;
  readonly executed: string[];
  readonly warned: string[];
  /** Requests that wait, where `isPatient`. */
  readonly waiting: ((value: RespValue) => void)[];
  isPatient: boolean;
  connect(): Connection;
}

/** A connection of a client that writes bytes and sees bytes. */
interface Connection {
  readonly socket: net.Socket;
  /** All that has come. */
  text(): string;
  /** Waits until what has come fits. */
  until(fits: RegExp): Promise<void>;
  readonly closed: Promise<void>;
}

async function withDoor(
  action: (door: Door) => Promise<void>,
  { limits = {}, password = null }: { limits?: Partial<ClientLimits>; password?: string | null } = {},
): Promise<void> {
  const clock = new ManualClock();
  const sockets: net.Socket[] = [];
  const listener = new ClientListener({
    address: { host: "127.0.0.1", port: 0 },
    ...{ tls: null, clock, limits: { ...CLIENT_LIMITS, ...limits } },
    session: { password, readMode: "linearizable", version: "1" },
    isRead: (request: Request) => isReadOnly(request),
    onInput: () => {},
    execute: (request, _session, reply) => {
      if (request.type === "strlen") throw new TypeError("of this program");
      door.executed.push(request.type);
      if (door.isPatient) door.waiting.push(reply);
      else reply(request.type);
    },
    warn: (_event, { reason }) => void door.warned.push(reason),
  });
  const address = await new Promise<Address>((resolve) => listener.listen((_error, found) => resolve(found)));
  const door: Door = {
    ...{ listener, clock, executed: [], warned: [], waiting: [], isPatient: false },
    connect: () => {
      const socket = net.connect(address);
      sockets.push(socket);
      let text = "";
      let look = (): void => {};
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        look();
      });
      const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
      const until = (fits: RegExp): Promise<void> =>
        new Promise((resolve, reject) => {
          look = () => fits.test(text) && resolve();
          look();
          closed.then(() => fits.test(text) ? resolve() : reject(new Error(`closed after ${JSON.stringify(text)}`)));
        });
      return { socket, text: () => text, until, closed };
    },
  };
  try {
    await action(door);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      listener.close(resolve);
      clock.advance(SECOND);
    });
  }
}

/** Lets the clock go on until something has happened. */
async function passUntil(clock: ManualClock, happened: Promise<unknown>): Promise<void> {
  let isOver = false;
  happened.then(() => isOver = true);
  while (!isOver) {
    clock.advance(20 * MILLISECOND);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const POST =
  "POST / HTTP/1.1\r\nHost: 127.0.0.1:7001\r\nContent-Type: text/plain\r\n\r\nSET k evil\r\nRAFT ADD 9 x:1\r\n";

test(
  "nothing that a web page sends is executed, and its connection is closed without an answer",
  { skip },
  async () => {
    const requests = [
      POST,
      POST.replace("POST", "post"),
      "GET /?SET HTTP/1.1\r\nHost: x\r\n\r\nSET k evil\r\n",
      "GET / HTTP/1.0\r\n\r\nSET k evil\r\n",
      "\r\n\r\nPUT / HTTP/1.1\r\n\r\nSET k evil\r\n",
      "Host: x\r\nSET k evil\r\n",
      "OPTIONS * HTTP/1.1\r\n\r\nSET k evil\r\n",
      "HEAD / HTTP/1.1\r\n\r\nSET k evil\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nSET k evil\r\n",
      "*1\r\n$4\r\nPOST\r\nSET k evil\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\nSET k evil\r\n",
    ];
    for (const password of [null, "secret"]) {
      await withDoor(async ({ connect, executed, warned }) => {
        for (const request of requests) {
          for (const cuts of [[request], [...request]]) {
            const { socket, closed, text } = connect();
            socket.setNoDelay(true);
            for (const cut of cuts) socket.write(cut, "latin1");
            await closed;
            assert.deepEqual([text(), executed], ["", []], request);
          }
        }
        assert.equal(warned.length, 2 * requests.length);
        assert.match(warned[0]!, /^it speaks HTTP, perhaps for a web page: none of its commands was executed$/);
        assert.match(warned.at(-1)!, /^it begins with TLS, and this port is not encrypted$/);
        const one = connect();
        one.socket.write("GET key\r\n*1\r\n$4\r\nPING\r\n");
        await one.until(password === null ? /get\r\n\+PONG/ : /NOAUTH.*\r\n-NOAUTH/);
      }, { password });
    }
  },
);

test("silent connections keep nobody out, with a password and without", { skip }, async () => {
  for (const password of [null, "secret"]) {
    await withDoor(async ({ connect, listener }) => {
      const early = connect();
      early.socket.write(password === null ? "GET k\r\n" : "AUTH secret\r\nGET k\r\n");
      await early.until(/get\r\n/);
      const silent = Array.from({ length: 40 }, () => connect());
      await Promise.all(silent.slice(0, 30).map(({ closed }) => closed));
      const late = connect();
      late.socket.write(password === null ? "GET k\r\n" : "AUTH secret\r\nGET k\r\n");
      await late.until(/get\r\n/);
      early.socket.write("SET k v\r\n");
      await early.until(/set\r\n/);
      assert.ok(listener.counts.connections <= 12);
    }, { password, limits: { maxNewConnections: 10, maxConnections: 4 } });
  }
});

test("a client without a password is cut off after 5 seconds, whatever it sends", { skip }, async () => {
  await withDoor(async ({ connect, clock, warned }) => {
    const [silent, busy, right] = [connect(), connect(), connect()];
    busy.socket.write("PING\r\n");
    await busy.until(/NOAUTH/);
    right.socket.write("AUTH secret\r\n");
    await right.until(/OK/);
    for (let second = 0; second < 6; second++) clock.advance(SECOND);
    await Promise.all([silent.closed, busy.closed]);
    assert.deepEqual(warned, ["no password in time", "no password in time"]);
    right.socket.write("GET k\r\n");
    await right.until(/get/);
  }, { password: "secret" });
});

test(
  "after ten wrong passwords, one is checked every 20 ms, and later commands wait for it",
  { skip },
  async () => {
    await withDoor(async ({ connect, clock, warned, listener }) => {
      const attacker = connect();
      attacker.socket.write("AUTH guess\r\n".repeat(15));
      await attacker.until(/(-WRONGPASS[^\n]*\n){10}/);
      const client = connect();
      client.socket.write("AUTH secret\r\nGET k\r\n");
      let looks = 0;
      while (!/get/.test(client.text())) {
        clock.advance(20 * MILLISECOND);
        looks++;
        assert.ok(listener.counts.wrongPasswords <= 10 + looks);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await client.until(/^\+OK\r\n\$3\r\nget\r\n$/);
      assert.ok(warned.every((reason) => reason === "a wrong password"));
      assert.ok(warned.length >= 10);
    }, { password: "secret" });
  },
);

test("when all places are taken, operators still get in, and others are told so", { skip }, async () => {
  await withDoor(async ({ connect }) => {
    for (let i = 0; i < 2; i++) {
      const client = connect();
      client.socket.write("GET k\r\n");
      await client.until(/get/);
    }
    const third = connect();
    third.socket.write("PING\r\nGET k\r\n");
    await third.until(/^\+PONG\r\n-ERR max number of clients reached\r\n$/);
    await third.closed;
    const operators = [];
    for (let i = 0; i < 5; i++) {
      const operator = connect();
      operators.push(operator);
      operator.socket.write("CLIENT SETNAME me\r\nRAFT STATUS\r\nINFO\r\n");
      await operator.until(/raft-status\r\n\$4\r\ninfo\r\n/);
    }
    // The places of operators are few as well, and the latest has one.
    await Promise.all(operators.slice(0, 3).map(({ closed }) => closed));
    operators[4]!.socket.write("INFO\r\nSET k v\r\n");
    await operators[4]!.until(/info\r\n\$4\r\ninfo\r\n-ERR max number of clients/);
  }, { limits: { maxConnections: 2, operatorConnections: 2 } });
});

test(
  "after bytes that cannot be read on, the reason is sent and the connection closed while more comes",
  { skip },
  async () => {
    const cases: [bytes: string, reason: RegExp][] = [
      ["\x00", /-ERR Protocol error: too big inline request/],
      ["*\x00", /-ERR Protocol error: too big mbulk count string/],
      ["$\x00", /-ERR Protocol error: too big inline request/],
      ["*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", /-ERR Protocol error: expected '\$', got 'f'/],
      ["*1\r\n$blabla\r\n", /-ERR Protocol error: invalid bulk length/],
      ["*3000000000\r\n", /-ERR Protocol error: invalid multibulk length/],
      ['set """k""" v\r\n', /-ERR Protocol error: unbalanced quotes in request/],
    ];
    await withDoor(async ({ connect, clock }) => {
      for (const [bytes, reason] of cases) {
        const { socket, until, closed } = connect();
        socket.write(bytes, "latin1");
        // Like Redis's own test: it goes on to send until it cannot.
        const more = (): void => {
          while (socket.writable && !socket.destroyed && socket.writableLength < 100_000) {
            socket.write("payload".repeat(1000));
          }
        };
        socket.on("drain", more);
        const timer = setInterval(more, 1);
        await until(reason);
        clock.advance(SECOND);
        await closed;
        clearInterval(timer);
      }
    });
  },
);

test(
  "a listener that closes lets each connection finish its commands, and refuses new ones",
  { skip },
  async () => {
    await withDoor(async (door) => {
      const { connect, clock, listener } = door;
      const [idle, busy, eager] = [connect(), connect(), connect()];
      for (const { socket, until } of [idle, busy, eager]) {
        socket.write("GET k\r\n");
        await until(/get\r\n/);
      }
      door.isPatient = true;
      busy.socket.write("SET k v\r\n");
      while (door.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const drained = new Promise<void>((resolve) => listener.drain(5 * SECOND, resolve));
      clock.advance(100 * MILLISECOND);
      eager.socket.write("SET k v\r\nSET k v\r\n");
      await eager.until(/get\r\n(-TRYAGAIN nothing was done: this node stops\r\n)/);
      await passUntil(clock, eager.closed);
      await passUntil(clock, idle.closed);
      const late = connect();
      // What a client's library says first is answered: it would take a refusal for a wrong password.
      late.socket.write("HELLO 2\r\nCLIENT SETNAME late\r\nGET k\r\nGET k\r\n");
      await late.until(/^\*14\r\n[^-]*\r\n\+OK\r\n-TRYAGAIN nothing was done: this node stops\r\n$/);
      assert.equal(busy.socket.destroyed, false);
      door.waiting[0]!({ simple: "OK" });
      await busy.until(/get\r\n\+OK\r\n$/);
      await passUntil(clock, Promise.all([busy.closed, drained]));
    });
  },
);

test("the version of the protocol changes with the answer to HELLO, and not before", { skip }, async () => {
  await withDoor(async (door) => {
    const { connect } = door;
    const one = connect();
    door.isPatient = true;
    one.socket.write("GET a\r\nHELLO 3\r\nGET b\r\nCONFIG GET save\r\nRESET\r\nCLIENT GETNAME\r\n");
    while (door.waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    door.waiting[1]!(null);
    door.waiting[0]!(null);
    await one.until(/RESET\r\n\$-1\r\n$/);
    assert.match(
      one.text(),
      /^\$-1\r\n%7\r\n\$6\r\nserver[^]*\r\n_\r\n%1\r\n\$4\r\nsave\r\n\$0\r\n\r\n\+RESET\r\n\$-1\r\n$/,
    );
  });
});

test("if all clients hold too much memory together, the one that holds most is closed", { skip }, async () => {
  await withDoor(async ({ connect, clock, warned, listener }) => {
    const hogs = Array.from({ length: 4 }, () => connect());
    for (const { socket } of hogs) socket.write(`*2\r\n$3\r\nGET\r\n$1000000\r\n${"x".repeat(900_000)}`);
    const modest = connect();
    modest.socket.write("GET k\r\n");
    await modest.until(/get/);
    const closed = Promise.race(hogs.map((hog) => hog.closed));
    while (warned.length === 0) {
      clock.advance(SECOND);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    assert.match(warned[0]!, /^it holds \d+ bytes of this node's memory, and all clients together hold too many$/);
    assert.ok(listener.counts.connections >= 2);
    modest.socket.write("GET k\r\n");
    await modest.until(/get[^]*get/);
  }, { limits: { maxHeldBytes: 2_000_000 } });
});

/** Writes pieces one after another, until the other side reads no more for a while. Returns how many it took. */
async function writtenUntilStuck(socket: net.Socket, piece: Uint8Array, most: number): Promise<number> {
  let taken = 0;
  for (; taken < most; taken++) {
    const isTaken = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 300);
      socket.write(piece, () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    if (!isTaken) break;
  }
  return taken;
}

const MEGABYTE = 1 << 20;
const encoded = (...args: string[]): string =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;

test("commands that wait for an earlier one are read no further than the limit", { skip }, async () => {
  const large = "x".repeat(MEGABYTE);
  const pieces: readonly (readonly [string, string])[] = [
    ["writes behind a read", encoded("SET", "k", large)],
    ["answers behind an answer", encoded("ECHO", large)],
    ["answers that are larger than their commands", encoded("COMMAND", "DOCS").repeat(40_000)],
  ];
  for (const [what, piece] of pieces) {
    await withDoor(async (door) => {
      door.isPatient = true;
      const { socket, until } = door.connect();
      socket.write("GET first\r\n");
      while (door.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const taken = await writtenUntilStuck(socket, Buffer.from(piece), 64);
      assert.ok(taken < 40, `${what}: ${taken} MB were taken`);
      const after = door.waiting.length;
      door.waiting[0]!("first");
      await until(/^\$5\r\nfirst\r\n/);
      // What waited goes on.
      if (what.startsWith("writes")) {
        while (door.waiting.length === after) await new Promise((resolve) => setImmediate(resolve));
      } else await until(/^[^]{1000000}/);
    });
  }
});

test("a request begins although answers wait behind it that are larger than the limit", { skip }, async () => {
  await withDoor(async (door) => {
    door.isPatient = true;
    const { socket, until, text } = door.connect();
    socket.write(`SET a b\r\nGET c\r\n${encoded("ECHO", "x".repeat(MEGABYTE)).repeat(9)}`);
    while (door.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    door.waiting[0]!({ simple: "OK" });
    while (door.waiting.length === 1) await new Promise((resolve) => setImmediate(resolve));
    door.waiting[1]!("c");
    await until(/^\+OK\r\n\$1\r\nc\r\n/);
    while (text().length < 9 * MEGABYTE) await new Promise((resolve) => setImmediate(resolve));
  });
});

test("while a password waits for its check, nothing more is read behind it", { skip }, async () => {
  await withDoor(async ({ connect, listener }) => {
    const guesser = connect();
    guesser.socket.write("AUTH guess\r\n".repeat(12));
    await guesser.until(/(-WRONGPASS[^\n]*\n){10}/);
    const { socket } = connect();
    socket.write("AUTH guess\r\n");
    while (listener.counts.accepted < 2) await new Promise((resolve) => setImmediate(resolve));
    const piece = Buffer.from(encoded(...Array(10).fill("x".repeat(16_000))).repeat(6));
    const taken = await writtenUntilStuck(socket, piece, 64);
    assert.ok(taken < 40, `${taken} MB were taken`);
  }, { password: "secret" });
});

test("arguments without bytes count as memory too", { skip }, async () => {
  await withDoor(async ({ connect, clock, warned }) => {
    const hogs = Array.from({ length: 4 }, () => connect());
    for (const { socket } of hogs) socket.write(`*1000000\r\n${"$0\r\n\r\n".repeat(100_000)}`);
    while (warned.length === 0) {
      clock.advance(SECOND);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.match(warned[0]!, /all clients together hold too many$/);
  }, { limits: { maxHeldBytes: 8_000_000 } });
});

test("ten thousand commands that are answered at once may wait for one that is not", { skip }, async () => {
  await withDoor(async (door) => {
    door.isPatient = true;
    const { socket, until } = door.connect();
    socket.write(`GET first\r\n${"SET k v\r\n".repeat(10_000)}ECHO end\r\n`);
    while (door.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // All have been read.
    await new Promise((resolve) => setTimeout(resolve, 100));
    door.isPatient = false;
    door.waiting[0]!("first");
    await until(/^\$5\r\nfirst\r\n(\$3\r\nset\r\n){10000}\$3\r\nend\r\n$/);
  });
});

test("an error in this program closes only the connection of the client that triggers it", { skip }, async () => {
  await withDoor(async ({ connect, warned }) => {
    const [one, other] = [connect(), connect()];
    other.socket.write("GET k\r\n");
    await other.until(/get/);
    one.socket.write("STRLEN k\r\n");
    await one.closed;
    assert.deepEqual(warned, ["an unexpected error: of this program"]);
    other.socket.write("GET k\r\n");
    await other.until(/get[^]*get/);
  });
});

test("a long answer is written piece by piece, and the same as at once", { skip }, async () => {
  await withDoor(async (door) => {
    door.isPatient = true;
    const [one, other] = [door.connect(), door.connect()];
    const list: RespValue[] = Array.from({ length: 300_000 }, (_, i) => i % 3 === 0 ? null : `key ${i}`);
    one.socket.write("KEYS *\r\nGET k\r\nECHO end\r\n");
    while (door.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const writer = new RespWriter();
    writer.value(list);
    const expected = `${writer.take().toString("latin1")}$1\r\nv\r\n$3\r\nend\r\n`;
    door.waiting[0]!(list);
    // Another client is served before the answer is complete.
    other.socket.write("PING\r\n");
    await other.until(/PONG/);
    assert.ok(one.text().length < expected.length);
    while (door.waiting.length === 1) await new Promise((resolve) => setImmediate(resolve));
    door.waiting[1]!("v");
    while (one.text().length < expected.length) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(one.text() === expected);
  });
});

test("silent connections are closed before those whose password waits to be checked", { skip }, async () => {
  await withDoor(async ({ connect, clock, listener }) => {
    const guesser = connect();
    guesser.socket.write("AUTH guess\r\n".repeat(12));
    await guesser.until(/(-WRONGPASS[^\n]*\n){10}/);
    const client = connect();
    client.socket.write("AUTH secret\r\nGET k\r\n");
    const arrived = (count: number): Promise<void> =>
      passUntilTrue(() => listener.counts.accepted >= count && listener.counts.connections <= 4);
    await arrived(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (let i = 0; i < 50; i++) connect();
    await arrived(52);
    while (!/get/.test(client.text())) {
      assert.equal(client.socket.destroyed, false);
      clock.advance(20 * MILLISECOND);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }, { password: "secret", limits: { maxNewConnections: 4 } });
});

async function passUntilTrue(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("a long pipeline is begun piece by piece, and the others have their turns", { skip }, async () => {
  await withDoor(async (door) => {
    const { socket, until } = door.connect();
    socket.write(`${"SET k v\r\n".repeat(20_000)}ECHO end\r\n`);
    let most = 0;
    for (let before = 0; before < 20_000; before = door.executed.length) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, door.executed.length - before);
    }
    assert.ok(most <= 2048, `${most} commands were begun in one turn`);
    await until(/^(\$3\r\nset\r\n){20000}\$3\r\nend\r\n$/);
  });
});
