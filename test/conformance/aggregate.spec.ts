/** Aggregates over all rows and per group: null, bigint, dates, having, order, pages. */
import { describe, expect, test } from "vitest";
import { blog, seedBlog } from "../support/blog.js";
import { and, asc, desc, eq, gt, gte, isIn, ne, some } from "../support/ir.js";
import { bigint, bytes, date, float, int, nullable, schemaOf, string } from "../support/schema.js";
import { type Spec, sharedDatabase } from "../support/target.js";

const numbers = schemaOf({
  Sample: {
    fields: {
      id: int,
      n: nullable(int),
      f: nullable(float),
      b: nullable(bigint),
      d: nullable(date),
      s: nullable(string),
      u: nullable(bytes),
    },
  },
});

export const aggregate: Spec = (target) => {
  describe("aggregate", () => {
    const db = sharedDatabase(target, numbers, async (d) => {
      const none = { n: null, f: null, b: null, d: null, s: null, u: null };
      await d.insert("Sample", [
        { id: 1, n: 3, f: 0.5, b: 2n ** 64n, d: new Date(10), s: "b", u: null },
        { id: 2, n: -1, f: -2.25, b: -1n, d: new Date(-10), s: "a", u: null },
        { id: 3, ...none },
        { id: 4, n: 4, f: 100, b: 2n ** 64n, d: new Date(5), s: "\u{1f600}", u: null },
      ]);
    });
    const one = async (measures: Record<string, string>, where = and()) => {
      const rows = await db.engine.aggregate(db.q.aggregate("Sample", { where, measures }));
      expect(rows).toHaveLength(1);
      return rows[0];
    };

    test("count of rows and of values", async () => {
      expect(await one({ all: "count", values: "count:n" })).toEqual({ all: 4, values: 3 });
    });
    test("sum, avg, min, max leave null out", async () => {
      expect(await one({ sum: "sum:n", avg: "avg:n", min: "min:n", max: "max:n" })).toEqual({
        sum: 6,
        avg: 2,
        min: -1,
        max: 4,
      });
      expect(await one({ sum: "sum:f", avg: "avg:f", min: "min:f", max: "max:f" })).toEqual({
        sum: 98.25,
        avg: 32.75,
        min: -2.25,
        max: 100,
      });
    });
    test("bigint sums are exact", async () => {
      expect(await one({ sum: "sum:b", min: "min:b", max: "max:b" })).toEqual({
        sum: 2n ** 65n - 1n,
        min: -1n,
        max: 2n ** 64n,
      });
      expect(typeof (await one({ avg: "avg:b" }))!.avg).toBe("number");
    });
    test("min and max of dates and strings", async () => {
      expect(await one({ from: "min:d", to: "max:d", first: "min:s", last: "max:s" })).toEqual({
        from: new Date(-10),
        to: new Date(10),
        first: "a",
        last: "\u{1f600}",
      });
    });
    test("no rows, or no values: counts are 0, the rest null", async () => {
      const measures = {
        all: "count",
        n: "count:n",
        sum: "sum:n",
        avg: "avg:n",
        min: "min:n",
        max: "max:n",
        big: "sum:b",
      };
      expect(await one(measures, eq("id", 99))).toEqual({
        all: 0,
        n: 0,
        sum: null,
        avg: null,
        min: null,
        max: null,
        big: null,
      });
      expect(await one(measures, eq("id", 3))).toEqual({
        all: 1,
        n: 0,
        sum: null,
        avg: null,
        min: null,
        max: null,
        big: null,
      });
    });
    test("having applies to the one row too", async () => {
      const query = (n: number) => db.q.aggregate("Sample", { measures: { c: "count" }, having: gt("c", n) });
      expect(await db.engine.aggregate(query(3))).toEqual([{ c: 4 }]);
      expect(await db.engine.aggregate(query(4))).toEqual([]);
    });
  });

  describe("groupBy", () => {
    const db = sharedDatabase(target, blog, seedBlog);

    test("one row per combination", async () => {
      expect(
        await db.engine.aggregate(
          db.q.aggregate("User", { groupBy: ["role"], measures: { count: "count", age: "sum:age" } }),
        ),
      ).toEqual([
        { role: "admin", count: 1, age: 36 },
        { role: "editor", count: 2, age: 71 },
        { role: "member", count: 2, age: 20 },
      ]);
      const pairs = await db.engine.aggregate(
        db.q.aggregate("User", { groupBy: ["role", "active"], measures: { count: "count" } }),
      );
      expect(pairs).toEqual([
        { role: "admin", active: true, count: 1 },
        { role: "editor", active: false, count: 1 },
        { role: "editor", active: true, count: 1 },
        { role: "member", active: false, count: 1 },
        { role: "member", active: true, count: 1 },
      ]);
    });
    test("null is a group; nested paths are named with a dot", async () => {
      expect(
        await db.engine.aggregate(db.q.aggregate("User", { groupBy: ["address.city"], measures: { count: "count" } })),
      ).toEqual([
        { "address.city": null, count: 2 },
        { "address.city": "London", count: 1 },
        { "address.city": "Paris", count: 2 },
      ]);
    });
    test("where before, having and order after, then the page", async () => {
      const query = db.q.aggregate("Post", {
        where: ne("id", 5),
        groupBy: ["authorId"],
        measures: { count: "count", views: "sum:views", top: "max:views" },
        having: gte("views", 20),
        orderBy: [desc("views"), asc("authorId")],
      });
      expect(await db.engine.aggregate(query)).toEqual([
        { authorId: 1, count: 3, views: 70, top: 30 },
        { authorId: 2, count: 1, views: 20, top: 20 },
      ]);
      expect(await db.engine.aggregate({ ...query, offset: 1, limit: 1 })).toEqual([
        { authorId: 2, count: 1, views: 20, top: 20 },
      ]);
      expect(await db.engine.aggregate({ ...query, limit: 0 })).toEqual([]);
    });
    test("dates group by time; no rows give no groups", async () => {
      const dates = await db.engine.aggregate(
        db.q.aggregate("Post", { groupBy: ["publishedAt"], measures: { count: "count" } }),
      );
      expect(dates.map((row) => row.count)).toEqual([2, 1, 1, 1]);
      expect(
        await db.engine.aggregate(
          db.q.aggregate("Post", { where: eq("id", 99), groupBy: ["status"], measures: { count: "count" } }),
        ),
      ).toEqual([]);
    });
    test("relation filters select the rows", async () => {
      const query = db.q.aggregate("Post", {
        where: some("author", isIn("role", "admin")),
        groupBy: ["status"],
        measures: { count: "count" },
      });
      expect(await db.engine.aggregate(query)).toEqual([
        { status: "draft", count: 1 },
        { status: "live", count: 2 },
      ]);
    });
    test("groups only, without a measure", async () => {
      expect(await db.engine.aggregate(db.q.aggregate("User", { groupBy: ["role"], measures: {} }))).toEqual([
        { role: "admin" },
        { role: "editor" },
        { role: "member" },
      ]);
    });
  });
};
