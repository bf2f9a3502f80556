/** Generating again and again with what is kept from the run before gives what generating anew gives. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { MapCache, withMaps } from "../../codegen/maps.js";
import type { Place } from "../../codegen/source-plugin.js";
import { collectModels } from "../../src/declare/collect.js";
import { belongsTo, defineModel, hasMany, manyToMany } from "../../src/index.js";
import type { Schema } from "../../src/schema/model.js";
import { type GeneratedFile, renderSchema } from "../../templates/index.js";
import { RenderCache } from "../../templates/render-cache.js";

const address = { street: z.string(), city: z.string() };
const place = { lat: z.number(), lon: z.number().default(0) };

interface Parts {
  readonly user?: z.ZodRawShape;
  readonly post?: z.ZodRawShape;
  readonly tagging?: z.ZodRawShape;
  readonly shop?: z.ZodRawShape;
  readonly author?: string;
  readonly more?: Readonly<Record<string, z.ZodRawShape>>;
}

/** A chain of relations with a model between two, and Shop apart from all. */
function schemaOf({ user = {}, post = {}, tagging = {}, shop = {}, author = "author", more = {} }: Parts): Schema {
  const id = z.int();
  const models = [
    defineModel("User", z.object({ id, name: z.string(), ...user }), {
      relations: { posts: hasMany("Post", { to: "authorId" }) },
    }),
    defineModel("Post", z.object({ id, authorId: id, ...post }), {
      relations: {
        [author]: belongsTo("User", { from: "authorId" }),
        tags: manyToMany("Tag", { through: "Tagging" }),
      },
    }),
    defineModel("Tagging", z.object({ postId: id, tagId: id, ...tagging }), {
      key: ["postId", "tagId"],
      relations: { post: belongsTo("Post", { from: "postId" }), tag: belongsTo("Tag", { from: "tagId" }) },
    }),
    defineModel("Tag", z.object({ id, label: z.string() })),
    defineModel("Shop", z.object({ id, ...shop })),
    ...Object.entries(more).map(([name, shape]) => defineModel(name, z.object({ id, ...shape }))),
  ];
  return collectModels(Object.fromEntries(models.entries())).resolve().schema;
}

const SCHEMAS: readonly Parts[] = [
  {},
  { user: { age: z.int() } },
  { post: { authorId: z.int().nullable() } },
  { author: "writer" },
  { tagging: { weight: z.int() } },
  { post: { at: z.object(address) } },
  { shop: { at: z.object(address).meta({ id: "At" }) }, user: { at: z.object(address).meta({ id: "At" }) } },
  // The names of two types change places: whoever else has one of them must follow.
  ...[[address, place] as const, [place, address] as const].map(
    ([a, b]): Parts => ({
      user: { at: z.object(a).meta({ id: "At" }) },
      post: { at: z.object(b).meta({ id: "At" }) },
      shop: { at: z.object(address).meta({ id: "At" }) },
    }),
  ),
  { more: { Row: {}, FindArgs: {} } },
  { more: { ShopRepository2: { at: z.object(address) } } },
];

const COMMENTS = [new Map<string, string>(), new Map([["Post.tags", "What it is about."]])];

describe("files", () => {
  test("are those of a fresh run, whatever changed since the run before", () => {
    const schemas = SCHEMAS.map(schemaOf);
    const cache = new RenderCache<GeneratedFile>();
    let differ = 0;
    for (const from of schemas)
      for (const to of schemas)
        for (const comments of COMMENTS) {
          const options = { readonlyRows: false, comments };
          renderSchema(from, { readonlyRows: false, comments: COMMENTS[0]! }, cache);
          const again = renderSchema(to, options, cache);
          expect(again).toEqual(renderSchema(to, options));
          expect(again.ok).toBe(true);
          if (from !== to) differ++;
        }
    expect(differ).toBe(2 * SCHEMAS.length * (SCHEMAS.length - 1));
    const writable = renderSchema(schemas[0]!, { readonlyRows: false, comments: COMMENTS[0]! }, cache);
    expect(renderSchema(schemas[0]!, { readonlyRows: true, comments: COMMENTS[0]! }, cache)).not.toEqual(writable);
  });

  test("of models that the change does not concern are not rendered again", () => {
    const cache = new RenderCache<GeneratedFile>();
    const files = (parts: Parts): ReadonlyMap<string, GeneratedFile> => {
      const made = renderSchema(schemaOf(parts), { readonlyRows: false, comments: COMMENTS[0]! }, cache);
      if (!made.ok) return expect.fail(made.problems.join());
      return new Map(made.files.map((file) => [file.path, file]));
    };
    const before = files({});
    const after = files({ user: { age: z.int() } });
    const kept = [...after].filter(([path, file]) => before.get(path) === file).map(([path]) => path);
    expect(kept).toEqual(["tagging.d.ts", "tag.d.ts", "shop.d.ts"].filter((path) => after.has(path)));
  });
});

describe("maps", () => {
  const schema = schemaOf({});
  const made = renderSchema(schema, { readonlyRows: false, comments: COMMENTS[0]! });
  const files = made.ok ? made.files : [];
  const declaredAt = (line: number, file = "/p/models.ts"): ReadonlyMap<string, Place> =>
    new Map(
      ["User", "User.name", "Shop", "Shop.id"].map((key, index) => [
        key,
        { key, file, line: key.startsWith("Shop") ? 40 : line + index, column: index, comment: null },
      ]),
    );
  const text = (path: string, list: readonly GeneratedFile[]) => list.find((file) => file.path === path);

  test("follow what moves, goes or comes, and are kept where nothing does", () => {
    const cache = new MapCache();
    const gone = new Map([...declaredAt(7)].filter(([key]) => key !== "User.name"));
    for (const declared of [declaredAt(1), declaredAt(9), gone, declaredAt(1, "/p/other.ts"), declaredAt(1)])
      expect(withMaps(files, schema, declared, "/p/.tenon", cache)).toEqual(
        withMaps(files, schema, declared, "/p/.tenon"),
      );
    const before = withMaps(files, schema, declaredAt(1), "/p/.tenon", cache);
    const moved = withMaps(files, schema, declaredAt(9), "/p/.tenon", cache);
    expect(text("shop.d.ts.map", moved)).toBe(text("shop.d.ts.map", before));
    expect(text("user.d.ts.map", moved)).not.toEqual(text("user.d.ts.map", before));
    expect(withMaps(files, schema, declaredAt(1), "/p/deep/er", cache)).toEqual(
      withMaps(files, schema, declaredAt(1), "/p/deep/er"),
    );
  });
});
