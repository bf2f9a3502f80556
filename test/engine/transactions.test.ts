import { describe, expect, test } from "vitest";
import { memory } from "../../src/embedded.js";
import type { Engine, Transaction } from "../../src/engine/engine.js";
import type { Doc } from "../../src/schema/model.js";
import type { Mutation, Store } from "../../src/storage/store.js";
import { eq, find, insert, openEngine, remove, set, update, user } from "./support.js";

const count = (executor: Engine | Transaction) => executor.count("User", null);
const code = (expected: string) => ({ code: expected });

async function failed(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error) => error,
  );
}

describe("transactions", () => {
  test("what is written shows inside at once, outside after commit", async () => {
    await using engine = await openEngine();
    const tx = await engine.begin({ mode: "write" });
    await tx.write(insert("User", user("a@x")));
    expect(await count(tx)).toBe(1);
    expect(await count(engine)).toBe(0);
    await tx.commit();
    expect(await count(engine)).toBe(1);
  });

  test("rollback and leaving the scope undo everything", async () => {
    await using engine = await openEngine();
    const tx = await engine.begin({ mode: "write" });
    await tx.write(insert("User", user("a@x")));
    await tx.rollback();
    {
      await using other = await engine.begin({ mode: "write" });
      await other.write(insert("User", user("b@x")));
    }
    expect(await count(engine)).toBe(0);
    // The turn to write was given back.
    expect((await engine.write(insert("User", user("c@x")))).docs[0]).toMatchObject({ id: 1 });
  });

  test("a failed write fails the transaction until it is rolled back", async () => {
    await using engine = await openEngine();
    await using tx = await engine.begin({ mode: "write" });
    await tx.write(insert("User", user("a@x")));
    await expect(tx.write(insert("User", user("a@x")))).rejects.toMatchObject(code("UNIQUE.VIOLATION"));
    await expect(tx.find(find("User"))).rejects.toMatchObject(code("TRANSACTION.FAILED"));
    await expect(tx.commit()).rejects.toMatchObject(code("TRANSACTION.FAILED"));
    await tx.rollback();
    expect(await count(engine)).toBe(0);
  });

  test("a failed write inside a savepoint leaves the parent usable after the rollback", async () => {
    await using engine = await openEngine();
    await using tx = await engine.begin({ mode: "write" });
    await tx.write(insert("User", user("a@x")));
    const child = await tx.begin({ mode: "write" });
    expect(child.depth).toBe(1);
    await child.write(insert("User", user("b@x")));
    await expect(child.write(insert("User", user("a@x")))).rejects.toMatchObject(code("UNIQUE.VIOLATION"));
    await child.rollback();
    expect(await count(tx)).toBe(1);
    await tx.write(insert("User", user("b@x")));
    await tx.commit();
    expect((await engine.find(find("User"))).map((row) => row.email)).toEqual(["a@x", "b@x"]);
  });

  test("a parent takes no calls while a child is open", async () => {
    await using engine = await openEngine();
    await using tx = await engine.begin({ mode: "write" });
    const child = await tx.begin({ mode: "write" });
    for (const call of [tx.find(find("User")), tx.write(insert("User")), tx.commit(), tx.begin({ mode: "write" })]) {
      await expect(call).rejects.toMatchObject(code("TRANSACTION.CHILD_OPEN"));
    }
    await child.commit();
    expect(await count(tx)).toBe(0);
  });

  test("rolling back a parent ends the children that are open", async () => {
    await using engine = await openEngine();
    const tx = await engine.begin({ mode: "write" });
    const child = await tx.begin({ mode: "write" });
    await child.write(insert("User", user("a@x")));
    await tx.rollback();
    await expect(child.find(find("User"))).rejects.toMatchObject(code("TRANSACTION.CLOSED"));
    expect(await count(engine)).toBe(0);
  });

  test("after the end every call rejects", async () => {
    await using engine = await openEngine();
    const tx = await engine.begin({ mode: "write" });
    await tx.commit();
    for (const call of [
      tx.find(find("User")),
      tx.write(insert("User")),
      tx.commit(),
      tx.rollback(),
      tx.begin({ mode: "write" }),
    ]) {
      await expect(call).rejects.toMatchObject(code("TRANSACTION.CLOSED"));
    }
    await expect(tx.stream(find("User")).next()).rejects.toMatchObject(code("TRANSACTION.CLOSED"));
  });

  test("a read transaction sees one moment, refuses writes and never waits for a writer", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x")));
    const writer = await engine.begin({ mode: "write" });
    await writer.write(insert("User", user("b@x")));
    await using reader = await engine.begin({ mode: "read" });
    expect(await count(reader)).toBe(1);
    await writer.commit();
    expect(await count(reader)).toBe(1);
    expect(await count(engine)).toBe(2);
    await expect(reader.write(insert("User", user("c@x")))).rejects.toMatchObject(code("TRANSACTION.READ_ONLY"));
    const nested = await reader.begin({ mode: "read" });
    expect(await count(nested)).toBe(1);
    await nested.commit();
  });

  test("writers take turns in the order in which they asked", async () => {
    await using engine = await openEngine();
    const first = await engine.begin({ mode: "write" });
    const order: string[] = [];
    const waiting = ["b", "c"].map(async (name) => {
      const tx = await engine.begin({ mode: "write" });
      order.push(name);
      await tx.write(insert("User", user(name)));
      await tx.commit();
    });
    await first.write(insert("User", user("a")));
    expect(order).toEqual([]);
    await first.commit();
    await Promise.all(waiting);
    expect((await engine.find(find("User"))).map((row) => row.email)).toEqual(["a", "b", "c"]);
  });

  test("calls of one transaction that are not awaited run one after the other", async () => {
    await using engine = await openEngine();
    await using tx = await engine.begin({ mode: "write" });
    const writes = Array.from({ length: 20 }, (_, i) => tx.write(insert("User", user(`${i}@x`))));
    const rows = tx.find(find("User"));
    await Promise.all(writes);
    expect((await rows).map((row) => row.id)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test("a stream inside a transaction shows the moment at which it began", async () => {
    await using engine = await openEngine();
    await using tx = await engine.begin({ mode: "write" });
    await tx.write(insert("User", ...Array.from({ length: 6 }, (_, i) => user(`${i}@x`))));
    const seen: Doc[] = [];
    for await (const batch of tx.stream(find("User"), { batch: 2 })) {
      seen.push(...batch);
      await tx.write(insert("User", user(`late${seen.length}@x`)));
      await tx.write(remove("User", eq("id", 6)));
    }
    expect(seen.map((row) => row.id)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await count(tx)).toBe(8);
  });
});

describe("abort", () => {
  test("an abort fails the transaction, and its reason is the cause", async () => {
    await using engine = await openEngine();
    await using tx = await engine.begin({ mode: "write" });
    const reason = new Error("enough");
    const error = await failed(tx.find(find("User"), { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: "ABORT.SIGNAL", cause: reason });
    await expect(tx.find(find("User"))).rejects.toMatchObject(code("TRANSACTION.FAILED"));
  });

  test("the signal of begin covers the waiting and the whole transaction", async () => {
    await using engine = await openEngine();
    const first = await engine.begin({ mode: "write" });
    const abort = new AbortController();
    const waiting = failed(engine.begin({ mode: "write", signal: abort.signal }));
    abort.abort();
    expect(await waiting).toMatchObject(code("ABORT.SIGNAL"));
    await first.rollback();
    const late = new AbortController();
    await using tx = await engine.begin({ mode: "write", signal: late.signal });
    await tx.write(insert("User", user("a@x")));
    late.abort();
    await expect(tx.commit()).rejects.toMatchObject(code("ABORT.SIGNAL"));
    await tx.rollback();
    expect(await count(engine)).toBe(0);
  });

  test("an abort after commit began changes nothing", async () => {
    await using engine = await openEngine();
    const abort = new AbortController();
    const tx = await engine.begin({ mode: "write", signal: abort.signal });
    await tx.write(insert("User", user("a@x")));
    const done = tx.commit();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    abort.abort();
    await done;
    expect(await count(engine)).toBe(1);
  });

  test("an aborted single write changes nothing and frees the turn", async () => {
    await using engine = await openEngine();
    await expect(engine.write(insert("User", user("a@x")), { signal: AbortSignal.abort() })).rejects.toMatchObject(
      code("ABORT.SIGNAL"),
    );
    await engine.write(insert("User", user("b@x")));
    expect(await count(engine)).toBe(1);
  });
});

describe("close", () => {
  test("every call rejects with the same code, pending ones included", async () => {
    const engine = await openEngine();
    await engine.write(insert("User", user("a@x")));
    const tx = await engine.begin({ mode: "write" });
    const reader = await engine.begin({ mode: "read" });
    const cursor = engine.stream(find("User"), { batch: 1 });
    await cursor.next();
    const pending = [
      failed(engine.begin({ mode: "write" })),
      failed(engine.write(insert("User", user("b@x")))),
      failed(tx.find(find("User"))),
    ];
    const closed = engine.close();
    pending.push(
      failed(engine.find(find("User"))),
      failed(engine.find(find("User", { where: eq("id", 1) }))),
      failed(engine.count("User", null)),
      failed(engine.begin({ mode: "read" })),
      failed(engine.admin.inspect()),
      failed(tx.find(find("User"))),
      failed(tx.commit()),
      failed(reader.find(find("User"))),
      failed(cursor.next()),
    );
    for (const error of await Promise.all(pending)) expect(error).toMatchObject(code("STORAGE.CLOSED"));
    await closed;
    await engine.close();
    await tx[Symbol.asyncDispose]();
  });
});

/** A durable store whose commits reach the disk only when told. */
class SlowStore {
  readonly store: Store;
  readonly waiting: { resolve(): void; reject(error: Error): void; batch: readonly Mutation[] }[] = [];
  slow = false;

  constructor() {
    const inner = memory();
    const commit = async (batch: readonly Mutation[]) => {
      if (this.slow) {
        await new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject, batch }));
      }
      await inner.commit(batch);
    };
    this.store = {
      name: "slow",
      durable: true,
      open: (spaces, options) => inner.open(spaces, options),
      reshape: (spaces) => inner.reshape(spaces),
      snapshot: () => inner.snapshot(),
      point: (space, value) => inner.point(space, value),
      commit,
      readRegistry: () => inner.readRegistry(),
      writeRegistry: (text) => inner.writeRegistry(text),
      compact: (options) => inner.compact(options),
      close: () => inner.close(),
    };
  }
}

