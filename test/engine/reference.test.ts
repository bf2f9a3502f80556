/** Every access path against the reference interpreter: random data, random queries and writes, one schema. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TenonError } from "../../src/base/errors.js";
import type { Filter, FindQuery, OrderKey, OrderTerm, Selection, WriteCommand } from "../../src/query/ir.js";
import { referenceCount, referenceFind } from "../../src/query/reference.js";
import { emptyState, type ReferenceState, referenceWrite } from "../../src/query/reference-write.js";
import type { Doc, Json } from "../../src/schema/model.js";
import { blog, find, openEngine } from "./support.js";

const small = fc.integer({ min: 0, max: 6 });
const text = fc.constantFrom("", "a", "ab", "b", "\u{1F600}", "\uE000", "z");
const maybe = <T extends Json>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 3 });

const user = fc.record({
  email: fc.string({ maxLength: 3 }),
  name: maybe(text),
  role: fc.constantFrom("admin", "member"),
  age: maybe(small),
  address: maybe(fc.record({ city: maybe(text) }, { requiredKeys: [] })),
  tags: fc.array(text, { maxLength: 2 }),
  managerId: maybe(small),
});
const post = fc.record({ authorId: small, title: text, views: small, reviewerId: maybe(small) });
const comment = fc.record({ postId: small, text, authorEmail: maybe(fc.constantFrom("a", "b")) });
const profile = fc.record({ userId: small, bio: text });
const label = fc.record({ name: text });
const userLabel = fc.record({ userId: small, labelId: small });
const DOCS: { readonly [of: string]: fc.Arbitrary<Doc> } = {
  User: user as fc.Arbitrary<Doc>,
  Post: post,
  Comment: comment,
  Profile: profile,
  Label: label,
  UserLabel: userLabel,
};
const MODELS = Object.keys(DOCS);

const PATHS: { readonly [of: string]: readonly (readonly [string, fc.Arbitrary<Json>])[] } = {
  User: [
    ["id", small],
    ["email", fc.constantFrom("", "a", "b")],
    ["role", fc.constantFrom("admin", "member", "x")],
    ["age", small],
    ["name", text],
    ["address.city", text],
    ["managerId", small],
  ],
  Post: [
    ["id", small],
    ["authorId", small],
    ["views", small],
    ["title", text],
  ],
  Comment: [
    ["id", small],
    ["postId", small],
    ["authorEmail", text],
  ],
  Profile: [
    ["id", small],
    ["userId", small],
  ],
  Label: [
    ["id", small],
    ["name", text],
  ],
  UserLabel: [
    ["userId", small],
    ["labelId", small],
  ],
};

function leaf(of: string): fc.Arbitrary<Filter> {
  return fc.constantFrom(...PATHS[of]!).chain(([name, value]) => {
    const path = name.split(".");
    const order = fc.constantFrom("gt", "gte", "lt", "lte", "eq", "ne" as const);
    return fc.oneof(
      fc.record({ kind: fc.constant("compare" as const), path: fc.constant(path), op: order, value }),
      fc.record({
        kind: fc.constant("compare" as const),
        path: fc.constant(path),
        op: fc.constant("eq" as const),
        value,
      }),
      fc.record({
        kind: fc.constant("compare" as const),
        path: fc.constant(path),
        op: fc.constantFrom("eq", "ne" as const),
        value: fc.constant(null),
      }),
      fc.record({
        kind: fc.constant("in" as const),
        path: fc.constant(path),
        values: fc.array(maybe(value), { maxLength: 4 }),
      }),
      fc.record({
        kind: fc.constant("text" as const),
        path: fc.constant(path),
        op: fc.constantFrom("startsWith", "contains" as const),
        value: text,
      }),
    );
  });
}

function filter(of: string, depth: number): fc.Arbitrary<Filter> {
  if (depth === 0) return leaf(of);
  const inner = filter(of, depth - 1);
  const relations = blog.models.get(of)!.relations;
  const related =
    relations.length === 0
      ? []
      : [
          fc.constantFrom(...relations).chain((relation) =>
            fc.record({
              kind: fc.constant("related" as const),
              relation: fc.constant(relation.name),
              quantifier: fc.constantFrom("some", "every", "none" as const),
              filter: fc.oneof(filter(relation.target, depth - 1), fc.constant<Filter>({ kind: "and", filters: [] })),
            }),
          ),
        ];
  return fc.oneof(
    { weight: 4, arbitrary: leaf(of) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("and" as const), filters: fc.array(inner, { maxLength: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("or" as const), filters: fc.array(inner, { maxLength: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("not" as const), filter: inner }) },
    ...related.map((arbitrary) => ({ weight: 2, arbitrary: arbitrary as fc.Arbitrary<Filter> })),
  );
}

function orderKey(of: string, depth: number): fc.Arbitrary<OrderKey> {
  const own = fc.constantFrom(...PATHS[of]!).map(([name]): OrderKey => ({ kind: "path", path: name.split(".") }));
  const relations = blog.models.get(of)!.relations;
  if (relations.length === 0 || depth === 0) return own;
  return fc.oneof(
    { weight: 4, arbitrary: own },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...relations)
        .chain(
          (relation): fc.Arbitrary<OrderKey> =>
            relation.arity === "one"
              ? orderKey(relation.target, depth - 1).map((key) => ({ kind: "related", relation: relation.name, key }))
              : fc
                  .option(filter(relation.target, 0), { nil: null })
                  .map((where) => ({ kind: "count", relation: relation.name, where })),
        ),
    },
  );
}

function orderBy(of: string): fc.Arbitrary<readonly OrderTerm[]> {
  const term = fc.record({
    key: orderKey(of, 2),
    direction: fc.constantFrom("asc", "desc" as const),
    nulls: fc.constantFrom("first", "last" as const),
  });
  const usual = term.map((one): OrderTerm => ({ ...one, nulls: one.direction === "asc" ? "first" : "last" }));
  const keys = (direction: "asc" | "desc") =>
    blog.models.get(of)!.key.map(
      (name): OrderTerm => ({
        key: { kind: "path", path: [name] },
        direction,
        nulls: direction === "asc" ? "first" : "last",
      }),
    );
  return fc
    .tuple(fc.array(fc.oneof(usual, usual, term), { maxLength: 2 }), fc.constantFrom("asc", "desc" as const))
    .map(([terms, direction]) => [...terms, ...keys(direction)]);
}

function selection(of: string, depth: number): fc.Arbitrary<Selection> {
  const relations = blog.models.get(of)!.relations;
  const names = blog.models.get(of)!.fields.map((one) => one.name);
  return orderBy(of).chain((terms) =>
    fc.record({
      where: fc.option(filter(of, 2), { nil: null }),
      orderBy: fc.constant(terms),
      after: terms.every((term) => term.key.kind === "path")
        ? fc.option(
            fc.tuple(
              ...terms.map((term) => {
                const name = term.key.kind === "path" ? term.key.path.join(".") : "";
                return maybe(PATHS[of]!.find(([path]) => path === name)![1]);
              }),
            ),
            { nil: null, freq: 3 },
          )
        : fc.constant(null),
      offset: fc.constantFrom(0, 0, 0, 1, 3),
      limit: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
      distinct: fc.option(
        fc.constantFrom(...PATHS[of]!).map(([name]) => [name.split(".")]),
        { nil: null, freq: 4 },
      ),
      fields: fc.option(fc.subarray(names), { nil: null, freq: 4 }),
      populate:
        depth === 0 || relations.length === 0
          ? fc.constant([])
          : fc.uniqueArray(
              fc
                .constantFrom(...relations)
                .chain((one) =>
                  selection(one.target, depth - 1).map((inner) => ({ relation: one.name, selection: inner })),
                ),
              { maxLength: 2, selector: (node) => node.relation },
            ),
      counts:
        relations.length === 0
          ? fc.constant([])
          : fc.array(
              fc
                .constantFrom(...relations)
                .chain((one) =>
                  fc
                    .option(filter(one.target, 0), { nil: null })
                    .map((where) => ({ as: `${one.name}Count`, relation: one.name, where })),
                ),
              { maxLength: 1 },
            ),
    }),
  );
}

const query: fc.Arbitrary<FindQuery> = fc
  .constantFrom(...MODELS)
  .chain((of) => selection(of, 2).map((one) => find(of, one)));

const insertion: fc.Arbitrary<WriteCommand> = fc.constantFrom(...MODELS).chain((of) =>
  fc.record({
    kind: fc.constant("insert" as const),
    model: fc.constant(of),
    docs: fc.array(
      of === "UserLabel"
        ? DOCS[of]!
        : fc
            .tuple(DOCS[of]!, fc.option(fc.integer({ min: 1, max: 9 }), { nil: null, freq: 4 }))
            .map(([doc, id]) => (id === null ? doc : { id, ...doc })),
      { maxLength: 4 },
    ),
    onConflict: fc.constantFrom({ kind: "fail" as const }, { kind: "skip" as const }),
    returning: fc.boolean(),
  }),
);

const change: fc.Arbitrary<WriteCommand> = fc.constantFrom("User", "Post", "Comment", "Profile").chain((of) =>
  fc.record({
    kind: fc.constant("update" as const),
    model: fc.constant(of),
    where: fc.option(filter(of, 1), { nil: null }),
    changes: fc
      .constantFrom(...PATHS[of]!.filter(([name]) => name !== "id" && !name.includes(".")))
      .chain(([name, value]) => value.map((one) => [{ path: [name], op: "set" as const, value: one }])),
    limit: fc.option(small, { nil: null }),
    returning: fc.boolean(),
  }),
);

const removal: fc.Arbitrary<WriteCommand> = fc.constantFrom(...MODELS).chain((of) =>
  fc.record({
    kind: fc.constant("delete" as const),
    model: fc.constant(of),
    where: filter(of, 1),
    limit: fc.option(small, { nil: null }),
    returning: fc.boolean(),
  }),
);

const command = fc.oneof(
  { weight: 5, arbitrary: insertion },
  { weight: 2, arbitrary: change },
  { weight: 2, arbitrary: removal },
);

/** Runs a command on both; both succeed with the same answer or fail with the same error. */
async function both(
  executor: { write(command: WriteCommand): Promise<unknown> },
  state: ReferenceState,
  one: WriteCommand,
): Promise<{ readonly state: ReferenceState; readonly failed: boolean }> {
  let expected: ReturnType<typeof referenceWrite> | TenonError;
  try {
    expected = referenceWrite(state, one);
  } catch (error) {
    if (!(error instanceof TenonError)) throw error;
    expected = error;
  }
  if (expected instanceof TenonError) {
    const failure = await executor.write(one).then(
      () => null,
      (error) => error,
    );
    expect(failure).toMatchObject({ code: expected.code });
    return { state, failed: true };
  }
  expect(await executor.write(one)).toEqual(expected.result);
  return { state: expected.state, failed: false };
}

