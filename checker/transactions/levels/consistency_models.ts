/**
 * Which anomaly contradicts which consistency model, and which models are then ruled out.
 *
 * The lattice, the names and the prohibitions are those of Elle's consistency_model.clj, whose sources are Adya (PL-1
 * to PL-3 and related levels), Bailis et al. (highly available transactions), Cerone et al. (atomic visibility) and
 * Daudjee and Salem (sessions). Two things are added: a read of a value that nobody wrote contradicts every model, and
 * session order connects the session models to the strong-session ones.
 *
 * @module
 */

/** Other names of consistency models, with the name that verdicts use: `strict-serializable`, Adya's `PL-3`, ... */
export const CONSISTENCY_MODEL_ALIASES: Readonly<Record<string, string>> = {
  "PL-1": "read-uncommitted",
  "PL-2": "read-committed",
  "PL-2+": "consistent-view",
  "PL-2.99": "repeatable-read",
  "PL-2L": "monotonic-view",
  "PL-3": "serializable",
  "PL-3U": "update-serializable",
  "PL-CS": "cursor-stability",
  "PL-FCV": "forward-consistent-view",
  "PL-MSR": "monotonic-snapshot-read",
  "PL-SI": "snapshot-isolation",
  "PL-SS": "strong-serializable",
  "strong-PL-1": "strong-read-uncommitted",
  "strong-PL-2": "strong-read-committed",
  "strong-session-PL-1": "strong-session-read-uncommitted",
  "strong-session-PL-2": "strong-session-read-committed",
  "strict-serializable": "strong-serializable",
  "conflict-serializable": "serializable",
  "ROLA": "update-atomic",
  "pram": "PRAM",
};

/** Each model, with the weaker models that it directly implies. */
const weakerModels: Readonly<Record<string, readonly string[]>> = {
  "1SR": [],
  "PRAM": ["monotonic-reads", "monotonic-writes", "read-your-writes"],
  "causal": ["writes-follow-reads", "PRAM", "causal-cerone"],
  "causal-cerone": ["read-atomic"],
  "consistent-view": ["cursor-stability", "monotonic-view"],
  "cursor-stability": ["read-committed"],
  "forward-consistent-view": ["consistent-view"],
  "linearizable": ["sequential"],
  "monotonic-atomic-view": ["read-committed"],
  "monotonic-reads": [],
  "monotonic-snapshot-read": ["read-committed"],
  "monotonic-view": ["read-committed"],
  "monotonic-writes": [],
  "parallel-snapshot-isolation": ["causal-cerone", "update-atomic"],
  "prefix": ["causal-cerone"],
  "read-atomic": ["monotonic-atomic-view"],
  "read-committed": ["read-uncommitted"],
  "read-uncommitted": [],
  "read-your-writes": [],
  "repeatable-read": ["cursor-stability", "monotonic-atomic-view"],
  "sequential": ["causal"],
  "serializable": ["repeatable-read", "update-serializable", "snapshot-isolation", "view-serializable"],
  "session-serializable": ["1SR"],
  "snapshot-isolation": [
    "forward-consistent-view",
    "monotonic-atomic-view",
    "monotonic-snapshot-read",
    "parallel-snapshot-isolation",
    "prefix",
  ],
  "strong-read-committed": ["strong-session-read-committed", "strong-read-uncommitted"],
  "strong-read-uncommitted": ["strong-session-read-uncommitted"],
  "strong-serializable": [
    "serializable",
    "linearizable",
    "snapshot-isolation",
    "strong-snapshot-isolation",
    "strong-session-serializable",
    "session-serializable",
  ],
  "strong-session-read-committed": ["read-committed", "strong-session-read-uncommitted"],
  "strong-session-read-uncommitted": ["read-uncommitted"],
  "strong-session-serializable": ["serializable", "strong-session-snapshot-isolation"],
  "strong-session-snapshot-isolation": ["snapshot-isolation", "strong-session-read-committed", "causal"],
  "strong-snapshot-isolation": ["strong-session-snapshot-isolation", "strong-read-committed"],
  "update-atomic": ["read-atomic"],
  "update-serializable": ["forward-consistent-view"],
  "view-serializable": [],
  "writes-follow-reads": [],
};

