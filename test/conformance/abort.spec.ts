/** Promise 8: what an AbortSignal does to a call, a transaction, a queue, a stream, a commit. */
import { describe, expect, test } from "vitest";
import { AbortedError, TransactionError } from "../../src/base/errors.js";
import { blog, seedBlog, user } from "../support/blog.js";
import { WRITE } from "../support/executor.js";
import { eq } from "../support/ir.js";
import { collect, freshDatabase, rejects, type Spec } from "../support/target.js";

export const abort: Spec = (target) => {
  describe("promise 8: abort", () => {
    const db = freshDatabase(target, blog, seedBlog);
    const fired = AbortSignal.abort(new DOMException("enough", "AbortError"));

    test("an aborted signal rejects every call, with the reason as cause", async () => {
      const error = await rejects(db.engine.find(db.q.find("User"), { signal: fired }), AbortedError, "ABORT.SIGNAL");
      expect(error.cause).toBe(fired.reason);
      const calls = [
        () => collect(db.engine.stream(db.q.find("User"), { signal: fired })),
        () => db.engine.count("User", null, { signal: fired }),
        () => db.engine.aggregate(db.q.aggregate("User", { measures: { n: "count" } }), { signal: fired }),
        () => db.engine.write(db.q.remove("Comment", null), { signal: fired }),
        () => db.engine.begin({ ...WRITE, signal: fired }),
        () => db.engine.explain(db.q.find("User"), { signal: fired }),
      ];
      for (const call of calls) await rejects(call, AbortedError, "ABORT.SIGNAL");
      expect(await db.engine.count("Comment", null)).toBe(4);
    });
    test("fails the transaction that it happens in", async () => {
      const tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      await rejects(tx.find(db.q.find("User"), { signal: fired }), AbortedError, "ABORT.SIGNAL");
      await rejects(tx.commit(), TransactionError, "TRANSACTION.FAILED");
      await tx.rollback();
      expect(await db.engine.count("User", null)).toBe(5);
    });
    test("of a nested one leaves the outer usable", async () => {
      await using tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      const inner = await tx.begin(WRITE);
      await rejects(inner.write(db.q.remove("User", null), { signal: fired }), AbortedError, "ABORT.SIGNAL");
      await inner.rollback();
      await tx.commit();
      expect(await db.engine.count("User", null)).toBe(6);
    });
    test("the signal of begin covers the whole transaction", async () => {
      const controller = new AbortController();
      const tx = await db.engine.begin({ ...WRITE, signal: controller.signal });
      await db.insert("User", [user(10)], tx);
      controller.abort();
      await rejects(tx.count("User", null), AbortedError, "ABORT.SIGNAL");
      await tx.rollback();
      expect(await db.engine.count("User", null)).toBe(5);
    });
    test("a writer that waits for its turn can be aborted; the queue goes on", async () => {
      const tx = await db.engine.begin(WRITE);
      const controller = new AbortController();
      const waiting = db.engine.begin({ ...WRITE, signal: controller.signal });
      const next = db.engine.write(db.q.remove("Comment", eq("id", 1)));
      controller.abort();
      await rejects(waiting, AbortedError, "ABORT.SIGNAL");
      await tx.commit();
      expect((await next).count).toBe(1);
    });
    test("ends a stream between batches", async () => {
      const controller = new AbortController();
      const stream = db.engine.stream(db.q.find("Post"), { batch: 1, signal: controller.signal });
      await stream.next();
      controller.abort();
      await rejects(stream.next(), AbortedError, "ABORT.SIGNAL");
      expect((await stream.next()).done).toBe(true);
    });
    test("after commit began it changes nothing", async () => {
      const controller = new AbortController();
      const tx = await db.engine.begin({ ...WRITE, signal: controller.signal });
      await db.insert("User", [user(10)], tx);
      const done = tx.commit({ signal: controller.signal });
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
      controller.abort();
      await done.catch(() => undefined);
      const ended = await done.then(
        () => 6,
        () => 5,
      );
      expect(await db.engine.count("User", null)).toBe(ended);
      await tx[Symbol.asyncDispose]();
      expect(await db.engine.count("User", null), "nothing is undone later").toBe(ended);
    });
  });
};
