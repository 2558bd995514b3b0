/**
 * The fault `packets`: messages are lost, doubled or late.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { MILLISECOND } from "../../server/mod.ts";
import { fieldsOf, linksField, numberField, shareField } from "./fields.ts";
import { CLIENTS, type FaultType, type Link, servicesOf, type Severity, type View } from "./kind.ts";
import { drawAmong, pick, shuffled } from "./victims.ts";
import { presentIn, primaryOf } from "./view.ts";

/**
 * Messages on these links are lost, doubled or late by chance. Other messages overtake one that is later than usual.
 */
export interface Packets {
  /** The kind of fault. */
  readonly kind: "packets";
  /** The affected links. */
  readonly links: readonly Link[];
  /** The share of messages that are lost, from 0 to 1. */
  readonly loss: number;
  /** The share of messages that arrive twice, from 0 to 1. */
  readonly duplication: number;
  /** The longest additional delay in nanoseconds; each message has its own. */
  readonly delay: number;
}

type Effect = "loss" | "duplication" | "delay";
const EFFECTS: readonly Effect[] = ["loss", "duplication", "delay"];
/**
 * Shapes that are drawn only on request: links to clients, and to services that nodes ask. A service executes each
 * request, and so do many nodes, so requests to them are not doubled unless they expect that.
 */
const ASKED_SHAPES: readonly string[] = ["clients", "services"];

/** How a packet fault is drawn, named, healed and parsed. */
export const packets: FaultType<Packets> = {
  about: "messages are lost, duplicated or delayed",
  shapes: [...EFFECTS, ...ASKED_SHAPES],
  draw(random, shape, view, severity) {
    const isAny = shape === null || ASKED_SHAPES.includes(shape);
    const links = shape === null || !isAny
      ? drawLinks(random, view, severity)
      : outwardLinks(random, view, shape === "clients" ? [CLIENTS] : servicesOf(severity));
    if (links.length === 0) return null;
    const has = (effect: Effect): boolean => isAny ? random.below(2) === 0 : shape === effect;
    const loss = has("loss") ? severity.loss * (1 + random.below(100)) / 100 : 0;
    const isOnce = shape === "services" || (shape === "clients" && severity.sparesClients === true);
    const duplication = has("duplication") && !isOnce ? (1 + random.below(50)) / 100 : 0;
    // A delay up to 5 ms reorders messages that are sent together; up to 320 ms is longer than an election, and up to
    // 2.5 s longer than several.
    const isLate = has("delay") || (loss === 0 && duplication === 0);
    const delay = isLate ? 5 * MILLISECOND * (1 << random.below(10)) : 0;
    return { kind: "packets", links, loss, duplication, delay };
  },
  name: (fault) => `packets:${[...whoseOf(fault), ...effectsOf(fault)].join("+")}`,
  say(fault) {
    const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`;
    const effects = effectsOf(fault).map((effect) =>
      effect === "delay" ? `delay up to ${fault.delay / MILLISECOND} ms` : `${effect} ${percent(fault[effect])}`
    );
    return `${effects.join(", ")} on ${fault.links.length} links`;
  },
  isHealed: () => true,
  keep(fault, isKept) {
    const links = fault.links.filter(([from, to]) => isKept(from) && isKept(to));
    return links.length === 0 ? null : { ...fault, links };
  },
  simpler(fault) {
    const effects = effectsOf(fault);
    return effects.length < 2 ? [] : effects.map((effect) => ({ ...fault, [effect]: 0 }));
  },
  parse(value) {
    const fields = fieldsOf(value);
    return {
      kind: "packets",
      links: linksField(fields, "links"),
      loss: shareField(fields, "loss"),
      duplication: shareField(fields, "duplication"),
      delay: numberField(fields, "delay", 0),
    };
  },
};

/** Whether all links are those of clients, or of services. */
function whoseOf({ links }: Packets): string[] {
  if (links.every((link) => link.includes(CLIENTS))) return ["clients"];
  return links.every(([from, to]) => from < CLIENTS || to < CLIENTS) ? ["services"] : [];
}

function effectsOf(fault: Packets): Effect[] {
  return EFFECTS.filter((effect) => fault[effect] > 0);
}

/** Draws links in one or both directions between some nodes and ends that are not nodes. */
function outwardLinks(random: Random, view: View, ends: readonly number[]): Link[] {
  const present = presentIn(view);
  const nodes = shuffled(random, present).slice(0, 1 + random.below(Math.max(1, present.length)));
  const way = random.below(4);
  const out = nodes.flatMap((node) => ends.map((end): Link => [node, end]));
  const back = out.map(([node, end]): Link => [end, node]);
  return way === 0 ? out : way === 1 ? back : [...out, ...back];
}

/**
 * Draws links: all; or those from one node, to it, or both; or each with an even chance. Every third time the one node
 * is the primary.
 */
function drawLinks(random: Random, view: View, { sparesClients = false }: Severity): Link[] {
  const nodes = presentIn(view);
  // In every third fault, clients' messages suffer like those between members.
  const ends = random.below(3) === 0 && !sparesClients ? [...nodes, CLIENTS] : nodes;
  const every = ends.flatMap((a) => ends.filter((b) => b !== a).map((b): Link => [a, b]));
  const rule = pick(random, ["one", "one", "leader"] as const);
  const [one] = drawAmong(random, rule, nodes, primaryOf(view)?.id ?? null);
  const choice = random.below(5);
  return every.filter(([from, to]) => {
    switch (choice) {
      case 0:
        return from === one;
      case 1:
        return to === one;
      case 2:
        return from === one || to === one;
      case 3:
        return random.below(2) === 0;
      default:
        return true;
    }
  });
}
