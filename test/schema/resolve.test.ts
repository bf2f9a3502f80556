/** Every mistake that resolving can find, with its exact message; and the lines that the errors print. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { SchemaError } from "../../src/base/errors.js";
import { collectModels } from "../../src/declare/collect.js";
import { defineModel, type ModelHandle } from "../../src/declare/define-model.js";
import { MODEL_DRAFT } from "../../src/declare/handle.js";
import type { ModelOptions } from "../../src/declare/options.js";
import { belongsTo, hasMany } from "../../src/declare/relations.js";

const id = z.int();

function model(name: string, shape: z.ZodRawShape, options: ModelOptions = {}): ModelHandle {
  return defineModel(name, z.object(shape), options) as unknown as ModelHandle;
}

/** The mistakes as "message; fix". */
function mistakes(...models: ModelHandle[]): string[] {
  try {
    collectModels({ models }).resolve();
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    expect(error.code).toBe("SCHEMA.INVALID");
    for (const issue of error.issues) expect(issue.at?.file, issue.message).toBe(import.meta.filename);
    return error.issues.map((issue) => (issue.fix === null ? issue.message : `${issue.message}; ${issue.fix}`));
  }
  return [];
}

const User = () => model("User", { id, name: z.string(), email: z.email() });

describe("names", () => {
  const cases: [string, ModelHandle[], string[]][] = [
    [
      "a model twice",
      [model("User", { id }), model("User", { id, other: z.int() })],
      [`model \`User\` is declared twice, first at ${import.meta.filename}:LINE; rename one of them`],
    ],
    [
      "models that differ in case",
      [model("User", { id }), model("USER", { id })],
      ["models `User` and `USER` differ only in case, so their generated files would be the same; rename one of them"],
    ],
    [
      "no identifier",
      [model("Blog-Post", { id }, { collection: "posts" })],
      [
        "the model name `Blog-Post` must start with a letter and hold letters, digits and _ only; choose another name, such as `Item`",
      ],
    ],
    [
      "an empty name",
      [model("", { id }, { collection: "x" })],
      ["the model name `` is empty; choose another name, such as `Item`"],
    ],
    [
      "__proto__",
      [model("__proto__", { id })],
      ["the model name `__proto__` is a name that JavaScript objects already use; choose another name, such as `Item`"],
    ],
    [
      "a type of the language",
      [model("Date", { id })],
      ["the model name `Date` is the name of a type that generated code uses; choose another name, such as `Item`"],
    ],
    [
      "a generated type",
      [User(), model("UserWhere", { id })],
      [
        "the model name `UserWhere` is the name of a type that is generated for User; rename it, for example to `UserWhereRecord`",
      ],
    ],
    [
      "the same collection",
      [model("User", { id }), model("Person", { id }, { collection: "users" })],
      ["models User and Person have the same collection `users`; set `collection` of one of them to another name"],
    ],
    [
      "collections that differ in case",
      [model("User", { id }), model("Person", { id }, { collection: "Users" })],
      [
        "the collections `users` of User and `Users` of Person differ only in case, so their files would be the same; set `collection` of one of them to another name",
      ],
    ],
    [
      "a path as collection",
      [model("User", { id }, { collection: "../users" })],
      [
        'the collection name `../users` of User must start with a letter and hold letters, digits and _ only; set another one: { collection: "usersData" }',
      ],
    ],
    [
      "a device as collection",
      [model("User", { id }, { collection: "con" })],
      ['the collection name `con` of User cannot be the name of a file; set another one: { collection: "usersData" }'],
    ],
    [
      "the registry's file",
      [model("User", { id }, { collection: "registry" })],
      [
        'the collection name `registry` of User cannot be the name of a file; set another one: { collection: "usersData" }',
      ],
    ],
    [
      "a member of the client",
      [model("User", { id }, { collection: "transaction" })],
      [
        'the collection name `transaction` of User is a member of the client; set another one: { collection: "usersData" }',
      ],
    ],
    [
      "a collection starting with $",
      [model("User", { id }, { collection: "$meta" })],
      [
        'the collection name `$meta` of User starts with $, which marks an operator; set another one: { collection: "usersData" }',
      ],
    ],
  ];
  test.each(cases)("%s", (_name, models, expected) => {
    expect(mistakes(...models).map((text) => text.replace(/:\d+; /, ":LINE; "))).toEqual(expected);
  });
});

