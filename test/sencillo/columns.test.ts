/** A filter asked again and again is answered by a column of the documents: the answers stay what a scan says. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { candidates } from "../../src/sencillo/columns.js";
import { type Dynamic, quickTx } from "../../src/sencillo.js";
import { Tree } from "../../src/storage/btree.js";
import { open, tempDir } from "./support.js";

const COUNT = 400;
const MIXED = [1, "1", null, true, 0, "", undefined, -3.5, "b", 2n, { a: 1 }, [1]];

const docOf = (n: number): Dynamic => ({
  number: (n * 37) % 50,
  text: `t${(n * 11) % 30}`,
  mixed: MIXED[n % MIXED.length],
  ...(n % 3 === 0 ? { sparse: n % 20 } : {}),
  constructor: n % 4,
});

const FILTERS: readonly Dynamic[] = [
  { number: 7 },
  { number: "7" },
  { text: { $eq: "t4" } },
  { text: "nothing" },
  { number: { $gt: 44 } },
  { number: { $gte: 44, $lt: 46 } },
  { number: { $lte: 2 }, text: { $ne: "t4" } },
  { number: { $gt: 3 } },
  { number: { $gt: "44" } },
  { number: { $lt: Number.NaN } },
  { text: { $gte: "t28" } },
  { text: { $lt: "t1" }, number: { $gt: 10 } },
  { sparse: { $lt: 2 } },
  { sparse: 6, number: { $gt: 20 } },
  { mixed: 1 },
  { mixed: "1" },
  { mixed: null },
  { mixed: true },
  { mixed: 2n },
  { mixed: { a: 1 } },
  { mixed: undefined },
  { mixed: { $gte: 0 } },
  { mixed: { $gt: "" } },
  { constructor: 3 },
  { constructor: { $gt: 2 } },
  { toString: { $gt: 2 } },
];

/** What a filter says of plain objects, by JavaScript's own comparisons. */
function matches(doc: Dynamic, filter: Dynamic): boolean {
  return Object.entries<Dynamic>(filter).every(([field, condition]) => {
    const value = Object.hasOwn(doc, field) ? doc[field] : undefined;
    if (typeof condition !== "object" || condition === null) return value === condition;
    if (!Object.keys(condition).some((name) => name.startsWith("$")))
      return typeof value === "object" && JSON.stringify(value) === JSON.stringify(condition);
    if (typeof value === "object" && value !== null) return "$ne" in condition;
    return Object.entries<Dynamic>(condition).every(([operator, operand]) => {
      if (operator === "$eq") return value === operand;
      if (operator === "$ne") return value !== operand;
      if (operator === "$gt") return value > operand;
      if (operator === "$gte") return value >= operand;
      return operator === "$lt" ? value < operand : value <= operand;
    });
  });
}

describe("columns", () => {
  test("answer as scans do, in the same order, also after changes and inside transactions that changed something", async () => {
    const db = open({ file: join(tempDir(), "db.json"), aof: true, durability: "memory" });
    const docs: Dynamic[] = await quickTx(db)("createMany", {
      data: Array.from({ length: COUNT }, (_, n) => docOf(n)),
      index: (data) => `b${data.number % 2}`,
    });
    const check = async (turn: number) => {
      await db.transaction(async (tx) => {
        for (const filter of FILTERS) {
          const expected = docs.filter((doc) => matches(doc, filter));
          expect(await tx.findMany({ filter }), `${turn} ${String(Object.keys(filter))}`).toEqual(expected);
          const inBucket = expected.filter((doc) => doc.number % 2 === 1);
          expect(await tx.find({ filter, index: "b1" })).toEqual(inBucket[0]);
          const callback = (doc: Dynamic) => doc._id % 2 === 0;
          expect(await tx.findMany({ filter, callback })).toEqual(expected.filter(callback));
        }
      });
    };
    for (let turn = 0; turn < 5; turn++) await check(turn);
    docs[100] = await quickTx(db)("update", { _id: 101, data: { ...docs[100], text: "t4", number: 6 } });
    const [gone] = docs.splice(200, 1);
    await quickTx(db)("destroy", { _id: gone._id });
    for (let turn = 5; turn < 10; turn++) await check(turn);
    await db.transaction(async (tx) => {
      const made = await tx.create({ data: docOf(7), index: "b1" });
      expect(await tx.findMany({ filter: { number: docOf(7).number } })).toContainEqual(made);
    });
  });
  test("are made when they are worth it, and used", () => {
    const values = Array.from({ length: COUNT }, (_, n) => Object.freeze({ ...docOf(n), _id: n }) as Dynamic);
    const keys = values.map(({ _id }) => `k${String(_id).padStart(4, "0")}`);
    const tree = Tree.fromSorted(keys, values);
    const ask = () => candidates(tree, [], [{ field: "number", operator: "$gt", operand: 44 }]);
    const answers = Array.from({ length: 12 }, ask);
    expect(answers[0]).toBeNull();
    expect(answers.at(-1)).toEqual(values.filter(({ number }) => number > 44));
    const equal = () => candidates(tree, [{ field: "text", value: "t4" }], []);
    expect(Array.from({ length: 12 }, equal).at(-1)).toEqual(values.filter(({ text }) => text === "t4"));
  });
});