/** Cycles, with the more general ones that they are cases of. Each has a variant with sessions, one with real time. */
const generalCycles: Readonly<Record<string, readonly string[]>> = {
  "G0": ["G1c"],
  "G1": [],
  "G1c": ["G1"],
  "G-single-item": ["G-single", "G-nonadjacent-item"],
  "G-single": ["G-nonadjacent"],
  "G-nonadjacent-item": ["G-nonadjacent", "G2-item"],
  "G-nonadjacent": ["G2"],
  "G2": [],
  "G2-item": ["G2"],
};

/**
 * Each anomaly, with the more general anomalies that it is a case of. A variant is a case of the same anomaly with more
 * kinds of edges.
 */
const generalAnomalies: Readonly<Record<string, readonly string[]>> = {
  ...variants("", ["-process"]),
  ...variants("-process", ["-realtime"]),
  ...variants("-realtime", []),
  "G1a": ["G1"],
  "G1b": ["G1"],
  "G-single": ["G-nonadjacent", "GSIb", "G-single-process"],
  "GSIa": ["GSI"],
  "GSIb": ["GSI"],
  "incompatible-order": ["G1a"],
  "future-read": ["G1c"],
  "dirty-update": ["G1a"],
  "lost-update": ["write-skew", "G2-item"],
  "write-skew": ["G2"],
  "thin-air-read": ["G1a"],
};

function variants(own: string, more: readonly string[]): Record<string, string[]> {
  const entries = Object.entries(generalCycles);
  return Object.fromEntries(entries.map(([name, general]) => [
    name + own,
    [...general.map((other) => other + own), ...more.map((kind) => name + kind)],
  ]));
}

/** What each model forbids, in addition to the weaker models. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  "1SR": ["thin-air-read"],
  "causal": ["causal-cycle-exists"],
  "causal-cerone": ["internal", "G1a", "causal-cerone-cycle-exists"],
  "consistent-view": ["G1", "G-single"],
  "cursor-stability": ["G1", "lost-update"],
  "forward-consistent-view": ["G1"],
  "monotonic-reads": ["thin-air-read", "monotonic-reads-violated"],
  "monotonic-snapshot-read": ["G1"],
  "monotonic-view": ["G1"],
  "monotonic-writes": ["thin-air-read", "monotonic-writes-violated"],
  "parallel-snapshot-isolation": ["internal", "G1", "G-single"],
  "prefix": ["internal", "G1", "prefix-cycle-exists"],
  "read-atomic": ["internal", "G1a", "future-read", "read-atomic-cycle-exists"],
  "read-committed": ["G1", "read-committed-cycle-exists", "own-write-missed"],
  "read-uncommitted": ["G0", "duplicate-elements", "cyclic-versions", "thin-air-read"],
  "read-your-writes": ["thin-air-read", "read-your-writes-violated"],
  "repeatable-read": ["G1", "G2-item", "lost-update"],
  "serializable": ["G1", "G2", "internal", "serializable-cycle-exists"],
  "snapshot-isolation": ["internal", "G1", "G-nonadjacent", "snapshot-isolation-cycle-exists"],
  "strong-read-committed": ["G1c-realtime"],
  "strong-read-uncommitted": ["G0-realtime"],
  "strong-serializable": ["G1", "G1c-realtime", "G2-realtime", "strong-serializable-cycle-exists"],
  "strong-session-read-committed": ["G1c-process"],
  "strong-session-read-uncommitted": ["G0-process"],
  "strong-session-serializable": ["G1-process", "G2-process", "strong-session-serializable-cycle-exists"],
  "strong-session-snapshot-isolation": [
    "internal",
    "G1-process",
    "G-nonadjacent-process",
    "strong-session-snapshot-isolation-cycle-exists",
  ],
  "strong-snapshot-isolation": [
    "internal",
    "G1-realtime",
    "G-nonadjacent-realtime",
    "strong-snapshot-isolation-cycle-exists",
  ],
  "update-atomic": ["lost-update"],
  "update-serializable": ["G1"],
  "view-serializable": ["thin-air-read"],
  "writes-follow-reads": ["thin-air-read", "writes-follow-reads-violated"],
};

/** All consistency models, by the name that verdicts use, sorted; `CONSISTENCY_MODEL_ALIASES` has the other names. */
export const CONSISTENCY_MODELS: readonly string[] = Object.keys(weakerModels).sort();

