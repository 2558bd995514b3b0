import { test } from "node:test";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import { MILLISECOND } from "../../../server/clock.ts";
import { createLiveClock } from "../../../server/live_clock.ts";
import { Conduit, type ConduitOptions } from "../../../harness/rig/conduit.ts";
import { listen, type Listener } from "../../../harness/rig/listener.ts";
import { createRandom } from "../../../raft/random.ts";
import { mayUse } from "../../corpus.ts";
import { ManualClock } from "../../server/manual_clock.ts";

const skip = mayUse("net") ? false : "needs sockets";

/** One side of a connection, and what has come to it. */
class Side {
  readonly socket: net.Socket;
  text = "";
  isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(socket: net.Socket) {
    this.socket = socket;
    const changed = (): void => {
      for (const check of this.#waiting.splice(0)) check();
    };
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      this.text += Buffer.from(bytes).toString("latin1");
      changed();
    });
    socket.on("close", () => {
      this.isClosed = true;
      changed();
    });
  }

  /** Resolves when so much has come. */
  received(text: string): Promise<void> {
    return this.#until(() => this.text === text);
  }

  closed(): Promise<void> {
    return this.#until(() => this.isClosed);
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (isSo()) resolve();
        else this.#waiting.push(check);
      };
      check();
    });
  }
}

/** A target behind a proxy, and ways to connect. */
interface Scene {
  readonly proxy: Conduit;
  /** Connects through the proxy; the far side is there once the target was reached. */
  connect(): { near: Side; far: Promise<Side> };
  close(): Promise<void>;
}

