/** Promises 5 and 6: a failed write fails its innermost transaction; a parent waits for its child. */
import { describe, expect, test } from "vitest";
import { ForeignKeyViolationError, TransactionError } from "../../src/base/errors.js";
import { blog, post, seedBlog, USERS, user } from "../support/blog.js";
import { failedInsert, refused, WRITE } from "../support/executor.js";
import { freshDatabase, rejects, type Spec, wholeState } from "../support/target.js";

export const failedWrites: Spec = (target) => {
  describe("promise 5: a failed write fails its innermost transaction", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("until it is rolled back, and nothing of it is kept", async () => {
      const tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      await failedInsert(db, tx);
      await refused(db, tx, TransactionError, "TRANSACTION.FAILED");
      await rejects(() => tx.commit(), TransactionError, "TRANSACTION.FAILED");
      await tx.rollback();
      expect(await db.find("User")).toEqual(USERS);
    });
    test("caught inside a nested one, the outer goes on", async () => {
      await using tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      const inner = await tx.begin(WRITE);
      await db.insert("User", [user(11)], inner);
      await failedInsert(db, inner);
      await inner.rollback();
      expect(await db.pluck("User", "id", {}, tx)).toEqual([1, 2, 3, 4, 5, 10]);
      await db.insert("User", [user(12)], tx);
      await tx.commit();
      expect(await db.pluck("User", "id")).toEqual([1, 2, 3, 4, 5, 10, 12]);
    });
    test("outside of a transaction a failed write changes nothing", async () => {
      const before = await wholeState(db.engine, blog);
      await rejects(
        db.insert("Post", [post(8, 1), post(9, 99)]),
        ForeignKeyViolationError,
        "FOREIGN_KEY.MISSING_PARENT",
      );
      expect(await wholeState(db.engine, blog)).toEqual(before);
      await db.insert("Post", [post(8, 1)]);
    });
  });

  describe("promise 6: a parent rejects calls while a child is open", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("all but rollback", async () => {
      const tx = await db.engine.begin(WRITE);
      const inner = await tx.begin(WRITE);
      await refused(db, tx, TransactionError, "TRANSACTION.CHILD_OPEN");
      await rejects(() => tx.commit(), TransactionError, "TRANSACTION.CHILD_OPEN");
      await inner.commit();
      expect(await tx.count("User", null)).toBe(5);
      const second = await tx.begin(WRITE);
      await db.insert("User", [user(10)], second);
      await tx.rollback();
      await refused(db, second, TransactionError, "TRANSACTION.CLOSED");
      expect(await db.engine.count("User", null)).toBe(5);
    });
  });
};
