// A bank as a replicated state machine: money moves between accounts, and no account is overdrawn. Run it with
//   kaya-raft run --app docs/examples/bank.ts --nemesis all
//   kaya-raft serve --app docs/examples/bank.ts --id 1 ...
// In a project of your own, import from "@kayadb/raft/harness" and "@kayadb/raft/checker".
import { checkLinearizability, checkTransactionModel, type Model, type Verdict } from "../../checker/mod.ts";
import { type App, type Completion, defineApp, type Invocation, type Workload } from "../../harness/mod.ts";
import type { StateMachine } from "../../server/mod.ts";

const ACCOUNTS = ["a", "b", "c", "d", "e"] as const;
const AT_FIRST = 20;

type Balances = Readonly<Record<string, number>>;
type Transfer = Readonly<{ from: string; to: string; amount: number }>;

const opened: Balances = Object.fromEntries(ACCOUNTS.map((account) => [account, AT_FIRST]));

/** The accounts after a transfer; `null` if it would overdraw one. */
function after(balances: Balances, { from, to, amount }: Transfer): Balances | null {
  if (balances[from]! < amount) return null;
  const left = { ...balances, [from]: balances[from]! - amount };
  return { ...left, [to]: left[to]! + amount };
}

const text = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The state machine. A command is JSON: its first byte, a brace, begins none of the server's own commands. */
function bank(forgetsEmptyAccounts: boolean): StateMachine {
  let balances = opened;
  const read = (): ReturnType<StateMachine["read"]> => ({ type: "ok", value: Object.entries(balances) });
  return {
    apply(command) {
      const { f, value } = text(command) as Invocation;
      if (f === "read") return read();
      if (f !== "transfer") return { type: "fail", error: "the bank knows read and transfer" };
      const left = after(balances, value as Transfer);
      if (left === null) return { type: "fail", error: "overdraft" };
      balances = left;
      return { type: "ok", value: null };
    },
    isRead: (command) => (text(command) as Invocation).f === "read",
    read,
    snapshot() {
      const kept = Object.entries(balances).filter(([, balance]) => !forgetsEmptyAccounts || balance > 0);
      return bytes(Object.fromEntries(kept));
    },
    restore: (data) => void (balances = { ...opened, ...text(data) as Balances }),
  };
}

/** The bank's model, for the judge. It sees refused transfers too: the account must have held too little. */
const model: Model<Balances> = {
  name: "bank with an overdraft rule",
  initial: opened,
  failures: true,
  step(balances, { f, argument, result, type, error }) {
    if (f === "read") {
      const isSeen = ACCOUNTS.every((account) => (result as Balances)?.[account] === balances[account]);
      return type !== "ok" || isSeen ? [balances] : [];
    }
    const left = after(balances, argument as Transfer);
    if (type === "fail") return error === "overdraft" && left !== null ? [] : [balances];
    return left === null ? [] : [left];
  },
  observes: ({ f, type }) => f === "read" || type === "fail",
};

const clients = (): Workload => ({
  name: "bank",
  model: "bank",
  next(random) {
    if (random.below(2) === 0) return { f: "read" };
    const from = random.below(ACCOUNTS.length);
    const to = (from + 1 + random.below(ACCOUNTS.length - 1)) % ACCOUNTS.length;
    return { f: "transfer", value: { from: ACCOUNTS[from], to: ACCOUNTS[to], amount: 1 + random.below(AT_FIRST) } };
  },
  // A transfer of nothing succeeds even if the account is empty.
  proof: (kind) => kind === "read" ? { f: "read" } : { f: "transfer", value: { from: "a", to: "b", amount: 0 } },
  finalReads: () => [{ operation: { f: "read" } }],
  judge(events): Record<string, Verdict> {
    // If the sum of the accounts changes, that is found at once. A search is needed only if the sum is right.
    const bank = checkTransactionModel("bank", { events });
    return bank.valid === false ? { bank } : { bank, linearizability: checkLinearizability(events, model) };
  },
});

/** The bank; with a planted fault, its snapshots forget empty accounts, which then have their initial money again. */
export const bankApp = (forgetsEmptyAccounts: boolean): App =>
  defineApp({
    workloads: { bank: clients },
    machine: () => bank(forgetsEmptyAccounts),
    encode: ({ f, value }) => bytes({ f, value }),
    complete({ f, value }, reply): Completion {
      if (reply.type !== "ok") return { type: reply.type, value, error: reply.error };
      return { type: "ok", value: f === "read" ? Object.fromEntries(reply.value as [string, number][]) : value };
    },
  });

const app: App = bankApp(false);
export default app;
