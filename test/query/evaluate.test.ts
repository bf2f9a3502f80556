import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileFilter, noRelated, relatedByDocs } from "../../src/query/evaluate.js";
import type { Filter, OrderTerm } from "../../src/query/ir.js";
import { compileAfter, compileDistinct, compileOrder, identityOf } from "../../src/query/order.js";
import { compileProjection } from "../../src/query/project.js";
import { splitFilter } from "../../src/query/pushdown.js";
import { referenceMatches } from "../../src/query/reference.js";
import { compareValues, equalValues } from "../../src/query/semantics.js";
import { allOf, collectKinds, type FilterKind, rewrite, simplify } from "../../src/query/visit.js";
import type { Doc } from "../../src/schema/model.js";
import { int, json as jsonField, schemaOf } from "../support/schema.js";
import { doc, filter, json, name, ownObject } from "./arbitrary.js";

const schema = schemaOf({ Thing: { fields: { id: int, a: jsonField, b: jsonField, c: jsonField } } });
const data = { schema, docs: () => [] as readonly Doc[] };
const meaning = (where: Filter | null, row: Doc) => referenceMatches(data, "Thing", where, row);

describe("compiled filters", () => {
  test("mean what the reference says", () => {
    fc.assert(
      fc.property(filter, fc.array(doc, { minLength: 1, maxLength: 6 }), (where, rows) => {
        const test = compileFilter(where);
        for (const row of rows) expect(test(row)).toBe(meaning(where, row));
      }),
      { numRuns: 5000 },
    );
  });

  test("every condition splits the rows: a row matches it or its negation, never both", () => {
    fc.assert(
      fc.property(filter, doc, (where, row) => {
        expect(compileFilter({ kind: "not", filter: where })(row)).toBe(!compileFilter(where)(row));
      }),
      { numRuns: 2000 },
    );
  });

  test("null matches every row", () => {
    expect(compileFilter(null)({})).toBe(true);
  });

  test("names that objects inherit are not found", () => {
    for (const inherited of ["constructor", "toString", "__proto__"]) {
      const exists = compileFilter({ kind: "compare", path: [inherited], op: "ne", value: null });
      expect(exists({ a: 1 })).toBe(false);
      expect(exists(ownObject([[inherited, 1]]))).toBe(true);
    }
  });

  test("a related filter needs a resolver", () => {
    const where: Filter = {
      kind: "related",
      relation: "posts",
      quantifier: "some",
      filter: { kind: "and", filters: [] },
    };
    expect(() => compileFilter(where)).toThrow(/"posts"/);
    const posts: Record<string, Doc[]> = { 1: [{ views: 3 }], 2: [] };
    const resolver = relatedByDocs(
      (_relation, row) => posts[String(row.id)] ?? [],
      () => noRelated,
    );
    const of = (quantifier: "some" | "every" | "none", views: number) =>
      compileFilter(
        { ...where, quantifier, filter: { kind: "compare", path: ["views"], op: "eq", value: views } } as Filter,
        resolver,
      );
    expect([1, 2].map((id) => of("some", 3)({ id }))).toEqual([true, false]);
    expect([1, 2].map((id) => of("every", 4)({ id }))).toEqual([false, true]);
    expect([1, 2].map((id) => of("none", 4)({ id }))).toEqual([true, true]);
  });

  test("a callback's answer counts only when it is true", () => {
    const answer = (value: unknown) => compileFilter({ kind: "callback", test: () => value as boolean })({});
    expect([true, false, undefined, 1, "yes"].map(answer)).toEqual([true, false, false, false, false]);
  });

  test("a callback is asked last, about the rows that the conditions beside it leave", () => {
    const asked: unknown[] = [];
    const callback: Filter = { kind: "callback", test: (row) => asked.push(row.a) > 0 };
    const test = compileFilter({
      kind: "and",
      filters: [callback, { kind: "compare", path: ["a"], op: "gt", value: 1 }],
    });
    expect([1, 2, 3].map((a) => test({ a }))).toEqual([false, true, true]);
    expect(asked).toEqual([2, 3]);
  });

  test("a list of many values is searched by type", () => {
    const test = compileFilter({ kind: "in", path: ["a"], values: [1, "1", new Date(1), [1], null] });
    expect([1, "1", new Date(1), [1], null, undefined].every((a) => test({ a } as Doc))).toBe(true);
    expect([2, 1n, new Date(2), [2], {}, true].some((a) => test({ a } as Doc))).toBe(false);
  });
});