/**
 * The name of a model in verdicts.
 *
 * @throws {RangeError} If no model has that name.
 */
export function canonicalModel(name: string): string {
  const canonical = Object.hasOwn(CONSISTENCY_MODEL_ALIASES, name) ? CONSISTENCY_MODEL_ALIASES[name]! : name;
  if (!Object.hasOwn(weakerModels, canonical)) {
    throw new RangeError(
      `Cannot judge by the consistency model ${JSON.stringify(name)}: expected one of strict-serializable, ${
        CONSISTENCY_MODELS.join(", ")
      }`,
    );
  }
  return canonical;
}

/** Everything reachable from `starts` along `next`, including `starts`. */
function closure(starts: Iterable<string>, next: (name: string) => readonly string[]): Set<string> {
  const seen = new Set(starts);
  for (const name of seen) for (const other of next(name)) seen.add(other);
  return seen;
}

function inverted(graph: Readonly<Record<string, readonly string[]>>): (name: string) => readonly string[] {
  const inverse = new Map<string, string[]>();
  for (const [from, targets] of Object.entries(graph)) {
    for (const to of targets) inverse.set(to, [...inverse.get(to) ?? [], from]);
  }
  return (name) => inverse.get(name) ?? [];
}

const strongerModels = inverted(weakerModels);
const specialAnomalies = inverted(generalAnomalies);
const forbiddenBy = inverted(forbidden);

/** The models that a history cannot have if it lacks `models`: these and all stronger ones. */
export function modelsAbove(models: Iterable<string>): Set<string> {
  return closure(models, strongerModels);
}

/** The models that a history has if it has `models`: these and all weaker ones. */
export function modelsBelow(models: Iterable<string>): Set<string> {
  return closure(models, (name) => weakerModels[name] ?? []);
}

/** The anomalies that are cases of one of `anomalies`, including those. */
export function anomaliesImplying(anomalies: Iterable<string>): Set<string> {
  return closure(anomalies, specialAnomalies);
}

/** The anomalies that one of `anomalies` implies, including those. */
export function anomaliesImplied(anomalies: Iterable<string>): Set<string> {
  return closure(anomalies, (name) => generalAnomalies[name] ?? []);
}

/** The anomalies that `model` forbids. */
export function anomaliesForbiddenBy(model: string): Set<string> {
  const direct = [...modelsBelow([canonicalModel(model)])].flatMap((name) => forbidden[name] ?? []);
  return anomaliesImplying(direct);
}

/** What a set of anomalies says about all models. */
export interface Boundary {
  /** The weakest models that are ruled out. */
  readonly not: string[];
  /** The stronger models, which are ruled out as well. */
  readonly alsoNot: string[];
  /** The strongest models that certainly hold. */
  readonly remaining: string[];
}

/**
 * The models that `anomalies` rule out, and the strongest of those that hold. All lists are sorted.
 *
 * @param held The models that hold, including weaker ones.
 */
export function boundary(anomalies: Iterable<string>, held: ReadonlySet<string> = new Set()): Boundary {
  const direct = [...anomaliesImplied(anomalies)].flatMap((name) => [...forbiddenBy(name)]);
  const impossible = modelsAbove(direct);
  const not = [...impossible].filter((model) => !(weakerModels[model] ?? []).some((weaker) => impossible.has(weaker)));
  const possible = CONSISTENCY_MODELS.filter((model) => held.has(model) && !impossible.has(model));
  return {
    not: not.sort(),
    alsoNot: [...impossible].filter((model) => !not.includes(model)).sort(),
    remaining: possible.filter((model) => !strongerModels(model).some((stronger) => possible.includes(stronger))),
  };
}

/**
 * The edges that a model considers besides those from data: `"none"`, those of sessions, or those of real time
 * (sessions included).
 */
export function orderOf(forbiddenAnomalies: ReadonlySet<string>): "none" | "process" | "realtime" {
  let order: "none" | "process" | "realtime" = "none";
  for (const name of forbiddenAnomalies) {
    if (name.endsWith("-realtime")) return "realtime";
    if (name.endsWith("-process") || name === "causal-cycle-exists" || name.endsWith("-violated")) order = "process";
  }
  return order;
}
