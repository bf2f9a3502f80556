/** One class, written once, run through every decorator dialect: the schema must be the same. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import ts from "typescript";
import { transformWithEsbuild } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { SchemaError, type SchemaIssue } from "../../src/base/errors.js";
import { collectModels } from "../../src/declare/collect.js";
import * as decorators from "../../src/declare/decorators.js";
import { defineModel } from "../../src/declare/define-model.js";
import * as relations from "../../src/declare/relations.js";

const { belongsTo, hasMany } = relations;

const SOURCE = `
const { Model, Field, Id, Index, Relation, CreatedAt, UpdatedAt, Version, belongsTo, hasMany, z } = globalThis.__tenonDecorators;
class Base {
  @Id() id!: number;
  @CreatedAt() createdAt!: Date;
}
@Model({ collection: "people", description: "A person." })
@Index(["role", "name"], { name: "by_role" })
export class User extends Base {
  @Field(z.email()) @Index({ unique: true }) email!: string;
  @Field(String, { nullable: true, description: "Full name" }) name!: string | null;
  @Field(z.enum(["admin", "member"]), { default: "member" }) role!: string;
  @Field(Number, { optional: true, column: "avg_score" }) score?: number;
  @Field(Uint8Array, { nullable: true }) photo!: Uint8Array | null;
  @Field(BigInt) big!: bigint;
  @Field(Boolean) ok!: boolean;
  @Field(Date) born!: Date;
  @UpdatedAt() updatedAt!: Date;
  @Version() rev!: number;
  @Relation(hasMany("Post", { to: "authorId" })) posts?: unknown[];
}
@Model()
export class Post {
  @Id({ generate: "uuid7" }) id!: string;
  @Field(z.int()) authorId!: number;
  @Relation(belongsTo("User", { from: "authorId", onDelete: "cascade" })) author?: User;
}
`;

/** The same, by defineModel. */
const same = () => ({
  User: defineModel(
    "User",
    z.object({
      id: z.int(),
      createdAt: z.date(),
      email: z.email(),
      name: z.string().nullable().describe("Full name"),
      role: z.enum(["admin", "member"]).default("member"),
      score: z.number().optional().meta({ column: "avg_score" }),
      photo: z.instanceof(Uint8Array).nullable(),
      big: z.bigint(),
      ok: z.boolean(),
      born: z.date(),
      updatedAt: z.date(),
      rev: z.int(),
    }),
    {
      collection: "people",
      description: "A person.",
      indexes: [
        { on: "email", unique: true },
        { on: ["role", "name"], name: "by_role" },
      ],
      relations: { posts: hasMany("Post", { to: "authorId" }) },
      timestamps: true,
      version: "rev",
    },
  ),
  Post: defineModel("Post", z.object({ id: z.uuidv7(), authorId: z.int() }), {
    relations: { author: belongsTo("User", { from: "authorId", onDelete: "cascade" }) },
  }),
});

const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
const DIALECTS: Record<string, (source: string) => Promise<string> | string> = {
  "typescript, legacy": (source) =>
    ts.transpileModule(source, { compilerOptions: { ...options, experimentalDecorators: true } }).outputText,
  "typescript, legacy with define semantics": (source) =>
    ts.transpileModule(source, {
      compilerOptions: { ...options, experimentalDecorators: true, useDefineForClassFields: true },
    }).outputText,
  "typescript, stage 3": (source) => ts.transpileModule(source, { compilerOptions: options }).outputText,
  "esbuild, legacy": async (source) =>
    (
      await transformWithEsbuild(source, "models.ts", {
        target: "es2022",
        tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      })
    ).code,
  // As codegen loads models; it takes the `!` away first, which Babel refuses beside a legacy decorator.
  "babel (jiti), legacy": (source) =>
    createJiti(import.meta.url).transform({ source: source.replaceAll("!:", ":"), filename: "models.ts", ts: true }),
  "esbuild, stage 3": async (source) =>
    (await transformWithEsbuild(source, "models.ts", { target: "es2022", tsconfigRaw: {} })).code,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(import.meta.dirname, ".decorators-"));
  (globalThis as Record<string, unknown>).__tenonDecorators = { ...decorators, ...relations, z };
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  delete (globalThis as Record<string, unknown>).__tenonDecorators;
});

let count = 0;
async function run(dialect: string, source: string): Promise<Record<string, unknown>> {
  const code = await (DIALECTS[dialect] as (source: string) => Promise<string> | string)(source);
  // Lowered, or node would refuse them.
  expect(code).not.toMatch(/^\s*@\w/m);
  const file = join(folder, `models-${count++}.${dialect.startsWith("babel") ? "cjs" : "mjs"}`);
  writeFileSync(file, code);
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
}

