/** A real server under stress: killed in the middle of everything, full, overloaded; what was acknowledged is there, nothing leaks. */
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ConflictError, QueryError, StorageError, TenonError } from "../../src/base/errors.js";
import type { Engine } from "../../src/engine/engine.js";
import { postgres } from "../../src/postgres.js";
import { embeddedPostgres, pg } from "../support/drivers.js";
import { contains, eq, isIn, queries, set } from "../support/ir.js";
import { ask } from "../support/postgres-cluster.js";
import { makeHome } from "../support/postgres-home.js";
import { PostgresServer, serverUser } from "../support/postgres-server.js";
import { creationOps, int, schemaOf, string } from "../support/schema.js";
import { collect, rejects } from "../support/target.js";
import { expectNoLeak, watchedPool } from "../support/watched-pool.js";

// Servers are started, killed and asked hundreds of times: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const schema = schemaOf({
  Item: { fields: { id: int, name: string } },
  Account: { fields: { id: int, balance: int } },
});
const q = queries(schema);
const insert = (name: string) => q.insert("Item", [{ name }]);

describe.runIf(pg !== null && embeddedPostgres)("PostgreSQL", () => {
  let home = "";
  let server: PostgresServer;
  beforeAll(async () => {
    home = makeHome();
    server = await PostgresServer.make(join(home, "server"), { flags: ["synchronous_commit=on", "fsync=on"] });
    await server.start();
    await using engine = postgres({ driver: pg!, connectionString: server.url });
    await engine.open(schema);
    await engine.admin.apply(creationOps(schema), schema);
  });
  afterAll(async () => {
    await server.dispose();
    await rm(home, { recursive: true, force: true });
  });
  async function open(max: number, options: object = {}) {
    const { pool } = watchedPool(server.url, max);
    const engine = postgres({ pool, ...options });
    await engine.open(schema);
    const close = async () => {
      await expectNoLeak(pool);
      await engine.close();
      await pool.end();
    };
    return { engine, pool, close };
  }

  test("killed and restarted again and again under load: every acknowledged write is there once, what was refused is not", async () => {
    const db = await open(6);
    const acknowledged: string[] = [];
    const refused: string[] = [];
    const codes = new Set<string>();
    let ended = false;
    const typed = (error: unknown) => {
      expect(error, String(error)).toBeInstanceOf(TenonError);
      codes.add((error as TenonError).code);
      return (error as TenonError).code;
    };
    const work: ((name: string) => Promise<unknown>)[] = [
      (name) => db.engine.write(insert(name)),
      async (name) => {
        await using tx = await db.engine.begin({ mode: "write" });
        await tx.write(insert(name));
        await tx.count("Item", eq("name", name));
        await tx.commit();
      },
    ];
    const writer = async (id: number) => {
      for (let i = 0; !ended; i++) {
        const name = `${id}.${i}`;
        try {
          await work[id % work.length]!(name);
          acknowledged.push(name);
        } catch (error) {
          if (typed(error) !== "STORAGE.COMMIT_UNKNOWN") refused.push(name);
          await sleep(10);
        }
      }
    };
    const reader = async () => {
      while (!ended) {
        await collect(db.engine.stream(q.find("Item"), { batch: 50 })).catch(typed);
        await db.engine.find(q.find("Item", { limit: 5 })).catch(typed);
        await sleep(5);
      }
    };
    const all = [0, 1, 2, 3].map(writer).concat([reader(), reader()]);
    for (let round = 0; round < 3; round++) {
      const before = acknowledged.length;
      await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(before + 30);
      await server.kill();
      await server.start();
    }
    const before = acknowledged.length;
    await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(before + 30);
    ended = true;
    await Promise.all(all);
    expect([...codes].filter((code) => !/^STORAGE\.(DISCONNECTED|COMMIT_UNKNOWN)$/.test(code))).toEqual([]);
    const names = (await db.engine.find(q.find("Item"))).map((row) => String(row.name));
    const kept = new Set(names);
    expect(names.length, "nothing is there twice").toBe(kept.size);
    expect(acknowledged.filter((name) => !kept.has(name))).toEqual([]);
    expect(refused.filter((name) => kept.has(name))).toEqual([]);
    await db.close();
  });
  test("the server hangs: what was sent and may still be done is said to be unknown", async () => {
    const db = await open(4, { statementTimeout: 200 });
    // All connections are there already: a server that hangs takes no new ones.
    const warm = await Promise.all([1, 2, 3, 4].map(() => db.engine.begin({ mode: "read" })));
    for (const each of warm) await each.rollback();
    const committing = await db.engine.begin({ mode: "write" });
    await committing.write(insert("hung commit"));
    const writing = await db.engine.begin({ mode: "write" });
    server.signalAll("SIGSTOP");
    try {
      await Promise.all([
        rejects(committing.commit(), StorageError, "STORAGE.COMMIT_UNKNOWN"),
        rejects(db.engine.write(insert("hung write")), StorageError, "STORAGE.COMMIT_UNKNOWN"),
        rejects(writing.write(insert("hung in a transaction")), QueryError, "QUERY.TIMEOUT"),
        rejects(db.engine.count("Item", null), QueryError, "QUERY.TIMEOUT"),
      ]);
    } finally {
      server.signalAll("SIGCONT");
    }
    await writing.rollback();
    // It has done what it had received: whoever had tried again would have it twice.
    const names = async () =>
      (await db.engine.find(q.find("Item", { where: contains("name", "hung") }))).map((row) => row.name).sort();
    await expect.poll(names, { timeout: 20_000 }).toEqual(["hung commit", "hung write"]);
    await db.close();
  });
  test("serializable for the engine: lone calls take their place in the order too", async () => {
    const db = await open(4, { isolation: "serializable" });
    await db.engine.write(
      q.insert(
        "Account",
        [101, 102].map((id) => ({ id, balance: 10 })),
      ),
    );
    const tx = await db.engine.begin({ mode: "write" });
    await tx.find(q.find("Account", { where: isIn("id", 101, 102) }));
    await db.engine.write(q.update("Account", eq("id", 102), [set("balance", 25)]));
    const seen = await db.engine.find(q.find("Account", { where: isIn("id", 101, 102) }));
    expect(seen.map((row) => row.balance)).toEqual([10, 25]);
    // The reader saw the second write and not this one, which did not see that: no order has room for it.
    const late = tx.write(q.update("Account", eq("id", 101), [set("balance", 0)])).then(() => tx.commit());
    await rejects(late, ConflictError, "CONFLICT.SERIALIZATION");
    await tx[Symbol.asyncDispose]();
    await db.close();
  });
  test("the pool is exhausted: everyone waits or gets a typed error, and afterwards all connections are back", async () => {
    const db = await open(2, { acquireTimeout: 200 });
    const held = [await db.engine.begin({ mode: "write" }), await db.engine.begin({ mode: "read" })];
    const calls: (() => Promise<unknown>)[] = [
      () => db.engine.count("Item", null),
      () => db.engine.write(insert("busy")),
      () => db.engine.begin({ mode: "write" }),
      () => collect(db.engine.stream(q.find("Item"))),
      () => db.engine.admin.inspect(),
    ];
    await Promise.all(calls.map((call) => rejects(call(), StorageError, "STORAGE.BUSY")));
    const waiting = db.engine.count("Item", null);
    await held[0]!.rollback();
    expect(await waiting).toBeGreaterThan(0);
    await held[1]!.rollback();
    expect(await db.engine.count("Item", eq("name", "busy"))).toBe(0);
    await db.close();
  });
  test.each(["snapshot", "serializable"] as const)(
    "%s conflicts under load: typed errors, retries find their way, no update is lost",
    async (isolation) => {
      const db = await open(8, { isolation });
      const id = isolation === "snapshot" ? 1 : 2;
      await db.engine.write(q.insert("Account", [{ id, balance: 0 }]));
      let conflicts = 0;
      const adds = Array.from({ length: 8 }, async () => {
        for (let done = 0; done < 5; ) {
          await using tx = await db.engine.begin({ mode: "write" });
          try {
            const [account] = await tx.find(q.find("Account", { where: eq("id", id) }));
            await tx.write(q.update("Account", eq("id", id), [set("balance", Number(account?.balance) + 1)]));
            await tx.commit();
            done++;
          } catch (error) {
            expect(error, String(error)).toBeInstanceOf(ConflictError);
            expect((error as ConflictError).retryable).toBe(true);
            conflicts++;
            await sleep(Math.random() * 10);
          }
        }
      });
      await Promise.all(adds);
      expect(conflicts).toBeGreaterThan(0);
      expect((await db.engine.find(q.find("Account", { where: eq("id", id) })))[0]?.balance).toBe(40);
      await db.close();
    },
  );
  test("read committed: of rows that are chosen by a limit no two transactions take the same", async () => {
    const db = await open(6, { isolation: "readCommitted" });
    await db.engine.write(q.remove("Account", null));
    await db.engine.write(
      q.insert(
        "Account",
        Array.from({ length: 12 }, (_, id) => ({ id, balance: 0 })),
      ),
    );
    const taken = await Promise.all(
      [1, 2, 3, 4].map(async (worker) => {
        const ids: unknown[] = [];
        for (let i = 0; i < 3; i++) {
          await using tx = await db.engine.begin({ mode: "write" });
          const mark = [set("balance", worker)];
          const { docs } = await tx.write(q.update("Account", eq("balance", 0), mark, { limit: 1, returning: true }));
          await sleep(2);
          await tx.commit();
          ids.push(...docs.map((doc) => doc.id));
        }
        return ids;
      }),
    );
    const ids = taken.flat();
    expect(new Set(ids).size).toBe(ids.length);
    expect(await db.engine.count("Account", eq("balance", 0))).toBe(12 - ids.length);
    await db.close();
  });
  test("a statement of the engine is stopped by the server's own timeout: a typed error", async () => {
    await ask(server, "alter system set statement_timeout = '150ms'");
    await ask(server, "select pg_reload_conf()");
    await sleep(200);
    const db = await open(2);
    try {
      const blocker = await db.engine.begin({ mode: "write" });
      await blocker.write(q.insert("Item", [{ id: 7_000_000, name: "held" }]));
      const error = await db.engine
        .write(q.insert("Item", [{ id: 7_000_000, name: "waits" }]))
        .catch((e: unknown) => e);
      expect((error as TenonError).code).toBe("QUERY.TIMEOUT");
      await blocker.rollback();
      await db.close();
    } finally {
      await ask(server, "alter system reset statement_timeout");
      await ask(server, "select pg_reload_conf()");
    }
  });
});