describe("rewriting", () => {
  test("simplify keeps the meaning and leaves no constant inside", () => {
    fc.assert(
      fc.property(filter, doc, (where, row) => {
        const simple = simplify(where);
        expect(meaning(simple, row)).toBe(meaning(where, row));
        expect(simplify(simple)).toEqual(simple);
      }),
      { numRuns: 3000 },
    );
  });

  test("rewriting with no change gives the same object", () => {
    fc.assert(
      fc.property(filter, (where) => {
        expect(rewrite(where, (inner) => inner)).toBe(where);
      }),
    );
  });

  test("what is pushed and what remains are together the filter", () => {
    const kinds: readonly FilterKind[] = ["and", "or", "not", "compare", "in", "text", "regex", "element"];
    fc.assert(
      fc.property(filter, fc.subarray([...kinds]), doc, (where, some, row) => {
        const able = new Set(some);
        const { pushed, residual } = splitFilter(where, able);
        expect(meaning(allOf([pushed, residual]), row)).toBe(meaning(where, row));
        const used = collectKinds(pushed);
        // `allOf` may join pushed conditions by an `and` of its own.
        for (const kind of used) expect(able.has(kind) || (kind === "and" && pushed?.kind === "and")).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("order", () => {
  const term: fc.Arbitrary<OrderTerm> = fc.record({
    key: name.map((step) => ({ kind: "path" as const, path: [step] })),
    direction: fc.constantFrom("asc", "desc"),
    nulls: fc.constantFrom("first", "last"),
  });

  test("is total and agrees with the cursor", () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 4 }), doc, doc, doc, (terms, a, b, c) => {
        const compare = compileOrder(terms);
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        const cursor = terms.map(({ key }) =>
          key.kind === "path" && Object.hasOwn(a, key.path[0]!) ? (a[key.path[0]!] ?? null) : null,
        );
        expect(compileAfter(terms, cursor)(b)).toBe(compare(b, a) > 0);
      }),
      { numRuns: 2000 },
    );
  });

  test("an order by related rows needs a reader", () => {
    const count: OrderTerm = {
      key: { kind: "count", relation: "posts", where: null },
      direction: "desc",
      nulls: "last",
    };
    expect(() => compileOrder([count])).toThrow(/"posts"/);
    const compare = compileOrder([count], () => (row) => row.n);
    expect(compare({ n: 2 }, { n: 1 })).toBeLessThan(0);
  });

  test("identities are equal exactly for equal values", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(JSON.stringify(identityOf(a)) === JSON.stringify(identityOf(b))).toBe(equalValues(a, b));
      }),
      { numRuns: 3000 },
    );
  });

  test("distinct keeps the first of each combination", () => {
    const keep = compileDistinct([["a"], ["b"]]);
    const rows: Doc[] = [{ a: 1 }, { a: 1, b: null }, { a: "1" }, { a: 1, b: 1n }, { a: 1, b: 1 }, { a: 1, b: 1n }];
    expect(rows.filter((row) => keep(row))).toEqual([{ a: 1 }, { a: "1" }, { a: 1, b: 1n }, { a: 1, b: 1 }]);
    expect(compareValues(1, 1n)).toBeLessThan(0);
  });
});

describe("projection", () => {
  test("keeps the named fields in order, leaves absent ones out, and freezes", () => {
    const row = compileProjection(["b", "a", "toString", "x"])({ a: 1, b: null });
    expect(Object.entries(row)).toEqual([
      ["b", null],
      ["a", 1],
    ]);
    expect(Object.isFrozen(row)).toBe(true);
    const same = { a: 1 };
    expect(compileProjection(null)(same)).toBe(same);
    const hostile = compileProjection(["__proto__"])(ownObject([["__proto__", { polluted: true }]]));
    expect(Object.getPrototypeOf(hostile)).toBe(Object.prototype);
    expect(Object.keys(hostile)).toEqual(["__proto__"]);
  });
});
