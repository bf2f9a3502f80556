/** Populate: every kind of relation, options per parent, nesting to any depth, counts. */
import { describe, expect, test } from "vitest";
import type { Doc, Json } from "../../src/schema/model.js";
import { blog, seedBlog, USERS } from "../support/blog.js";
import { asc, byCount, desc, eq, gt, isIn, ne, some } from "../support/ir.js";
import { type Spec, sharedDatabase } from "../support/target.js";

/** `{ id: related ids }` of each row. */
function shape(rows: readonly Doc[], relation: string, key = "id"): Record<string, Json> {
  return Object.fromEntries(
    rows.map((row) => {
      const value = row[relation] as Doc | readonly Doc[] | null;
      const related =
        value === null ? null : Array.isArray(value) ? value.map((r: Doc) => r[key]!) : (value as Doc)[key]!;
      return [String(row.id ?? row.name), related];
    }),
  );
}

export const populate: Spec = (target) => {
  describe("populate", () => {
    const db = sharedDatabase(target, blog, seedBlog);

    test("hasMany: an array, empty when there is nothing, in key order", async () => {
      const rows = await db.find("User", { populate: { posts: {} } });
      expect(shape(rows, "posts")).toEqual({ 1: [1, 2, 4], 2: [3], 3: [], 4: [5], 5: [] });
    });
    test("hasOne: a row or null", async () => {
      const rows = await db.find("User", { populate: { profile: {} } });
      expect(shape(rows, "profile")).toEqual({ 1: 1, 2: null, 3: 2, 4: null, 5: null });
      expect(rows[0]!.profile).toEqual({ id: 1, userId: 1, bio: "countess" });
    });
    test("belongsTo: the row, or null without one", async () => {
      const rows = await db.find("Post", { populate: { author: {}, reviewer: {} } });
      expect(shape(rows, "author")).toEqual({ 1: 1, 2: 1, 3: 2, 4: 1, 5: 4 });
      expect(shape(rows, "reviewer")).toEqual({ 1: 2, 2: null, 3: 1, 4: null, 5: null });
      expect(rows[0]!.author).toEqual(USERS[0]);
    });
    test("manyToMany, from both sides", async () => {
      expect(shape(await db.find("Post", { populate: { labels: {} } }), "labels", "name")).toEqual({
        1: ["fun", "news"],
        2: [],
        3: ["fun"],
        4: [],
        5: [],
      });
      expect(shape(await db.find("Label", { populate: { posts: {} } }), "posts")).toEqual({
        empty: [],
        fun: [1, 3],
        news: [1],
      });
    });
    test("self relations", async () => {
      const rows = await db.find("User", { populate: { manager: {}, reports: {} } });
      expect(shape(rows, "manager")).toEqual({ 1: null, 2: 1, 3: 1, 4: 2, 5: null });
      expect(shape(rows, "reports")).toEqual({ 1: [2, 3], 2: [4], 3: [], 4: [], 5: [] });
    });

    test("order, limit and offset apply per parent", async () => {
      const top = await db.find("User", { populate: { posts: { orderBy: [desc("views"), desc("id")], limit: 2 } } });
      expect(shape(top, "posts")).toEqual({ 1: [4, 2], 2: [3], 3: [], 4: [5], 5: [] });
      const rest = await db.find("User", {
        populate: { posts: { orderBy: [desc("views"), desc("id")], offset: 1, limit: 1 } },
      });
      expect(shape(rest, "posts")).toEqual({ 1: [2], 2: [], 3: [], 4: [], 5: [] });
      const nothing = await db.find("User", { populate: { posts: { limit: 0 } } });
      expect(shape(nothing, "posts")).toEqual({ 1: [], 2: [], 3: [], 4: [], 5: [] });
    });
    test("a filter per parent; a to-one that fails it is null", async () => {
      const rows = await db.find("User", { populate: { posts: { where: eq("status", "live") } } });
      expect(shape(rows, "posts")).toEqual({ 1: [1, 4], 2: [3], 3: [], 4: [], 5: [] });
      const authors = await db.find("Post", { populate: { author: { where: ne("id", 1) } } });
      expect(shape(authors, "author")).toEqual({ 1: null, 2: null, 3: 2, 4: null, 5: 4 });
    });
    test("limit per parent of a manyToMany", async () => {
      const rows = await db.find("Post", { populate: { labels: { orderBy: [desc("color")], limit: 1 } } });
      expect(shape(rows, "labels", "name")).toEqual({ 1: ["news"], 2: [], 3: ["fun"], 4: [], 5: [] });
      const labels = await db.find("Label", { populate: { posts: { orderBy: [desc("views")], limit: 1 } } });
      expect(shape(labels, "posts")).toEqual({ empty: [], fun: [3], news: [1] });
    });
    test("distinct, cursor and relation order per parent", async () => {
      const one = await db.find("User", {
        where: eq("id", 1),
        populate: { posts: { distinct: ["views"], orderBy: [asc("views")] } },
      });
      expect(shape(one, "posts")).toEqual({ 1: [1, 2] });
      const later = await db.find("User", {
        where: isIn("id", 1, 2),
        populate: { posts: { orderBy: [asc("views")], after: [10, 1] } },
      });
      expect(shape(later, "posts")).toEqual({ 1: [2, 4], 2: [3] });
      const busy = await db.find("User", {
        where: eq("id", 1),
        populate: { posts: { orderBy: [desc(byCount("comments"))] } },
      });
      expect(shape(busy, "posts")).toEqual({ 1: [1, 4, 2] });
    });
    test("a relation filter inside", async () => {
      const rows = await db.find("User", { populate: { posts: { where: some("comments") } } });
      expect(shape(rows, "posts")).toEqual({ 1: [1, 4], 2: [3], 3: [], 4: [], 5: [] });
    });

    test("nests to any depth, with options on every level", async () => {
      const rows = await db.find("User", {
        where: eq("id", 1),
        fields: ["id"],
        populate: {
          posts: {
            fields: ["id"],
            where: eq("status", "live"),
            populate: {
              comments: {
                fields: ["text"],
                orderBy: [desc("id")],
                populate: { author: { fields: ["name"], populate: { manager: { fields: ["id"] } } } },
              },
              labels: { fields: ["name"], populate: { posts: { fields: ["id"] } } },
            },
          },
        },
      });
      const bob = { name: "Bob", manager: { id: 1 } };
      expect(rows).toEqual([
        {
          id: 1,
          posts: [
            {
              id: 1,
              comments: [
                { text: "second", author: null },
                { text: "first", author: bob },
              ],
              labels: [
                { name: "fun", posts: [{ id: 1 }, { id: 3 }] },
                { name: "news", posts: [{ id: 1 }] },
              ],
            },
            { id: 4, comments: [{ text: "fourth", author: bob }], labels: [] },
          ],
        },
      ]);
    });
    test("a row that several parents share is whole under each of them", async () => {
      const rows = await db.find("Post", {
        where: eq("authorId", 1),
        fields: ["id"],
        populate: { author: { populate: { posts: { fields: ["id"], limit: 1 } } } },
      });
      for (const row of rows) expect((row.author as Doc).posts).toEqual([{ id: 1 }]);
    });
    test("there and back again", async () => {
      const rows = await db.find("User", {
        where: eq("id", 2),
        fields: ["id"],
        populate: {
          manager: {
            fields: ["id"],
            populate: { reports: { fields: ["id"], populate: { manager: { fields: ["id"] } } } },
          },
        },
      });
      const reports = [2, 3].map((id) => ({ id, manager: { id: 1 } }));
      expect(rows).toEqual([{ id: 2, manager: { id: 1, reports } }]);
    });
    test("comes after limit: only the rows that are left are loaded", async () => {
      const rows = await db.find("User", { orderBy: [desc("id")], limit: 2, populate: { posts: {} } });
      expect(shape(rows, "posts")).toEqual({ 5: [], 4: [5] });
    });
    test("nothing to load for no rows", async () => {
      expect(
        await db.find("User", { where: eq("id", 99), populate: { posts: { populate: { comments: {} } } } }),
      ).toEqual([]);
    });
  });

  describe("counts", () => {
    const db = sharedDatabase(target, blog, seedBlog);

    test("of each kind of relation, with and without a filter", async () => {
      const rows = await db.find("User", {
        fields: ["id"],
        counts: {
          posts: "posts",
          hot: { relation: "posts", where: gt("views", 15) },
          profiles: "profile",
          reports: "reports",
        },
      });
      expect(rows).toEqual([
        { id: 1, posts: 3, hot: 2, profiles: 1, reports: 2 },
        { id: 2, posts: 1, hot: 1, profiles: 0, reports: 1 },
        { id: 3, posts: 0, hot: 0, profiles: 1, reports: 0 },
        { id: 4, posts: 1, hot: 0, profiles: 0, reports: 0 },
        { id: 5, posts: 0, hot: 0, profiles: 0, reports: 0 },
      ]);
      const posts = await db.find("Post", {
        fields: ["id"],
        counts: { labels: "labels", authors: "author", reviewers: "reviewer" },
      });
      expect(posts.map((row) => [row.labels, row.authors, row.reviewers])).toEqual([
        [2, 1, 1],
        [0, 1, 0],
        [1, 1, 1],
        [0, 1, 0],
        [0, 1, 0],
      ]);
    });
    test("beside populate, and inside it", async () => {
      const rows = await db.find("User", {
        where: eq("id", 1),
        fields: ["id"],
        counts: { postsCount: "posts" },
        populate: { posts: { fields: ["id"], limit: 1, counts: { commentsCount: "comments" } } },
      });
      expect(rows).toEqual([{ id: 1, postsCount: 3, posts: [{ id: 1, commentsCount: 2 }] }]);
    });
  });
};
