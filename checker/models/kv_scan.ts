/**
 * The model of a key-value store whose scans tie its keys together.
 *
 * @module
 */
import { entryOf } from "../entries.ts";
import { jsonOf } from "../json_of.ts";
import { canonicalJson } from "../table/values.ts";
import { FAILED_COMPARE, type Model } from "./model.ts";

/** A key and its value, and the canonical JSON of both. */
interface Pair {
  readonly key: unknown;
  readonly value: unknown;
  readonly text: string;
}

/** The pairs of a store; keys are in canonical JSON. */
type Pairs = ReadonlyMap<string, Pair>;

/** A model of a store with scans. */
interface ScanModel extends Model<Pairs> {
  /** Distinguishes it from other models. */
  readonly kind: "scans";
}

/**
 * A key-value store with get, put, delete, cas and `scan`. A scan's value is a prefix, and its result an array of
 * `[key, value]`, in any order.
 *
 * Every key begins with null, which means absent.
 */
export const kvWithScan: ScanModel = {
  name: "kv",
  kind: "scans",
  initial: new Map(),
  failedCompares: true,
  observes: ({ f }) => f === "get" || f === "read" || f === "r" || f === "scan" || f === FAILED_COMPARE,
  step(pairs, { f, key, argument, result, type }) {
    const name = canonicalJson(key);
    const value = pairs.get(name)?.value ?? null;
    const same = (one: unknown, other: unknown): boolean => canonicalJson(one) === canonicalJson(other);
    switch (f) {
      case "get":
      case "read":
      case "r":
        return type === "info" || same(result, value) ? [pairs] : [];
      case "put":
      case "write":
      case "w":
      case "set":
        return [withPair(pairs, name, key, argument)];
      case "delete":
      case "del":
        return [withPair(pairs, name, key, null)];
      case "cas": {
        const [from, to] = argument as [unknown, unknown];
        if (same(from, value)) return [withPair(pairs, name, key, to)];
        return type === "info" ? [pairs] : [];
      }
      case FAILED_COMPARE: {
        const [from] = argument as [unknown, unknown];
        return !same(from, value) && (result === undefined || same(result, value)) ? [pairs] : [];
      }
      case "scan": {
        if (type === "info") return [pairs];
        if (!Array.isArray(result)) {
          throw new RangeError(`kv takes a scan's result as a list of [key, value], not ${jsonOf(result)}`);
        }
        const prefix = String(argument ?? "");
        const seen = [...pairs.values()].filter((pair) => String(pair.key).startsWith(prefix));
        const texts = textsOf(result);
        const isSame = seen.length === result.length && texts.size === result.length;
        return isSame && seen.every(({ text }) => texts.has(text)) ? [pairs] : [];
      }
      default:
        throw new RangeError(`kv has get, put, delete, cas and scan, not ${f}`);
    }
  },
  identify: (pairs) => Array.from(pairs.values(), ({ text }) => text).sort().join(),
};

function withPair(pairs: Pairs, name: string, key: unknown, value: unknown): Pairs {
  const changed = new Map(pairs);
  if (value === null) changed.delete(name);
  else changed.set(name, { key, value, text: canonicalJson([key, value]) });
  return changed;
}

const known = new WeakMap<readonly unknown[], ReadonlySet<string>>();

/** The pairs of a scan's result, as texts. The same result is asked about again and again. */
function textsOf(result: readonly unknown[]): ReadonlySet<string> {
  return entryOf(known, result, () => new Set(result.map(canonicalJson)));
}