describe("fields", () => {
  const cases: [string, ModelHandle, string[]][] = [
    [
      "no field",
      model("Empty", {}, { key: "x" }),
      ["Empty has no fields; declare at least its key, such as `id: z.int()`"],
    ],
    [
      "$",
      model("M", { id, $set: id }),
      ["the field name `$set` of M starts with $, which marks an operator; rename it, for example to `set`"],
    ],
    [
      "__",
      model("M", { id, __v: id }),
      ["the field name `__v` of M starts with __, which is reserved; rename it, for example to `v`"],
    ],
    [
      "constructor",
      model("M", { id, constructor: id }),
      [
        "the field name `constructor` of M is a name that JavaScript objects already use; rename it, for example to `constructorValue`",
      ],
    ],
    [
      "__proto__",
      model("M", JSON_SHAPE()),
      [
        "the field name `__proto__` of M is a name that JavaScript objects already use; rename it, for example to `proto__`",
      ],
    ],
    [
      "a filter word",
      model("M", { id, some: id }),
      ["the field name `some` of M is a word of the filter language; rename it, for example to `someValue`"],
    ],
    [
      "a dash",
      model("M", { id, "first-name": id }),
      [
        "the field name `first-name` of M must start with a letter and hold letters, digits and _ only; rename it, for example to `first_name`",
      ],
    ],
    [
      "case",
      model("M", { id, name: id, Name: id }),
      ["fields `name` and `Name` of M differ only in case; rename one of them: SQL columns do not tell case apart"],
    ],
    [
      "a column twice",
      model("M", { id, a: id.meta({ column: "b" }), b: id }),
      ["fields `b` and `a` of M have the same column `b`; give one of them another column"],
    ],
    [
      "a hostile column",
      model("M", { id, a: id.meta({ column: 'x"; drop' }) }),
      ['the column name `x"; drop` of M.a may hold letters, digits and _ only; use a name such as `x_drop`'],
    ],
    [
      "a dotted property",
      model("M", { id, o: z.object({ "a.b": id }) }),
      [
        "the property name `a.b` in `o` of M holds a dot, which separates the steps of a path; rename the property, or store the value as a z.record",
      ],
    ],
    [
      "a $ property",
      model("M", { id, o: z.array(z.object({ p: z.object({ $eq: id }) })) }),
      [
        "the property name `$eq` in `o.p` of M starts with $, which marks an operator; rename the property, or store the value as a z.record",
      ],
    ],
    [
      "an unknown option",
      model("M", { id }, { index: ["id"] } as ModelOptions),
      ['M has an unknown option `index`; did you mean "indexes"?'],
    ],
    [
      "no relation",
      model("M", { id }, { relations: { a: "User" as never } }),
      ["relation `a` of M is not a relation; use belongsTo, hasOne, hasMany or manyToMany"],
    ],
    [
      "undeclared fields",
      defineModel("M", z.looseObject({ id })) as unknown as ModelHandle,
      [
        "M takes undeclared fields, but a row holds declared fields only; use z.object, and a z.record field for free keys",
      ],
    ],
    [
      "an async refinement of a field",
      model("M", { id, a: z.string().refine(async () => true) }),
      [
        "`a` of M has an async refinement, but writes are checked synchronously; check it before the write, for example in a function that calls create",
      ],
    ],
    [
      "an async transform inside",
      model("M", {
        id,
        a: z.array(
          z
            .string()
            .transform(async () => 1)
            .pipe(z.number()),
        ),
      }),
      [
        "`a[]` of M has an async transform, but writes are checked synchronously; check it before the write, for example in a function that calls create",
      ],
    ],
    [
      "an async refinement of the whole",
      defineModel(
        "M",
        z.object({ id }).refine(async () => true),
      ) as unknown as ModelHandle,
      ["M has an async refinement, but writes are checked synchronously; check it before the write"],
    ],
  ];
  test.each(cases)("%s", (_name, handle, expected) => {
    expect(mistakes(handle)).toEqual(expected);
  });

  test("names that are only hostile to SQL are fine", () => {
    expect(
      mistakes(model("Order", { id, select: id, from: id, group: id, table: id }, { collection: "select" })),
    ).toEqual([]);
  });
});

