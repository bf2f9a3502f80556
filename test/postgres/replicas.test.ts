/** A primary with two streaming replicas: who is asked, what a read must see, and what happens when servers die. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ConfigError, TenonError } from "../../src/base/errors.js";
import type { Engine, Executor } from "../../src/engine/engine.js";
import { position } from "../../src/engine/postgres/server-node.js";
import { type PoolOptions, postgres } from "../../src/postgres.js";
import { embeddedPostgres, pg } from "../support/drivers.js";
import { queries } from "../support/ir.js";
import { ask, PostgresCluster, paused } from "../support/postgres-cluster.js";
import type { PostgresServer } from "../support/postgres-server.js";
import { creationOps, int, schemaOf, string } from "../support/schema.js";
import { collect } from "../support/target.js";
import { expectNoLeak, type WatchedPool, watchedPool } from "../support/watched-pool.js";

// Servers are started, killed and asked hundreds of times: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const schema = schemaOf({ Item: { fields: { id: int, name: string } } });
const q = queries(schema);
const insert = (name: string) => q.insert("Item", [{ name }]);
const names = async (on: Executor) => (await on.find(q.find("Item"))).map((row) => row.name);

type Options = Omit<PoolOptions, "pool" | "replicas">;

interface Open {
  readonly engine: Engine;
  /** Statements asked of the primary, the first replica, the second. */
  readonly asked: readonly string[][];
}