describe("against the reference", () => {
  test("any writes, then any queries", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 4, maxLength: 14 }),
        fc.array(query, { minLength: 12, maxLength: 12 }),
        async (commands, queries) => {
          await using engine = await openEngine();
          let state = emptyState(blog);
          for (const one of commands) ({ state } = await both(engine, state, one));
          for (const one of queries) {
            const rows = await engine.find(one);
            expect(rows).toEqual(referenceFind(state, one));
            expect(await engine.count(one.model, one.where)).toBe(referenceCount(state, one.model, one.where));
            const streamed: Doc[] = [];
            for await (const batch of engine.stream(one, { batch: 2 })) streamed.push(...batch);
            expect(streamed).toEqual(rows);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("inside a transaction, before and after savepoints", { timeout: 120_000 }, async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: command },
      { weight: 1, arbitrary: fc.constantFrom("begin", "commit", "rollback" as const) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 5 }),
        fc.array(step, { minLength: 3, maxLength: 14 }),
        fc.array(query, { minLength: 4, maxLength: 4 }),
        async (before, steps, queries) => {
          await using engine = await openEngine();
          let state = emptyState(blog);
          for (const one of before) ({ state } = await both(engine, state, one));
          const open = [{ tx: await engine.begin({ mode: "write" }), start: state }];
          for (const one of [...steps, ...steps.filter((item) => item === "begin").map(() => "rollback" as const)]) {
            const { tx, start } = open.at(-1)!;
            if (one === "begin") open.push({ tx: await tx.begin({ mode: "write" }), start: state });
            else if (one === "commit" || one === "rollback") {
              if (open.length === 1) continue;
              await tx[one]();
              open.pop();
              if (one === "rollback") state = start;
            } else {
              const result = await both(tx, state, one);
              state = result.state;
              if (!result.failed) continue;
              await tx.rollback();
              state = start;
              open.pop();
              if (open.length === 0) open.push({ tx: await engine.begin({ mode: "write" }), start: state });
            }
          }
          while (open.length > 1) await open.pop()!.tx.commit();
          const { tx } = open[0]!;
          for (const one of queries) {
            expect(await tx.find(one)).toEqual(referenceFind(state, one));
            expect(await tx.count(one.model, null)).toBe(state.docs(one.model).length);
          }
          await tx.commit();
          for (const one of queries) expect(await engine.find(one)).toEqual(referenceFind(state, one));
        },
      ),
      { numRuns: 200 },
    );
  });
});
