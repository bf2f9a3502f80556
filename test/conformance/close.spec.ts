/** Promise 9: after close every call rejects with the same code, pending ones included. */
import { describe, test } from "vitest";
import { StorageError } from "../../src/base/errors.js";
import { blog, seedBlog, user } from "../support/blog.js";
import { READ, refused, WRITE } from "../support/executor.js";
import { freshDatabase, needs, rejects, type Spec } from "../support/target.js";

export const close: Spec = (target) => {
  describe("promise 9: after close", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("every call rejects with the same code, and closing again is fine", async () => {
      await db.engine.close();
      await refused(db, db.engine, StorageError, "STORAGE.CLOSED");
      await db.engine.close();
    });
    needs(target, "oneWriter")("waiting writers too", async () => {
      const tx = await db.engine.begin(WRITE);
      const waiting = db.engine.begin(WRITE);
      const closing = db.engine.close();
      await rejects(waiting, StorageError, "STORAGE.CLOSED");
      await closing;
      await refused(db, tx, StorageError, "STORAGE.CLOSED");
    });
    needs(target, "callsBesideTransactions")("open transactions and streams too", async () => {
      const tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      const inner = await tx.begin(WRITE);
      const reader = await db.engine.begin(READ);
      const stream = db.engine.stream(db.q.find("Post"), { batch: 1 });
      await stream.next();
      await db.engine.close();
      for (const open of [tx, inner, reader]) await refused(db, open, StorageError, "STORAGE.CLOSED");
      await rejects(() => stream.next(), StorageError, "STORAGE.CLOSED");
      await rejects(() => tx.commit(), StorageError, "STORAGE.CLOSED");
      await tx[Symbol.asyncDispose]();
    });
  });
};
