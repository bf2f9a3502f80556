/** Transactions: their own view, rollback, scope, one writer at a time. */
import { describe, expect, test } from "vitest";
import { TransactionError } from "../../src/base/errors.js";
import { blog, seedBlog, user } from "../support/blog.js";
import { READ, refused, WRITE } from "../support/executor.js";
import { eq, inc, set } from "../support/ir.js";
import { freshDatabase, needs, rejects, type Spec, wholeState } from "../support/target.js";

export const transactions: Spec = (target) => {
  describe("transactions", () => {
    const db = freshDatabase(target, blog, seedBlog);

    needs(target, "callsBesideTransactions")("see their own writes, others do not, until commit", async () => {
      const tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      await tx.write(db.q.update("Post", eq("id", 1), [set("views", 999)]));
      await tx.write(db.q.remove("Comment", eq("id", 1)));
      expect(await db.pluck("User", "id", { where: eq("email", "u10@x.io") }, tx)).toEqual([10]);
      expect(await db.pluck("Post", "id", { where: eq("views", 999) }, tx)).toEqual([1]);
      expect(await tx.count("Comment", null)).toBe(3);
      expect((await db.find("Post", { where: eq("id", 1), counts: { n: "comments" } }, tx))[0]).toMatchObject({ n: 1 });
      expect(await db.engine.count("User", eq("id", 10))).toBe(0);
      expect(await db.pluck("Post", "views", { where: eq("id", 1) })).toEqual([10]);
      await tx.commit();
      expect(await db.engine.count("User", eq("id", 10))).toBe(1);
      expect(await db.pluck("Post", "views", { where: eq("id", 1) })).toEqual([999]);
      expect(await db.engine.count("Comment", null)).toBe(3);
    });
    test("rollback leaves nothing", async () => {
      const before = await wholeState(db.engine, blog);
      const tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      await tx.write(db.q.update("Post", null, [set("views", 0), set("status", "draft")]));
      await tx.write(db.q.remove("Comment", null));
      await tx.rollback();
      expect(await wholeState(db.engine, blog)).toEqual(before);
      await refused(db, tx, TransactionError, "TRANSACTION.CLOSED");
    });
    test("leaving the scope rolls back; after a commit it does nothing", async () => {
      {
        await using tx = await db.engine.begin(WRITE);
        await db.insert("User", [user(10)], tx);
      }
      expect(await db.engine.count("User", null)).toBe(5);
      {
        await using tx = await db.engine.begin(WRITE);
        await db.insert("User", [user(10)], tx);
        await tx.commit();
      }
      expect(await db.engine.count("User", null)).toBe(6);
    });
    test("a committed transaction takes no further calls", async () => {
      const tx = await db.engine.begin(WRITE);
      await tx.commit();
      await refused(db, tx, TransactionError, "TRANSACTION.CLOSED");
      await rejects(() => tx.commit(), TransactionError, "TRANSACTION.CLOSED");
      await rejects(() => tx.rollback(), TransactionError, "TRANSACTION.CLOSED");
    });
    test("a read transaction refuses writes and stays usable", async () => {
      await using tx = await db.engine.begin(READ);
      await rejects(() => tx.write(db.q.remove("Comment", null)), TransactionError, "TRANSACTION.READ_ONLY");
      expect(await tx.count("Comment", null)).toBe(4);
      await tx.commit();
    });
    needs(target, "oneWriter")("writers wait for each other; both changes stay", async () => {
      const bump = async () => {
        await using tx = await db.engine.begin(WRITE);
        const [row] = await db.find("Post", { where: eq("id", 5) }, tx);
        await tx.write(db.q.update("Post", eq("id", 5), [set("views", Number(row!.views) + 1)]));
        await tx.commit();
      };
      await Promise.all([
        bump(),
        bump(),
        bump(),
        db.engine.write(db.q.update("Post", eq("id", 5), [inc("views", 1)])),
        bump(),
      ]);
      expect(await db.pluck("Post", "views", { where: eq("id", 5) })).toEqual([5]);
    });
    test("calls of one transaction may be started together", async () => {
      await using tx = await db.engine.begin(WRITE);
      await Promise.all([
        db.insert("Comment", [{ id: 20, postId: 1, authorId: null, text: "a" }], tx),
        db.insert("Comment", [{ id: 21, postId: 1, authorId: null, text: "b" }], tx),
        tx.count("Comment", null),
      ]);
      await tx.commit();
      expect(await db.engine.count("Comment", null)).toBe(6);
    });
    test("an increment key is never given twice, whatever is rolled back", async () => {
      const tx = await db.engine.begin(WRITE);
      const { id: _, ...rest } = user(0, { email: "a" });
      const [row] = await db.insert("User", [rest], tx);
      expect(row!.id).toBe(6);
      await tx.commit();
      expect((await db.insert("User", [{ ...rest, email: "b" }]))[0]!.id).toBe(7);
    });
  });
};
