/** Nested transactions are savepoints: each level keeps or undoes its own part. */
import { describe, expect, test } from "vitest";
import { ForeignKeyViolationError } from "../../src/base/errors.js";
import { blog, post, seedBlog, user } from "../support/blog.js";
import { WRITE } from "../support/executor.js";
import { eq, inc, set } from "../support/ir.js";
import { freshDatabase, rejects, type Spec } from "../support/target.js";

export const savepoints: Spec = (target) => {
  describe("savepoints", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("nest; each level keeps or undoes its own part", async () => {
      await using tx = await db.engine.begin(WRITE);
      await tx.write(db.q.update("Post", eq("id", 1), [set("views", 1)]));
      const a = await tx.begin(WRITE);
      expect([tx.depth, a.depth, a.mode]).toEqual([0, 1, "write"]);
      await a.write(db.q.update("Post", eq("id", 1), [inc("views", 10)]));
      const b = await a.begin(WRITE);
      await b.write(db.q.update("Post", eq("id", 1), [inc("views", 100)]));
      await b.write(db.q.remove("Post", eq("id", 5)));
      expect(await db.pluck("Post", "views", { where: eq("id", 1) }, b)).toEqual([111]);
      await b.rollback();
      expect(await db.pluck("Post", "id", { where: eq("views", 11) }, a)).toEqual([1]);
      expect(await a.count("Post", null)).toBe(5);
      await a.commit();
      const c = await tx.begin(WRITE);
      await c.write(db.q.update("Post", eq("id", 1), [inc("views", 1000)]));
      await c.commit();
      await tx.commit();
      expect(await db.pluck("Post", "views", { where: eq("id", 1) })).toEqual([1011]);
      expect(await db.pluck("Post", "id", { where: eq("views", 1011) }), "index").toEqual([1]);
    });
    test("a committed child is undone with its parent", async () => {
      const tx = await db.engine.begin(WRITE);
      const inner = await tx.begin(WRITE);
      await db.insert("User", [user(10)], inner);
      await inner.commit();
      expect(await tx.count("User", null)).toBe(6);
      await tx.rollback();
      expect(await db.engine.count("User", null)).toBe(5);
    });
    test("deleted and inserted again across levels", async () => {
      await using tx = await db.engine.begin(WRITE);
      await tx.write(db.q.remove("Comment", eq("id", 2)));
      const inner = await tx.begin(WRITE);
      await db.insert("Comment", [{ id: 2, postId: 3, authorId: null, text: "moved" }], inner);
      expect(await db.pluck("Comment", "id", { where: eq("postId", 3) }, inner)).toEqual([2, 3]);
      await inner.rollback();
      expect(await db.pluck("Comment", "id", { where: eq("postId", 3) }, tx)).toEqual([3]);
      await db.insert("Comment", [{ id: 2, postId: 1, authorId: null, text: "back" }], tx);
      await tx.commit();
      expect(await db.pluck("Comment", "text", { where: eq("postId", 1) })).toEqual(["first", "back"]);
    });
    test("unique values and references follow the savepoint", async () => {
      await using tx = await db.engine.begin(WRITE);
      const inner = await tx.begin(WRITE);
      await inner.write(db.q.update("User", eq("id", 5), [set("email", "taken")]));
      await db.insert("User", [user(10)], inner);
      await inner.rollback();
      await db.insert("User", [user(11, { email: "taken" })], tx);
      const late = await tx.begin(WRITE);
      await rejects(db.insert("Post", [post(9, 10)], late), ForeignKeyViolationError, "FOREIGN_KEY.MISSING_PARENT");
      await late.rollback();
      await tx.commit();
      expect(await db.pluck("User", "email", { where: eq("email", "taken") })).toEqual(["taken"]);
    });
  });
};
