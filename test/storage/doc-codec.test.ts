import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptionError } from "../../src/base/errors.js";
import { decodeJson, encodeDocs, encodeJson, reviveJson } from "../../src/schema/doc-codec.js";
import type { Doc, Json } from "../../src/schema/model.js";

const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "toJSON",
    "$date",
    "$$date",
    "$",
    "$bigint",
    "$number",
    "1",
    "\ud800",
  ),
);
const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, Number.NaN, Infinity, -Infinity, "", "\ud800", "a\u2028\n\r\0"),
  fc.double(),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.bigInt(),
  fc.date(),
  fc.uint8Array({ maxLength: 6 }),
);
const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("value"), { maxLength: 4 }), tie("object")),
  object: fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map((entries) => {
    const object = {};
    for (const [key, value] of entries) {
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return object;
  }),
})).value;

/** Equality that knows -0, NaN, property order and own `__proto__`. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && Object.is(a.getTime(), b.getTime());
  }
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  if (left.length !== right.length) return false;
  return left.every(([key, value], i) => key === right[i]![0] && same(value, right[i]![1]));
}

describe("doc codec", () => {
  test("round trip is exact, one line, frozen", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = encodeJson(value as Json);
        expect(text).not.toMatch(/[\n\r]/);
        const back = decodeJson(text);
        expect(same(back, value)).toBe(true);
        const list = decodeJson(encodeDocs([{ value } as Doc, { n: 1 }])) as readonly Doc[];
        expect(same(list[0]!.value, value)).toBe(true);
        expect(Object.isFrozen(list) && Object.isFrozen(list[0])).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test("documents without special values are plain JSON", () => {
    const doc = { id: 1, name: "x", tags: ["a"], address: { city: null } };
    expect(encodeJson(doc)).toBe(JSON.stringify(doc));
  });

  test("a document cannot pollute prototypes", () => {
    const doc = decodeJson('{"__proto__":{"polluted":true,"at":{"$date":0}},"a":1}') as Doc;
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(doc)).toEqual(["__proto__", "a"]);
    expect(Object.getPrototypeOf(doc)).toBe(Object.prototype);
  });

  test("nesting 1,000 levels deep is kept", () => {
    let value: Json = 1n;
    for (let i = 0; i < 1000; i++) value = i % 2 === 0 ? [value] : { a: value };
    expect(same(decodeJson(encodeJson(value)), value)).toBe(true);
  });

  test("a tag that does not exist is damage in our files and a name in those of others", () => {
    expect(() => decodeJson('{"a":{"$nope":1}}')).toThrow(CorruptionError);
    expect(reviveJson(JSON.parse('{"a":{"$nope":1}}'), false)).toEqual({ a: { $nope: 1 } });
    expect(reviveJson(JSON.parse('{"a":{"$date":5}}'), false)).toEqual({ a: new Date(5) });
  });
});