function JSON_SHAPE(): z.ZodRawShape {
  return Object.defineProperty({ id }, "__proto__", { value: z.int(), enumerable: true }) as z.ZodRawShape;
}

/** Not expressible in options; a draft of another origin may say it. */
function compositeWith(generate: "uuid7"): ModelHandle {
  const handle = model("M", { a: id, b: id }, { key: ["a", "b"] });
  const draft = handle[MODEL_DRAFT]();
  return { ...handle, [MODEL_DRAFT]: () => ({ ...draft, key: { ...draft.key, generate } }) };
}

describe("options as a program without types may pass them", () => {
  const wrong = (options: unknown) => mistakes(model("M", { id, a: id.nullable() }, options as ModelOptions));
  const cases: [string, unknown, string][] = [
    ["null", null, "the options of M are no object; leave them out, or use { key, indexes, relations, … }"],
    ["a number as collection", { collection: 5 }, "the option `collection` of M is of the wrong kind; use a name"],
    [
      "a number as version",
      { version: 5 },
      "the option `version` of M is of the wrong kind; use the name of an int field",
    ],
    [
      "an unknown generation",
      { key: { field: "id", generate: "uuid4" } },
      'the option `key` of M is of the wrong kind; use "id", ["a", "b"] or { field: "id", generate: "increment" | "uuid7" | "ulid" | "given" }',
    ],
    [
      "an index without fields",
      { indexes: [{ unique: true }] },
      'the option `indexes` of M is of the wrong kind; use a list of "field", ["a", "b"] or { on, unique, name }',
    ],
    [
      "an unknown onDelete",
      { relations: { m: belongsTo("M", { from: "a", onDelete: "nullify" as never }) } },
      'relation `m` of M has an unknown onDelete; use "restrict", "cascade" or "setNull"',
    ],
    [
      "no target",
      { relations: { m: belongsTo(undefined as never, { from: "a" }) } },
      'relation `m` of M names no model; name it: belongsTo("User", …)',
    ],
    [
      "numbers as fields",
      { relations: { m: belongsTo("M", { from: 5 as never }) } },
      'relation `m` of M names its fields wrongly; use "field" or ["a", "b"]',
    ],
  ];
  test.each(cases)("%s", (_name, options, expected) => {
    expect(wrong(options)).toEqual([expected]);
  });

  test("a z.lazy that throws", () => {
    const lazy = z.lazy((): z.ZodType => JSON.parse("{"));
    expect(mistakes(model("M", { id, lazy }, { indexes: ["lazy"] }))).toEqual([
      expect.stringMatching(/^`lazy` of M cannot be read: .*JSON.*; look at its z\.lazy or getter$/),
    ]);
  });

  test("options of a builder may be null", () => {
    expect(wrong({ relations: { all: hasMany("M", null as never), m: belongsTo("M", { from: "a" }) } })).toEqual([]);
  });
});

