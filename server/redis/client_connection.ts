/**
 * One client's connection: it takes commands, and writes answers in the same order.
 *
 * Reads of one connection run concurrently, and so do writes. When a read follows a write, or a write a read, it waits
 * for the earlier answers. So a read sees the writes before it and none after it. (Around a change of leader, writes of
 * one pipeline may change their order. A client that cares waits for each answer.)
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

/** Commands that concern more than the client's connection. */
export type Request = StoreCommand | KeysCommand | AdminCommand | TransactionCommand;

/** The pool in which a connection counts: one that has sent nothing yet, a client's, or an operator's. */
type Place = "new" | "client" | "operator";

/** The interface of the listener that accepted a connection. */
export interface Door {
  readonly limits: ClientLimits;
  readonly session: RespSessionOptions;
  /** Executes a request. Calls `reply` once, possibly at once. */
  execute(request: Request, session: RespSession, reply: (value: RespValue) => void): void;
  /** Whether a request only reads. */
  isRead(request: Request): boolean;
  /** Why a command is refused: there is no room for another client, or the node stops. `null` if it is accepted. */
  admit(connection: ClientConnection, command: Command): RespFailure | null;
  /** Checks a password now or later, because many attempts may be made. */
  login(connection: ClientConnection, look: () => RespValue, answer: (value: RespValue) => void): void;
  /** Called when the client speaks another protocol than Redis's. */
  onForeign(connection: ClientConnection, protocol: string): void;
  /** Called when there are answers to write. */
  onAnswers(connection: ClientConnection): void;
}

/** The assumed length of an answer before a connection has had one. */
const FIRST_ANSWER_BYTES = 1 << 20;

/** The place of an answer in the order. */
interface Slot {
  value: RespValue | undefined;
  /** The protocol version from this answer on. */
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
  /** When the connection was accepted. */
  readonly since: number;
  place: Place = "new";
  /** When the client last sent something. */
  lastActive: number;
  /** Whether the connection takes and answers nothing any more. */
  isOver = false;
  /** Whether answers wait to be written. */
  isDirty = false;
  readonly #door: Door;
  readonly #parser: RespParser;
  readonly #writer: RespWriter = new RespWriter();
  /** Answers in order; some may not have come yet. `#slots[#head]` is the first. */
  #slots: Slot[] = [];
  #head = 0;
  /** Requests that wait for those of the other kind, reads or writes. */
  #waiting: Waiting[] = [];
  /** Commands that wait while a password is checked; `null` while none is. */
  #behindLogin: { readonly args: string[]; readonly isInline: boolean }[] | null = null;
  /** How many requests are under way, and whether they are reads. */
  #underWay = 0;
  #isReading = true;
  /** The expected length of an answer: that of the last ones. It limits how many commands are begun. */
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

  /** The client's address, for the log. */
  get remote(): string {
    return `${this.socket.remoteAddress ?? "?"}:${this.socket.remotePort ?? 0}`;
  }

  /** How many bytes of this process's memory it uses. */
  get heldBytes(): number {
    return this.#parser.heldBytes + this.#writer.length + this.socket.writableLength +
      (this.session.transaction?.bytes ?? 0);
  }

  /** Whether all its commands are answered. */
  get isIdle(): boolean {
    return this.#slots.length === this.#head && this.#writer.length === 0;
  }

  /** Takes bytes from the client. */
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

  /** Continues with commands that were held up. */
  resume(): void {
    this.#performWaiting();
    if (!this.#isPaused || this.isOver || this.#isFull()) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  /** Writes the answers that have come. Returns whether the connection should end, because all is answered. */
  write(): boolean {
    this.isDirty = false;
    if (this.isOver) return false;
    this.socket.write(this.#writer.take());
    if (this.session.isQuitting && this.#slots.length === this.#head) return true;
    this.resume();
    return false;
  }

  /** Ends the connection at once, without further answers. */
  destroy(): void {
    this.forget();
    this.socket.destroy();
  }

  /** Drops all its commands and answers. */
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

  /** Adds a place for an answer, which may be filled already. */
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

  /** Answers a command at once, or arranges for its answer. */
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

  /** Fills a place. The answer may have changed the session. */
  #settle(slot: Slot, value: RespValue): void {
    slot.value = value;
    slot.version = this.session.version;
    this.#parser.restricted = !this.session.isAuthenticated;
  }

  /** Checks a password. The commands behind it wait, since they depend on the result. */
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

  /** Executes a transaction, which ends it. */
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

  /** Writes the answers up to the first one that is missing. */
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
      // There is no memory for the answer: only this client's connection ends.
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
