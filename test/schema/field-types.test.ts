/** The text of types, the lookup of paths, and the default names. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { fieldFromZod } from "../../src/declare/from-zod.js";
import { isScalarType, TYPE_TRAITS, tsText, typeAt } from "../../src/schema/field-types.js";
import { defaultCollection, defaultIndexName } from "../../src/schema/naming.js";

function typeOf(schema: z.ZodType) {
  return fieldFromZod("M", "f", schema, (_member, message) => expect.unreachable(message)).type;
}

test.each([
  [z.string(), "string"],
  [z.date(), "Date"],
  [z.instanceof(Uint8Array), "Uint8Array"],
  [z.enum(["a", 'b"']), '"a" | "b\\""'],
  [z.array(z.enum(["a", "b"])), '("a" | "b")[]'],
  [z.array(z.int().nullable()), "(number | null)[]"],
  [z.array(z.array(z.string())), "(string[])[]"],
  [z.tuple([z.string(), z.int()], z.boolean()), "[string, number, ...(boolean)[]]"],
  [z.record(z.string(), z.bigint().nullable()), "{ [key: string]: bigint | null }"],
  [z.union([z.string(), z.int(), z.number()]), "string | number"],
  [z.object({ a: z.int(), "b-c": z.string().nullish() }), '{ a: number; "b-c"?: string | null }'],
  [z.looseObject({ a: z.int() }), "{ a: number; [key: string]: unknown }"],
  [z.object({}), "{ [key: string]: never }"],
  [z.any(), "unknown"],
])("text of a type (%#)", (schema, expected) => {
  expect(tsText(typeOf(schema))).toBe(expected);
});

test("object names and the word for json are the caller's", () => {
  const type = typeOf(z.object({ a: z.object({ b: z.any() }), c: z.any() }).meta({ id: "Named1" }));
  expect(tsText(type, { objectName: (object) => object.name })).toBe("Named1");
  expect(tsText(type, { json: "Json" })).toBe("{ a: { b: Json | null }; c: Json | null }");
});

describe("typeAt", () => {
  const field = fieldFromZod(
    "M",
    "address",
    z
      .object({
        city: z.string(),
        geo: z.object({ lat: z.number() }).nullable(),
        lines: z.array(z.object({ a: z.int() })),
      })
      .optional(),
    () => {},
  );
  const at = (path: string) => typeAt({ fields: [field] }, path.split("."));
  test("follows properties, and gathers null and absence on the way", () => {
    expect(at("address.city")).toEqual({ type: { kind: "string", format: null }, nullable: false, optional: true });
    expect(at("address.geo.lat")).toEqual({ type: { kind: "float" }, nullable: true, optional: true });
  });
  test.each(["nope", "address.nope", "address.lines.a", "address.city.x", "address.__proto__", "__proto__"])(
    "%s leads nowhere",
    (path) => {
      expect(at(path)).toBe(null);
    },
  );
});

test("scalars are what can be sorted and indexed", () => {
  const scalars = Object.entries(TYPE_TRAITS).filter(([, traits]) => traits.scalar);
  expect(scalars.map(([kind]) => kind).sort()).toEqual([
    "bigint",
    "boolean",
    "bytes",
    "date",
    "enum",
    "float",
    "int",
    "string",
  ]);
  expect(scalars.every(([, traits]) => traits.indexable && traits.orderable)).toBe(true);
  expect(isScalarType({ kind: "json" })).toBe(false);
});

test.each([
  ["User", "users"],
  ["BlogPost", "blogPosts"],
  ["Category", "categories"],
  ["Day", "days"],
  ["Box", "boxes"],
  ["Address", "addresses"],
  ["Match", "matches"],
  ["URLEntry", "urlEntries"],
  ["URL", "urls"],
  ["user", "users"],
])("the collection of %s is %s", (model, collection) => {
  expect(defaultCollection(model)).toBe(collection);
});

test("index names", () => {
  expect(defaultIndexName("posts", [["authorId"]], false)).toBe("posts_authorId");
  expect(defaultIndexName("users", [["address", "city"], ["name"]], true)).toBe("users_address_city_name_key");
});
