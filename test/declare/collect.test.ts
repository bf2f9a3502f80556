/** Picking models out of what modules export; the handle; and where declarations are found to be written. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../src/base/errors.js";
import { collectModels } from "../../src/declare/collect.js";
import { defineModel } from "../../src/declare/define-model.js";
import { parseStack } from "../../src/declare/location.js";
import { belongsTo } from "../../src/declare/relations.js";

const A = defineModel("A", z.object({ id: z.int() }));
const B = defineModel("B", z.object({ id: z.int() }));
const names = (exports: Record<string, unknown>) => [...collectModels(exports).resolve().schema.models.keys()];

describe("collectModels", () => {
  test("picks models from namespaces, lists and nested objects, each once", () => {
    const namespace = Object.assign(Object.create(null), {
      A,
      again: A,
      helper: () => A,
      schema: z.object({ A: z.any() }),
    });
    expect(names({ namespace, list: [B, 5, null, "x"], map: new Map([["A", A]]) })).toEqual(["A", "B"]);
  });

  test("survives exports that contain themselves", () => {
    const ring: Record<string, unknown> = { A };
    ring.self = ring;
    expect(names(ring)).toEqual(["A"]);
  });

  test.each([[{}], [{ User: z.object({}) }], [{ make: () => A }], [null as never]])(
    "refuses %o, which has none",
    (exports) => {
      expect(() => collectModels(exports)).toThrow(ConfigError);
      expect(() => collectModels(exports)).toThrow(/no model among the exports/);
    },
  );
});

describe("defineModel", () => {
  test("gives a frozen handle with the completed schema", () => {
    const M = defineModel("M", z.object({ a: z.string() }).describe("the thing"), {
      timestamps: { createdAt: "made", updatedAt: false },
    });
    expect(Object.isFrozen(M)).toBe(true);
    expect(M.name).toBe("M");
    expect(Object.keys(M.schema.shape)).toEqual(["id", "a", "made"]);
    expect(collectModels({ M }).resolve().schema.models.get("M")?.description).toBe("the thing");
  });

  test("leaves the given object as it is, and keeps its refinements", () => {
    const object = z.object({ a: z.int() }).refine((row) => row.a > 0);
    const M = defineModel("M", object, { version: "rev" });
    expect(Object.keys(object.shape)).toEqual(["a"]);
    expect(M.schema.safeParse({ id: 1, a: 0, rev: 1 }).success).toBe(false);
  });

  test.each([
    [() => defineModel(z.object({}) as never, "x" as never), /needs a name/],
    [() => defineModel("M", {} as never), /needs a zod 4 object/],
    [() => defineModel("M", z.string() as never), /needs a zod 4 object/],
  ])("refuses wrong arguments at once", (call, message) => {
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(message);
  });

  test("completes field names from the shape, and refuses a wrong kind of option", () => {
    const object = z.object({ id: z.int(), ownerId: z.int() });
    const relations = { owner: belongsTo("A", { from: "ownerId" }) };
    expect(names({ A, M: defineModel("M", object, { key: "id", indexes: ["ownerId"], relations }) })).toEqual([
      "A",
      "M",
    ]);
    // @ts-expect-error -- an unknown option
    defineModel("M", object, { indices: [] });
    // @ts-expect-error -- an unknown generation
    defineModel("M", object, { key: { field: "id", generate: "uuid4" } });
    // @ts-expect-error -- a belongsTo needs its foreign key
    belongsTo("A");
  });
});

describe("locations", () => {
  test("lead to the line of defineModel", () => {
    expect(collectModels({ A }).resolve().locations.get("A")).toEqual({
      file: import.meta.filename,
      line: 10,
      column: expect.any(Number),
    });
  });

  test.each([
    ["    at file:///home/a/models/user.ts:3:14", { file: "/home/a/models/user.ts", line: 3, column: 14 }],
    ["    at fn (/home/a/user.ts:3:14)", { file: "/home/a/user.ts", line: 3, column: 14 }],
    ["    at async Promise.all (index 0)\n    at async /home/a.js:1:2", { file: "/home/a.js", line: 1, column: 2 }],
    ["    at new User (/home/a (1)/user.ts:3:14)", { file: "/home/a (1)/user.ts", line: 3, column: 14 }],
    ["    at C:\\work\\user.ts:3:14", { file: "C:\\work\\user.ts", line: 3, column: 14 }],
    ["    at /home/user.ts?t=17:3:14", { file: "/home/user.ts", line: 3, column: 14 }],
    [
      "    at /own/src/declare/x.ts:1:1\n    at node:internal/x:1:1\n    at /u.ts:2:3",
      { file: "/u.ts", line: 2, column: 3 },
    ],
    ["    at eval (<anonymous>:1:1)\n    at Array.map (<anonymous>)", null],
    ["Error: nothing", null],
  ])("are read from %j", (stack, expected) => {
    expect(parseStack(stack, "/own/src/")).toEqual(expected);
  });
});
