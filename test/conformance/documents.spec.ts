/** Promise 10 and 1: what comes back is what was put in: types, nesting, unicode, null and absent, size; frozen and plain. */
import { describe, expect, test } from "vitest";
import { QueryError } from "../../src/base/errors.js";
import type { Doc, Json } from "../../src/schema/model.js";
import { asc, eq } from "../support/ir.js";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  float,
  int,
  json,
  nullable,
  object,
  optional,
  record,
  schemaOf,
  string,
} from "../support/schema.js";
import { connect, freshDatabase, has, needs, rejects, type Spec, type Target, wholeState } from "../support/target.js";

const schema = schemaOf({
  Thing: {
    fields: {
      id: string,
      s: nullable(string),
      n: nullable(int),
      f: nullable(float),
      b: nullable(bigint),
      t: nullable(boolean),
      d: nullable(date),
      u: nullable(bytes),
      opt: optional(json),
      list: nullable(array(nullable(json))),
      map: nullable(record(json)),
      obj: nullable(
        object({
          d: optional(date),
          b: optional(bigint),
          u: optional(bytes),
          deep: optional(object({ x: nullable(int) })),
        }),
      ),
      any: nullable(json),
    },
    indexes: ["s", "b", "d", "u", { on: ["obj.d"] }],
  },
  Meter: { fields: { at: date, place: bigint, raw: bytes }, key: ["at", "place"] },
});

const EMPTY = {
  s: null,
  n: null,
  f: null,
  b: null,
  t: null,
  d: null,
  u: null,
  list: null,
  map: null,
  obj: null,
  any: null,
};

const STRINGS = [
  "",
  " ",
  "line\nbreak\r\n\t",
  '"quoted" \\ \\u0041',
  "\u2028\u2029",
  "é ≠ é",
  "日本語",
  "👩‍👩‍👧",
  "</script>",
  "__proto__",
  "x".repeat(70_000),
];
/** What not every database can hold as text. */
const ODD_STRINGS = ["\u0000", "\ud800", "a\udc00b"];
const FLOATS = [
  0,
  0.1 + 0.2,
  5e-324,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_SAFE_INTEGER,
  1e21,
  123456789.12345679,
];
const BIGINTS = [0n, -1n, 2n ** 63n, -(2n ** 63n) - 1n, 10n ** 60n];
const FAR_DATES = [new Date(-8.64e15)];
const DATES = [0, 1, -1, 8.64e15, Date.UTC(1582, 9, 4), Date.UTC(2026, 1, 28, 23, 59, 59, 999)].map(
  (ms) => new Date(ms),
);
const BYTES = [[], [0], [255, 0, 128, 10, 13, 34, 92], Array.from({ length: 3000 }, (_, i) => i % 256)].map(
  (list) => new Uint8Array(list),
);

const JSONS: readonly Json[] = [
  null,
  true,
  [],
  {},
  [[], [[]], {}],
  [null, [null], { a: null }],
  { $date: "2026-01-01", $bigint: "1", $bytes: "AA==" },
  { $date: 5 },
  { "": 1, " ": 2, "a.b": 3, $set: 4, "0": 5, é: 6, "😀": 7 },
  { d: new Date(5), list: [1n, new Uint8Array([1]), { d: new Date(-5) }] },
  Array.from({ length: 60 }).reduce<Json>((inner) => ({ inner: [inner] }), 1),
];

const OWN_NAMES = JSON.parse(
  '{"__proto__":{"polluted":1},"constructor":2,"toString":3,"hasOwnProperty":4,"length":5,"then":6}',
) as Json;

