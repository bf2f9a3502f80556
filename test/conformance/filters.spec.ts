/**
 * Every operator on every type, against null and missing. The oracle is the position of a value in a list that is written
 * down in order here, so it does not share a line with the code under test. Each row exists twice: without and with indexes.
 */
import { describe, expect, test } from "vitest";
import type { Filter } from "../../src/query/ir.js";
import type { Json } from "../../src/schema/model.js";
import {
  and,
  contains,
  endsWith,
  eq,
  gt,
  gte,
  isIn,
  lt,
  lte,
  ne,
  not,
  or,
  regex,
  startsWith,
  where,
} from "../support/ir.js";
import {
  bigint,
  boolean,
  bytes,
  date,
  type FieldSpec,
  float,
  int,
  nullable,
  oneOf,
  optional,
  schemaOf,
  string,
} from "../support/schema.js";
import { type Spec, sharedDatabase } from "../support/target.js";

const TYPES = {
  string: { spec: string, values: ["", "A", "a", "ab", "b", "é", "\uffee", "😀"] },
  int: { spec: int, values: [-(2 ** 31) - 5, -5, 0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER] },
  float: { spec: float, values: [-1e300, -1.5, -1e-9, 0, 0.1, 0.5, 1e21] },
  bigint: { spec: bigint, values: [-(2n ** 70n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 70n] },
  boolean: { spec: boolean, values: [false, true] },
  date: { spec: date, values: [new Date(-1), new Date(0), new Date(1e12), new Date(1e12 + 1)] },
  bytes: {
    spec: bytes,
    values: [new Uint8Array(), new Uint8Array([0]), new Uint8Array([0, 1]), new Uint8Array([255])],
  },
  enum: { spec: oneOf("a", "b", "c"), values: ["a", "b", "c"] },
} as const satisfies Record<string, { spec: FieldSpec; values: readonly Json[] }>;

type TypeName = keyof typeof TYPES;
const NAMES = Object.keys(TYPES) as TypeName[];

const fields: Record<string, FieldSpec> = { id: int };
for (const name of NAMES) {
  fields[name] = nullable(TYPES[name].spec);
  fields[`${name}Opt`] = optional(TYPES[name].spec);
}
const schema = schemaOf({
  Bare: { fields },
  Indexed: { fields, indexes: Object.keys(fields).filter((name) => name !== "id") },
});

/** Row 1 holds null and nothing; row n + 2 the n-th value, twice over so that an operator meets equal neighbours. */
const rows = [...Array(9).keys()].map((position) => {
  const row: Record<string, Json> = { id: position + 1 };
  for (const name of NAMES) {
    const value: Json | undefined = position === 0 ? undefined : TYPES[name].values[position - 1];
    row[name] = value ?? null;
    if (value !== undefined) row[`${name}Opt`] = value;
  }
  return row;
});

/** Ids whose position in the value list fits; null for "no value". */
function idsWhere(name: TypeName, holds: (position: number | null) => boolean): number[] {
  return rows
    .map((_, index) => index)
    .filter((index) => holds(index === 0 || index > TYPES[name].values.length ? null : index - 1))
    .map((index) => index + 1);
}

export const filters: Spec = (target) => {
  describe("filters", () => {
    const db = sharedDatabase(target, schema, async (d) => {
      await d.insert("Bare", rows);
      await d.insert("Indexed", rows);
    });
    const ids = async (filter: Filter) => {
      const bare = await db.pluck("Bare", "id", { where: filter });
      expect(await db.pluck("Indexed", "id", { where: filter }), "with indexes").toEqual(bare);
      expect(await db.engine.count("Bare", filter)).toBe(bare.length);
      expect(await db.engine.count("Indexed", filter)).toBe(bare.length);
      return bare;
    };

    describe.each(NAMES)("%s", (name) => {
      const values: readonly Json[] = TYPES[name].values;
      const ordered = !["boolean", "bytes", "enum"].includes(name);
      for (const path of [name, `${name}Opt`]) {
        test(`${path}: $eq, $ne, $in, $nin with every value`, async () => {
          for (const [at, value] of values.entries()) {
            expect(await ids(eq(path, value))).toEqual(idsWhere(name, (p) => p === at));
            expect(await ids(ne(path, value))).toEqual(idsWhere(name, (p) => p !== at));
            expect(await ids(isIn(path, value, null))).toEqual(idsWhere(name, (p) => p === at || p === null));
            expect(await ids(not(isIn(path, value, values[0]!)))).toEqual(idsWhere(name, (p) => p !== at && p !== 0));
          }
          expect(await ids(isIn(path))).toEqual([]);
          expect(await ids(isIn(path, ...values))).toEqual(idsWhere(name, (p) => p !== null));
        });
        test(`${path}: null and missing`, async () => {
          expect(await ids(eq(path, null))).toEqual(idsWhere(name, (p) => p === null));
          expect(await ids(ne(path, null))).toEqual(idsWhere(name, (p) => p !== null));
          expect(await ids(isIn(path, null))).toEqual(idsWhere(name, (p) => p === null));
        });
        if (!ordered) continue;
        test(`${path}: $gt, $gte, $lt, $lte with every value, and ranges`, async () => {
          for (const [at, value] of values.entries()) {
            expect(await ids(gt(path, value))).toEqual(idsWhere(name, (p) => p !== null && p > at));
            expect(await ids(gte(path, value))).toEqual(idsWhere(name, (p) => p !== null && p >= at));
            expect(await ids(lt(path, value))).toEqual(idsWhere(name, (p) => p !== null && p < at));
            expect(await ids(lte(path, value))).toEqual(idsWhere(name, (p) => p !== null && p <= at));
            expect(await ids(not(gt(path, value)))).toEqual(idsWhere(name, (p) => p === null || p <= at));
          }
          const [low, high] = [values[1]!, values[values.length - 2]!];
          const within = (p: number | null) => p !== null && p >= 1 && p <= values.length - 2;
          expect(await ids(and(gte(path, low), lte(path, high)))).toEqual(idsWhere(name, within));
          expect(await ids(and(gt(path, high), lt(path, low)))).toEqual([]);
          expect(await ids(or(lt(path, low), gt(path, high)))).toEqual(idsWhere(name, (p) => p !== null && !within(p)));
        });
      }
    });

    test("a comparison across types is false, except $ne", async () => {
      expect(await ids(gt("string", 0))).toEqual([]);
      expect(await ids(lt("int", "z"))).toEqual([]);
      expect(await ids(eq("int", "1"))).toEqual([]);
      expect(await ids(eq("int", 1n))).toEqual([]);
      expect(await ids(eq("bigint", 0))).toEqual([]);
      expect(await ids(lte("date", 0))).toEqual([]);
      expect(await ids(ne("int", "1"))).toHaveLength(9);
    });
    test("-0 equals 0", async () => {
      expect(await ids(eq("float", -0))).toEqual([5]);
      expect(await ids(eq("int", -0))).toEqual([4]);
      expect(await ids(gte("float", -0))).toEqual([5, 6, 7, 8]);
    });
    test("text: $contains, $startsWith, $endsWith look at strings only, with case", async () => {
      expect(await ids(contains("string", "a"))).toEqual([4, 5]);
      expect(await ids(contains("string", "b"))).toEqual([5, 6]);
      expect(await ids(startsWith("string", "a"))).toEqual([4, 5]);
      expect(await ids(startsWith("string", ""))).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await ids(startsWith("string", "\uffee"))).toEqual([8]);
      expect(await ids(startsWith("string", "😀"))).toEqual([9]);
      expect(await ids(endsWith("string", "b"))).toEqual([5, 6]);
      expect(await ids(endsWith("string", "ab"))).toEqual([5]);
      expect(await ids(contains("int", "1"))).toEqual([]);
      expect(await ids(not(contains("string", "a")))).toEqual([1, 2, 3, 6, 7, 8, 9]);
    });
    test("text is taken literally: no wildcard, no pattern", async () => {
      for (const text of ["%", "_", ".", "\\", "*", "["]) expect(await ids(contains("string", text))).toEqual([]);
    });
    test("$regex with flags; null never matches", async () => {
      expect(await ids(regex("string", "^a"))).toEqual([4, 5]);
      expect(await ids(regex("string", "^a", "i"))).toEqual([3, 4, 5]);
      expect(await ids(regex("string", "^.$", "u"))).toEqual([3, 4, 6, 7, 8, 9]);
      expect(await ids(regex("string", ""))).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await ids(regex("string", "b", "g")), "a global flag keeps no state").toEqual([5, 6]);
      expect(await ids(regex("int", "."))).toEqual([]);
    });
    test("logic is two-valued: not, and, or; empty lists", async () => {
      expect(await ids(and())).toHaveLength(9);
      expect(await ids(or())).toEqual([]);
      expect(await ids(not(and()))).toEqual([]);
      expect(await ids(not(not(eq("int", 0))))).toEqual([4]);
      expect(await ids(not(or(eq("int", 0), eq("int", null))))).toEqual([2, 3, 5, 6, 7]);
      expect(await ids(and(or(eq("int", 0), eq("int", 1)), not(eq("string", "a"))))).toEqual([5]);
      expect(await ids(or(gt("int", 0), not(gt("int", 0))))).toHaveLength(9);
    });
    test("a callback sees the frozen document", async () => {
      expect(await ids(where((doc) => doc.int === 0))).toEqual([4]);
      expect(
        await ids(
          and(
            gt("int", 0),
            where((doc) => Object.isFrozen(doc) && Object.keys(doc).includes("boolean")),
          ),
        ),
      ).toEqual([5, 6, 7]);
      expect(await ids(not(where(() => true)))).toEqual([]);
    });
    test("names of Object.prototype are no fields", async () => {
      for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
        expect(await ids(ne(name, null)), name).toEqual([]);
        expect(await ids(eq([name, "name"], null)), name).toHaveLength(9);
      }
    });
  });
};
