/** Lists longer than a statement has parameters, and thousands of rows that are named by their keys. */
import { describe, expect, test } from "vitest";
import type { Doc, Json } from "../../src/schema/model.js";
import { and, contains, eq, gte, inc, isIn, not, or } from "../support/ir.js";
import { bigint, boolean, bytes, date, float, int, nullable, object, schemaOf, string } from "../support/schema.js";
import { freshDatabase, type Spec } from "../support/target.js";

const schema = schemaOf({
  Item: {
    fields: {
      id: int,
      text: nullable(string),
      whole: int,
      part: float,
      big: bigint,
      day: date,
      raw: bytes,
      on: boolean,
      inner: object({ text: string, whole: int, part: float, big: bigint, day: date, raw: bytes }),
    },
    generate: "given",
  },
  Pair: { fields: { a: int, b: string, n: int }, key: ["a", "b"], generate: "given" },
  Node: {
    fields: { id: int, up: nullable(int) },
    generate: "given",
    relations: { parent: { kind: "belongsTo", target: "Node", from: ["up"], onDelete: "cascade" } },
  },
});

const MANY = 1200;
/** Strings that JSON writes with escapes, and fractions that are not what their decimal digits say. */
const textOf = (n: number) => `"${n}"\\ \u{1F600} '\n`;
const partOf = (n: number) => 0.1 + n / 3;
const dayOf = (n: number) => new Date(Date.UTC(2000, 0, 1) + n * 86_400_001);
const bigOf = (n: number) => 10n ** 30n + BigInt(n);
const rawOf = (n: number) => new Uint8Array([n & 255, n >> 8, 0]);
const valuesOf = (n: number) => ({
  text: textOf(n),
  whole: n - 5,
  part: partOf(n),
  big: bigOf(n),
  day: dayOf(n),
  raw: rawOf(n),
});
const itemOf = (n: number): Doc => ({ id: n, ...valuesOf(n), on: n % 2 === 0, inner: valuesOf(n) });
const upTo = <T>(count: number, of: (n: number) => T) => Array.from({ length: count }, (_, n) => of(n));

export const longLists: Spec = (target) => {
  describe("long lists", () => {
    const db = freshDatabase(target, schema, async (d) => {
      await d.insert("Item", upTo(20, itemOf));
      await d.insert("Item", [{ ...itemOf(2000), text: null }]);
    });
    const ids = (where: Parameters<typeof not>[0]) => db.pluck("Item", "id", { where });
    const first = upTo(20, (n) => n);

    test.each([
      ["text", textOf],
      ["whole", (n: number) => n - 5],
      ["part", partOf],
      ["big", bigOf],
      ["day", dayOf],
      ["raw", rawOf],
    ] as const)("of %s, also of one inside an object", async (field, of) => {
      const list = upTo<Json>(MANY, of);
      expect(await ids(isIn(field, ...list))).toEqual(first);
      expect(await ids(not(isIn(field, ...list)))).toEqual([2000]);
      expect(await ids(isIn(`inner.${field}`, ...list))).toEqual(first);
      const others = upTo<Json>(MANY, (n) => of(n + 10));
      expect(await ids(isIn(field, ...others))).toEqual(first.slice(10));
      expect(await db.engine.count("Item", isIn(field, ...others))).toBe(10);
    });
    test("with null, and with values that the field cannot hold", async () => {
      const list: Json[] = [null, ...upTo(MANY, textOf), 5, true];
      expect(await ids(isIn("text", ...list))).toEqual([...first, 2000]);
      const odd: Json[] = [...upTo(MANY, (n) => n + 0.5), 1e300, "1", null, 3];
      expect(await ids(isIn("whole", ...odd))).toEqual([8]);
      expect(await ids(not(isIn("whole", ...odd)))).toHaveLength(20);
      expect(await ids(isIn("on", ...upTo(MANY, (n) => n % 2 === 0 || "x")))).toHaveLength(11);
    });
    test("longer than any statement has parameters", async () => {
      expect(await ids(isIn("id", ...upTo(70_000, (n) => n)))).toEqual([...first, 2000]);
      expect(await ids(and(isIn("id", ...upTo(70_000, (n) => n)), gte("whole", 10)))).toHaveLength(6);
    });
    test("long chains of conditions", async () => {
      const texts = upTo(3000, (n) => contains("text", `"${n + 5}"`));
      expect(await ids(or(...texts))).toEqual(first.slice(5));
      expect(await ids(and(gte("id", 0), ...texts.map((each) => not(each))))).toEqual([0, 1, 2, 3, 4, 2000]);
    });
    test("write by a long list", async () => {
      const where = isIn("id", ...upTo(MANY, (n) => n));
      expect((await db.engine.write(db.q.update("Item", where, [inc("whole", 100)]))).count).toBe(20);
      expect((await db.engine.write(db.q.remove("Item", where))).count).toBe(20);
      expect(await ids(gte("id", 0))).toEqual([2000]);
    });
    test("rows named by keys of several fields", async () => {
      const pairs = upTo(MANY, (n) => ({ a: n, b: textOf(n), n: 1 }));
      await db.insert("Pair", pairs);
      const named = or(...pairs.slice(100).map(({ a, b }) => and(eq("a", a), eq("b", b))));
      expect(await db.engine.count("Pair", named)).toBe(MANY - 100);
      expect(await db.engine.count("Pair", not(named))).toBe(100);
      const crossed = or(...pairs.map(({ a, b }) => and(eq("a", a + 1), eq("b", b))));
      expect(await db.engine.count("Pair", crossed)).toBe(0);
      const some = await db.engine.write(db.q.remove("Pair", eq("n", 1), { limit: MANY - 10 }));
      expect(some.count).toBe(MANY - 10);
      expect(await db.engine.count("Pair", null)).toBe(10);
    });
    test("thousands of rows of a tree go at once", async () => {
      await db.insert("Node", [{ id: 0, up: null }]);
      await db.insert(
        "Node",
        upTo(MANY, (n) => ({ id: n + 1, up: n >> 1 })),
      );
      expect((await db.engine.write(db.q.remove("Node", gte("id", 1)))).count).toBe(MANY);
      expect(await db.pluck("Node", "id")).toEqual([0]);
    });
  });
};
