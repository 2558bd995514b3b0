/**
 * Maps whose entries are made when they are first asked for.
 *
 * @module
 */

/** The entry of a key; made if there is none. */
export function entryOf<Key, Entry>(
  map: { get(key: Key): Entry | undefined; set(key: Key, entry: Entry): unknown },
  key: Key,
  make: () => Entry,
): Entry {
  let entry = map.get(key);
  if (entry === undefined) map.set(key, entry = make());
  return entry;
}

/** Adds an item to the list of a key. */
export function addTo<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  entryOf(lists, key, () => []).push(item);
}
