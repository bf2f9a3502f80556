/** Nested paths and lists: reading into objects, elements of arrays, whole values, and what is not there. */
import { describe, expect, test } from "vitest";
import type { Filter } from "../../src/query/ir.js";
import type { Json } from "../../src/schema/model.js";
import { blog, seedBlog } from "../support/blog.js";
import {
  and,
  anyElement,
  asc,
  contains,
  eq,
  everyElement,
  gt,
  gte,
  isIn,
  lt,
  ne,
  noElement,
  not,
  startsWith,
} from "../support/ir.js";
import { array, int, json, nullable, schemaOf } from "../support/schema.js";
import { type Spec, sharedDatabase } from "../support/target.js";

const free = schemaOf({
  Note: { fields: { id: int, data: nullable(json), more: nullable(array(nullable(json))) }, indexes: ["data.a"] },
});

const NOTES: readonly Json[] = [
  null,
  { a: 1 },
  { a: null, b: 2 },
  { a: [1, 2] },
  { a: { x: [{ y: 1 }, { y: 2 }] } },
  "text",
  7,
  { a: "1", d: new Date(5), n: 2n ** 64n, u: new Uint8Array([1, 2]) },
  { ["__proto__"]: 1 } as Json,
];

export const nested: Spec = (target) => {
  describe("nested paths", () => {
    const db = sharedDatabase(target, blog, seedBlog);
    const users = (filter: Filter) => db.pluck("User", "id", { where: filter });
    const posts = (filter: Filter) => db.pluck("Post", "id", { where: filter });

    test("compare inside an object; a missing object is null all the way down", async () => {
      expect(await users(eq("address.city", "Paris"))).toEqual([2, 4]);
      expect(await users(ne("address.city", "Paris"))).toEqual([1, 3, 5]);
      expect(await users(eq("address.zip", null))).toEqual([2, 3, 5]);
      expect(await users(gt("address.geo.lat", 50))).toEqual([1]);
      expect(await users(not(gt("address.geo.lat", 50)))).toEqual([2, 3, 4, 5]);
      expect(await users(isIn("address.city", "London", null))).toEqual([1, 3, 5]);
      expect(await users(startsWith("address.city", "P"))).toEqual([2, 4]);
      expect(await users(eq("address", null))).toEqual([3, 5]);
    });
    test("a whole object equals by value, whatever the order of its keys", async () => {
      expect(await users(eq("address", { zip: "75001", city: "Paris" }))).toEqual([4]);
      expect(await users(eq("address", { city: "Paris" }))).toEqual([2]);
      expect(await users(eq("address", { city: "Paris", zip: null }))).toEqual([2]);
      expect(await users(isIn("address", { city: "Paris" }, { city: "Rome" }))).toEqual([2]);
    });
    test("lists: some, every, none of scalar elements", async () => {
      expect(await users(anyElement("tags", eq("", "math")))).toEqual([1, 4]);
      expect(await users(noElement("tags", eq("", "math")))).toEqual([2, 3, 5]);
      expect(await users(everyElement("tags", eq("", "math")))).toEqual([3, 4]);
      expect(await users(anyElement("tags", contains("", "o")))).toEqual([1, 2]);
      expect(await users(and(anyElement("tags", eq("", "math")), anyElement("tags", eq("", "code"))))).toEqual([1]);
    });
    test("lists compare whole, in order", async () => {
      expect(await users(eq("tags", ["math", "code"]))).toEqual([1]);
      expect(await users(eq("tags", ["code", "math"]))).toEqual([]);
      expect(await users(eq("tags", []))).toEqual([3]);
      expect(await users(ne("tags", []))).toEqual([1, 2, 4, 5]);
    });
    test("lists of objects: all conditions on one element", async () => {
      expect(await posts(anyElement("lines", and(eq("sku", "a"), gt("qty", 1))))).toEqual([3]);
      expect(await posts(and(anyElement("lines", eq("sku", "a")), anyElement("lines", gt("qty", 1))))).toEqual([1, 3]);
      expect(await posts(everyElement("lines", gte("qty", 2)))).toEqual([2, 3, 4, 5]);
      expect(await posts(noElement("lines", lt("qty", 2)))).toEqual([2, 3, 4, 5]);
    });
  });

  describe("free JSON", () => {
    const db = sharedDatabase(target, free, async (d) => {
      await d.insert(
        "Note",
        NOTES.map((data, index) => ({ id: index + 1, data, more: [data] })),
      );
    });
    const notes = (filter: Filter) => db.pluck("Note", "id", { where: filter });

    test("documents come back as they were given", async () => {
      const rows = await db.find("Note");
      expect(rows.map((row) => row.data)).toEqual(NOTES);
      expect(Object.keys(rows[8]!.data as object)).toEqual(["__proto__"]);
      expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
    });
    test("values of any type under one path", async () => {
      expect(await notes(eq("data.a", 1))).toEqual([2]);
      expect(await notes(eq("data.a", "1"))).toEqual([8]);
      expect(await notes(gt("data.a", 0))).toEqual([2]);
      expect(await notes(gt("data.a", "0"))).toEqual([8]);
      expect(await notes(eq("data.a", null))).toEqual([1, 3, 6, 7, 9]);
      expect(await notes(ne("data.a", null))).toEqual([2, 4, 5, 8]);
      expect(await notes(eq("data.a", [1, 2]))).toEqual([4]);
      expect(await notes(anyElement("data.a", gt("", 1)))).toEqual([4]);
      expect(await notes(everyElement("data.a", gt("", 5)))).toEqual([1, 2, 3, 5, 6, 7, 8, 9]);
      expect(await notes(eq("data", "text"))).toEqual([6]);
      expect(await notes(eq("data", 7))).toEqual([7]);
    });
    test("dates, bigints and bytes keep their type inside JSON", async () => {
      expect(await notes(eq("data.d", new Date(5)))).toEqual([8]);
      expect(await notes(gte("data.n", 2n ** 64n))).toEqual([8]);
      expect(await notes(eq("data.u", new Uint8Array([1, 2])))).toEqual([8]);
    });
    test("an element of an element", async () => {
      expect(await notes(anyElement("data.a.x", gt("y", 1)))).toEqual([5]);
      expect(await notes(anyElement("more", anyElement("a.x", eq("y", 1))))).toEqual([5]);
      expect(await notes(anyElement("more", eq("", null)))).toEqual([1]);
    });
    test("mixed types sort: null, number, string, array, object", async () => {
      const order = await db.pluck("Note", "id", { orderBy: [asc("data.a")] });
      expect(order).toEqual([1, 3, 6, 7, 9, 2, 8, 4, 5]);
    });
    test("names of Object.prototype are data like any other", async () => {
      expect(await notes(eq(["data", "__proto__"], 1))).toEqual([9]);
      expect(await notes(ne(["data", "constructor"], null))).toEqual([]);
      expect(await notes(ne(["data", "length"], null))).toEqual([]);
      expect(await notes(ne(["data", "a", "length"], null))).toEqual([]);
    });
  });
};
