/**
 * The fault `damage`: what a disk has kept goes bad while the node is down.
 *
 * The node must refuse to start, and is then lost for good, or start with all that it had promised. One whose last
 * batch is damaged may start in doubt instead: it gives no vote until a leader has told it everything again.
 *
 * @module
 */
import { choiceField, fieldsOf, nodesField } from "./fields.ts";
import type { FaultType } from "./kind.ts";
import { drawLoss } from "./loss.ts";
import type { Member } from "./member.ts";
import { keepStruck, pick, withOneFewer } from "./victims.ts";

const DECAYS = ["snapshot", "last", "fresh", "dropped", "misdirected"] as const;

/**
 * `snapshot`: a bit flips in a snapshot. `last`: in the journal's last batch. `fresh`: at the beginning of the segment
 * that was put in place last. `dropped`: a write never reached the disk, though it said so, and later ones did.
 * `misdirected`: a write reached the place of another one.
 */
export type Decay = (typeof DECAYS)[number];

/** The node ends, its files are damaged, and it tries to start again. It has no healing. */
export interface Damage {
  /** Its kind. */
  readonly kind: "damage";
  /** Whom it strikes. */
  readonly nodes: readonly number[];
  /** What goes bad. */
  readonly decay: Decay;
}

/** How damage is drawn, named and read. */
export const damage: FaultType<Damage, Damage | Member> = {
  about: "bits flip on a disk, or writes get lost or go astray, which the disk had confirmed",
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
    return { kind: "damage", nodes: nodesField(fields, "nodes"), decay: choiceField(fields, "decay", DECAYS) };
  },
};
