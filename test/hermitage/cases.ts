/**
 * Anomalies of isolation as scripts of interleaved transactions, after the test suite "Hermitage" and the phenomena that
 * Adya's thesis names. Each begins with the rows 1 -> 10 and 2 -> 20; a transaction begins with its first step. What the
 * steps have seen decides whether the anomaly happened.
 */
import type { DynamicClient, DynamicTransaction, OpenTransaction } from "../../src/index.js";

export type Db = DynamicClient<"cells">;
export type Tx = DynamicTransaction<"cells"> & OpenTransaction;

export type Values = Readonly<Record<number, number>>;

export interface Run {
  /** What the transaction's steps gave, in order; absent steps were not reached. */
  seen(transaction: string): readonly Values[];
  committed(...transactions: readonly string[]): boolean;
  /** The rows at the end. */
  readonly final: Values;
}

export interface Step {
  readonly by: string;
  readonly run: (tx: Tx, seen: readonly Values[]) => Promise<Values>;
}

export interface Case {
  readonly name: string;
  readonly what: string;
  /** Transactions that only read. */
  readonly readers: readonly string[];
  readonly steps: readonly Step[];
  happened(run: Run): boolean;
}

function rows(found: readonly Readonly<Record<string, unknown>>[]): Values {
  return Object.fromEntries(found.map((row) => [Number(row.id), Number(row.value)]));
}

const nothing: Values = {};

const read = (by: string, ...ids: readonly number[]): Step => ({
  by,
  run: async (tx) => rows(await tx.cells.findMany({ where: { id: { $in: ids } } })),
});
const find = (by: string, where: object): Step => ({
  by,
  run: async (tx) => rows(await tx.cells.findMany({ where })),
});
const set = (by: string, id: number, value: number | ((seen: readonly Values[]) => number)): Step => ({
  by,
  run: async (tx, seen) => {
    await tx.cells.update({ where: { id }, data: { value: typeof value === "number" ? value : value(seen) } });
    return nothing;
  },
});
const add = (by: string, id: number, value: number): Step => ({
  by,
  run: async (tx) => {
    await tx.cells.create({ data: { id, value } });
    return nothing;
  },
});
const incrementAll = (by: string, by10: number): Step => ({
  by,
  run: async (tx) => {
    await tx.cells.updateMany({ where: { all: true }, data: { value: { $inc: by10 } } });
    return nothing;
  },
});
const remove = (by: string, where: object): Step => ({
  by,
  run: async (tx) => {
    await tx.cells.deleteMany({ where });
    return nothing;
  },
});
const commit = (by: string): Step => ({
  by,
  run: async (tx) => {
    await tx.commit();
    return nothing;
  },
});
const rollback = (by: string): Step => ({
  by,
  run: async (tx) => {
    await tx.rollback();
    return nothing;
  },
});

const saw = (run: Run, by: string, id: number, value: number) => run.seen(by).some((values) => values[id] === value);

