/** Promises 5 to 9: transactions, savepoints, isolation, abort, close. */
import { describe, expect, test } from "vitest";
import {
  AbortedError,
  ForeignKeyViolationError,
  StorageError,
  TransactionError,
  UniqueViolationError,
} from "../../src/base/errors.js";
import type { Executor, Transaction } from "../../src/engine/engine.js";
import { blog, post, seedBlog, USERS, user } from "../support/blog.js";
import { and, eq, inc, set } from "../support/ir.js";
import { collect, type Database, freshDatabase, rejects, type Spec, wholeState } from "../support/target.js";

const WRITE = { mode: "write" } as const;
const READ = { mode: "read" } as const;

/** Calls each method of an executor: what all of them must refuse. */
function everyCall(db: Database, on: Executor): readonly (readonly [string, () => Promise<unknown>])[] {
  return [
    ["find", () => on.find(db.q.find("User"))],
    ["stream", () => collect(on.stream(db.q.find("User")))],
    ["aggregate", () => on.aggregate(db.q.aggregate("User", { measures: { n: "count" } }))],
    ["count", () => on.count("User", null)],
    ["write", () => on.write(db.q.update("User", eq("id", 1), [inc("score", 1)]))],
    ["begin", () => on.begin(WRITE)],
    ["explain", () => on.explain(db.q.find("User"))],
  ];
}

async function refused(db: Database, on: Executor, type: Parameters<typeof rejects>[1], code: string): Promise<void> {
  for (const [name, call] of everyCall(db, on)) {
    const error = await rejects(call, type, code);
    expect(error.message.length, name).toBeGreaterThan(5);
  }
}

async function failedInsert(db: Database, tx: Transaction): Promise<void> {
  await rejects(db.insert("User", [user(1)], tx), UniqueViolationError, "UNIQUE.VIOLATION");
}

export const transactions: Spec = (target) => {
  describe("transactions", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("see their own writes, others do not, until commit", async () => {
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
    test("writers wait for each other; both changes stay", async () => {
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

  describe("promise 4: one call, and one transaction, sees one snapshot", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("a read transaction does not see what is committed later", async () => {
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
    test("readers do not wait for an open writer", async () => {
      await using tx = await db.engine.begin(WRITE);
      await tx.write(db.q.update("Post", null, [set("views", 7)]));
      expect(await db.pluck("Post", "views")).toEqual([10, 30, 20, 30, 0]);
      await using reader = await db.engine.begin(READ);
      expect(await reader.count("Post", eq("views", 7))).toBe(0);
    });
    test("a stream goes on over the state at its start", async () => {
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

  describe("promise 9: after close", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("every call rejects with the same code, and closing again is fine", async () => {
      await db.engine.close();
      await refused(db, db.engine, StorageError, "STORAGE.CLOSED");
      await db.engine.close();
    });
    test("open transactions, waiting writers and streams too", async () => {
      const tx = await db.engine.begin(WRITE);
      await db.insert("User", [user(10)], tx);
      const inner = await tx.begin(WRITE);
      const waiting = db.engine.begin(WRITE);
      const reader = await db.engine.begin(READ);
      const stream = db.engine.stream(db.q.find("Post"), { batch: 1 });
      await stream.next();
      const closing = db.engine.close();
      await rejects(waiting, StorageError, "STORAGE.CLOSED");
      await closing;
      for (const open of [tx, inner, reader]) await refused(db, open, StorageError, "STORAGE.CLOSED");
      await rejects(() => stream.next(), StorageError, "STORAGE.CLOSED");
      await rejects(() => tx.commit(), StorageError, "STORAGE.CLOSED");
      await tx[Symbol.asyncDispose]();
    });
  });
};
