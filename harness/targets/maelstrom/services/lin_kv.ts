/**
 * `lin-kv`: a linearizable key-value store.
 *
 * @module
 */
import { effectOf, keyOf } from "./key_value.ts";
import { notSupported, type Service } from "./service.ts";

/** A store in which each request takes effect when it arrives. */
export function linKv(): Service {
  const values = new Map<string, unknown>();
  return {
    handle(_src, request) {
      const key = keyOf(request);
      const effect = effectOf(request, values.get(key));
      if (effect === null) return notSupported("lin-kv", request);
      if (effect.write !== undefined) values.set(key, effect.write.value);
      return effect.answer;
    },
  };
}
