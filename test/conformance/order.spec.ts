/** Order, cursor, distinct, limit and offset, and which fields come back. */
import { describe, expect, test } from "vitest";
import type { OrderTerm } from "../../src/query/ir.js";
import type { Json } from "../../src/schema/model.js";
import { blog, seedBlog } from "../support/blog.js";
import { asc, byCount, byRelated, desc, eq, gt, gte, isIn } from "../support/ir.js";
import { type Spec, sharedDatabase } from "../support/target.js";

export const order: Spec = (target) => {
  describe("promise 3: order is total", () => {
    const db = sharedDatabase(target, blog, seedBlog);
    const users = (...orderBy: readonly OrderTerm[]) => db.pluck("User", "id", { orderBy });
    const posts = (...orderBy: readonly OrderTerm[]) => db.pluck("Post", "id", { orderBy });

    test("by the key when nothing else is said", async () => {
      expect(await db.pluck("User", "id")).toEqual([1, 2, 3, 4, 5]);
      expect(await users(desc("id"))).toEqual([5, 4, 3, 2, 1]);
    });
    test("ties fall to the key", async () => {
      expect(await users(asc("role"))).toEqual([1, 2, 5, 3, 4]);
      expect(await users(desc("role"))).toEqual([3, 4, 2, 5, 1]);
    });
    test("null sorts first ascending and last descending, unless told otherwise", async () => {
      expect(await users(asc("age"))).toEqual([4, 2, 3, 1, 5]);
      expect(await users(desc("age"))).toEqual([5, 1, 2, 3, 4]);
      expect(await users(asc("age", "last"))).toEqual([2, 3, 1, 5, 4]);
      expect(await users(desc("age", "first"))).toEqual([4, 5, 1, 2, 3]);
    });
    test("several terms, mixed directions", async () => {
      expect(await users(asc("role"), desc("age"))).toEqual([1, 5, 2, 3, 4]);
      expect(await users(desc("active"), asc("score"), desc("id"))).toEqual([4, 2, 1, 5, 3]);
      expect(await posts(desc("views"), desc("id"))).toEqual([4, 2, 3, 1, 5]);
      expect(await posts(asc("status"), desc("views"))).toEqual([2, 5, 4, 3, 1]);
    });
    test("strings by code point, dates by time, booleans false first", async () => {
      expect(await posts(asc("title"))).toEqual([1, 2, 4, 3, 5]);
      expect(await posts(asc("publishedAt"))).toEqual([2, 5, 1, 4, 3]);
      expect(await users(asc("active"))).toEqual([3, 5, 1, 2, 4]);
    });
    test("nested paths; a missing object counts as null", async () => {
      expect(await users(asc("address.city"))).toEqual([3, 5, 1, 2, 4]);
      expect(await users(desc("address.city"), desc("address.zip"))).toEqual([4, 2, 1, 3, 5]);
    });
    test("by a to-one relation; rows without one count as null", async () => {
      expect(await posts(asc(byRelated("author", "name")))).toEqual([5, 1, 2, 4, 3]);
      expect(await posts(desc(byRelated("reviewer", "name")))).toEqual([1, 3, 2, 4, 5]);
      expect(await posts(asc(byRelated("reviewer", "name"), "last"))).toEqual([3, 1, 2, 4, 5]);
      expect(await users(asc(byRelated("profile", "bio"), "last"))).toEqual([1, 3, 2, 4, 5]);
      expect(await users(asc(byRelated("manager", byRelated("manager", "name")), "last"))).toEqual([4, 1, 2, 3, 5]);
    });
    test("by the number of related rows, also of those that match", async () => {
      expect(await users(desc(byCount("posts")))).toEqual([1, 2, 4, 3, 5]);
      expect(await users(asc(byCount("posts")), desc("id"))).toEqual([5, 3, 4, 2, 1]);
      expect(await users(desc(byCount("posts", gte("views", 20))))).toEqual([1, 2, 3, 4, 5]);
      expect(await posts(desc(byCount("labels")))).toEqual([1, 3, 2, 4, 5]);
      expect(await posts(desc(byRelated("author", byCount("posts"))))).toEqual([1, 2, 4, 3, 5]);
    });
  });

  describe("limit, offset, cursor", () => {
    const db = sharedDatabase(target, blog, seedBlog);

    test("limit and offset cut the ordered rows", async () => {
      const page = (limit: number | null, offset: number) =>
        db.pluck("Post", "id", { orderBy: [desc("views")], limit, offset });
      expect(await page(2, 0)).toEqual([2, 4]);
      expect(await page(2, 1)).toEqual([4, 3]);
      expect(await page(null, 3)).toEqual([1, 5]);
      expect(await page(0, 0)).toEqual([]);
      expect(await page(2, 99)).toEqual([]);
      expect(await page(99, 0)).toHaveLength(5);
    });
    test("limit applies after the filter", async () => {
      expect(await db.pluck("Post", "id", { where: eq("status", "live"), orderBy: [desc("views")], limit: 1 })).toEqual(
        [4],
      );
    });

    const orders: readonly (readonly [string, string, readonly OrderTerm[]])[] = [
      ["the key", "User", [asc("id")]],
      ["the key, backwards", "User", [desc("id")]],
      ["an indexed field with ties", "Post", [desc("views")]],
      ["a compound index", "User", [asc("role"), asc("age")]],
      ["a compound index with mixed directions", "User", [asc("role"), desc("age")]],
      ["a field with nulls", "User", [asc("age")]],
      ["a field with nulls, descending", "User", [desc("age")]],
      ["nulls last ascending", "User", [asc("age", "last")]],
      ["nulls first descending", "User", [desc("name", "first")]],
      ["a nested path", "User", [asc("address.city"), desc("score")]],
      ["dates", "Post", [desc("publishedAt")]],
    ];
    test.each(orders)("pages by cursor over %s show every row once, in order", async (_, model, orderBy) => {
      const full = await db.find(model, { orderBy });
      for (const size of [1, 2, 3]) {
        const seen: Json[] = [];
        let after: Json[] | null = null;
        for (let page = 0; page < 10; page++) {
          const spec: Parameters<typeof db.find>[1] = { orderBy, limit: size, after };
          const rows = await db.find(model, spec);
          seen.push(...rows.map((row) => row.id!));
          const last = rows.at(-1);
          if (last === undefined) break;
          after = db.q.find(model, { orderBy }).orderBy.map(({ key }) => {
            const path = key.kind === "path" ? key.path : [];
            return path.reduce<Json>((value, step) => (value as Record<string, Json> | null)?.[step] ?? null, last);
          });
        }
        expect(seen).toEqual(full.map((row) => row.id));
      }
    });
    test("a cursor that is no row any more still has its place", async () => {
      expect(await db.pluck("Post", "id", { orderBy: [asc("views")], after: [15, 0] })).toEqual([3, 2, 4]);
      expect(await db.pluck("Post", "id", { orderBy: [asc("views")], after: [20, 3] })).toEqual([2, 4]);
      expect(await db.pluck("Post", "id", { orderBy: [asc("views")], after: [null, 0] })).toHaveLength(5);
    });
    test("a cursor with filter, offset and limit", async () => {
      const spec = { where: eq("status", "live"), orderBy: [asc("views")], after: [10, 1], offset: 1, limit: 1 };
      expect(await db.pluck("Post", "id", spec)).toEqual([4]);
    });
    test("composite keys", async () => {
      const key = async (after: Json[] | null) =>
        (await db.find("PostLabel", { after })).map((row) => [row.postId, row.labelName]);
      expect(await key(null)).toEqual([
        [1, "fun"],
        [1, "news"],
        [3, "fun"],
      ]);
      expect(await key([1, "fun"])).toEqual([
        [1, "news"],
        [3, "fun"],
      ]);
      expect(await key([1, "zzz"])).toEqual([[3, "fun"]]);
    });
  });

  describe("distinct", () => {
    const db = sharedDatabase(target, blog, seedBlog);

    test("keeps the first row of each combination, in order", async () => {
      expect(await db.pluck("User", "id", { distinct: ["role"] })).toEqual([1, 2, 3]);
      expect(await db.pluck("User", "id", { distinct: ["role"], orderBy: [desc("id")] })).toEqual([5, 4, 1]);
      expect(await db.pluck("User", "id", { distinct: ["role", "active"] })).toEqual([1, 2, 3, 4, 5]);
      expect(await db.pluck("User", "id", { distinct: ["address.city"] })).toEqual([1, 2, 3]);
      expect(await db.pluck("User", "id", { distinct: ["tags"] })).toEqual([1, 2, 3, 4, 5]);
      expect(await db.pluck("Post", "id", { distinct: ["publishedAt"] })).toEqual([1, 2, 3, 4]);
    });
    test("null is a value of its own", async () => {
      expect(await db.pluck("User", "id", { distinct: ["age"], orderBy: [asc("age")] })).toEqual([4, 2, 1, 5]);
    });
    test("comes after the filter and before limit and offset", async () => {
      expect(await db.pluck("User", "id", { distinct: ["role"], offset: 1, limit: 1 })).toEqual([2]);
      expect(await db.pluck("User", "id", { distinct: ["role"], where: gt("id", 1) })).toEqual([2, 3]);
    });
    test("comes before the cursor", async () => {
      expect(await db.pluck("User", "id", { distinct: ["role"], after: [2] })).toEqual([3]);
    });
  });

  describe("projection", () => {
    const db = sharedDatabase(target, blog, seedBlog);

    test("returns the named fields only, in model order", async () => {
      const rows = await db.find("User", { fields: ["email", "id"], where: eq("id", 1) });
      expect(rows).toEqual([{ id: 1, email: "u1@x.io" }]);
      expect(Object.keys(rows[0]!)).toEqual(["id", "email"]);
    });
    test("without the fields that the order, the filter and the populate need", async () => {
      const rows = await db.find("Post", {
        fields: ["title"],
        where: gt("views", 15),
        orderBy: [desc("views"), desc("id")],
        populate: { author: { fields: ["name"] }, comments: { fields: ["text"] } },
      });
      expect(rows).toEqual([
        { title: "Delta", author: { name: "Ada" }, comments: [{ text: "fourth" }] },
        { title: "Beta", author: { name: "Ada" }, comments: [] },
        { title: "Gamma", author: { name: "Bob" }, comments: [{ text: "third" }] },
      ]);
    });
    test("no field at all leaves the populated ones", async () => {
      expect(await db.find("User", { fields: [], where: isIn("id", 1, 2) })).toEqual([{}, {}]);
      expect(await db.find("User", { fields: [], counts: { n: "posts" }, where: eq("id", 1) })).toEqual([{ n: 3 }]);
    });
    test("all fields come in model order", async () => {
      const [row] = await db.find("User", { where: eq("id", 1) });
      expect(Object.keys(row!)).toEqual([...blog.models.get("User")!.fields.map((field) => field.name)]);
    });
  });
};
