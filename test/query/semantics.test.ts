import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  COMPARISONS,
  compareForOrder,
  compareStrings,
  compareValues,
  equalValues,
  readPath,
} from "../../src/query/semantics.js";
import type { Json } from "../../src/schema/model.js";
import { json, ownObject } from "./arbitrary.js";

const date = (time: number) => new Date(time);
const bytes = (...values: number[]) => Uint8Array.from(values);

describe("equality", () => {
  const equal: [Json | undefined, Json | undefined][] = [
    [null, undefined],
    [0, -0],
    [date(5), date(5)],
    [bytes(1, 2), Buffer.from([1, 2])],
    [
      { a: 1, b: [2] },
      ownObject([
        ["b", [2]],
        ["a", 1],
      ]),
    ],
    [{ a: 1, b: null }, { a: 1 }],
    [
      { a: 1 },
      ownObject([
        ["a", 1],
        ["b", undefined],
      ]),
    ],
    [[null], [undefined as never]],
  ];
  test.each(equal)("%o equals %o", (a, b) => {
    expect(equalValues(a, b)).toBe(true);
    expect(equalValues(b, a)).toBe(true);
    expect(compareValues(a, b)).toBe(0);
  });

  const different: [Json | undefined, Json | undefined][] = [
    [1, 1n],
    [0, ""],
    [0, false],
    [0, null],
    ["1", 1],
    [date(5), 5],
    [date(5), date(6)],
    [bytes(1), [1]],
    [bytes(1), bytes(1, 0)],
    [[], {}],
    [[1], [1, null]],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1 }, { b: 1 }],
    [{}, ownObject([["__proto__", 1]])],
    [{}, { constructor: 1 }],
    [{ a: date(1) }, { a: {} }],
  ];
  test.each(different)("%o differs from %o", (a, b) => {
    expect(equalValues(a, b)).toBe(false);
    expect(equalValues(b, a)).toBe(false);
    expect(compareValues(a, b)).not.toBe(0);
  });
});

describe("the total order", () => {
  test("goes by type first", () => {
    const ordered: Json[] = [
      null,
      false,
      true,
      -1,
      0,
      1,
      -1n,
      2n,
      "",
      "a",
      date(0),
      date(1),
      bytes(),
      bytes(0),
      [],
      [1],
      {},
      { a: 1 },
    ];
    const shuffled = [...ordered].reverse();
    expect(shuffled.sort(compareValues)).toEqual(ordered);
  });

  test("is antisymmetric, transitive, and zero exactly for equal values", () => {
    fc.assert(
      fc.property(json, json, json, (a, b, c) => {
        expect(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a))).toBe(0);
        expect(compareValues(a, b) === 0).toBe(equalValues(a, b));
        expect(compareValues(a, a)).toBe(0);
        if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
  });

  test("strings compare by code point, also where code units order otherwise", () => {
    expect("～" < "😀").toBe(false);
    expect(compareStrings("～", "😀")).toBeLessThan(0);
    expect(compareStrings("a😀", "a～")).toBeGreaterThan(0);
    expect(compareStrings("😀", "😁")).toBeLessThan(0);
    expect(compareStrings("a", "ab")).toBeLessThan(0);
    const unit = fc.string({ unit: "binary", maxLength: 6 });
    fc.assert(
      fc.property(unit, unit, (a, b) => {
        const points = (text: string) => [...text].map((character) => character.codePointAt(0)!);
        expect(Math.sign(compareStrings(a, b))).toBe(Math.sign(compareValues(points(a), points(b))));
      }),
    );
  });

  test("nulls go where they are told, whatever the direction", () => {
    expect(compareForOrder(null, 1, "asc", "first")).toBe(-1);
    expect(compareForOrder(null, 1, "desc", "first")).toBe(-1);
    expect(compareForOrder(undefined, 1, "asc", "last")).toBe(1);
    expect(compareForOrder(1, null, "desc", "last")).toBe(-1);
    expect(compareForOrder(undefined, null, "desc", "last")).toBe(0);
    expect(compareForOrder(1, 2, "desc", "last")).toBeGreaterThan(0);
  });
});

describe("order operators", () => {
  test("never hold for null, across types, or for lists and objects", () => {
    const values: Json[] = [null, true, 1, 1n, "a", date(1), bytes(1), [1], { a: 1 }];
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) {
        const composite = typeof a === "object" && a !== null && !(a instanceof Date) && !(a instanceof Uint8Array);
        const holds = i === j && a !== null && !composite;
        expect(COMPARISONS.gte(a, b)).toBe(holds);
        expect(COMPARISONS.lte(a, b)).toBe(holds);
        expect(COMPARISONS.gt(a, b) || COMPARISONS.lt(a, b)).toBe(false);
      }
    }
  });
});

describe("reading a path", () => {
  test("sees own properties of plain objects only", () => {
    expect(readPath({ a: { b: 1 } }, ["a", "b"])).toBe(1);
    expect(readPath({ a: 1 }, [])).toEqual({ a: 1 });
    for (const inherited of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(readPath({}, [inherited])).toBe(null);
      expect(readPath({ a: {} }, ["a", inherited])).toBe(null);
    }
    expect(readPath(ownObject([["__proto__", 7]]), ["__proto__"])).toBe(7);
    expect(readPath({ a: [1, 2] }, ["a", "length"])).toBe(null);
    expect(readPath({ a: [1, 2] }, ["a", "0"])).toBe(null);
    expect(readPath({ a: bytes(1) }, ["a", "0"])).toBe(null);
    expect(readPath({ a: "text" }, ["a", "length"])).toBe(null);
    expect(readPath({ a: null }, ["a", "b"])).toBe(null);
    expect(readPath({}, ["a", "b"])).toBe(null);
  });
});