export const CASES: readonly Case[] = [
  {
    name: "G0",
    what: "dirty write: rows end as a mixture of two transactions",
    readers: [],
    steps: [set("T1", 1, 11), set("T2", 1, 12), set("T1", 2, 21), commit("T1"), set("T2", 2, 22), commit("T2")],
    happened: ({ final }) => !(final[1] === 11 && final[2] === 21) && !(final[1] === 12 && final[2] === 22),
  },
  {
    name: "G1a",
    what: "aborted read: what was rolled back was seen",
    readers: ["T2"],
    steps: [set("T1", 1, 101), read("T2", 1), rollback("T1"), read("T2", 1), commit("T2")],
    happened: (run) => saw(run, "T2", 1, 101),
  },
  {
    name: "G1b",
    what: "intermediate read: a value that was replaced before the commit was seen",
    readers: ["T2"],
    steps: [set("T1", 1, 101), read("T2", 1), set("T1", 1, 11), commit("T1"), read("T2", 1), commit("T2")],
    happened: (run) => saw(run, "T2", 1, 101),
  },
  {
    name: "G1c",
    what: "circular flow: two transactions each saw what the other wrote",
    readers: [],
    steps: [set("T1", 1, 11), set("T2", 2, 22), read("T1", 2), read("T2", 1), commit("T1"), commit("T2")],
    happened: (run) => saw(run, "T1", 2, 22) && saw(run, "T2", 1, 11),
  },
  {
    name: "OTV",
    what: "observed transaction vanishes: a write was seen, and later not",
    readers: ["T3"],
    steps: [
      set("T1", 1, 11),
      set("T1", 2, 19),
      set("T2", 1, 12),
      commit("T1"),
      read("T3", 1),
      set("T2", 2, 18),
      read("T3", 2),
      commit("T2"),
      read("T3", 2),
      read("T3", 1),
      commit("T3"),
    ],
    happened: (run) => {
      // Which transaction wrote each value; what is seen never goes back.
      const writers: Readonly<Record<number, number>> = { 10: 0, 20: 0, 11: 1, 19: 1, 12: 2, 18: 2 };
      const order = run.seen("T3").flatMap((values) => Object.values(values).map((value) => writers[value] ?? 0));
      return order.some((writer, index) => index > 0 && writer < order[index - 1]!);
    },
  },
  {
    name: "PMP",
    what: "predicate-many-preceders: a filter gave other rows the second time",
    readers: ["T1"],
    steps: [
      find("T1", { value: 30 }),
      add("T2", 3, 30),
      commit("T2"),
      find("T1", { value: { $gte: 30 } }),
      commit("T1"),
    ],
    happened: (run) => saw(run, "T1", 3, 30),
  },
  {
    name: "PMP-write",
    what: "the same in a write: rows that its filter names when it ends were passed over",
    readers: [],
    steps: [incrementAll("T1", 10), remove("T2", { value: 20 }), commit("T1"), find("T2", { value: 20 }), commit("T2")],
    happened: (run) => run.committed("T1", "T2") && saw(run, "T2", 1, 20),
  },
  {
    name: "P4",
    what: "lost update: of two read-change-write, one left no trace",
    readers: [],
    steps: [
      read("T1", 1),
      read("T2", 1),
      set("T1", 1, (seen) => (seen[0]?.[1] ?? 0) + 1),
      set("T2", 1, (seen) => (seen[0]?.[1] ?? 0) + 1),
      commit("T1"),
      commit("T2"),
    ],
    happened: (run) => run.committed("T1", "T2") && run.final[1] === 11,
  },
  {
    name: "G-single",
    what: "read skew: two reads saw two moments",
    readers: ["T1"],
    steps: [read("T1", 1), set("T2", 1, 12), set("T2", 2, 18), commit("T2"), read("T1", 2), commit("T1")],
    happened: (run) => saw(run, "T1", 1, 10) && saw(run, "T1", 2, 18),
  },
  {
    name: "G2-item",
    what: "write skew: both read both rows, each changed another one",
    readers: [],
    steps: [read("T1", 1, 2), read("T2", 1, 2), set("T1", 1, 11), set("T2", 2, 21), commit("T1"), commit("T2")],
    happened: (run) => run.committed("T1", "T2") && !saw(run, "T2", 1, 11) && !saw(run, "T1", 2, 21),
  },
  {
    name: "G2",
    what: "anti-dependency cycle: both looked for rows that the other then added",
    readers: [],
    steps: [
      find("T1", { value: 30 }),
      find("T2", { value: 30 }),
      add("T1", 3, 30),
      add("T2", 4, 30),
      commit("T1"),
      commit("T2"),
    ],
    happened: (run) => run.committed("T1", "T2") && !saw(run, "T2", 3, 30) && !saw(run, "T1", 4, 30),
  },
  {
    name: "G2-reader",
    what: "a transaction that only reads saw a state that no order of the others explains",
    readers: ["T3"],
    steps: [
      read("T1", 1, 2),
      set("T2", 2, 25),
      commit("T2"),
      read("T3", 1, 2),
      commit("T3"),
      set("T1", 1, 0),
      commit("T1"),
    ],
    happened: (run) => run.committed("T1", "T2", "T3") && saw(run, "T1", 2, 20) && saw(run, "T3", 2, 25),
  },
];