/** A file system of a few megabytes, where one may be mounted. */
function smallDisk(folder: string): boolean {
  if (process.getuid?.() !== 0) return false;
  const user = serverUser();
  const options = `size=40m,uid=${user?.uid ?? 0},gid=${user?.gid ?? 0},mode=700`;
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}

describe.runIf(pg !== null && embeddedPostgres)("a full disk", () => {
  test("of a tablespace: a typed error, the transaction is undone, and it goes on when there is room", async ({
    skip,
  }) => {
    const home = makeHome();
    const server = await PostgresServer.make(join(home, "server"));
    const space = join(server.folder, "space");
    mkdirSync(space);
    if (!smallDisk(space)) {
      console.warn("SKIPPED: the test of a full disk; it needs to mount a tmpfs (root)");
      await server.dispose();
      await rm(home, { recursive: true, force: true });
      skip();
    }
    const user = serverUser();
    const ballast = join(space, "ballast");
    try {
      mkdirSync(join(space, "data"));
      if (user !== null) chownSync(join(space, "data"), user.uid, user.gid);
      writeFileSync(ballast, Buffer.alloc(20 * 2 ** 20));
      await server.start();
      await ask(server, `create tablespace small location '${join(space, "data")}'`);
      await ask(server, "alter system set default_tablespace = 'small'");
      await ask(server, "select pg_reload_conf()");
      const { pool } = watchedPool(server.url, 2);
      const engine: Engine = postgres({ pool });
      await engine.open(schema);
      await engine.admin.apply(creationOps(schema), schema);
      const text = () => Array.from({ length: 4000 }, () => Math.random().toString(36).slice(2)).join("");
      let kept = 0;
      const error = await (async () => {
        for (;;) {
          await using tx = await engine.begin({ mode: "write" });
          await tx.write(
            q.insert(
              "Item",
              Array.from({ length: 50 }, () => ({ name: text() })),
            ),
          );
          await tx.commit();
          kept += 50;
        }
      })().catch((reason: unknown) => reason);
      expect(error, String(error)).toBeInstanceOf(StorageError);
      expect((error as StorageError).code).toBe("STORAGE.FULL");
      expect(kept).toBeGreaterThan(0);
      expect(await engine.count("Item", null)).toBe(kept);
      rmSync(ballast);
      await engine.write(q.insert("Item", [{ name: text() }]));
      expect(await engine.count("Item", null)).toBe(kept + 1);
      await expectNoLeak(pool);
      await engine.close();
      await pool.end();
    } finally {
      await server.stop("SIGQUIT");
      spawnSync("umount", [space]);
      await server.dispose();
      await rm(home, { recursive: true, force: true });
    }
  });
});
