/** Filters on related rows: some, every, none over each kind of relation, nested, self, with no rows at all. */
import { describe, expect, test } from "vitest";
import type { Filter } from "../../src/query/ir.js";
import { blog, seedBlog } from "../support/blog.js";
import { and, anyElement, eq, every, gt, gte, isIn, none, not, or, some } from "../support/ir.js";
import { type Spec, sharedDatabase } from "../support/target.js";

export const relations: Spec = (target) => {
  describe("relation filters", () => {
    const db = sharedDatabase(target, blog, seedBlog);
    const ids = (model: string, filter: Filter, key = "id") => db.pluck(model, key, { where: filter });

    test("hasMany", async () => {
      expect(await ids("User", some("posts"))).toEqual([1, 2, 4]);
      expect(await ids("User", none("posts"))).toEqual([3, 5]);
      expect(await ids("User", some("posts", gt("views", 20)))).toEqual([1]);
      expect(await ids("User", every("posts", gt("views", 5)))).toEqual([1, 2, 3, 5]);
      expect(await ids("User", none("posts", eq("status", "draft")))).toEqual([2, 3, 5]);
      expect(await ids("User", not(some("posts", eq("status", "draft"))))).toEqual([2, 3, 5]);
    });
    test("all conditions hold on one related row", async () => {
      expect(await ids("User", some("posts", and(eq("status", "draft"), gte("views", 30))))).toEqual([1]);
      expect(await ids("User", some("posts", and(eq("status", "live"), eq("views", 0))))).toEqual([]);
      expect(await ids("User", and(some("posts", eq("title", "Alpha")), some("posts", eq("title", "Beta"))))).toEqual([
        1,
      ]);
    });
    test("belongsTo: none matches rows without one", async () => {
      expect(await ids("Post", some("author", eq("name", "Ada")))).toEqual([1, 2, 4]);
      expect(await ids("Post", some("author", eq("name", null)))).toEqual([5]);
      expect(await ids("Post", some("reviewer"))).toEqual([1, 3]);
      expect(await ids("Post", none("reviewer"))).toEqual([2, 4, 5]);
      expect(await ids("Post", none("reviewer", eq("id", 1)))).toEqual([1, 2, 4, 5]);
      expect(await ids("Post", every("reviewer", eq("id", 1)))).toEqual([2, 3, 4, 5]);
    });
    test("hasOne", async () => {
      expect(await ids("User", some("profile"))).toEqual([1, 3]);
      expect(await ids("User", none("profile"))).toEqual([2, 4, 5]);
      expect(await ids("User", some("profile", eq("bio", "singer")))).toEqual([3]);
    });
    test("manyToMany, from both sides", async () => {
      expect(await ids("Post", some("labels", eq("name", "fun")))).toEqual([1, 3]);
      expect(await ids("Post", some("labels", eq("color", "red")))).toEqual([1]);
      expect(await ids("Post", every("labels", eq("name", "fun")))).toEqual([2, 3, 4, 5]);
      expect(await ids("Post", none("labels"))).toEqual([2, 4, 5]);
      expect(await ids("Label", some("posts", gt("views", 15)), "name")).toEqual(["fun"]);
      expect(await ids("Label", none("posts"), "name")).toEqual(["empty"]);
    });
    test("self relations, both ways and twice", async () => {
      expect(await ids("User", some("manager", eq("name", "Ada")))).toEqual([2, 3]);
      expect(await ids("User", some("reports"))).toEqual([1, 2]);
      expect(await ids("User", some("manager", some("manager", eq("id", 1))))).toEqual([4]);
      expect(await ids("User", some("reports", some("reports")))).toEqual([1]);
    });
    test("through several relations", async () => {
      expect(await ids("User", some("posts", some("comments", eq("authorId", null))))).toEqual([1]);
      expect(await ids("Comment", some("post", some("author", eq("id", 2))))).toEqual([3]);
      expect(await ids("Comment", some("post", some("labels", eq("name", "news"))))).toEqual([1, 2]);
      expect(await ids("User", every("posts", some("comments")))).toEqual([2, 3, 5]);
    });
    test("with other kinds of filter around and inside", async () => {
      expect(await ids("User", or(eq("role", "admin"), none("posts")))).toEqual([1, 3, 5]);
      expect(await ids("User", and(isIn("role", "admin", "editor"), some("posts")))).toEqual([1, 2]);
      expect(await ids("Post", some("author", anyElement("tags", eq("", "code"))))).toEqual([1, 2, 3, 4]);
      expect(await ids("Post", some("author", eq("address.city", "Paris")))).toEqual([3, 5]);
    });
    test("a filter that no related row passes, and one that all pass", async () => {
      expect(await ids("User", some("posts", or()))).toEqual([]);
      expect(await ids("User", every("posts", or()))).toEqual([3, 5]);
      expect(await ids("User", every("posts", and()))).toEqual([1, 2, 3, 4, 5]);
    });
    test("count agrees", async () => {
      expect(await db.engine.count("User", some("posts", gt("views", 20)))).toBe(1);
      expect(await db.engine.count("Label", none("posts"))).toBe(1);
    });
  });
};
