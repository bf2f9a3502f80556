/** Promise 4: one call, and one transaction, sees one snapshot. */
import { describe, expect, test } from "vitest";
import { blog, seedBlog } from "../support/blog.js";
import { READ, WRITE } from "../support/executor.js";
import { and, eq, set } from "../support/ir.js";
import { collect, freshDatabase, needs, type Spec } from "../support/target.js";

export const snapshots: Spec = (target) => {
  describe("promise 4: one call, and one transaction, sees one snapshot", () => {
    const db = freshDatabase(target, blog, seedBlog);

    needs(target, "callsBesideTransactions")("a read transaction does not see what is committed later", async () => {
      await using tx = await db.engine.begin(READ);
      expect(await tx.count("Comment", null)).toBe(4);
      await db.engine.write(db.q.remove("Comment", null));
      await db.engine.write(db.q.update("Post", null, [set("views", 7)]));
      expect(await tx.count("Comment", null)).toBe(4);
      expect(await db.pluck("Post", "id", { where: eq("views", 30) }, tx)).toEqual([2, 4]);
      const [row] = await db.find("Post", { where: eq("id", 1), populate: { comments: {} } }, tx);
      expect(row!.comments).toHaveLength(2);
      expect(await db.engine.count("Comment", null)).toBe(0);
    });
    needs(target, "callsBesideTransactions")("readers do not wait for an open writer", async () => {
      await using tx = await db.engine.begin(WRITE);
      await tx.write(db.q.update("Post", null, [set("views", 7)]));
      expect(await db.pluck("Post", "views")).toEqual([10, 30, 20, 30, 0]);
      await using reader = await db.engine.begin(READ);
      expect(await reader.count("Post", eq("views", 7))).toBe(0);
    });
    needs(target, "callsBesideTransactions")("a stream goes on over the state at its start", async () => {
      const stream = db.engine.stream(db.q.find("Post", { populate: { comments: {} } }), { batch: 1 });
      const first = await stream.next();
      expect(first.value).toHaveLength(1);
      await db.engine.write(db.q.remove("Post", and(eq("id", 4))));
      await db.engine.write(db.q.remove("Comment", null));
      const rest = await collect(stream);
      expect(rest.map((row) => row.id)).toEqual([2, 3, 4, 5]);
      expect(rest[1]!.comments).toHaveLength(1);
    });
    test("populate sees the same moment as its parents, while others write", async () => {
      const writer = (async () => {
        for (let round = 0; round < 30; round++) {
          await using tx = await db.engine.begin(WRITE);
          await tx.write(db.q.update("Post", null, [set("views", round)]));
          await tx.write(db.q.update("User", null, [set("score", round)]));
          await tx.commit();
        }
      })();
      for (let round = 0; round < 30; round++) {
        const rows = await db.find("User", { where: eq("id", 1), populate: { posts: {} } });
        const posts = rows[0]!.posts as readonly { views: number }[];
        const score = rows[0]!.score;
        if (round > 0 && score !== 9.5) expect(new Set(posts.map((p) => p.views))).toEqual(new Set([score]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writer;
    });
  });
};