function values(target: Target): readonly Doc[] {
  const rows: Doc[] = [{ ...EMPTY, id: "empty" }];
  const add = (field: string, list: readonly Json[]) => {
    for (const [index, value] of list.entries()) rows.push({ ...EMPTY, id: `${field}${index}`, [field]: value });
  };
  add("s", has(target, "anyStrings") ? [...STRINGS, ...ODD_STRINGS] : STRINGS);
  add("f", FLOATS);
  add("b", BIGINTS);
  add("d", datesOf(target));
  add("u", BYTES);
  add("t", [true, false]);
  add("any", [...JSONS, OWN_NAMES]);
  add("list", [[], [null, 1, "a", new Date(1), 2n], [OWN_NAMES]]);
  add("map", [{}, { a: 1, b: [2] }, OWN_NAMES]);
  add("obj", [{}, { d: new Date(7), b: -7n, u: new Uint8Array([7]), deep: { x: null } }]);
  return rows;
}

function datesOf(target: Target): readonly Date[] {
  return has(target, "anyDates") ? [...DATES, ...FAR_DATES] : DATES;
}

function everyValue(value: unknown, visit: (value: object) => void): void {
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return;
  visit(value);
  for (const inner of Object.values(value)) everyValue(inner, visit);
}

export const documents: Spec = (target) => {
  describe("documents", () => {
    const db = freshDatabase(target, schema);
    const byId = async () => new Map((await db.find("Thing")).map((row) => [row.id, row]));

    test("come back as they were given: from the insert, from a find, by stream", async () => {
      const rows = values(target);
      expect(await db.insert("Thing", rows)).toEqual(rows);
      const found = await byId();
      expect(found.size).toBe(rows.length);
      for (const row of rows) expect(found.get(row.id!), String(row.id)).toStrictEqual(row);
    });
    test("every value is found again by equality", async () => {
      const rows = values(target);
      await db.insert("Thing", rows);
      for (const field of ["s", "f", "b", "d", "u"]) {
        for (const row of rows) {
          if (row[field] === null || !String(row.id).startsWith(field)) continue;
          const ids = await db.pluck("Thing", "id", { where: eq(field, row[field]!) });
          expect(ids, String(row.id)).toEqual([row.id]);
        }
      }
    });
    test("promise 10: are plain and frozen all the way down; a write to one throws and changes nothing", async () => {
      await db.insert("Thing", values(target));
      for (const row of await db.find("Thing")) {
        everyValue(row, (value) => {
          expect(Object.isFrozen(value)).toBe(true);
          if (!Array.isArray(value)) expect([Object.prototype, null]).toContain(Object.getPrototypeOf(value));
        });
        expect(() => {
          (row as Record<string, Json>).s = "changed";
        }).toThrow(TypeError);
      }
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });
    test("do not change with the caller's object after the write", async () => {
      const any = { list: [1, 2], when: new Date(5) };
      const given: Doc = { ...EMPTY, id: "mine", any, d: any.when };
      await db.insert("Thing", [given]).catch(() => undefined);
      try {
        any.list.push(3);
      } catch {
        // The engine may have frozen what it was given: that keeps the promise too.
      }
      expect((await byId()).get("mine")!.any).toEqual({ list: [1, 2], when: new Date(5) });
    });
    test("promise 1: nullable reads back null, optional reads back absent", async () => {
      await db.insert("Thing", [{ id: "bare" }, { id: "nulls", opt: null, s: null }]);
      const found = await byId();
      expect(found.get("bare")).toStrictEqual({ ...EMPTY, id: "bare" });
      expect(found.get("nulls")).toStrictEqual({ ...EMPTY, id: "nulls" });
      expect(await db.pluck("Thing", "id", { where: eq("opt", null) })).toEqual(["bare", "nulls"]);
    });
    test("keys of dates, bigints and strings of every kind", async () => {
      const rows = datesOf(target).flatMap((at) => BIGINTS.map((place) => ({ at, place, raw: new Uint8Array([1]) })));
      await db.insert("Meter", rows);
      const found = await db.find("Meter");
      expect(found).toHaveLength(rows.length);
      const ordered = rows.toSorted((a, b) => a.at.getTime() - b.at.getTime() || (a.place < b.place ? -1 : 1));
      expect(found).toEqual(ordered);
      for (const row of rows) {
        const where = { kind: "and", filters: [eq("at", row.at), eq("place", row.place)] } as const;
        expect(await db.find("Meter", { where })).toEqual([row]);
      }
    });
    if (!has(target, "anyStrings")) {
      test("strings that the database cannot hold are refused by the field's name, wherever they stand", async () => {
        for (const text of ODD_STRINGS) {
          for (const [field, value] of Object.entries({ s: text, any: { a: [text] }, map: { [text]: 1 } })) {
            const error = await rejects(
              db.insert("Thing", [{ ...EMPTY, id: "odd", [field]: value }]),
              QueryError,
              "QUERY.INVALID_VALUE",
            );
            expect(error.meta).toMatchObject({ field });
          }
          await rejects(db.find("Thing", { where: eq("s", text) }), QueryError, "QUERY.INVALID_VALUE");
        }
        expect(await db.find("Thing")).toEqual([]);
      });
    }
    if (!has(target, "anyDates")) {
      test("dates that the database cannot hold are refused", async () => {
        for (const d of FAR_DATES)
          await rejects(db.insert("Thing", [{ ...EMPTY, id: "far", d }]), QueryError, "QUERY.INVALID_VALUE");
        expect(await db.find("Thing")).toEqual([]);
      });
    }
    needs(target, "longIndexedValues")("a megabyte of text in an index", async () => {
      const s = "0123456789é".repeat(100_000);
      await db.insert("Thing", [{ ...EMPTY, id: "big", s }]);
      expect(await db.pluck("Thing", "id", { where: eq("s", s) })).toEqual(["big"]);
    });
    if (!has(target, "longIndexedValues")) {
      test("a value that is too long for its index is refused", async () => {
        const s = Array.from({ length: 20_000 }, (_, index) => String(index * 7919)).join("");
        await rejects(db.insert("Thing", [{ ...EMPTY, id: "big", s }]), QueryError, "QUERY.INVALID_VALUE");
        expect(await db.find("Thing")).toEqual([]);
      });
    }
    test("big documents: a megabyte of text, ten thousand elements, deep nesting", async () => {
      const text = "0123456789é".repeat(100_000);
      const list = Array.from({ length: 10_000 }, (_, index) => ({ index, name: `n${index}` }));
      await db.insert("Thing", [{ ...EMPTY, id: "big", any: text, list }]);
      const [row] = await db.find("Thing", { where: eq("id", "big") });
      expect(row).toStrictEqual({ ...EMPTY, id: "big", any: text, list });
    });
    test("many rows: more than one batch of everything", async () => {
      const rows = Array.from({ length: 3000 }, (_, index) => ({
        ...EMPTY,
        id: String(index).padStart(5, "0"),
        n: index % 7,
        s: `s${index % 11}`,
      }));
      await db.insert("Thing", rows);
      expect(await db.engine.count("Thing", null)).toBe(3000);
      expect(await db.engine.count("Thing", eq("s", "s3"))).toBe(rows.filter((row) => row.s === "s3").length);
      const sorted = await db.pluck("Thing", "id", { orderBy: [asc("n")], limit: 500 });
      expect(sorted).toEqual(
        rows
          .filter((row) => row.n <= 1)
          .map((row) => row.id)
          .toSorted((a, b) => (Number(a) % 7) - (Number(b) % 7) || Number(a) - Number(b))
          .slice(0, 500),
      );
    });

    needs(target, "reopens")("outlive a closed engine exactly", async () => {
      const rows = values(target);
      await db.insert("Thing", rows);
      await db.insert("Meter", [{ at: new Date(5), place: 2n ** 70n, raw: new Uint8Array([1, 2]) }]);
      await db.engine.write({ kind: "delete", model: "Thing", where: eq("id", "s3"), limit: null, returning: false });
      const before = await wholeState(db.engine, schema);
      await db.engine.close();
      const again = await connect(db.place, schema);
      try {
        expect(await wholeState(again, schema)).toStrictEqual(before);
        expect(await again.count("Thing", eq("b", 10n ** 60n)), "through an index").toBe(1);
        expect((await again.admin.inspect())?.hash).toBe(schema.hash);
      } finally {
        await again.close();
      }
    });
  });
};