describe("keys and roles", () => {
  const cases: [string, ModelHandle, string[]][] = [
    [
      "an unknown key",
      model("M", { id, uid: id }, { key: "udi" }),
      ["the key of M names field `udi`, which it lacks; did you mean `uid`?"],
    ],
    ["a key twice", model("M", { id }, { key: ["id", "id"] }), ["the key of M names `id` twice; remove one"]],
    ["no key", model("M", { id }, { key: [] }), ['the key of M names no field; name one: { key: "id" }']],
    [
      "a nullable key",
      model("M", { id: id.nullable() }),
      ["key field `id` of M is nullable; a key always has a value: make it required"],
    ],
    [
      "an optional key",
      model("M", { id: id.optional() }),
      ["key field `id` of M is optional; a key always has a value: make it required"],
    ],
    [
      "a nullable part",
      model("M", { a: id, b: id.nullable() }, { key: ["a", "b"] }),
      ["key field `b` of M is nullable; a key always has a value: make it required"],
    ],
    [
      "an object as key",
      model("M", { id: z.object({}) }),
      ["key field `id` of M is of type object, which cannot be a key; use an int, a string or another single value"],
    ],
    [
      "a transform as key",
      model("M", { id: z.string().transform(Number).pipe(z.int()) }),
      [
        "key field `id` of M transforms its input, so a look-up by the input would miss; use the stored type in the model and transform before",
      ],
    ],
    [
      "a generated composite",
      compositeWith("uuid7"),
      ['the composite key of M cannot be generated; use generate: "given"'],
    ],
    [
      "increment of a string",
      model("M", { id: z.string() }, { key: { field: "id", generate: "increment" } }),
      ['key field `id` of M is of type string, but "increment" makes an int; declare it as z.int()'],
    ],
    [
      "ulid of an int",
      model("M", { id }, { key: { field: "id", generate: "ulid" } }),
      ['key field `id` of M is of type int, but "ulid" makes a string; declare it as z.ulid()'],
    ],
    [
      "createdAt of a string",
      model("M", { id, createdAt: z.string() }, { timestamps: true }),
      [
        "field `createdAt` of M is its createdAt, so it must be a date that is always set; it is string; declare it as z.date()",
      ],
    ],
    [
      "a nullable updatedAt",
      model("M", { id, updatedAt: z.date().nullable() }, { timestamps: true }),
      [
        "field `updatedAt` of M is its updatedAt, so it must be a date that is always set; it is nullable date; declare it as z.date()",
      ],
    ],
    [
      "a float version",
      model("M", { id, rev: z.number() }, { version: "rev" }),
      ["field `rev` of M is its version, so it must be an int that is always set; it is float; declare it as z.int()"],
    ],
    [
      "the key as version",
      model("M", { id }, { version: "id" }),
      ["field `id` of M cannot be both the key and version; use two fields"],
    ],
    [
      "one field for two",
      model("M", { id }, { timestamps: { createdAt: "at", updatedAt: "at" } }),
      ["field `at` of M cannot be both createdAt and updatedAt; use two fields"],
    ],
    [
      "a broken key is one mistake",
      model("M", { id: z.map(id, id) }, { indexes: ["id"] }),
      ["`id` of M is a map, which cannot be stored; use z.record(z.string(), …), or an array of z.tuple([key, value])"],
    ],
  ];
  test.each(cases)("%s", (_name, handle, expected) => {
    expect(mistakes(handle)).toEqual(expected);
  });

  test.each([
    [z.int(), "increment"],
    [z.number().int(), "increment"],
    [z.uuidv7(), "uuid7"],
    [z.ulid(), "ulid"],
    [z.string(), "given"],
    [z.uuid(), "given"],
    [z.bigint(), "given"],
    [z.uuidv7().default("0190163d-8694-739b-aea5-966c26f8ad91"), "given"],
  ])("generation follows the type (%#)", (schema, expected) => {
    const { schema: resolved } = collectModels({ M: defineModel("M", z.object({ id: schema })) }).resolve();
    expect(resolved.models.get("M")?.keyGeneration).toBe(expected);
  });

  test("a missing id is added first, timestamps and version last, with their generated defaults", () => {
    const M = defineModel("M", z.object({ a: z.string() }), { timestamps: true, version: "rev" });
    expect(Object.keys(M.schema.shape)).toEqual(["id", "a", "createdAt", "updatedAt", "rev"]);
    const fields = collectModels({ M }).resolve().schema.models.get("M")?.fields;
    expect(fields?.map((field) => [field.name, field.role, field.default])).toEqual([
      ["id", "plain", { kind: "generated", by: "increment" }],
      ["a", "plain", null],
      ["createdAt", "createdAt", { kind: "generated", by: "now" }],
      ["updatedAt", "updatedAt", { kind: "generated", by: "now" }],
      ["rev", "version", { kind: "generated", by: "version" }],
    ]);
  });

  test.each(["uuid7", "ulid"] as const)("a missing id with generate %s is added with that type", (generate) => {
    const M = defineModel("M", z.object({ a: z.string() }), { key: { field: "id", generate } });
    expect(collectModels({ M }).resolve().schema.models.get("M")).toMatchObject({
      key: ["id"],
      keyGeneration: generate,
    });
  });
});
