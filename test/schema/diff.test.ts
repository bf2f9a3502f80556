/** Differences of schemas: complete, in an order that can be applied, and rightly called additive or not. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { collectModels } from "../../src/declare/collect.js";
import { defineModel, type ModelHandle } from "../../src/declare/define-model.js";
import type { ModelOptions } from "../../src/declare/options.js";
import { belongsTo } from "../../src/declare/relations.js";
import { describeOp } from "../../src/schema/describe.js";
import { diffSchemas, isAdditive } from "../../src/schema/diff.js";
import type { ModelMeta, Schema } from "../../src/schema/model.js";
import type { SchemaOp } from "../../src/schema/ops.js";
import { schema, schemaOf } from "./schemas.js";

/** Applies operations as an engine would; the oracle for completeness. */
function apply(from: Schema | null, ops: readonly SchemaOp[]): Schema {
  const models = new Map<string, ModelMeta>(from?.models ?? []);
  const change = (name: string, edit: (model: ModelMeta) => Partial<ModelMeta>) => {
    const model = models.get(name);
    if (model === undefined) throw new RangeError(`no model ${name}`);
    models.set(name, { ...model, ...edit(model) });
  };
  const without = <T extends { name: string }>(items: readonly T[], name: string): T[] => {
    if (!items.some((item) => item.name === name)) throw new RangeError(`no ${name}`);
    return items.filter((item) => item.name !== name);
  };
  const plus = <T extends { name: string }>(items: readonly T[], item: T): T[] => {
    if (items.some((other) => other.name === item.name)) throw new RangeError(`${item.name} exists`);
    return [...items, item];
  };
  for (const op of ops) {
    if (op.kind === "createModel") models.set(op.model.name, op.model);
    else if (op.kind === "dropModel") models.delete(op.model);
    else if (op.kind === "addField") change(op.model, ({ fields }) => ({ fields: plus(fields, op.field) }));
    else if (op.kind === "dropField") change(op.model, ({ fields }) => ({ fields: without(fields, op.field) }));
    else if (op.kind === "alterField")
      change(op.model, ({ fields }) => ({ fields: plus(without(fields, op.field.name), op.field) }));
    else if (op.kind === "createIndex") change(op.model, ({ indexes }) => ({ indexes: plus(indexes, op.index) }));
    else if (op.kind === "dropIndex") change(op.model, ({ indexes }) => ({ indexes: without(indexes, op.index) }));
    else if (op.kind === "addRelation")
      change(op.model, ({ relations }) => ({ relations: plus(relations, op.relation) }));
    else if (op.kind === "dropRelation")
      change(op.model, ({ relations }) => ({ relations: without(relations, op.relation) }));
    else if (op.kind === "alterRelation")
      change(op.model, ({ relations }) => ({ relations: plus(without(relations, op.relation.name), op.relation) }));
    else if (op.kind === "alterModel") change(op.model, () => ({ [op.property]: op.to }));
    else throw new RangeError(op.kind);
  }
  return schemaOf([...models.values()]);
}

