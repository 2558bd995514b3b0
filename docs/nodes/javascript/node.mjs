/**
 * A node for Maelstrom's protocol, to copy into your own project: one file, for Node, Deno and Bun.
 *
 * It works under `--target maelstrom`, under Maelstrom itself, and in lockstep (`--clock lockstep`), where the same seed repeats the run byte for byte.
 * In lockstep, all waiting must go through this file: use `rpc`, `sleep`, `every`, `now` and `random` of this file, and no timers, clocks, files or sockets.
 *
 *     import { Node } from "./node.mjs";
 *     const node = new Node();
 *     node.on("echo", ({ body }) => ({ type: "echo_ok", echo: body.echo }));
 *     node.run();
 */
import process from "node:process";
import { setImmediate } from "node:timers";

/** An error that is sent to a client or another node. 0 timeout, 10 not supported, 11 unavailable, 14 abort, 20 no such key, 22 precondition failed. */
export class RpcError extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

export class Node {
  /** This node's name, and the names of all. */
  id = "";
  ids = [];
  #handlers = new Map();
  #waiting = new Map();
  #nextId = 0;
  /** What waits for its time: [time, order, action], earliest first. */
  #timers = [];
  #order = 0;
  #out = "";
  /** In lockstep: the time of the last line. */
  #virtual = null;
  #alarm = null;
  #state = (Math.random() * 4294967296) >>> 0;

  /** `handler` takes a message and returns the body of its answer, or a promise of one, or nothing. */
  on(type, handler) {
    this.#handlers.set(type, handler);
    return this;
  }

  /** Sends a message that needs no answer. */
  send(dest, body) {
    if (this.#out === "" && this.#virtual === null) setImmediate(() => this.#flush());
    this.#out += JSON.stringify({ src: this.id, dest, body }) + "\n";
  }

  /** Answers a message. */
  reply({ src, body }, answer) {
    this.send(src, { ...answer, in_reply_to: body.msg_id });
  }

  /** Asks another node or a service. Rejects with an `RpcError`: the answer's, or 0 if none came within `timeout` ms. */
  rpc(dest, body, timeout = 1000) {
    const msg_id = ++this.#nextId;
    this.send(dest, { ...body, msg_id });
    return new Promise((resolve, reject) => {
      const timer = this.#after(timeout, () => {
        this.#waiting.delete(msg_id);
        reject(new RpcError(0, `no answer from ${dest} within ${timeout} ms`));
      });
      this.#waiting.set(msg_id, (answer) => {
        this.#cancel(timer);
        if (answer.type === "error") reject(new RpcError(answer.code, answer.text));
        else resolve(answer);
      });
    });
  }

  /** Milliseconds. */
  now() {
    return this.#virtual ?? performance.now();
  }

  /** Waits for `ms`. */
  sleep(ms) {
    return new Promise((resolve) => this.#after(ms, resolve));
  }

  /** Runs `action` every `ms`, from now on; again only when it is done. */
  every(ms, action) {
    this.spawn(async () => {
      for (;;) {
        await this.sleep(ms);
        await action();
      }
    });
  }

  /** Runs a task beside all others. */
  spawn(task) {
    Promise.resolve().then(task).catch((error) => this.#failed(error));
  }

  /** A random number from 0 up to 1 (splitmix32); in lockstep it follows from the run's seed, the node and its life. */
  random() {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296;
  }

  /** Begins to listen. */
  run() {
    let rest = "";
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line.trim() !== "") this.#take(JSON.parse(line));
    });
    process.stdin.on("end", () => process.exit(0));
  }

  #take(message) {
    if (message.now === undefined) return this.#handle(message);
    this.#step(message).catch((error) => this.#failed(error));
  }

  /** A step in lockstep: what is due, then the message, one after another. */
  async #step(message) {
    this.#virtual = message.now;
    if (message.seed !== undefined) this.#state = message.seed >>> 0;
    await this.#due();
    if (message.src !== "clock") {
      this.#handle(message);
      await turn();
      await this.#due();
    }
    const wake_at = this.#timers.length > 0 ? this.#timers[0][0] : null;
    this.send("clock", { type: "idle", seq: message.seq, wake_at });
    this.#flush();
  }

  async #due() {
    while (this.#timers.length > 0 && this.#timers[0][0] <= this.now()) {
      this.#timers.shift()[2]();
      await turn();
    }
  }

  #handle(message) {
    const { body } = message;
    if (body.in_reply_to !== undefined) {
      const answered = this.#waiting.get(body.in_reply_to);
      this.#waiting.delete(body.in_reply_to);
      return answered?.(body);
    }
    if (body.type === "init") [this.id, this.ids] = [body.node_id, body.node_ids];
    const handler = this.#handlers.get(body.type);
    this.spawn(async () => {
      try {
        if (handler === undefined && body.type !== "init") throw new RpcError(10, `${body.type} is not supported`);
        const answer = await handler?.(message) ?? (body.type === "init" ? { type: "init_ok" } : undefined);
        if (answer !== undefined && body.msg_id !== undefined) this.reply(message, answer);
      } catch (error) {
        if (!(error instanceof RpcError)) process.stderr.write(`${error.stack}\n`);
        const { code = 13, message: text } = error;
        if (body.msg_id !== undefined) this.reply(message, { type: "error", code, text });
      }
    });
  }

  #after(ms, action) {
    const timer = [this.now() + ms, this.#order++, action];
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1][0] > timer[0]) at--;
    this.#timers.splice(at, 0, timer);
    if (at === 0) this.#setAlarm();
    return timer;
  }

  #cancel(timer) {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  /** On real time: an alarm for the earliest timer. In lockstep the harness wakes us. */
  #setAlarm() {
    if (this.#virtual !== null) return;
    clearTimeout(this.#alarm);
    if (this.#timers.length === 0) return;
    this.#alarm = setTimeout(async () => {
      await this.#due();
      this.#setAlarm();
    }, Math.max(0, this.#timers[0][0] - this.now()));
  }

  #flush() {
    const text = this.#out;
    this.#out = "";
    process.stdout.write(text);
  }

  #failed(error) {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  }
}

/** Lets every promise that is settled go on. */
function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}
