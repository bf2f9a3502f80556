/** Properties over a small random database: relations in filters, and what every sequence of writes keeps true. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TenonError } from "../../src/base/errors.js";
import { compileFilter, type RelatedResolver, relatedByDocs } from "../../src/query/evaluate.js";
import type { Change, Filter, WriteCommand } from "../../src/query/ir.js";
import { emptySelection } from "../../src/query/parse-find.js";
import {
  type ReferenceData,
  referenceCount,
  referenceFind,
  referenceMatches,
  relatedDocs,
  relationOf,
} from "../../src/query/reference.js";
import { emptyState, type ReferenceState, referenceWrite } from "../../src/query/reference-write.js";
import type { Doc } from "../../src/schema/model.js";
import { int, nullable, schemaOf } from "../support/schema.js";

const schema = schemaOf({
  Node: {
    fields: { id: int, v: nullable(int), up: nullable(int), owner: nullable(int), u: nullable(int) },
    indexes: [{ on: ["u"], unique: true }],
    relations: {
      parent: { kind: "belongsTo", target: "Node", from: ["up"], onDelete: "cascade" },
      children: { kind: "hasMany", target: "Node", to: ["up"] },
      keeper: { kind: "belongsTo", target: "Node", from: ["owner"], onDelete: "setNull" },
      kept: { kind: "hasMany", target: "Node", to: ["owner"] },
      linked: { kind: "manyToMany", target: "Node", through: "Link", from: ["a"], to: ["b"] },
    },
  },
  Link: {
    fields: { a: int, b: int },
    key: ["a", "b"],
    relations: {
      first: { kind: "belongsTo", target: "Node", from: ["a"], onDelete: "cascade" },
      second: { kind: "belongsTo", target: "Node", from: ["b"], onDelete: "restrict" },
    },
  },
});
const Node = schema.models.get("Node")!;
const RELATIONS = Node.relations.map((relation) => relation.name);

const small = fc.integer({ min: 0, max: 4 });
const ref = fc.option(fc.integer({ min: 1, max: 5 }), { nil: null, freq: 3 });
const database: fc.Arbitrary<ReferenceData> = fc
  .record({
    nodes: fc.array(fc.record({ v: fc.option(small, { nil: null }), up: ref, owner: ref }), { maxLength: 5 }),
    links: fc.array(fc.record({ a: fc.integer({ min: 1, max: 5 }), b: fc.integer({ min: 1, max: 5 }) }), {
      maxLength: 6,
    }),
  })
  .map(({ nodes, links }) => {
    const tables: Record<string, readonly Doc[]> = {
      Node: nodes.map((node, index) => ({ id: index + 1, ...node })),
      Link: links,
    };
    return { schema, docs: (name) => tables[name] ?? [] };
  });

const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small" },
    fc.record({
      kind: fc.constant("compare" as const),
      path: fc.constantFrom(["v"], ["id"], ["up"]),
      op: fc.constantFrom("eq", "ne", "gt", "lte"),
      value: small,
    }),
    fc.record({ kind: fc.constant("and" as const), filters: fc.array(tie("filter"), { maxLength: 2 }) }),
    fc.record({ kind: fc.constant("not" as const), filter: tie("filter") }),
    fc.record({
      kind: fc.constant("related" as const),
      relation: fc.constantFrom(...RELATIONS),
      quantifier: fc.constantFrom("some", "every", "none"),
      filter: tie("filter"),
    }),
  ),
})).filter;

describe("relations in filters", () => {
  test("the compiled filter means what the reference says", () => {
    fc.assert(
      fc.property(database, filter, (data, where) => {
        const resolver: RelatedResolver = relatedByDocs(
          (name, doc) => relatedDocs(data, relationOf(Node, name), doc),
          () => resolver,
        );
        const test = compileFilter(where, resolver);
        for (const doc of data.docs("Node")) expect(test(doc)).toBe(referenceMatches(data, "Node", where, doc));
      }),
      { numRuns: 1500 },
    );
  });

  test("a condition and its negation split the rows; every is not some-not; none is not some", () => {
    fc.assert(
      fc.property(database, filter, fc.constantFrom(...RELATIONS), (data, inner, relation) => {
        const ids = (where: Filter) =>
          referenceFind(data, { ...emptySelection(Node), kind: "find", model: "Node", lock: "none", where }).map(
            (row) => row.id,
          );
        const not = (negated: Filter): Filter => ({ kind: "not", filter: negated });
        const quantified = (quantifier: "some" | "every" | "none", of: Filter): Filter => ({
          kind: "related",
          relation,
          quantifier,
          filter: of,
        });
        const some = quantified("some", inner);
        expect([...ids(some), ...ids(not(some))].sort()).toEqual(ids({ kind: "and", filters: [] }));
        expect(ids(quantified("none", inner))).toEqual(ids(not(some)));
        expect(ids(quantified("every", inner))).toEqual(ids(not(quantified("some", not(inner)))));
        expect(referenceCount(data, "Node", some)).toBe(ids(some).length);
      }),
      { numRuns: 800 },
    );
  });
});

const nodeDoc = fc
  .record({ v: small, up: ref, owner: ref, u: fc.option(small, { nil: null }) })
  .chain((doc) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant<Doc>(doc) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }).map((id): Doc => ({ id, ...doc })) },
    ),
  );
const where: fc.Arbitrary<Filter | null> = fc.option(
  fc.record({
    kind: fc.constant("compare" as const),
    path: fc.constantFrom(["id"], ["v"]),
    op: fc.constantFrom("eq", "lte"),
    value: small,
  }),
  { nil: null, freq: 5 },
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ path: fc.constantFrom(["up"], ["owner"], ["u"]), op: fc.constant("set" as const), value: ref }),
  fc.record({ path: fc.constantFrom(["v"], ["u"]), op: fc.constant("inc" as const), value: small }),
);
const returning = fc.constant(true);
const limit = fc.option(small, { nil: null });
const onConflict = fc.record({ kind: fc.constantFrom("fail" as const, "skip" as const) });
const command: fc.Arbitrary<WriteCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("insert" as const),
      model: fc.constant("Node"),
      docs: fc.array(nodeDoc, { maxLength: 4 }),
      onConflict,
      returning,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("insert" as const),
      model: fc.constant("Link"),
      docs: fc.array(fc.record({ a: small, b: small }), { maxLength: 2 }),
      onConflict,
      returning,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("update" as const),
      model: fc.constant("Node"),
      where,
      changes: fc.array(change, { maxLength: 2 }),
      limit,
      returning,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("delete" as const), model: fc.constant("Node"), where, limit, returning }),
  },
);

/** Every constraint of the schema, stated plainly. */
function checkState(state: ReferenceState): void {
  const nodes = state.docs("Node");
  const ids = nodes.map((node) => node.id as number);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  const us = nodes.map((node) => node.u).filter((u) => u !== null);
  expect(us.length).toBe(new Set(us).size);
  const references = [
    ...nodes.flatMap((node) => [node.up, node.owner]),
    ...state.docs("Link").flatMap((link) => [link.a, link.b]),
  ];
  for (const id of references) if (id !== null) expect(ids).toContain(id);
}

describe("writes", () => {
  test("keep every constraint, use no number twice, and change nothing when they fail", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 12 }), (commands) => {
        let state = emptyState(schema);
        let largest = 0;
        for (const one of commands) {
          const before = state;
          const tables = JSON.stringify([...before.tables]);
          try {
            const written = referenceWrite(state, one);
            state = written.state;
            expect(written.result.docs.length).toBe(written.result.count);
            if (one.kind === "insert" && one.model === "Node") {
              const given = new Set(one.docs.map((doc) => doc.id));
              for (const { id } of written.result.docs)
                if (!given.has(id as number)) expect(id).toBeGreaterThan(largest);
              largest = Math.max(largest, ...written.result.docs.map((doc) => doc.id as number));
            }
          } catch (error) {
            if (!(error instanceof TenonError)) throw error;
          }
          expect(JSON.stringify([...before.tables])).toBe(tables);
          checkState(state);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