async function setScene(options: Partial<ConduitOptions> = {}): Promise<Scene> {
  const arrivals: ((side: Side) => void)[] = [];
  const sides: Side[] = [];
  const target = net.createServer((socket) => {
    const side = new Side(socket);
    sides.push(side);
    arrivals.shift()?.(side);
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as net.AddressInfo;
  const proxy = new Conduit({
    target: { host: "127.0.0.1", port },
    clock: createLiveClock(),
    random: createRandom(1).below,
    ...options,
  });
  const listener = await new Promise<Listener>((resolve, reject) =>
    listen((socket) => proxy.accept(socket), (error, started) => started === null ? reject(error) : resolve(started))
  );
  return {
    proxy,
    connect() {
      const far = new Promise<Side>((resolve) => arrivals.push(resolve));
      const near = new Side(net.connect(listener.address));
      sides.push(near);
      return { near, far };
    },
    async close() {
      proxy.close();
      await new Promise<void>((done) => listener.close(done));
      for (const { socket } of sides) socket.destroy();
      target.close();
    },
  };
}

test("a whole link lets everything through, both ways, to the end", { skip }, async () => {
  const scene = await setScene();
  const { near, far } = scene.connect();
  const text = "abcdefghij".repeat(300_000);
  near.socket.write(text);
  const there = await far;
  there.socket.write("welcome");
  await near.received("welcome");
  near.socket.end("end");
  await there.closed();
  await near.closed();
  assert.equal(there.text, `${text}end`);
  assert.deepEqual(scene.proxy.status(), { connections: 0, broken: 0 });
  await scene.close();
});

test("a cut link stands still both ways, and goes on where it was when healed", { skip }, async () => {
  const scene = await setScene();
  const { near, far } = scene.connect();
  near.socket.write("before");
  const there = await far;
  await there.received("before");
  scene.proxy.cut();
  near.socket.write(" during");
  there.socket.write("answer");
  // What was sent on another link has long arrived when nothing of this one has.
  const other = await setScene();
  const witness = other.connect();
  witness.near.socket.write("sent later");
  await (await witness.far).received("sent later");
  assert.deepEqual([there.text, near.text, there.isClosed, near.isClosed], ["before", "", false, false]);
  scene.proxy.heal();
  await there.received("before during");
  await near.received("answer");
  await Promise.all([scene.close(), other.close()]);
});

test("behind a cut, the end of one side is hidden from the other", { skip }, async () => {
  const scene = await setScene();
  const { near, far } = scene.connect();
  near.socket.write("before");
  const there = await far;
  await there.received("before");
  scene.proxy.cut();
  near.socket.end(" farewell");
  const other = await setScene();
  const witness = other.connect();
  witness.near.socket.end();
  await (await witness.far).closed();
  assert.deepEqual([there.text, there.isClosed], ["before", false]);
  scene.proxy.heal();
  await there.closed();
  assert.equal(there.text, "before farewell");
  await Promise.all([scene.close(), other.close()]);
});

test("a connection that begins during a cut reaches its target only after the cut is healed", { skip }, async () => {
  const scene = await setScene();
  scene.proxy.cut();
  const { near, far } = scene.connect();
  let hasArrived = false;
  far.then(() => hasArrived = true);
  await new Promise((resolve) => near.socket.on("connect", resolve));
  near.socket.write("hello");
  const other = await setScene();
  await Promise.all([other.connect().far]);
  assert.equal(hasArrived, false);
  scene.proxy.heal();
  await (await far).received("hello");
  await Promise.all([scene.close(), other.close()]);
});

test("a link that refuses closes present and new connections", { skip }, async () => {
  const scene = await setScene();
  const { near, far } = scene.connect();
  near.socket.write("x");
  const there = await far;
  await there.received("x");
  scene.proxy.cut("refuse");
  await Promise.all([near.closed(), there.closed()]);
  const { near: refused, far: nextArrival } = scene.connect();
  await refused.closed();
  scene.proxy.heal();
  scene.connect().near.socket.write("y");
  await (await nextArrival).received("y");
  await scene.close();
});

test("a slow link delivers everything late, in order, and both ways", { skip }, async () => {
  const clock = new ManualClock();
  const scene = await setScene({ clock, random: () => 1023 });
  const { near, far } = scene.connect();
  near.socket.write("a");
  const there = await far;
  await there.received("a");
  scene.proxy.disturb({ delay: 50 * MILLISECOND, jitter: 20 * MILLISECOND });
  near.socket.write("b");
  await clock.waiting(1);
  assert.deepEqual(clock.delays(), [70 * MILLISECOND]);
  clock.advance(70 * MILLISECOND - 1);
  scene.proxy.disturb({});
  there.socket.write("answer");
  await near.received("answer");
  assert.equal(there.text, "a");
  near.socket.write("c");
  clock.advance(1);
  await there.received("abc");
  await scene.close();
});

test("delayed bytes stay behind a cut that came meanwhile", { skip }, async () => {
  const clock = new ManualClock();
  const scene = await setScene({ clock });
  const { near, far } = scene.connect();
  near.socket.write("a");
  const there = await far;
  await there.received("a");
  scene.proxy.disturb({ delay: 50 * MILLISECOND });
  near.socket.write("b");
  await clock.waiting(1);
  scene.proxy.cut();
  clock.advance(100 * MILLISECOND);
  const other = await setScene();
  const witness = other.connect();
  witness.near.socket.write("sent later");
  await (await witness.far).received("sent later");
  assert.equal(there.text, "a");
  scene.proxy.cut();
  scene.proxy.heal();
  await there.received("ab");
  await Promise.all([scene.close(), other.close()]);
});

test("the end of a connection does not overtake delayed bytes", { skip }, async () => {
  const clock = new ManualClock();
  const scene = await setScene({ clock });
  scene.proxy.disturb({ delay: 50 * MILLISECOND });
  const { near, far } = scene.connect();
  near.socket.end("late");
  await clock.waiting(1);
  const there = await far;
  assert.equal(there.isClosed, false);
  clock.advance(50 * MILLISECOND);
  await there.received("late");
  if (!there.isClosed) clock.advance(50 * MILLISECOND);
  const closing = there.closed();
  await Promise.race([closing, clock.waiting(1)]);
  clock.advance(50 * MILLISECOND);
  await closing;
  assert.equal(there.text, "late");
  await scene.close();
});

test("a link that breaks closes its connections at moments that the seed decides", { skip }, async () => {
  const momentsOf = async (seed: number): Promise<number[]> => {
    const clock = new ManualClock();
    const scene = await setScene({ clock, random: createRandom(seed).below });
    scene.proxy.disturb({ breakInterval: 1000 });
    const moments: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { near, far } = scene.connect();
      near.socket.write("x");
      const there = await far;
      await there.received("x");
      moments.push(clock.delays()[0]!);
      clock.advance(moments.at(-1)!);
      await Promise.all([near.closed(), there.closed()]);
    }
    assert.equal(scene.proxy.status().broken, 3);
    scene.proxy.disturb({});
    assert.deepEqual(clock.delays(), []);
    await scene.close();
    return moments;
  };
  const moments = await momentsOf(1);
  for (const moment of moments) assert.ok(moment >= 500 && moment <= 1500, `${moment}`);
  assert.deepEqual(await momentsOf(1), moments);
  assert.notDeepEqual(await momentsOf(2), moments);
});

test("a target that is not there closes the connection", { skip }, async () => {
  const gone = net.createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const { port } = gone.address() as net.AddressInfo;
  await new Promise<void>((resolve) => gone.close(() => resolve()));
  const scene = await setScene({ target: { host: "127.0.0.1", port } });
  const { near } = scene.connect();
  await near.closed();
  assert.equal(near.text, "");
  await scene.close();
});

test(
  "a link that is cut in one direction lets the other pass, on connections that either side has made",
  { skip },
  async () => {
    for (const [direction, isHeard] of [["out", false], ["back", true]] as const) {
      const scene = await setScene();
      const { near, far } = scene.connect();
      near.socket.write("before");
      const there = await far;
      await there.received("before");
      scene.proxy.cut("blackhole", [direction]);
      near.socket.write(" during");
      there.socket.write("answer");

      if (isHeard) await there.received("before during");
      else await near.received("answer");
      assert.equal(isHeard ? near.text : there.text, isHeard ? "" : "before");

      scene.proxy.heal([direction]);
      await Promise.all([there.received("before during"), near.received("answer")]);
      await scene.close();
    }
  },
);

test("no connection is made while either direction is cut: a handshake needs both", { skip }, async () => {
  const scene = await setScene();
  scene.proxy.cut("blackhole", ["out"]);
  scene.proxy.cut("blackhole", ["back"]);
  const { near, far } = scene.connect();
  near.socket.write("hello");

  scene.proxy.heal(["out"]);
  await new Promise((resolve) => near.socket.once("connect", resolve));
  while (scene.proxy.status().connections === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  let isThere = false;
  void far.then(() => isThere = true);
  assert.equal(isThere, false);

  scene.proxy.heal(["back"]);
  await (await far).received("hello");
  await scene.close();
});