describe("properties", () => {
  test("a schema differs from itself in nothing", () => {
    fc.assert(
      fc.property(schema, (a) => {
        expect(diffSchemas(a, schemaOf([...a.models.values()].reverse()))).toEqual([]);
      }),
    );
  });

  test("applying the difference gives the other schema, from anything and from nothing", () => {
    fc.assert(
      fc.property(fc.option(schema), schema, (a, b) => {
        const ops = diffSchemas(a, b);
        const result = apply(a, ops);
        expect(result.hash).toBe(b.hash);
        expect(diffSchemas(result, b)).toEqual([]);
        for (const op of ops) {
          expect(describeOp(op)).not.toMatch(/undefined|\[object/);
          expect(typeof isAdditive(op, a)).toBe("boolean");
        }
      }),
      { numRuns: 500 },
    );
  });

  test("from nothing, everything is additive", () => {
    fc.assert(
      fc.property(schema, (b) => {
        expect(diffSchemas(null, b).filter((op) => !isAdditive(op, null))).toEqual([]);
      }),
    );
  });
});

const id = z.int();
function models(shape: z.ZodRawShape, options: ModelOptions = {}): Schema {
  const fields: z.ZodRawShape = { id, name: z.string(), role: z.enum(["a"]), ...shape };
  const User = defineModel("User", z.object(fields), options);
  const Team = defineModel("Team", z.object({ id }));
  return collectModels({ User: User as unknown as ModelHandle, Team }).resolve().schema;
}

describe("in words, and whether additive", () => {
  const cases: [string, [z.ZodRawShape, ModelOptions?], [z.ZodRawShape, ModelOptions?], [string, boolean][]][] = [
    ["nothing", [{}], [{}], []],
    ["nullable field", [{}], [{ bio: z.string().nullable() }], [["adds field `bio` (string, nullable) to User", true]]],
    [
      "optional field",
      [{}],
      [{ bio: z.email().optional() }],
      [["adds field `bio` (string email, optional) to User", true]],
    ],
    ["field with a default", [{}], [{ n: id.default(3) }], [["adds field `n` (int, default 3) to User", true]]],
    ["required field", [{}], [{ n: id }], [["adds field `n` (int) to User", false]]],
    [
      "computed default",
      [{}],
      [{ at: z.date().default(() => new Date()) }],
      [["adds field `at` (date, computed default) to User", false]],
    ],
    [
      "timestamps",
      [{}],
      [{}, { timestamps: { updatedAt: false } }],
      [["adds field `createdAt` (date, generated by now) to User", false]],
    ],
    ["dropped field", [{ n: id }], [{}], [["drops field `n` of User", false]]],
    ["another type", [{ n: id }], [{ n: z.string() }], [["changes field `n` of User: from (int) to (string)", false]]],
    [
      "looser",
      [{ n: id }],
      [{ n: id.nullable() }],
      [["changes field `n` of User: from (int) to (int, nullable)", true]],
    ],
    [
      "tighter",
      [{ n: id.nullable() }],
      [{ n: id }],
      [["changes field `n` of User: from (int, nullable) to (int)", false]],
    ],
    [
      "null to absent",
      [{ n: id.nullable() }],
      [{ n: id.optional() }],
      [["changes field `n` of User: from (int, nullable) to (int, optional)", false]],
    ],
    [
      "more enum values",
      [{}],
      [{ role: z.enum(["b", "a"]) }],
      [['changes field `role` of User: from ("a") to ("b" | "a")', true]],
    ],
    [
      "fewer enum values",
      [{ role: z.enum(["b", "a"]) }],
      [{}],
      [['changes field `role` of User: from ("b" | "a") to ("a")', false]],
    ],
    [
      "format gone",
      [{ e: z.email() }],
      [{ e: z.string() }],
      [["changes field `e` of User: from (string email) to (string)", true]],
    ],
    [
      "format come",
      [{ e: z.string() }],
      [{ e: z.email() }],
      [["changes field `e` of User: from (string) to (string email)", false]],
    ],
    [
      "another default",
      [{ n: id.default(1) }],
      [{ n: id.default(2) }],
      [["changes field `n` of User: from (int, default 1) to (int, default 2)", true]],
    ],
    ["a description", [{ n: id }], [{ n: id.describe("n") }], [["changes field `n` of User: its description", true]]],
    [
      "a nested property",
      [{ o: z.object({}) }],
      [{ o: z.object({ a: id }) }],
      [["changes field `o` of User: its type in detail", false]],
    ],
    ["index", [{}], [{}, { indexes: ["name"] }], [["adds index `users_name` on (name) to User", true]]],
    [
      "unique index",
      [{}],
      [{}, { indexes: [{ on: "name", unique: true }] }],
      [["adds unique index `users_name_key` on (name) to User", true]],
    ],
    ["index gone", [{}, { indexes: ["name"] }], [{}], [["drops index `users_name` of User", true]]],
    [
      "index changed",
      [{}, { indexes: [{ on: "name", name: "x" }] }],
      [{}, { indexes: [{ on: "role", name: "x" }] }],
      [
        ["drops index `x` of User", true],
        ["adds index `x` on (role) to User", true],
      ],
    ],
    [
      "relation",
      [{ teamId: id }],
      [{ teamId: id }, { relations: { team: belongsTo("Team", { from: "teamId" }) } }],
      [
        ["adds index `users_teamId` on (teamId) to User", true],
        ["adds relation `team` (belongsTo Team by teamId, on delete restrict) to User", true],
      ],
    ],
    [
      "onDelete",
      [{ teamId: id }, { relations: { team: belongsTo("Team", { from: "teamId" }) } }],
      [{ teamId: id }, { relations: { team: belongsTo("Team", { from: "teamId", onDelete: "cascade" }) } }],
      [
        [
          "changes relation `team` of User: from (belongsTo Team by teamId, on delete restrict) to (belongsTo Team by teamId, on delete cascade)",
          true,
        ],
      ],
    ],
    [
      "collection",
      [{}],
      [{}, { collection: "people" }],
      [['changes the collection of User from "users" to "people"', false]],
    ],
    ["description", [{}], [{}, { description: "d" }], [["changes the description of User", true]]],
    [
      "key generation",
      [{}],
      [{}, { key: { field: "id", generate: "given" } }],
      [
        ['changes the key generation of User from "increment" to "given"', false],
        ["changes field `id` of User: from (int, generated by increment) to (int)", false],
      ],
    ],
  ];
  test.each(cases)("%s", (_name, from, to, expected) => {
    const before = models(...from);
    const ops = diffSchemas(before, models(...to));
    expect(ops.map((op) => [describeOp(op), isAdditive(op, before)])).toEqual(expected);
  });

  test("models", () => {
    const one = collectModels({ A: defineModel("A", z.object({ id })) }).resolve().schema;
    const other = collectModels({ B: defineModel("B", z.object({ id })) }).resolve().schema;
    const ops = diffSchemas(one, other);
    expect(ops.map((op) => [describeOp(op), isAdditive(op, one)])).toEqual([
      ["adds model B (collection `bs`)", true],
      ["drops model A", false],
    ]);
  });
});
