/** Whatever is passed, a parser answers with a query or with a QueryError of bounded length, and leaves prototypes alone. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QueryError } from "../../src/base/errors.js";
import { compileFilter, type RelatedResolver } from "../../src/query/evaluate.js";
import { parseAggregate, parseGroupBy } from "../../src/query/parse-aggregate.js";
import { parseFind } from "../../src/query/parse-find.js";
import { parseId, parseUnique } from "../../src/query/parse-unique.js";
import { parseWhere } from "../../src/query/parse-where.js";
import { shop, User } from "./shop.js";

const words = [
  ...User.fields.map((field) => field.name),
  ...User.relations.map((relation) => relation.name),
  ...[
    "$eq",
    "$ne",
    "$gt",
    "$in",
    "$nin",
    "$exists",
    "$not",
    "$and",
    "$or",
    "$contains",
    "$some",
    "$every",
    "$regex",
    "$where",
    "$count",
  ],
  ...[
    "some",
    "every",
    "none",
    "is",
    "isNot",
    "where",
    "orderBy",
    "limit",
    "after",
    "distinct",
    "select",
    "omit",
    "populate",
    "by",
    "having",
  ],
  ...[
    "count",
    "sum",
    "avg",
    "direction",
    "nulls",
    "city",
    "geo",
    "lat",
    "__proto__",
    "constructor",
    "toString",
    "",
    "asc",
    "desc",
  ],
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    ...words,
    null,
    undefined,
    true,
    0,
    -1,
    1.5,
    Number.NaN,
    1n,
    /x/y,
    /^a/gi,
    () => true,
    Symbol.iterator,
  ),
  fc.constantFrom<unknown>(
    new Date(0),
    new Date(Number.NaN),
    Uint8Array.of(1),
    new Map(),
    "(",
    "address.city",
    "posts.comments",
  ),
);
const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(...words), tie("value")), { maxLength: 3 }).map((entries) => {
      const object = {};
      for (const [key, value] of entries)
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true });
      return object;
    }),
  ),
})).value as fc.Arbitrary<unknown>;

const prototypes = () =>
  [Object.prototype, Array.prototype, Function.prototype].flatMap((one) =>
    Reflect.ownKeys(one).map((key) => String(key)),
  );

/** The result, or null when a QueryError was thrown; any other error fails the test. */
function attempt<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    expect(error.fix).toBeTruthy();
    expect(error.meta.model).toBe("User");
    return null;
  }
}

const noRows: RelatedResolver = { compile: () => () => false };

describe("any input", () => {
  const parsers: [string, (value: unknown) => unknown][] = [
    ["where", (value) => compileFilter(parseWhere(shop, User, value), noRows)({ id: 1 })],
    ["unique", (value) => parseUnique(shop, User, value)],
    ["id", (value) => parseId(shop, User, value)],
    ["find", (value) => parseFind(shop, User, value)],
    ["aggregate", (value) => parseAggregate(shop, User, value)],
    ["groupBy", (value) => parseGroupBy(shop, User, value)],
  ];
  test.each(parsers)("%s", (_name, parse) => {
    const before = prototypes();
    fc.assert(
      fc.property(anything, (value) => {
        attempt(() => parse(value));
      }),
      { numRuns: 2000 },
    );
    expect(prototypes()).toEqual(before);
  });

  test.each(["where", "orderBy", "limit", "offset", "after", "distinct", "select", "omit", "populate"])(
    "find { %s }",
    (name) => {
      fc.assert(
        fc.property(anything, (value) => {
          attempt(() => parseFind(shop, User, { [name]: value }));
        }),
        { numRuns: 1000 },
      );
    },
  );

  test.each(["by", "having", "orderBy", "sum", "count", "where"])("groupBy { %s }", (name) => {
    fc.assert(
      fc.property(anything, (value) => {
        attempt(() => parseGroupBy(shop, User, { by: ["role"], count: true, sum: ["age"], [name]: value }));
      }),
      { numRuns: 1000 },
    );
  });

  test("each single condition", () => {
    fc.assert(
      fc.property(fc.constantFrom(...words), anything, (name, value) => {
        const where = Object.defineProperty({}, name, { value, enumerable: true });
        attempt(() => compileFilter(parseWhere(shop, User, where), noRows)({ id: 1 }));
      }),
      { numRuns: 6000 },
    );
  });
});
