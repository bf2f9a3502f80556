/** Promise 7: a commit that has resolved is visible, and durable where the engine says so. */
import { describe, expect, test } from "vitest";
import { blog, seedBlog, user } from "../support/blog.js";
import { eq, inc } from "../support/ir.js";
import { connect, freshDatabase, needs, type Spec, wholeState } from "../support/target.js";

export const durability: Spec = (target) => {
  describe("promise 7: commit means visible and durable", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("whoever asks after commit has resolved sees all of it", async () => {
      for (let round = 1; round <= 20; round++) {
        await using tx = await db.engine.begin({ mode: "write" });
        await tx.write(db.q.update("Post", eq("id", 1), [inc("views", 1)]));
        await tx.write(db.q.update("Post", eq("id", 2), [inc("views", 1)]));
        await tx.commit();
        await using reader = await db.engine.begin({ mode: "read" });
        expect(await db.pluck("Post", "views", { limit: 2 }, reader)).toEqual([10 + round, 30 + round]);
      }
    });
    test("commits that wait together are visible in the order in which they were made", async () => {
      const seen: number[] = [];
      const writes = Array.from({ length: 10 }, (_, at) =>
        db.engine.write(db.q.insert("User", [user(100 + at)])).then(async () => {
          seen.push(await db.engine.count("User", null));
        }),
      );
      await Promise.all(writes);
      expect(seen.every((count, at) => count >= 6 + at)).toBe(true);
      expect(await db.engine.count("User", null)).toBe(15);
    });

    needs(target, "reopens")("what was committed is there after a restart, and nothing else", async () => {
      const open = await db.engine.begin({ mode: "write" });
      await open.write(db.q.update("Post", null, [inc("views", 1)]));
      await open.commit();
      const before = await wholeState(db.engine, blog);
      const lost = await db.engine.begin({ mode: "write" });
      await lost.write(db.q.remove("Comment", null));
      await db.engine.close();
      for (let restart = 0; restart < 2; restart++) {
        const again = await connect(db.place, blog);
        expect(await wholeState(again, blog)).toEqual(before);
        await again.close();
      }
    });
    needs(
      target,
      "durable",
      "copies",
    )("without a close too: the files hold every commit that has resolved", async () => {
      for (let round = 0; round < 5; round++) await db.engine.write(db.q.insert("User", [user(200 + round)]));
      const before = await wholeState(db.engine, blog);
      const copy = await db.place.copy!();
      try {
        const again = await connect(copy, blog);
        expect(await wholeState(again, blog)).toEqual(before);
        await again.close();
      } finally {
        await copy.dispose();
      }
    });
  });
};
