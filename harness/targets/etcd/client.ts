/**
 * A client of one etcd node, for every workload.
 *
 * Numbers are stored as decimal texts, lists as JSON. A set is a prefix with a key for each element.
 *
 * @module
 */
import { HttpError } from "../../rig/http_once.ts";
import type { Completion, Invocation } from "../../workloads/workload.ts";
import type { Client } from "../processes/process_target.ts";
import { call, decode, encode, type KeyValue, type RangeResult, type TxnResult } from "./gateway.ts";

/** A part of a transaction. */
type Micro = readonly ["append" | "r", string, unknown];

/** The time limit of a call, in milliseconds: less than a client waits. */
const TIMEOUT = 2_500;
const SET_PREFIX = "set/";
/** The first key behind every key with the prefix. */
const SET_END = "set0";

/** Asks one node. */
export class EtcdClient implements Client {
  readonly #port: number;
  /** Whether it reads from the node's own state, which may be old: wrong on purpose. */
  readonly #isSerializable: boolean;

  constructor(port: number, isSerializable: boolean) {
    this.#port = port;
    this.#isSerializable = isSerializable;
  }

  /**
   * Performs an operation. A failed read certainly changed nothing, and neither did a request that no process accepted.
   */
  async invoke(operation: Invocation): Promise<Completion> {
    try {
      return await this.#perform(operation);
    } catch (error) {
      if (!isRead(operation) && !(error instanceof HttpError && error.isRefused)) throw error;
      return { type: "fail", error: (error as Error).message };
    }
  }

  #perform({ f, key, value }: Invocation): Promise<Completion> {
    switch (f) {
      case "get":
        return this.#get(`${key}`);
      case "read":
        return key === undefined ? this.#readSet() : this.#get(`${key}`);
      case "put":
      case "write":
        return this.#put(`${key}`, String(value), value);
      case "delete":
        return this.#delete(`${key}`);
      case "cas":
        return this.#cas(`${key}`, value as readonly [number, number]);
      case "add":
        return this.#put(`${SET_PREFIX}${value}`, "", value);
      case "txn":
        return this.#txn(value as readonly Micro[]);
      default:
        throw new TypeError(`etcd's client does not know the operation ${f}`);
    }
  }

  #call<Result>(path: string, body: unknown): Promise<Result> {
    return call<Result>(this.#port, path, body, TIMEOUT);
  }

  #range(key: string, more: object = {}): Promise<RangeResult> {
    return this.#call<RangeResult>("kv/range", { key: encode(key), serializable: this.#isSerializable, ...more });
  }

  async #get(key: string): Promise<Completion> {
    return { type: "ok", value: numberIn(await this.#range(key)) };
  }

  async #put(key: string, text: string, value: unknown): Promise<Completion> {
    await this.#call("kv/put", { key: encode(key), value: encode(text) });
    return { type: "ok", value };
  }

  async #delete(key: string): Promise<Completion> {
    await this.#call("kv/deleterange", { key: encode(key) });
    return { type: "ok" };
  }

  async #cas(name: string, [from, to]: readonly [number, number]): Promise<Completion> {
    const key = encode(name);
    const { succeeded = false, responses } = await this.#call<TxnResult>("kv/txn", {
      compare: [{ key, target: "VALUE", result: "EQUAL", value: encode(String(from)) }],
      success: [{ request_put: { key, value: encode(String(to)) } }],
      failure: [{ request_range: { key } }],
    });
    if (succeeded) return { type: "ok", value: [from, to] };
    return { type: "fail", error: "mismatch", actual: numberIn(responses?.[0]?.response_range) };
  }

  async #readSet(): Promise<Completion> {
    const { kvs = [] } = await this.#range(SET_PREFIX, { range_end: encode(SET_END) });
    return { type: "ok", value: kvs.map(({ key }) => Number(decode(key).slice(SET_PREFIX.length))) };
  }

  /**
   * Reads all lists, and writes the new ones if no list has changed meanwhile. A read-only transaction is a single
   * request.
   */
  async #txn(micros: readonly Micro[]): Promise<Completion> {
    const keys = [...new Set(micros.map(([, key]) => key))];
    const reads = keys.map((key) => ({ request_range: { key: encode(key), serializable: this.#isSerializable } }));
    const { responses = [] } = await this.#call<TxnResult>("kv/txn", { success: reads });
    const found = new Map(keys.map((key, i) => [key, responses[i]?.response_range?.kvs?.[0]]));
    const lists = new Map(keys.map((key) => [key, listIn(found.get(key))]));
    const value = micros.map(([f, key, element]) => {
      const list = lists.get(key)!;
      if (f === "r") return [f, key, [...list]];
      list.push(element);
      return [f, key, element];
    });
    const written = new Set(micros.filter(([f]) => f === "append").map(([, key]) => key));
    if (written.size === 0) return { type: "ok", value };
    const { succeeded = false } = await this.#call<TxnResult>("kv/txn", {
      compare: keys.map((key) => ({
        ...{ key: encode(key), target: "MOD", result: "EQUAL" },
        mod_revision: found.get(key)?.mod_revision ?? "0",
      })),
      success: [...written].map((key) => ({
        request_put: { key: encode(key), value: encode(JSON.stringify(lists.get(key))) },
      })),
    });
    return succeeded ? { type: "ok", value } : { type: "fail", error: "a list has changed meanwhile" };
  }

  /** Nothing to close: each request uses its own connection. */
  close(): void {}
}

function isRead({ f, value }: Invocation): boolean {
  return f === "get" || f === "read" || (f === "txn" && (value as readonly Micro[]).every(([what]) => what === "r"));
}

function numberIn(result: RangeResult | undefined): number | null {
  const value = result?.kvs?.[0]?.value;
  return value === undefined ? null : Number(decode(value));
}

function listIn(found: KeyValue | undefined): unknown[] {
  return found?.value === undefined ? [] : JSON.parse(decode(found.value)) as unknown[];
}
