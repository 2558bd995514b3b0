/**
 * One client's connection: commands in, answers out, in the same order.
 *
 * Commands of one connection that only read are under way together, and so are those that write; where one kind follows
 * the other, it waits for the answers. So a read sees the writes before it and none after it. (Around a change of
 * leader, writes of one pipeline may change their order: a client that minds waits for its answers.)
 *
 * @module
 */
import type { Socket } from "node:net";
import { foreignCommand } from "./foreign_protocol.ts";
import {
  createRespParser,
  type RespFailure,
  type RespParser,
  RespProtocolError,
  type RespValue,
  type RespVersion,
  RespWriter,
} from "./resp.ts";
import type { ClientLimits } from "./client_limits.ts";
import {
  type AdminCommand,
  type Command,
  type KeysCommand,
  parseCommand,
  type StoreCommand,
  type TransactionCommand,
} from "./resp_commands.ts";
import {
  answerConnectionCommand,
  endTransaction,
  givesPassword,
  isConnectionCommand,
  queue,
  refusal,
  type RespSession,
  type RespSessionOptions,
} from "./resp_session.ts";

/** What a client asked beyond its connection. */
export type Request = StoreCommand | KeysCommand | AdminCommand | TransactionCommand;

/** In which pool a connection counts: one that has said nothing yet, a client's, or an operator's. */
type Place = "new" | "client" | "operator";

/** What a connection needs of the door that it came through. */
export interface Door {
  readonly limits: ClientLimits;
  readonly session: RespSessionOptions;
  /** Does what a client asks. `reply` is called once, perhaps at once. */
  execute(request: Request, session: RespSession, reply: (value: RespValue) => void): void;
  /** Whether a request only reads. */
  isRead(request: Request): boolean;
  /** Why a command is not taken now: there is no room for another client, or the node stops; `null` if it is. */
  admit(connection: ClientConnection, command: Command): RespFailure | null;
  /** Looks at a password now or later, as many may be tried. */
  login(connection: ClientConnection, look: () => RespValue, answer: (value: RespValue) => void): void;
  /** Something else than Redis's protocol is spoken. */
  onForeign(connection: ClientConnection, protocol: string): void;
  /** There are answers to write. */
  onAnswers(connection: ClientConnection): void;
}

/** Before a connection has had an answer, its commands are expected to have long ones. */
const FIRST_ANSWER_BYTES = 1 << 20;

/** An answer that is awaited: its place in the order is kept. */
interface Slot {
  value: RespValue | undefined;
  /** The version of the protocol from this answer on. */
  version?: RespVersion;
}

interface Waiting {
  readonly request: Request;
  readonly slot: Slot;
}

/** One client's connection. */
export class ClientConnection {
  readonly socket: Socket;
  readonly session: RespSession;
  /** When it came. */
  readonly since: number;
  place: Place = "new";
  /** When it last sent something. */
  lastActive: number;
  /** Nothing is taken or answered any more. */
  isOver = false;
  /** Whether it waits to be written to. */
  isDirty = false;
  readonly #door: Door;
  readonly #parser: RespParser;
  readonly #writer: RespWriter = new RespWriter();
  /** Answers in order; the first may not have come. `#slots[#head]` is the first. */
  #slots: Slot[] = [];
  #head = 0;
  /** Requests that wait for those of another kind. */
  #waiting: Waiting[] = [];
  /** Commands behind one that a password is looked at for; `null` while none is. */
  #behindLogin: { readonly args: string[]; readonly isInline: boolean }[] | null = null;
  /** How many requests are under way, and whether they read. */
  #underWay = 0;
  #isReading = true;
  /** How long an answer is expected to be: as long as the last ones were. It bounds how many commands are begun. */
  #answerBytes = FIRST_ANSWER_BYTES;
  #isPaused = false;

  constructor(socket: Socket, session: RespSession, door: Door, now: number) {
    this.socket = socket;
    this.session = session;
    this.since = now;
    this.lastActive = now;
    this.#door = door;
    this.#parser = createRespParser(door.limits);
    this.#parser.restricted = !session.isAuthenticated;
  }

  /** Where it comes from, for the log. */
  get remote(): string {
    return `${this.socket.remoteAddress ?? "?"}:${this.socket.remotePort ?? 0}`;
  }

  /** Bytes that it makes this process hold. */
  get heldBytes(): number {
    return this.#parser.heldBytes + this.#writer.length + this.socket.writableLength +
      (this.session.transaction?.bytes ?? 0);
  }

  /** Whether nothing that it asked is unanswered. */
  get isIdle(): boolean {
    return this.#slots.length === this.#head && this.#writer.length === 0;
  }

