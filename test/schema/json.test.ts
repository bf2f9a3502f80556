/** Schema <-> JSON is exact; the hash changes with meaning only; damaged text is refused, never half read. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CorruptionError } from "../../src/base/errors.js";
import { collectModels } from "../../src/declare/collect.js";
import { defineModel } from "../../src/declare/define-model.js";
import { belongsTo, hasMany } from "../../src/declare/relations.js";
import { schemaFromJson, schemaToJson } from "../../src/schema/json.js";
import type { ModelMeta } from "../../src/schema/model.js";
import { decodeValue, encodeValue } from "../../src/schema/values.js";
import { json, schema, schemaOf } from "./schemas.js";

function byName<T extends { name: string }>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}

describe("round trip", () => {
  test("values", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(encodeValue(value));
        expect(decodeValue(JSON.parse(text))).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  test("schemas: equal models, equal hash, equal text again", () => {
    fc.assert(
      fc.property(schema, (given) => {
        const text = schemaToJson(given);
        const back = schemaFromJson(text);
        expect(back.hash).toBe(given.hash);
        expect([...back.models.values()]).toEqual(byName(given.models.values()));
        expect(schemaToJson(back)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

const models = () => ({
  User: defineModel("User", z.object({ id: z.int(), name: z.string(), o: z.object({ a: z.int(), b: z.int() }) }), {
    indexes: ["name"],
    relations: { posts: hasMany("Post") },
  }),
  Post: defineModel("Post", z.object({ id: z.int(), userId: z.int() }), {
    relations: { user: belongsTo("User", { from: "userId" }) },
  }),
});
const hashOf = (exports: Record<string, unknown>) => collectModels(exports).resolve().schema.hash;

describe("hash", () => {
  test("is stable over time: a change here makes every database and client stale", () => {
    expect(hashOf(models())).toBe("5d8f1291ba70d3db2170577f78f3ce4a");
  });

  test("does not see order, descriptions or metadata", () => {
    const { User, Post } = models();
    expect(hashOf({ Post, User })).toBe(hashOf({ User, Post }));
    const Described = defineModel(
      "User",
      z.object({
        o: z.object({ b: z.int(), a: z.int().describe("a") }),
        name: z.string().describe("their name").meta({ title: "Name" }),
        id: z.int(),
      }),
      { description: "a user", indexes: ["name"], relations: { posts: hasMany("Post", { description: "all" }) } },
    );
    expect(hashOf({ Described, Post })).toBe(hashOf({ User, Post }));
  });

  test("sees everything else", () => {
    fc.assert(
      fc.property(schema, schema, (a, b) => {
        const same = schemaToJson(plain(a.models.values())) === schemaToJson(plain(b.models.values()));
        expect(a.hash === b.hash).toBe(same);
      }),
      { numRuns: 200 },
    );
    const variants = [
      { name: z.string().nullable() },
      { name: z.string().optional() },
      { name: z.email() },
      { name: z.string().default("x") },
      { name: z.string().default("y") },
      { name: z.string().default(() => crypto.randomUUID()) },
      { name: z.enum(["a", "b"]) },
      { name: z.enum(["b", "a"]) },
      { name: z.string().meta({ column: "n" }) },
      { name: z.coerce.string() },
    ].map((change) => hashOf({ M: defineModel("M", z.object({ id: z.int(), ...change })) }));
    expect(new Set(variants).size).toBe(variants.length);
  });
});

/** Without what the hash leaves out, and in one order. */
function plain(given: Iterable<ModelMeta>) {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = value.map(strip);
      const named = items.every((item) => typeof item === "object" && item !== null && "name" in item);
      return named ? byName(items as { name: string }[]) : items;
    }
    if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array)
      return value;
    const source = value as Record<string, unknown>;
    if (source.kind === "value") return value;
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(source)) {
      out[key] = key === "description" || key === "meta" ? null : strip(source[key]);
    }
    return out;
  };
  return { ...schemaOf(byName(given).map((model) => strip(model) as ModelMeta)), hash: "" };
}

describe("damaged text", () => {
  const good = schemaToJson(collectModels(models()).resolve().schema);
  const codeOf = (text: string): string | null => {
    try {
      schemaFromJson(text, "registry.json");
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      expect(error.message).toContain("registry.json");
      return error.code;
    }
    return null;
  };
  test("is refused", () => {
    expect(codeOf(good)).toBe(null);
    const edited = JSON.parse(good) as Record<string, unknown>;
    const bad = [
      "",
      "null",
      "[]",
      "{}",
      "5",
      '{"tenon":0}',
      '{"tenon":1}',
      '{"tenon":1,"hash":"","models":[1]}',
      good.slice(0, -10),
      JSON.stringify({ ...edited, more: 1 }),
      good.replace('"int"', '"integer"'),
      good.replace('"int"', '"float"'),
      good.replace('"users"', '"people"'),
      good.replace('"nullable": false', '"nullable": 0'),
      good.replace('"column": "id",', ""),
      JSON.stringify({ ...edited, models: [...(edited.models as unknown[]), ...(edited.models as unknown[])] }),
      JSON.stringify({ ...edited, models: [{ ...(edited.models as object[])[0], __proto__: null, extra: 1 }] }),
    ];
    expect(bad.map(codeOf)).toEqual(bad.map(() => "CORRUPTION.FORMAT"));
  });

  test("of a newer version is refused as such", () => {
    expect(codeOf(good.replace('"tenon": 1', '"tenon": 2'))).toBe("CORRUPTION.VERSION");
  });

  test("says where", () => {
    expect(() => schemaFromJson(good.replace('"kind": "int"', '"kind": "integer"'))).toThrow(
      /models\[\d\]\.fields\[\d\]\.type: unknown kind of type/,
    );
  });

  test("any edit of a character is refused, or changes nothing that matters", () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.constantFrom("x", "1", '"', "}", "[", ","), (at, character) => {
        const text = good.slice(0, at) + character + good.slice(at + 1);
        if (codeOf(text) === null) expect(schemaFromJson(text).hash).toBe(schemaFromJson(good).hash);
      }),
      { numRuns: 500 },
    );
  });
});
