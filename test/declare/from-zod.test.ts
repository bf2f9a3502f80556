/** Every zod construct: what is stored of it, what is accepted for it, and what is refused with which words. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { bytes } from "../../src/declare/bytes.js";
import { fieldFromZod } from "../../src/declare/from-zod.js";
import type { AnyZod } from "../../src/declare/zod-types.js";
import { tsText } from "../../src/schema/field-types.js";
import type { FieldMeta } from "../../src/schema/model.js";

function read(schema: AnyZod): FieldMeta & { readonly issues: readonly string[] } {
  const issues: string[] = [];
  const field = fieldFromZod("M", "f", schema, (member, message, fix) => {
    expect(member).toBe("f");
    issues.push(`${message}; ${fix}`);
  });
  return { ...field, issues };
}

enum Level {
  Low = 0,
  High = 1,
}
enum Color {
  Red = "red",
  Blue = "blue",
}
const text = (format: string | null) => ({ kind: "string", format });

describe("stored types", () => {
  const cases: [string, AnyZod, object][] = [
    ["string", z.string().min(2).max(5), text(null)],
    ["regex only checks", z.string().regex(/a/), text(null)],
    ["trim and case", z.string().trim().toLowerCase(), text(null)],
    ["email", z.email(), text("email")],
    ["email as a method", z.string().min(1).email(), text("email")],
    ["uuid", z.uuid(), text("uuid")],
    ["uuidv7", z.uuidv7(), text("uuidv7")],
    ["url", z.url(), text("url")],
    ["ulid", z.ulid(), text("ulid")],
    ["cuid2", z.cuid2(), text("cuid2")],
    ["nanoid", z.nanoid(), text("nanoid")],
    ["ipv4", z.ipv4(), text("ipv4")],
    ["base64", z.base64(), text("base64")],
    ["jwt", z.jwt(), text("jwt")],
    ["e164", z.e164(), text("e164")],
    ["iso datetime", z.iso.datetime(), text("datetime")],
    ["iso date", z.iso.date(), text("date")],
    ["iso time", z.iso.time(), text("time")],
    ["iso duration", z.iso.duration(), text("duration")],
    ["a format of one's own", z.stringFormat("hex-thing", /^[0-9a-f]+$/), text("hex-thing")],
    ["template literal", z.templateLiteral(["v", z.number()]), text(null)],
    ["int", z.int(), { kind: "int" }],
    ["number().int()", z.number().min(1).int(), { kind: "int" }],
    ["int32", z.int32(), { kind: "int" }],
    ["uint32", z.uint32(), { kind: "int" }],
    ["number", z.number().positive(), { kind: "float" }],
    ["float64", z.float64(), { kind: "float" }],
    ["bigint", z.bigint(), { kind: "bigint" }],
    ["int64", z.int64(), { kind: "bigint" }],
    ["boolean", z.boolean(), { kind: "boolean" }],
    ["date", z.date(), { kind: "date" }],
    ["instanceof Date", z.instanceof(Date), { kind: "date" }],
    ["bytes()", bytes(), { kind: "bytes" }],
    ["instanceof Uint8Array", z.instanceof(Uint8Array), { kind: "bytes" }],
    ["instanceof Buffer", z.instanceof(Buffer), { kind: "bytes" }],
    ["enum", z.enum(["a", "b"]), { kind: "enum", values: ["a", "b"] }],
    ["numeric TypeScript enum", z.enum(Level), { kind: "enum", values: [0, 1] }],
    ["string TypeScript enum", z.enum(Color), { kind: "enum", values: ["red", "blue"] }],
    ["literal", z.literal("a"), { kind: "enum", values: ["a"] }],
    ["literals of several kinds", z.literal(["a", 1, true]), { kind: "enum", values: ["a", 1, true] }],
    ["bigint literal", z.literal(1n), { kind: "bigint" }],
    [
      "literal union",
      z.union([z.literal("a"), z.literal("b"), z.enum(["c", "a"])]),
      { kind: "enum", values: ["a", "b", "c"] },
    ],
    ["brand and readonly", z.string().brand("X").readonly(), text(null)],
    ["lazy", z.lazy(() => z.int()), { kind: "int" }],
    ["any", z.any(), { kind: "json" }],
    ["json", z.json(), { kind: "json" }],
    ["success", z.success(z.string()), { kind: "boolean" }],
    ["array", z.array(z.int().nullable()), { kind: "array", element: { kind: "int" }, nullableElement: true }],
    ["record", z.record(z.string(), z.int()), { kind: "record", value: { kind: "int" }, nullableValue: false }],
    [
      "tuple",
      z.tuple([z.string(), z.int().nullable()], z.boolean()),
      {
        kind: "tuple",
        items: [text(null), { kind: "union", options: [{ kind: "int" }, { kind: "null" }], discriminator: null }],
        rest: { kind: "boolean" },
      },
    ],
    [
      "union",
      z.union([z.string(), z.int(), z.string()]),
      { kind: "union", options: [text(null), { kind: "int" }], discriminator: null },
    ],
    [
      "xor",
      z.xor([z.string(), z.int()]),
      { kind: "union", options: [text(null), { kind: "int" }], discriminator: null },
    ],
    ["zod/mini", mini.string().check(mini.minLength(1)), text(null)],
    ["the output of a pipe", z.string().transform(Number).pipe(z.int()), { kind: "int" }],
    ["coerced", z.coerce.date(), { kind: "date" }],
    ["two strings at once", z.string().and(z.email()), text("email")],
  ];
  test.each(cases)("%s", (_name, schema, type) => {
    const field = read(schema);
    expect(field.type).toEqual(type);
    expect(field.issues).toEqual([]);
    expect(field.optional).toBe(false);
  });

  const shape = { a: z.string(), b: z.int().optional(), c: z.boolean().nullable(), d: z.int().default(1) };
  const flags = { nullable: false, optional: false, hasDefault: false, description: null };
  const properties = [
    { ...flags, name: "a", type: text(null) },
    { ...flags, name: "b", type: { kind: "int" }, optional: true },
    { ...flags, name: "c", type: { kind: "boolean" }, nullable: true },
    { ...flags, name: "d", type: { kind: "int" }, hasDefault: true },
  ];
  test.each([
    ["strip", z.object(shape)],
    ["strict", z.strictObject(shape)],
    ["passthrough", z.looseObject(shape)],
    ["passthrough", z.object(shape).catchall(z.int())],
  ] as const)("objects: %s", (unknownKeys, schema) => {
    expect(read(schema).type).toEqual({ kind: "object", name: null, properties, unknownKeys });
  });

  test("an object's id names it, its properties keep their descriptions", () => {
    const type = read(z.object({ a: z.string().describe("first") }).meta({ id: "Address1" })).type;
    expect(type).toMatchObject({ name: "Address1", properties: [{ description: "first" }] });
  });

  test("a record over an enum is an object of its values", () => {
    const keys = z.enum(["en", "de"]);
    expect(tsText(read(z.record(keys, z.string())).type)).toBe("{ en: string; de: string }");
    expect(tsText(read(z.partialRecord(keys, z.string())).type)).toBe("{ en?: string; de?: string }");
  });

  test("a discriminated union keeps its options and the discriminator", () => {
    const schema = z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), r: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number() }),
    ]);
    const { type } = read(schema);
    expect(type).toMatchObject({ kind: "union", discriminator: "kind" });
    expect(tsText(type)).toBe('{ kind: "circle"; r: number } | { kind: "square"; side: number }');
  });

  test("an intersection of objects is one object", () => {
    const schema = z.intersection(
      z.object({ a: z.string(), both: z.number() }),
      z.object({ b: z.int().optional(), both: z.int() }),
    );
    expect(tsText(read(schema).type)).toBe("{ a: string; both: number; b?: number }");
  });

  test("recursion: the place that comes back is json, a union that comes back is json as a whole", () => {
    const Category = z.object({
      name: z.string(),
      get children() {
        return z.array(Category);
      },
    });
    expect(tsText(read(Category).type)).toBe("{ name: string; children: unknown[] }");
    type Tree = string | Tree[];
    const Tree: z.ZodType<Tree> = z.lazy(() => z.union([z.string(), z.array(Tree)]));
    expect(read(Tree).type).toEqual({ kind: "json" });
    expect(read(z.object({ json: z.json() })).type).toMatchObject({
      properties: [{ type: { kind: "json" }, nullable: true }],
    });
  });
});

describe("nullable, optional, default", () => {
  const flags = (schema: AnyZod) => {
    const { nullable, optional, default: initial } = read(schema);
    return { nullable, optional, default: initial };
  };
  const none = { nullable: false, optional: false, default: null };
  const value = (given: unknown) => ({ ...none, default: { kind: "value", value: given } });
  const computed = { ...none, default: { kind: "computed" } };
  const made = new Date(0);
  let counter = 0;
  const cases: [string, AnyZod, object][] = [
    ["nullable", z.string().nullable(), { ...none, nullable: true }],
    ["optional", z.string().optional(), { ...none, optional: true }],
    ["exactOptional", z.exactOptional(z.string()), { ...none, optional: true }],
    ["nullish is nullable", z.string().nullish(), { ...none, nullable: true }],
    ["nonoptional", z.string().optional().nonoptional(), none],
    ["union with null", z.union([z.string(), z.null()]), { ...none, nullable: true }],
    ["union with undefined", z.union([z.string(), z.undefined()]), { ...none, optional: true }],
    ["literal with null", z.literal(["a", null]), { ...none, nullable: true }],
    ["null alone", z.null(), { ...none, nullable: true }],
    ["default", z.string().default("x"), value("x")],
    ["default of an optional", z.string().optional().default("x"), value("x")],
    ["nullable default", z.string().nullable().default(null), { ...value(null), nullable: true }],
    ["list default", z.array(z.string()).default([]), value([])],
    ["object default", z.object({ a: z.int() }).default({ a: -0 }), value({ a: 0 })],
    ["date default", z.date().default(made), value(made)],
    ["bigint default", z.bigint().default(2n ** 70n), value(2n ** 70n)],
    ["now", z.date().default(() => new Date()), computed],
    ["now as text", z.string().default(() => new Date().toISOString()), computed],
    ["today as text", z.string().default(() => new Date().toISOString().slice(0, 10)), computed],
    ["now as a number", z.number().default(() => Date.now()), computed],
    ["a counter", z.number().default(() => counter++), computed],
    ["a random id", z.string().default(() => crypto.randomUUID()), computed],
    ["now inside an object", z.object({ at: z.date() }).default(() => ({ at: new Date() })), computed],
    ["a default that throws", z.string().default(() => JSON.parse("{")), computed],
    ["prefault", z.string().prefault("x"), computed],
    ["catch", z.string().catch("x"), computed],
    [
      "a pipe from optional",
      z
        .string()
        .optional()
        .transform((given) => given ?? "x")
        .pipe(z.string()),
      computed,
    ],
  ];
  test.each(cases)("%s", (_name, schema, expected) => {
    const clock = globalThis.Date;
    expect(flags(schema)).toEqual(expected);
    expect(read(schema).issues).toEqual([]);
    expect(globalThis.Date).toBe(clock);
  });
});

describe("input", () => {
  const cases: [string, AnyZod, object | null][] = [
    ["same", z.string().min(1).trim(), null],
    ["coerced", z.coerce.number(), { kind: "json" }],
    ["pipe", z.string().transform(Number).pipe(z.number()), text(null)],
    [
      "codec",
      z.codec(z.iso.datetime(), z.date(), { decode: (s) => new Date(s), encode: (d) => d.toISOString() }),
      text("datetime"),
    ],
    ["preprocess", z.preprocess((given) => given, z.int()), { kind: "json" }],
    ["stringbool", z.stringbool(), text(null)],
    [
      "nullable input, required output",
      z
        .string()
        .nullable()
        .transform((given) => given ?? "")
        .pipe(z.string()),
      { kind: "union", options: [text(null), { kind: "null" }], discriminator: null },
    ],
    [
      "pipe inside a list",
      z.array(z.string().transform(Number).pipe(z.int())),
      { kind: "array", element: text(null), nullableElement: false },
    ],
  ];
  test.each(cases)("%s", (_name, schema, expected) => {
    const field = read(schema);
    expect(field.input).toEqual(expected);
    expect(field.issues).toEqual([]);
  });
});

describe("metadata", () => {
  test("describe and meta, wrappers winning; only JSON is kept", () => {
    const schema = z
      .string()
      .meta({ description: "inner", examples: ["a"], mine: { deep: [1, 2n] }, call: () => 1, column: "f_col" })
      .nullable()
      .describe("outer");
    expect(read(schema)).toMatchObject({
      description: "outer",
      column: "f_col",
      nullable: true,
      meta: { examples: ["a"], mine: { deep: [1, 2n] } },
    });
    expect(read(schema).meta).not.toHaveProperty("call");
  });

  test("none", () => {
    expect(read(z.string())).toMatchObject({ description: null, meta: null, column: "f" });
  });
});

describe("refused, with a suggestion", () => {
  const cases: [string, AnyZod, string][] = [
    [
      "map",
      z.map(z.string(), z.int()),
      "is a map, which cannot be stored; use z.record(z.string(), …), or an array of z.tuple([key, value])",
    ],
    ["set", z.set(z.string()), "is a set, which cannot be stored; use z.array(…)"],
    [
      "bare transform",
      z.string().transform(Number),
      "is a transform whose result zod cannot know, which cannot be stored; say what it makes: .transform(…).pipe(z.number())",
    ],
    [
      "custom",
      z.custom<string>(),
      "is a z.custom, which cannot be stored; start from a type that can be stored: z.string().refine(…)",
    ],
    [
      "instanceof",
      z.instanceof(URL),
      "is a z.instanceof(URL), which cannot be stored; store plain data: a z.object, z.date() or bytes()",
    ],
    ["file", z.file(), "is a file, which cannot be stored; store its bytes: bytes(), and its name as z.string()"],
    ["symbol", z.symbol(), "is a symbol, which cannot be stored; use z.string()"],
    [
      "promise",
      z.promise(z.string()),
      "is a promise, which cannot be stored; await it before, and declare what it resolves to",
    ],
    ["nan", z.nan(), "is a NaN, which cannot be stored; use z.number().nullable()"],
    ["never", z.never(), "is a never, which cannot be stored; leave the field out"],
    [
      "undefined",
      z.undefined(),
      "is an undefined, which cannot be stored; leave the field out, or make it .optional()",
    ],
    [
      "mixed literals",
      z.literal(["a", 1n]),
      "is a literal of mixed bigint and other values, which cannot be stored; use z.union of simple literals",
    ],
    [
      "intersection",
      z.intersection(z.string(), z.int()),
      "is an intersection of string and int, which cannot be stored; intersect objects, or write the combined type",
    ],
  ];
  test.each(cases)("%s", (_name, schema, message) => {
    const field = read(schema);
    expect(field.issues).toEqual([`\`f\` of M ${message}`]);
    expect(field.type.kind).toMatch(/json/);
  });

  test("the path leads to the place", () => {
    const schema = z.object({
      a: z.array(z.object({ b: z.tuple([z.string(), z.set(z.int())]) })),
      r: z.record(z.string(), z.map(z.int(), z.int())),
    });
    expect(read(schema).issues.map((issue) => issue.split(" ")[0])).toEqual(["`f.a[].b[1]`", "`f.r{}`"]);
  });
});