  /** Takes what it has sent. */
  take(chunk: Uint8Array, now: number): void {
    if (this.isOver) return;
    this.lastActive = now;
    try {
      this.#parser.feed(chunk, (args, isInline) => {
        if (!this.isOver && !this.session.isQuitting) this.#begin(args, isInline);
      });
    } catch (error) {
      if (!(error instanceof RespProtocolError)) throw error;
      if (!this.session.isQuitting && !this.isOver) this.#push({ error: `ERR ${error.message}` });
      this.session.isQuitting = true;
      this.#advance();
    }
    if (this.#isFull() && !this.#isPaused) {
      this.#isPaused = true;
      this.socket.pause();
    }
  }

  /** Goes on with what was held up. */
  resume(): void {
    this.#performWaiting();
    if (!this.#isPaused || this.isOver || this.#isFull()) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  /** Writes the answers that have come; whether the connection is to end, as everything is said. */
  write(): boolean {
    this.isDirty = false;
    if (this.isOver) return false;
    this.socket.write(this.#writer.take());
    if (this.session.isQuitting && this.#slots.length === this.#head) return true;
    this.resume();
    return false;
  }

  /** Ends it at once: nothing more is answered. */
  destroy(): void {
    this.forget();
    this.socket.destroy();
  }

  /** Nothing of it is done or answered any more. */
  forget(): void {
    this.isOver = true;
    this.#waiting = [];
    this.#behindLogin = null;
    this.session.transaction = null;
  }

  #isFull(): boolean {
    const { maxPipeline, maxUnsentBytes } = this.#door.limits;
    return this.#slots.length - this.#head > maxPipeline || this.socket.writableLength > maxUnsentBytes;
  }

  /** Keeps the place of an answer, or puts it there. */
  #push(value?: RespValue): Slot {
    const slot: Slot = { value };
    this.#slots.push(slot);
    return slot;
  }

  #begin(args: string[], isInline: boolean): void {
    if (this.#behindLogin !== null) {
      this.#behindLogin.push({ args, isInline });
      return;
    }
    const command = parseCommand(args);
    const isStrange = isInline || command.type === "invalid";
    const foreign = isStrange ? foreignCommand(args, isInline) : null;
    if (foreign !== null) return this.#door.onForeign(this, foreign);
    const slot = this.#push();
    this.#answer(command, args, slot);
    if (slot.value !== undefined) this.#advance();
  }

  /** Answers a command at once, or sees to it that it is answered. */
  #answer(command: Command, args: readonly string[], slot: Slot): void {
    const { session } = this;
    const refused = refusal(command, session) ?? this.#door.admit(this, command);
    if (refused !== null) {
      slot.value = refused;
      return;
    }
    if (givesPassword(command)) return this.#logIn(command, slot);
    const queued = session.transaction === null ? null : queue(command, bytesOf(args), session);
    if (queued !== null) slot.value = queued;
    else if (command.type === "invalid") slot.value = { error: command.error };
    else if (command.type === "exec") this.#execute(slot);
    else if (isConnectionCommand(command)) this.#settle(slot, this.#ask(command));
    else this.#perform(command, slot);
  }

  #ask(command: Parameters<typeof answerConnectionCommand>[0]): RespValue {
    return answerConnectionCommand(command, this.session, this.#door.session);
  }

  /** The answer may have changed the session. */
  #settle(slot: Slot, value: RespValue): void {
    slot.value = value;
    slot.version = this.session.version;
    this.#parser.restricted = !this.session.isAuthenticated;
  }

  /** What follows a password waits for it: it depends on how that ends. */
  #logIn(command: Command, slot: Slot): void {
    if (!isConnectionCommand(command)) return;
    this.#behindLogin = [];
    this.#door.login(this, () => this.#ask(command), (value) => {
      if (this.isOver) return;
      this.#settle(slot, value);
      const behind = this.#behindLogin ?? [];
      this.#behindLogin = null;
      this.#advance();
      for (const { args, isInline } of behind) {
        if (!this.isOver && !this.session.isQuitting) this.#begin(args, isInline);
      }
    });
  }

  /** Ends a transaction, by doing it. */
  #execute(slot: Slot): void {
    const ended = endTransaction(this.session);
    if ("error" in ended) slot.value = ended;
    else if (ended.length === 0) slot.value = [];
    else this.#perform({ type: "transaction", commands: ended }, slot);
  }

  #perform(request: Request, slot: Slot): void {
    if (this.#waiting.length > 0 || !this.#mayBegin(request)) this.#waiting.push({ request, slot });
    else this.#run(request, slot);
  }

  #mayBegin(request: Request): boolean {
    const unsent = this.#writer.length + this.socket.writableLength;
    const { maxUnsentBytes } = this.#door.limits;
    if (this.#underWay === 0) return unsent <= maxUnsentBytes;
    return this.#isReading === this.#door.isRead(request) &&
      unsent + this.#underWay * this.#answerBytes <= maxUnsentBytes;
  }

  #run(request: Request, slot: Slot): void {
    this.#underWay++;
    this.#isReading = this.#door.isRead(request);
    this.#door.execute(request, this.session, (value) => {
      if (slot.value !== undefined) return;
      slot.value = value;
      this.#underWay--;
      if (this.#waiting.length > 0) this.#performWaiting();
      this.#advance();
    });
  }

  #performWaiting(): void {
    while (this.#waiting.length > 0) {
      const { request, slot } = this.#waiting[0]!;
      if (this.isOver || !this.#mayBegin(request)) return;
      this.#waiting.shift();
      this.#run(request, slot);
    }
  }

  /** Writes the answers that are due: those that no earlier one holds up. */
  #advance(): void {
    if (this.isOver) return;
    const slots = this.#slots;
    let head = this.#head;
    try {
      for (; head < slots.length; head++) {
        const { value, version } = slots[head]!;
        if (value === undefined) break;
        if (version !== undefined) this.#writer.version = version;
        const before = this.#writer.length;
        this.#writer.value(value);
        this.#answerBytes = Math.max(this.#writer.length - before, this.#answerBytes >> 1);
      }
    } catch {
      // There is no memory for the answer: that is this client's end, and nobody else's.
      return this.destroy();
    }
    this.#forgetAnswered(head);
    if (!this.isDirty && this.#writer.length > 0) this.#door.onAnswers(this);
  }

  #forgetAnswered(head: number): void {
    if (head === this.#slots.length) {
      this.#slots = [];
      this.#head = 0;
    } else if (head > 1024 && 2 * head > this.#slots.length) {
      this.#slots = this.#slots.slice(head);
      this.#head = 0;
    } else this.#head = head;
  }
}

function bytesOf(args: readonly string[]): number {
  return args.reduce((sum, arg) => sum + arg.length + 16, 0);
}
