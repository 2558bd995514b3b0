/**
 * The fault `damage`: files on a node's disk are damaged while the node is down.
 *
 * The node must either refuse to start, and is then lost for good, or start with everything that it had acknowledged.
 * If only its last batch is damaged, it may also start in doubt: then it gives no vote until a leader has sent it
 * everything again.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawLoss } from "./loss.ts";
import type { Member } from "./member.ts";
import { keepStruck, pick, withOneFewer } from "./victims.ts";

/**
 * `snapshot`: a bit flips in a snapshot. `last`: a bit flips in the journal's last batch. `fresh`: a bit flips at the
 * beginning of the newest segment. `dropped`: the disk confirmed a write but lost it, and kept later ones.
 * `misdirected`: a write went to the place of another one.
 */
export type Decay = "snapshot" | "last" | "fresh" | "dropped" | "misdirected";

const DECAYS: readonly Decay[] = ["snapshot", "last", "fresh", "dropped", "misdirected"];

/** A node ends, its files are damaged, and it tries to start again. There is nothing to heal. */
export interface Damage {
  /** The kind of fault. */
  readonly kind: "damage";
  /** The affected nodes. */
  readonly nodes: readonly number[];
  /** The kind of damage. */
  readonly decay: Decay;
}

/** How damage is drawn, named and parsed. */
export const damage: FaultType<Damage, Damage | Member> = {
  about: "bits flip on a disk, or writes that it confirmed are lost or misdirected",
  shapes: DECAYS,
  draw(random, shape, view) {
    const decay = (shape ?? pick(random, DECAYS)) as Decay;
    const lost = drawLoss(random, view);
    return typeof lost === "number" ? { kind: "damage", nodes: [lost], decay } : lost;
  },
  name: ({ decay }) => `damage:${decay}`,
  say: ({ decay }) => decay,
  isHealed: () => false,
  keep: keepStruck,
  simpler: withOneFewer,
  parse(value) {
    const fields = fieldsOf(value);
    return { kind: "damage", nodes: nodesField(fields), decay: choiceField(fields, "decay", DECAYS) };
  },
};