describe.runIf(pg !== null && embeddedPostgres)("a primary and two replicas", () => {
  let cluster: PostgresCluster;
  const open: { readonly engine: Engine; readonly pools: readonly WatchedPool[] }[] = [];
  beforeAll(async () => {
    cluster = await PostgresCluster.start(2);
    const engine = postgres({ driver: pg!, connectionString: cluster.primary.url });
    await engine.open(schema);
    await engine.admin.apply(creationOps(schema), schema);
    await engine.close();
    await cluster.settled();
  });
  afterAll(() => cluster.dispose());
  afterEach(async () => {
    for (const { engine, pools } of open.splice(0)) {
      await expectNoLeak(...pools.map(({ pool }) => pool));
      await engine.close();
      for (const { pool } of pools) await pool.end();
    }
  });

  async function start(options: Options = {}): Promise<Open> {
    const pools = [cluster.primary, ...cluster.replicas].map((server) => watchedPool(server.url));
    const [pool, ...replicas] = pools.map((each) => each.pool);
    const engine = postgres({ pool: pool!, replicas, ...options });
    await engine.open(schema);
    open.push({ engine, pools });
    return { engine, asked: pools.map(({ asked }) => asked) };
  }
  const counts = ({ asked }: Open) => asked.map((texts) => texts.length);
  const clear = ({ asked }: Open) => {
    for (const texts of asked) texts.splice(0);
  };
  /** Until reads are answered by replicas again. */
  const readsLeavePrimary = (db: Open) => readUntil(db, (now) => now[0] === 0);
  const readsReach = (db: Open, server: number) => readUntil(db, (now) => now[server] === 1);
  const readUntil = (db: Open, fits: (now: readonly number[]) => boolean) =>
    expect
      .poll(
        async () => {
          clear(db);
          await db.engine.count("Item", null);
          return fits(counts(db));
        },
        { timeout: 20_000 },
      )
      .toBe(true);

  test("reads go to the replicas in turn: find, count, streams, transactions that only read; all else to the primary", async () => {
    const db = await start();
    for (let i = 0; i < 4; i++) await db.engine.find(q.find("Item"));
    expect(counts(db)).toEqual([0, 2, 2]);
    await db.engine.count("Item", null);
    await collect(db.engine.stream(q.find("Item")));
    const reading = await db.engine.begin({ mode: "read" });
    await reading.find(q.find("Item"));
    await reading.rollback();
    expect(counts(db)[0]).toBe(0);
    clear(db);
    const writing = await db.engine.begin({ mode: "write" });
    await writing.find(q.find("Item"));
    await writing.rollback();
    const serial = await db.engine.begin({ mode: "read", isolation: "serializable" });
    await serial.find(q.find("Item"));
    await serial.commit();
    expect(counts(db)).toEqual([2, 0, 0]);
  });
  test("the replica with the fewest connections in use is asked, by option", async () => {
    const db = await start({ balance: "leastBusy" });
    const held = await db.engine.begin({ mode: "read" });
    await held.count("Item", null);
    const [, first] = counts(db);
    clear(db);
    for (let i = 0; i < 4; i++) await db.engine.count("Item", null);
    expect(counts(db)).toEqual(first === 1 ? [0, 0, 4] : [0, 4, 0]);
    await held.rollback();
  });
  test("reads after own writes: the primary answers until a replica has them", async () => {
    const db = await start();
    await paused(cluster.replicas, async () => {
      await db.engine.write(insert("own"));
      clear(db);
      expect(await names(db.engine)).toContain("own");
      const tx = await db.engine.begin({ mode: "write" });
      await tx.write(insert("own too"));
      await tx.commit();
      expect(await names(db.engine)).toContain("own too");
      expect(counts(db).slice(1)).toEqual([0, 0]);
    });
    await readsLeavePrimary(db);
    expect(await names(db.engine)).toContain("own too");
  });
  test("or they wait for a replica that has them", async () => {
    const db = await start({ afterWrite: "wait", maxLag: 30_000 });
    const reading = await paused(cluster.replicas, async () => {
      await db.engine.write(insert("awaited"));
      clear(db);
      const reading = names(db.engine);
      // It has nothing to read from yet.
      expect(await Promise.race([reading, sleep(100, "waits")])).toBe("waits");
      return { reading };
    });
    expect(await reading.reading).toContain("awaited");
    expect(counts(db)[0]).toBe(0);
  });
  test("or they need not see them", async () => {
    const db = await start({ afterWrite: "any" });
    await paused(cluster.replicas, async () => {
      await db.engine.write(insert("unseen"));
      expect(await names(db.engine)).not.toContain("unseen");
    });
  });
  test("no read is older than maxLag: what another client wrote that long ago is seen though the replicas stand still", async () => {
    const db = await start({ maxLag: 300, checkInterval: 50 });
    const other = await start();
    await paused(cluster.replicas, async () => {
      await other.engine.write(insert("of another"));
      await sleep(310);
      expect(await names(db.engine)).toContain("of another");
      // One replica that follows is enough.
      await ask(cluster.replicas[1]!, "select pg_wal_replay_resume()");
      await readsLeavePrimary(db);
      for (let i = 0; i < 10; i++) expect(await names(db.engine)).toContain("of another");
      expect(counts(db)[1]).toBe(0);
    });
  });
  test("what a replica cannot answer is asked of the primary", async () => {
    const wider = schemaOf({ Item: { fields: { id: int, name: string } }, Fresh: { fields: { id: int } } });
    const db = await start({ afterWrite: "any" });
    await paused(cluster.replicas, async () => {
      // Another process has made a table that the replicas do not have yet.
      await ask(cluster.primary, 'create table "freshs" (id bigint primary key)');
      await db.engine.admin.apply([], wider);
      expect(await db.engine.count("Fresh", null)).toBe(0);
      await ask(cluster.primary, 'drop table "freshs"');
      await db.engine.admin.apply([], schema);
    });
    await cluster.settled();
  });
  test("a replica cancels what stands in the way of its replay: a typed error that may be tried again, no connection is lost", async () => {
    const db = await start({ afterWrite: "any" });
    const many = Array.from({ length: 50 }, (_, index) => ({ name: `many ${index}` }));
    await db.engine.write(q.insert("Item", many));
    await cluster.settled();
    clear(db);
    const rows = db.engine.stream(q.find("Item"), { batch: 1 });
    await rows.next();
    const reading = await db.engine.begin({ mode: "read" });
    await reading.count("Item", null);
    expect(counts(db)[0]).toBe(0);
    // An exclusive lock: replicas must take it too, whoever reads there.
    await ask(cluster.primary, 'alter table "items" add column extra int');
    await ask(cluster.primary, 'alter table "items" drop column extra');
    await cluster.settled();
    for (const late of [collect(rows), reading.count("Item", null)]) {
      const error = await late.catch((reason: unknown) => reason);
      expect(error, String(error)).toBeInstanceOf(TenonError);
      expect((error as TenonError).retryable).toBe(true);
    }
    await reading.rollback();
    expect(await db.engine.count("Item", null)).toBeGreaterThanOrEqual(50);
  });
  test("a replica is killed: the others answer, nobody notices; it comes back and is used again", async () => {
    const db = await start({ checkInterval: 50 });
    for (let i = 0; i < 4; i++) await db.engine.count("Item", null);
    const reads = Promise.all(
      Array.from({ length: 3 }, async () => {
        for (let i = 0; i < 40; i++) await db.engine.find(q.find("Item"));
      }),
    );
    await cluster.replicas[0]!.kill();
    await reads;
    clear(db);
    for (let i = 0; i < 6; i++) await db.engine.count("Item", null);
    expect(counts(db)[1]).toBe(0);
    await cluster.replicas[0]!.start();
    await readsReach(db, 1);
  });
  test("no replica is left: the primary answers", async () => {
    const db = await start({ checkInterval: 50 });
    for (const replica of cluster.replicas) await replica.kill();
    await db.engine.write(insert("alone"));
    expect(await names(db.engine)).toContain("alone");
    for (const replica of cluster.replicas) await replica.start();
    await cluster.settled();
    await readsLeavePrimary(db);
  });
  test("the primary is killed under load: typed errors, the promoted replica is found, no acknowledged write is lost", async () => {
    const [first, second] = cluster.replicas as [PostgresServer, PostgresServer];
    // An acknowledgement means that the replica has it too, or promotion could not keep it.
    await ask(cluster.primary, "alter system set synchronous_standby_names = '*'");
    await ask(cluster.primary, "select pg_reload_conf()");
    // Only one may acknowledge: the one that will be promoted.
    await second.stop();
    const db = await start({ checkInterval: 50 });
    const acknowledged: string[] = [];
    const unknown = new Set<string>();
    const codes = new Set<string>();
    let ended = false;
    const writer = async (id: number) => {
      for (let i = 0; !ended; i++) {
        const name = `load ${id}.${i}`;
        try {
          await db.engine.write(insert(name));
          acknowledged.push(name);
        } catch (error) {
          expect(error, String(error)).toBeInstanceOf(TenonError);
          codes.add((error as TenonError).code);
          if ((error as TenonError).code === "STORAGE.COMMIT_UNKNOWN") unknown.add(name);
          await sleep(5);
        }
      }
    };
    const writers = [0, 1, 2].map(writer);
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(20);
    await cluster.primary.kill();
    const code = () => db.engine.write(insert("nowhere")).catch((error: unknown) => (error as TenonError).code);
    await expect.poll(code, { timeout: 20_000 }).toBe("STORAGE.NO_PRIMARY");
    await ask(first, "select pg_promote()");
    const before = acknowledged.length;
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 20);
    ended = true;
    await Promise.all(writers);
    expect([...codes].filter((code) => !/^STORAGE\.(NO_PRIMARY|DISCONNECTED|COMMIT_UNKNOWN)$/.test(code))).toEqual([]);
    const kept = await names(db.engine);
    expect(acknowledged.filter((name) => !kept.includes(name))).toEqual([]);
    expect(new Set(kept).size, "nothing was written twice").toBe(kept.length);
    const strangers = kept.filter((name) => String(name).startsWith("load") && !acknowledged.includes(String(name)));
    expect(strangers.filter((name) => !unknown.has(String(name)))).toEqual([]);

    // The old primary comes back and knows of nothing: it is not asked for anything.
    await cluster.primary.start();
    await sleep(120);
    clear(db);
    await db.engine.write(insert("not to the old one"));
    await names(db.engine);
    expect(counts(db)[0]).toBe(0);
    // The other replica follows the promoted one: it is read from again.
    second.follow(first);
    await second.start();
    await cluster.settled(first, [second]);
    await readsReach(db, 2);
    expect(counts(db)[0]).toBe(0);
  });
});