const PRELUDE = SOURCE.split("\n").slice(0, 2).join("\n");

describe.each(Object.keys(DIALECTS))("%s", (dialect) => {
  test("makes the same schema as defineModel", async () => {
    const resolved = collectModels(await run(dialect, SOURCE)).resolve();
    const expected = collectModels(same()).resolve();
    // By name: the order of exports is the toolchain's.
    expect(Object.fromEntries(resolved.schema.models)).toEqual(Object.fromEntries(expected.schema.models));
    expect(resolved.schema.hash).toBe(expected.schema.hash);
    expect(resolved.locations.get("User")?.file).toMatch(/models-\d+\.[cm]js$/);
  });

  test("reports every misuse with the field's own line", async () => {
    const source = `${PRELUDE}
      @Model({ key: "id", relatoins: {} } as object)
      export class Bad {
        @Id() id!: number;
        @Field() name: unknown;
        @Field(Map as never) map: unknown;
        @Index() alone: unknown;
        @Field(String) static shared = 1;
        @Field(String) @Relation(hasMany("Bad")) both: unknown;
        @CreatedAt() a!: Date;
        @CreatedAt() b!: Date;
        @Index(["name"]) @Field(String) title!: string;
      }`;
    const issues = issuesOf(await run(dialect, source));
    const places = issues.filter((issue) => issue.member !== null).map(({ at }) => `${at?.line}:${at?.column}`);
    expect(new Set(places).size, "each mistake has the place of its own decorator").toBeGreaterThan(5);
    expect(issues.map((issue) => issue.message).sort()).toEqual([
      "@Field is on `shared`, which is static",
      '@Index(["name"]) is on a field, but names its fields itself',
      "Bad has an unknown option `relatoins`",
      "`a` and `b` of Bad are both its createdAt",
      "`alone` of Bad has @Index, but is no field",
      "`both` of Bad is both a field and a relation",
      "`both` of Bad needs a belongsTo of Bad that points at Bad",
      "`map` of Bad has no type that can be stored",
      "`name` of Bad has no type",
      "the key of Bad is declared by @Id and by the option `key`",
    ]);
  });

  test("a base class that is a model itself, and fields that the derived class declares again", async () => {
    const source = `${PRELUDE}
      @Model() export class Animal { @Id() id!: number; @Field(String) name!: string; @Field(Number) legs!: number }
      @Model() export class Dog extends Animal { @Field(z.int()) legs!: number; @Field(String) breed!: string }
      export class Undecorated extends Dog { extra = 1 }`;
    const { schema } = collectModels(await run(dialect, source)).resolve();
    expect([...schema.models.keys()]).toEqual(["Animal", "Dog"]);
    const dog = schema.models.get("Dog");
    expect(dog?.fields.map((field) => `${field.name}: ${field.type.kind}`)).toEqual([
      "id: int",
      "name: string",
      "legs: int",
      "breed: string",
    ]);
    expect(schema.models.get("Animal")?.fields[2]?.type.kind).toBe("float");
  });

  test("composite keys and a name of its own", async () => {
    const source = `${PRELUDE}
      @Model({ name: "Membership" }) export class M { @Id(z.int()) userId!: number; @Id(String) teamId!: string }`;
    const model = collectModels(await run(dialect, source))
      .resolve()
      .schema.models.get("Membership");
    expect(model?.key).toEqual(["userId", "teamId"]);
    expect(model?.keyGeneration).toBe("given");
    expect(model?.collection).toBe("memberships");
  });
});

function issuesOf(exports: Record<string, unknown>): readonly SchemaIssue[] {
  try {
    collectModels(exports).resolve();
  } catch (error) {
    if (error instanceof SchemaError) return error.issues;
    throw error;
  }
  return [];
}

describe("design:type, where a program has loaded reflect-metadata", () => {
  test("is read when no type is given, and never contradicts @Id()", async () => {
    await import("reflect-metadata");
    const source = `${PRELUDE}
      @Model() export class Typed { @Id() id!: number; @Field() name!: string; @Field() at!: Date; @Field() n!: number }
      @Model() export class Wrong { @Id() id!: string; }`;
    const code = ts.transpileModule(source, {
      compilerOptions: { ...options, experimentalDecorators: true, emitDecoratorMetadata: true },
    }).outputText;
    const file = join(folder, "reflect.mjs");
    writeFileSync(file, code);
    const { Typed, Wrong } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
    const model = collectModels({ Typed }).resolve().schema.models.get("Typed");
    expect(model?.fields.map((field) => field.type.kind)).toEqual(["int", "string", "date", "float"]);
    expect(issuesOf({ Wrong }).map((issue) => issue.message)).toEqual([
      "key `id` of Wrong is no number, but @Id() makes it one",
    ]);
  });
});
