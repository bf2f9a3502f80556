import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Scalar } from "../../src/schema/model.js";
import { decodeKey, encodeKey, keyBoundsRange, keyPrefixRange, keyStartsWithRange } from "../../src/storage/key.js";

const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double({ noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom("\0", "\u0001", "a", "\xff", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"),
    maxLength: 4,
  }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 5 }),
);

const rank = (value: Scalar): number =>
  value === null
    ? 0
    : typeof value === "object"
      ? value instanceof Date
        ? 5
        : 6
      : ["boolean", "number", "bigint", "string"].indexOf(typeof value) + 1;

const sign = (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0);

function compareLists(a: readonly (number | bigint)[], b: readonly (number | bigint)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (sign(a[i]!, b[i]!) !== 0) return sign(a[i]!, b[i]!);
  return sign(a.length, b.length);
}

/** The semantic order, written from the specification and not from the encoding. */
function compare(a: Scalar, b: Scalar): number {
  if (rank(a) !== rank(b)) return sign(rank(a), rank(b));
  if (a === null || b === null) return 0;
  if (typeof a === "string" && typeof b === "string") {
    return compareLists(
      [...a].map((c) => c.codePointAt(0)!),
      [...b].map((c) => c.codePointAt(0)!),
    );
  }
  if (a instanceof Date && b instanceof Date) return sign(a.getTime(), b.getTime());
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareLists([...a], [...b]);
  return sign(Number(a as boolean) === a ? a : (a as bigint), b as bigint);
}

function compareTuples(a: readonly Scalar[], b: readonly Scalar[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compare(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return sign(a.length, b.length);
}

const compareKeys = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

describe("encodeKey", () => {
  test("sorts as the tuples sort", () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 3 }), fc.array(scalar, { maxLength: 3 }), (a, b) => {
        expect(compareKeys(encodeKey(a), encodeKey(b))).toBe(compareTuples(a, b));
      }),
      { numRuns: 5000 },
    );
  });

  test("sorts as the tuples sort where they share a beginning", () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 2 }), fc.array(scalar, { maxLength: 2 }), scalar, (a, b, shared) => {
        expect(compareKeys(encodeKey([shared, ...a]), encodeKey([shared, ...b]))).toBe(compareTuples(a, b));
      }),
      { numRuns: 3000 },
    );
  });

  test("decodes to what was encoded", () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 4 }), (tuple) => {
        const expected = tuple.map((value) => (Object.is(value, -0) ? 0 : value));
        expect(decodeKey(encodeKey(tuple))).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test("-0 and 0 are one key, and infinities are the ends of the numbers", () => {
    expect(encodeKey([-0])).toBe(encodeKey([0]));
    const numbers = [-Infinity, -Number.MAX_VALUE, -1, -5e-324, 0, 5e-324, 1, Number.MAX_VALUE, Infinity];
    const keys = numbers.map((n) => encodeKey([n]));
    expect([...keys].sort(compareKeys)).toEqual(keys);
  });

  test("arrays and objects sort after scalars, element by element", () => {
    const values = [[], [1], [1, 2], [2], {}, { a: 1 }, { a: 1, b: 1 }, { a: 2 }, { b: 0 }];
    const keys = values.map((value) => encodeKey([value]));
    expect([...keys].sort(compareKeys)).toEqual(keys);
    expect(encodeKey([{ b: 1, a: 2 }])).toBe(encodeKey([{ a: 2, b: 1 }]));
    expect(encodeKey([new Uint8Array([255])]) < encodeKey([[]])).toBe(true);
  });
});

const within = (key: string, range: { gte: string; lt: string }) => key >= range.gte && key < range.lt;

describe("ranges", () => {
  test("a prefix range holds exactly the tuples that begin so", () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 2 }), fc.array(scalar, { maxLength: 4 }), (prefix, tuple) => {
        const begins = prefix.length <= tuple.length && prefix.every((value, i) => compare(value, tuple[i]!) === 0);
        expect(within(encodeKey(tuple), keyPrefixRange(prefix))).toBe(begins);
      }),
      { numRuns: 3000 },
    );
  });

  test("bounds hold exactly the values of the same kind between them", () => {
    const bound = fc.constantFrom("gt", "gte", "lt", "lte");
    fc.assert(
      fc.property(scalar, bound, scalar, scalar, (value, kind, operand, rest) => {
        const order = compare(value, operand);
        const fits = { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[kind]!;
        const key = encodeKey(["users", value, rest]);
        const expected = fits && rank(value) === rank(operand);
        expect(within(key, keyBoundsRange(["users"], { [kind]: operand }))).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  test("both bounds together are the overlap", () => {
    const range = keyBoundsRange([], { gte: 2, gt: 2, lte: 5, lt: 7 });
    const inside = [1, 2, 3, 5, 6, 7].filter((n) => within(encodeKey([n]), range));
    expect(inside).toEqual([3, 5]);
    expect(keyBoundsRange(["a"], {})).toEqual(keyPrefixRange(["a"]));
  });

  test("a starts-with range holds exactly the strings that start so", () => {
    const text = fc.string({ unit: fc.constantFrom("\0", "a", "\xff", "\uffff", "\u{10000}"), maxLength: 3 });
    fc.assert(
      fc.property(text, text, scalar, (start, rest, other) => {
        const range = keyStartsWithRange(["x"], start);
        expect(within(encodeKey(["x", start + rest, 1]), range)).toBe(true);
        const starts = typeof other === "string" && other.startsWith(start);
        expect(within(encodeKey(["x", other]), range)).toBe(starts);
      }),
      { numRuns: 3000 },
    );
  });
});