describe("options", () => {
  const pool = {
    connect: () => Promise.reject(new RangeError("not here")),
    end: async () => {},
    on() {},
    removeListener() {},
  };
  const refused = (options: object, text: RegExp) => {
    try {
      postgres({ pool, ...options } as never);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toMatch(text);
      return;
    }
    expect.fail("was taken");
  };
  test("what makes no sense is refused with what to do", () => {
    const replicas = [pool];
    refused({ replicas: [{}] }, /replicas\[0\] is no pool of pg/);
    refused({ replicas, balance: "random" }, /give "roundRobin" or "leastBusy"/);
    refused({ replicas, afterWrite: "later" }, /give "primary" or "wait" or "any"/);
    refused({ replicas, maxLag: -1 }, /maxLag is -1/);
    refused({ replicas, maxLag: 100, checkInterval: 100 }, /checkInterval \(100\) is not below maxLag \(100\)/);
    refused({ replicas, isolation: "serializable" }, /replicas take no part/);
    refused({ isolation: "chaos" }, /isolation is chaos/);
    refused({ maxLag: 100 }, /maxLag is given, but no replicas are/);
  });
});

test("positions in the log: a page that only has its header yet ends where it begins", () => {
  expect(position("0/0")).toBe(0);
  expect(position("2/10")).toBe(2 * 2 ** 32 + 16);
  expect(position("0/2018")).toBe(0x2000);
  expect(position("0/2028")).toBe(0x2000);
  expect(position("0/2030")).toBe(0x2030);
});
