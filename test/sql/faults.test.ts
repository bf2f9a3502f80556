/** What goes wrong around a SQL database becomes a typed error, and nothing is lost, leaked or hung. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AbortedError, LockedError, QueryError, StorageError } from "../../src/base/errors.js";
import type { Engine } from "../../src/engine/engine.js";
import { postgres } from "../../src/postgres.js";
import { sqlite } from "../../src/sqlite.js";
import { betterSqlite3, embeddedPostgres, pg } from "../support/drivers.js";
import { queries } from "../support/ir.js";
import { makeHome } from "../support/postgres-home.js";
import { PostgresServer } from "../support/postgres-server.js";
import { creationOps, int, schemaOf, string } from "../support/schema.js";
import { rejects } from "../support/target.js";

const schema = schemaOf({ Item: { fields: { id: int, name: string } } });
const q = queries(schema);
const insert = (name: string) => q.insert("Item", [{ name }]);

async function opened(engine: Engine): Promise<Engine> {
  await engine.open(schema);
  if ((await engine.admin.inspect()) === null) await engine.admin.apply(creationOps(schema), schema);
  return engine;
}

describe.runIf(pg !== null && embeddedPostgres)("PostgreSQL", () => {
  let home = "";
  let server: PostgresServer;
  beforeAll(async () => {
    home = makeHome();
    server = await PostgresServer.make(join(home, "server"), { flags: ["synchronous_commit=on"] });
    await server.start();
  });
  afterAll(async () => {
    await server.dispose();
    await rm(home, { recursive: true, force: true });
  });
  const engine = (options: object = {}) =>
    opened(postgres({ driver: pg!, connectionString: server.url, max: 3, ...options }));

  test("all connections in use: a typed error after acquireTimeout, and then it goes on", async () => {
    await using db = await engine({ max: 1, acquireTimeout: 150 });
    const tx = await db.begin({ mode: "write" });
    await rejects(db.count("Item", null), StorageError, "STORAGE.BUSY");
    await tx.rollback();
    expect(await db.count("Item", null)).toBe(0);
  });
  test("a statement that waits too long is cancelled; its connection stays good", async () => {
    await using db = await engine({ statementTimeout: 200 });
    const blocker = await db.begin({ mode: "write" });
    await blocker.write(q.insert("Item", [{ id: 900, name: "held" }]));
    await using other = await db.begin({ mode: "write" });
    await rejects(other.write(q.insert("Item", [{ id: 900, name: "waits" }])), QueryError, "QUERY.TIMEOUT");
    await other.rollback();
    await blocker.rollback();
    expect(await db.count("Item", null)).toBe(0);
  });
  test("an abort cancels the statement on the server", async () => {
    await using db = await engine();
    const blocker = await db.begin({ mode: "write" });
    await blocker.write(q.insert("Item", [{ id: 901, name: "held" }]));
    const controller = new AbortController();
    const waiting = db.write(
      q.insert("Item", [
        { id: 901, name: "waits" },
        { id: 902, name: "b" },
      ]),
      {
        signal: controller.signal,
      },
    );
    setTimeout(() => controller.abort(), 100);
    await rejects(waiting, AbortedError, "ABORT.SIGNAL");
    await blocker.rollback();
    expect(await db.count("Item", null)).toBe(0);
  });
  test("the server is killed while transactions are open and comes back: typed errors, no acknowledged write is lost", async () => {
    await using db = await engine();
    await db.write(insert("kept"));
    const open = await db.begin({ mode: "write" });
    await open.write(insert("lost"));
    const waiting = open.write(insert("lost too")).then(() => server.stop("SIGQUIT"));
    await waiting;
    await rejects(open.write(insert("never")), StorageError, "STORAGE.DISCONNECTED");
    await open.rollback();
    await rejects(db.count("Item", null), StorageError, "STORAGE.DISCONNECTED");
    await server.start();
    expect((await db.find(q.find("Item"))).map((row) => row.name)).toEqual(["kept"]);
    await db.write(insert("after"));
    expect(await db.count("Item", null)).toBe(2);
  });
  test("a connection killed by the administrator while idle: the next read does not notice", async () => {
    await using db = await engine();
    await db.count("Item", null);
    const pool = new pg!.Pool({ connectionString: server.url, max: 1 });
    pool.on("error", () => {});
    await pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()",
    );
    await pool.end();
    expect(await db.count("Item", null)).toBe(2);
  });
});

describe.runIf(betterSqlite3 !== null)("SQLite", () => {
  test("another connection holds the lock: a typed error after busyTimeout, then it goes on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tenon-sqlite-"));
    const path = join(folder, "test.db");
    try {
      await using db = await opened(sqlite({ driver: betterSqlite3!, path, busyTimeout: 50 }));
      const other = new betterSqlite3!(path);
      other.exec("begin immediate");
      await rejects(db.write(insert("waits")), LockedError, "LOCKED.PROCESS");
      other.exec("rollback");
      await db.write(insert("goes on"));
      expect(await db.count("Item", null)).toBe(1);
      other.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  test("a full disk: a typed error, the transaction is undone, and then it goes on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tenon-sqlite-"));
    const path = join(folder, "test.db");
    try {
      const Driver = betterSqlite3!;
      // SQLite's own limit of pages gives the same SQLITE_FULL as a disk without room.
      class Small extends Driver {
        constructor(...args: ConstructorParameters<typeof Driver>) {
          super(...args);
          if (args[1]?.readonly !== true) this.exec("pragma max_page_count = 12");
        }
      }
      await using db = await opened(sqlite({ driver: Small, path }));
      await db.write(insert("small"));
      await rejects(db.write(insert("x".repeat(100_000))), StorageError, "STORAGE.FULL");
      await db.write(insert("goes on"));
      expect(await db.count("Item", null)).toBe(2);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
