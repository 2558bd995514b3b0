/**
 * etcd's JSON gateway: its gRPC services over HTTP. Keys and values are in base64, 64-bit numbers are texts.
 *
 * @module
 */
import { httpOnce } from "../../rig/http_once.ts";

/** A range of keys that was read. */
export interface RangeResult {
  readonly kvs?: readonly KeyValue[];
}

/** A key with its value. */
export interface KeyValue {
  readonly key: string;
  readonly value?: string;
  readonly mod_revision?: string;
}

/** The result of a transaction, with one result for each request of the executed branch. */
export interface TxnResult {
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: RangeResult }[];
}

/** A node's status. */
export interface StatusResult {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
  readonly raftTerm: string;
  readonly raftIndex: string;
}

/** A member of the cluster. */
export interface MemberResult {
  readonly ID: string;
  readonly name?: string;
  readonly peerURLs: readonly string[];
  readonly isLearner?: boolean;
}

/** etcd answered with an error. */
class EtcdError extends Error {
  override name = "EtcdError";
}

/** Calls a service of a node. `timeout` in milliseconds. */
export async function call<Result>(port: number, path: string, body: unknown, timeout: number): Promise<Result> {
  const { status, text } = await httpOnce({ method: "POST", port, path: `/v3/${path}`, body, timeout });
  const result = JSON.parse(text) as Result & { readonly message?: string; readonly error?: string };
  if (status !== 200) throw new EtcdError(result.message ?? result.error ?? `HTTP ${status}`);
  return result;
}

/** An ASCII text in base64. */
export function encode(text: string): string {
  return btoa(text);
}

/** Decodes a base64 text. */
export function decode(base64: string): string {
  return atob(base64);
}
