/** client.transaction, nested ones, begin, retries, and what is refused. */
import { describe, expect, test, vi } from "vitest";
import { ConflictError } from "../../src/base/errors.js";
import { embedded, memory } from "../../src/embedded.js";
import type { Engine } from "../../src/engine/engine.js";
import { AbortedError, NotFoundError, QueryError, TransactionError, UniqueViolationError } from "../../src/index.js";
import { type Db, openDb, rejection } from "./support.js";

const person = (n: number) => ({ data: { email: `u${n}@x.de` } });

/** An engine whose first commits fail as a serialization conflict does. */
function conflicting(failures: number): { engine: Engine; attempts: () => number } {
  const engine = embedded({ storage: memory() });
  const begin = engine.begin.bind(engine);
  let left = failures;
  let attempts = 0;
  engine.begin = async (options) => {
    const transaction = await begin(options);
    attempts += 1;
    const commit = transaction.commit.bind(transaction);
    transaction.commit = async (callOptions) => {
      if (left-- > 0) throw new ConflictError("CONFLICT.SERIALIZATION", "somebody was faster");
      await commit(callOptions);
    };
    return transaction;
  };
  return { engine, attempts: () => attempts };
}

describe("transaction", () => {
  test("commits what resolves and returns its value", async () => {
    await using db = await openDb();
    const id = await db.transaction(async (tx) => (await tx.users.create(person(1))).id);
    expect(await db.users.findById(id)).toMatchObject({ email: "u1@x.de" });
  });

  test("rolls back what rejects, with the same error", async () => {
    await using db = await openDb();
    const mine = new RangeError("mine");
    const call = db.transaction(async (tx) => {
      await tx.users.create(person(1));
      expect(await tx.users.count()).toBe(1);
      expect(await db.users.count()).toBe(0);
      throw mine;
    });
    expect(await rejection(call, RangeError)).toBe(mine);
    expect(await db.users.count()).toBe(0);
  });

  test("a nested one is a savepoint: it can fail alone", async () => {
    await using db = await openDb();
    await db.transaction(async (tx) => {
      await tx.users.create(person(1));
      await rejection(
        tx.transaction(async (inner) => {
          await inner.users.create(person(2));
          await inner.users.create(person(1));
        }),
        UniqueViolationError,
      );
      await tx.transaction(async (inner) => await inner.users.create(person(3)));
    });
    expect((await db.users.findMany()).map((user) => user.email)).toEqual(["u1@x.de", "u3@x.de"]);
  });

  test("calls on the parent while a nested one is open are refused", async () => {
    await using db = await openDb();
    await db.transaction(async (tx) => {
      await tx.transaction(async () => {
        expect((await rejection(tx.users.count(), TransactionError)).code).toBe("TRANSACTION.CHILD_OPEN");
      });
    });
  });

  test("calls started together take turns, nested writes included", async () => {
    await using db = await openDb();
    await db.transaction(async (tx) => {
      await Promise.all([
        ...[1, 2, 3].map((n) =>
          tx.users.create({ data: { ...person(n).data, posts: { create: { title: `p${n}` } } }, populate: ["posts"] }),
        ),
        tx.users.create(person(4)),
        tx.users.findMany(),
      ]);
    });
    expect([await db.users.count(), await db.posts.count()]).toEqual([4, 3]);
  });

  test("mode read refuses writes and sees one snapshot", async () => {
    await using db = await openDb();
    await db
      .transaction(
        async (tx) => {
          expect(await tx.users.count()).toBe(0);
          await db.users.create(person(1));
          expect(await tx.users.count()).toBe(0);
          expect((await rejection(tx.users.create(person(2)), TransactionError)).code).toBe("TRANSACTION.READ_ONLY");
        },
        { mode: "read" },
      )
      .catch((error: unknown) => expect(error).toMatchObject({ code: "TRANSACTION.FAILED" }));
    expect(await db.users.count()).toBe(1);
  });

  test("tx after its end", async () => {
    await using db = await openDb();
    let kept: Pick<Db, "users" | "transaction"> | undefined;
    await db.transaction(async (tx) => {
      kept = tx;
    });
    for (const call of [
      kept!.users.findById(1),
      kept!.users.create(person(1)),
      kept!.users.create({ data: { email: "a@x.de", posts: { create: { title: "x" } } } }),
      kept!.users.count(),
      kept!.transaction(async () => {}),
    ])
      expect((await rejection(call, TransactionError)).code).toBe("TRANSACTION.CLOSED");
    expect(() => kept!.users.stream()).toThrow(TransactionError);
  });

  test("a forgotten await is noticed and rolled back", async () => {
    await using db = await openDb();
    const call = db.transaction(async (tx) => {
      void tx.users.create(person(1));
    });
    const error = await rejection(call, TransactionError);
    expect(error.code).toBe("TRANSACTION.PENDING");
    expect(error.fix).toContain("await");
    expect(await db.users.count()).toBe(0);
    const nested = db.transaction(async (tx) => {
      void tx.users.create({ data: { email: "a@x.de", posts: { create: { title: "x" } } } });
    });
    expect((await rejection(nested, TransactionError)).code).toBe("TRANSACTION.PENDING");
    expect([await db.users.count(), await db.posts.count()]).toEqual([0, 0]);
  });

  test("a nested transaction that is left open ends with its parent, and the next writer gets in", async () => {
    await using db = await openDb();
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let inner: Promise<unknown> | undefined;
    const call = db.transaction(async (tx) => {
      inner = tx.transaction(async (nested) => {
        await nested.users.create(person(1));
        await held;
        await nested.users.create(person(2));
      });
      inner.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    expect((await rejection(call, TransactionError)).code).toBe("TRANSACTION.CHILD_OPEN");
    await db.users.create(person(3));
    release?.();
    await rejection(inner!, TransactionError);
    expect((await db.users.findMany()).map((user) => user.email)).toEqual(["u3@x.de"]);
  });

  test("two nested transactions at once: the second is refused, not mixed in", async () => {
    await using db = await openDb();
    await db.transaction(async (tx) => {
      const results = await Promise.allSettled(
        [1, 2].map((n) => tx.transaction(async (inner) => await inner.users.create(person(n)))),
      );
      expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected"]);
    });
    expect(await db.users.count()).toBe(1);
  });

  test("one of several calls fails: the others settle before the rollback", async () => {
    await using db = await openDb();
    const call = db.transaction(
      async (tx) =>
        await Promise.all(
          [1, 1, 2, 3].map((n) =>
            tx.users.create({ data: { email: `u${n}@x.de`, posts: { create: { title: `p${n}` } } } }),
          ),
        ),
    );
    await rejection(call, UniqueViolationError);
    expect([await db.users.count(), await db.posts.count()]).toEqual([0, 0]);
    await db.users.create(person(1));
  });

  test("abort rejects and leaves nothing", async () => {
    await using db = await openDb();
    const controller = new AbortController();
    const call = db.transaction(
      async (tx) => {
        await tx.users.create(person(1));
        controller.abort();
        await tx.users.create({ ...person(2), signal: controller.signal });
      },
      { signal: controller.signal },
    );
    await rejection(call, AbortedError);
    expect(await db.users.count()).toBe(0);
    await rejection(
      db.transaction(async () => {}, { signal: AbortSignal.abort() }),
      AbortedError,
    );
  });

  test.each([
    [{ retires: 1 }, "QUERY.UNKNOWN_ARGUMENT"],
    [{ retries: -1 }, "QUERY.INVALID_VALUE"],
    [{ retries: 1.5 }, "QUERY.INVALID_VALUE"],
    [{ mode: "readonly" }, "QUERY.INVALID_VALUE"],
    [{ signal: {} }, "QUERY.INVALID_VALUE"],
    [{ isolation: "dirty" }, "QUERY.INVALID_VALUE"],
    [null, "QUERY.INVALID_VALUE"],
  ])("wrong options %j", async (options, code) => {
    await using db = await openDb();
    const work = vi.fn(async () => {});
    expect((await rejection(db.transaction(work, options as object), QueryError)).code).toBe(code);
    expect(work).not.toHaveBeenCalled();
    await rejection(db.transaction(5 as never), QueryError);
  });
});

describe("retries", () => {
  test("a retryable error runs the function again, up to the bound", async () => {
    const { engine, attempts } = conflicting(2);
    await using db = await openDb({ engine });
    const work = vi.fn(async (tx: Pick<Db, "users">) => await tx.users.create(person(1)));
    await db.transaction(work);
    expect(work).toHaveBeenCalledTimes(3);
    expect(attempts()).toBe(3);
    expect(await db.users.count()).toBe(1);
  });

  test("the last error comes out when the retries are used up", async () => {
    const { engine } = conflicting(9);
    await using db = await openDb({ engine });
    const work = vi.fn(async () => {});
    expect((await rejection(db.transaction(work, { retries: 1 }), ConflictError)).code).toBe("CONFLICT.SERIALIZATION");
    expect(work).toHaveBeenCalledTimes(2);
  });

  test("other errors do not run it again; neither does a nested transaction", async () => {
    const { engine } = conflicting(0);
    await using db = await openDb({ engine });
    const work = vi.fn(async () => {
      throw new ConflictError("CONFLICT.VERSION", "stale");
    });
    await rejection(db.transaction(work), ConflictError);
    expect(work).toHaveBeenCalledTimes(1);
    const inner = vi.fn(async () => {
      throw new ConflictError("CONFLICT.SERIALIZATION", "again");
    });
    await rejection(
      db.transaction(async (tx) => await tx.transaction(inner), { retries: 0 }),
      ConflictError,
    );
    expect(inner).toHaveBeenCalledTimes(1);
  });

  test("a nested write outside a transaction is run again, with the same generated keys", async () => {
    const { engine } = conflicting(1);
    await using db = await openDb({ engine });
    await db.users.create({ data: { ...person(1).data, labels: { create: { name: "l" } } } });
    expect([await db.users.count(), await db.labels.count(), await db.userLabels.count()]).toEqual([1, 1, 1]);
  });
});

describe("begin", () => {
  test("commit keeps, leaving the scope rolls back", async () => {
    await using db = await openDb();
    {
      await using tx = await db.begin();
      await tx.users.create(person(1));
      await tx.commit();
    }
    {
      await using tx = await db.begin();
      await tx.users.create(person(2));
    }
    expect((await db.users.findMany()).map((user) => user.email)).toEqual(["u1@x.de"]);
  });

  test("rollback, then every use is refused", async () => {
    await using db = await openDb();
    const tx = await db.begin();
    await tx.users.create(person(1));
    await tx.rollback();
    for (const call of [tx.users.count(), tx.users.create(person(2)), tx.commit()])
      expect((await rejection(call, TransactionError)).code).toBe("TRANSACTION.CLOSED");
    await tx[Symbol.asyncDispose]();
    expect(await db.users.count()).toBe(0);
  });

  test("nested transactions inside, and no waiting for a writer that was left", async () => {
    await using db = await openDb();
    await using tx = await db.begin();
    await tx.transaction(async (inner) => await inner.users.create(person(1)));
    await rejection(tx.users.findByIdOrThrow(9), NotFoundError);
    await tx.commit();
    expect(await db.users.create(person(2))).toMatchObject({ id: 2 });
  });
});

describe("close", () => {
  test("every later call rejects with one code", async () => {
    const db = await openDb();
    await db.close();
    for (const call of [db.users.findById(1), db.users.create(person(1)), db.transaction(async () => {}), db.begin()])
      await expect(call).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
  });
});
