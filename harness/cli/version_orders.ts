/**
 * The flag `--version-order`.
 *
 * @module
 */
import { VERSION_ORDERS, type VersionOrderSource } from "../../checker/mod.ts";

/**
 * The sources of version orders in a text: `sequential-keys,wfr-keys`.
 *
 * @throws {RangeError} If a name is unknown.
 */
export function versionOrders(text: string): VersionOrderSource[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) => {
    const known = VERSION_ORDERS.find((each) => each === name);
    if (known !== undefined) return known;
    throw new RangeError(
      `Cannot order versions by ${JSON.stringify(name)}: expected some of ${VERSION_ORDERS.join(", ")}`,
    );
  });
}