/** Lets everything run that does not wait for the disk. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("commits on their way to disk", () => {
  test("the next writer need not wait for them and stands on them; readers do not see them", async () => {
    const slow = new SlowStore();
    await using engine = await openEngine(undefined, slow.store);
    slow.slow = true;
    const writes = [
      engine.write(insert("User", user("a@x"))),
      engine.write(insert("User", user("b@x"), user("c@x"))),
      engine.write(update("User", eq("email", "b@x"), set("role", "admin"))),
      failed(engine.write(insert("User", user("a@x")))),
    ];
    await settle();
    expect(slow.waiting).toHaveLength(3);
    expect(await count(engine)).toBe(0);
    for (const commit of slow.waiting.splice(0)) commit.resolve();
    const [, , updated, duplicate] = await Promise.all(writes);
    expect(updated).toMatchObject({ count: 1 });
    expect(duplicate).toMatchObject(code("UNIQUE.VIOLATION"));
    expect((await engine.find(find("User"))).map(({ id, role }) => [id, role])).toEqual([
      [1, "member"],
      [2, "admin"],
      [3, "member"],
    ]);
  });

  test("when one fails, a transaction that stood on it can only be run again", async () => {
    const slow = new SlowStore();
    await using engine = await openEngine(undefined, slow.store);
    slow.slow = true;
    const first = failed(engine.write(insert("User", user("a@x"))));
    await settle();
    const tx = await engine.begin({ mode: "write" });
    expect(await count(tx)).toBe(1);
    await tx.write(insert("User", user("b@x")));
    slow.waiting.splice(0)[0]!.reject(new Error("no space"));
    expect(await first).toMatchObject({ message: "no space" });
    await expect(tx.commit()).rejects.toMatchObject({ code: "CONFLICT.SERIALIZATION", retryable: true });
    slow.slow = false;
    await engine.write(insert("User", user("b@x")));
    expect((await engine.find(find("User"))).map((row) => row.email)).toEqual(["b@x"]);
  });
});
