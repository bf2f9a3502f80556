/** Streams: the same rows as find, in batches, of one snapshot; leaving early; explain names a plan for each query. */
import { describe, expect, test } from "vitest";
import { blog, post, seedBlog } from "../support/blog.js";
import { and, desc, eq, gt, isIn, some, where } from "../support/ir.js";
import { collect, type Spec, sharedDatabase } from "../support/target.js";

export const stream: Spec = (target) => {
  describe("stream", () => {
    const db = sharedDatabase(target, blog, async (d) => {
      await seedBlog(d);
      await d.insert(
        "Post",
        Array.from({ length: 500 }, (_, index) => post(100 + index, 1 + (index % 5), { views: index % 50 })),
      );
    });

    const queries = () => [
      db.q.find("Post"),
      db.q.find("Post", { where: gt("views", 25) }),
      db.q.find("Post", { orderBy: [desc("views")], limit: 77, offset: 5 }),
      db.q.find("Post", {
        where: some("author", eq("role", "admin")),
        populate: { author: {}, comments: {} },
        counts: { n: "labels" },
      }),
      db.q.find("Post", { distinct: ["views"], fields: ["views"] }),
      db.q.find("Post", { orderBy: [desc("views")], after: [30, 120] }),
      db.q.find("Post", { where: where((doc) => Number(doc.id) % 3 === 0) }),
      db.q.find("Post", { where: eq("id", -1) }),
      db.q.find("Post", { limit: 0 }),
    ];
    test("gives the rows of find, in order, in batches of at most the size asked for", async () => {
      for (const query of queries()) {
        const expected = await db.engine.find(query);
        for (const batch of [1, 7, 64, 10_000, undefined]) {
          const rows: unknown[] = [];
          for await (const part of db.engine.stream(query, { batch })) {
            expect(part.length).toBeGreaterThan(0);
            if (batch !== undefined) expect(part.length).toBeLessThanOrEqual(batch);
            rows.push(...part);
          }
          expect(rows).toEqual(expected);
        }
      }
    });
    test("may be left early, again and again, and writers go on", async () => {
      for (let round = 0; round < 20; round++) {
        for await (const batch of db.engine.stream(db.q.find("Post"), { batch: 3 })) {
          expect(batch).toHaveLength(3);
          break;
        }
      }
      await db.engine.write(db.q.update("Comment", eq("id", 1), [{ path: ["text"], op: "set", value: "first" }]));
      expect(await collect(db.engine.stream(db.q.find("Comment")))).toHaveLength(4);
    });
    test("inside a transaction it sees the transaction's writes", async () => {
      await using tx = await db.engine.begin({ mode: "write" });
      await tx.write(db.q.remove("Post", gt("id", 99)));
      expect(await collect(tx.stream(db.q.find("Post"), { batch: 2 }))).toHaveLength(5);
      await tx.rollback();
    });
    test("return before the first batch is fine", async () => {
      const early = db.engine.stream(db.q.find("Post"));
      await early.return?.();
      expect((await early.next()).done).toBe(true);
    });
  });

  describe("explain", () => {
    const db = sharedDatabase(target, blog, seedBlog);

    test("describes every kind of query without running it", async () => {
      const plans = [
        db.q.find("Post"),
        db.q.find("Post", { where: eq("id", 1) }),
        db.q.find("Post", { where: and(gt("views", 5), some("author")), orderBy: [desc("views")], limit: 1 }),
        db.q.find("User", {
          where: isIn("role", "admin", "member"),
          populate: { posts: { populate: { comments: {} } } },
        }),
      ];
      for (const query of plans) {
        const plan = await db.engine.explain(query);
        expect(plan.root.model).toBe(query.model);
        expect(plan.text.length).toBeGreaterThan(3);
        expect(plan.engine.startsWith(db.engine.name)).toBe(true);
        expect(plan.root.actual).toBeNull();
      }
    });
  });
};
