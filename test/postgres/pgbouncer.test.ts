/** Behind a real PgBouncer in transaction mode: the suite of the engines, and what only a pooler can go wrong with. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AbortedError, ConfigError, StorageError } from "../../src/base/errors.js";
import type { Engine } from "../../src/engine/engine.js";
import { ask } from "../../src/engine/postgres/driver.js";
import { postgres } from "../../src/postgres.js";
import { SPECS } from "../conformance/index.js";
import { embeddedPostgres, pg, type TestPool } from "../support/drivers.js";
import { queries } from "../support/ir.js";
import { PgBouncer, pgbouncer, pgbouncerVersion } from "../support/pgbouncer.js";
import { makeHome } from "../support/postgres-home.js";
import { PostgresServer } from "../support/postgres-server.js";
import { creationOps, int, schemaOf, string } from "../support/schema.js";
import type { Place, Target } from "../support/target.js";
import { rejects } from "../support/target.js";
import { expectNoLeak, watchedPool } from "../support/watched-pool.js";

const USERS = Array.from({ length: 2000 }, (_, index) => `place_${index}`);
const schema = schemaOf({ Item: { fields: { id: int, name: string } } });
const q = queries(schema);

describe.runIf(pg !== null && embeddedPostgres && pgbouncer !== null)("behind PgBouncer", () => {
  let home = "";
  let server: PostgresServer;
  let bouncer: PgBouncer;
  const started: PgBouncer[] = [];
  let admin: TestPool;
  let places = 0;
  beforeAll(async () => {
    home = makeHome();
    server = await PostgresServer.make(join(home, "server"), { flags: ["max_connections=150"] });
    await server.start();
    bouncer = await PgBouncer.start(join(home, "pgbouncer"), server, { users: ["postgres", ...USERS] });
    started.push(bouncer);
    admin = new pg!.Pool({ connectionString: server.url, max: 2 });
    admin.on("error", () => {});
  });
  afterAll(async () => {
    await admin.end();
    for (const each of started) await each.stop();
    await server.dispose();
    await rm(home, { recursive: true, force: true });
  });

  /** PgBouncer takes no options of a session, so a place is a user whose search path is a schema of its own. */
  async function place(): Promise<Place & { readonly url: string }> {
    const user = USERS[places++]!;
    await admin.query(
      `create role ${user} superuser login; create schema ${user}; alter role ${user} set search_path = ${user}; alter role ${user} set client_min_messages = warning`,
    );
    const url = bouncer.url(user);
    return {
      url,
      engine: () => postgres({ driver: pg!, connectionString: url, max: 5 }),
      dispose: async () => {
        await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'; drop schema ${user} cascade; drop role ${user}`,
        );
      },
    };
  }

  const target: Target = {
    name: "postgres behind PgBouncer",
    factories: ["postgres"],
    capabilities: {
      isolation: "snapshot",
      writers: "many",
      durable: true,
      reopens: true,
      lacks: ["anyStrings", "denseKeys", "anyDates", "longIndexedValues", "keyOrder", "oneWriter", "copies"],
    },
    place,
  };
  describe("every spec", () => {
    for (const spec of SPECS) spec(target);
  });

  describe("what belongs to a session", () => {
    async function database(max = 4) {
      const at = await place();
      const { pool } = watchedPool(at.url, max);
      const engine = postgres({ pool });
      await engine.open(schema);
      await engine.admin.apply(creationOps(schema), schema);
      return {
        engine,
        pool,
        at,
        [Symbol.asyncDispose]: async () => {
          await expectNoLeak(pool);
          await engine.close();
          await pool.end();
          await at.dispose();
        },
      };
    }

    test("statements that come again are not prepared: the pooler is noticed", async () => {
      await using db = await database();
      for (let i = 0; i < 5; i++) await Promise.all([1, 2, 3].map(() => db.engine.find(q.find("Item"))));
      await db.engine.write(q.insert("Item", [{ name: "a" }]));
      await db.engine.write(q.insert("Item", [{ name: "b" }]));
      const { rows } = await admin.query(
        "select count(*)::int as sessions from pg_stat_activity where usename like 'place_%'",
      );
      expect(rows[0]?.sessions).toBeGreaterThan(0);
      await db.engine.begin({ mode: "read" }).then(async (tx) => {
        expect(await tx.count("Item", null)).toBe(2);
        await tx.rollback();
      });
      // The server's own word for it, on whichever session answers.
      const client = await db.pool.connect();
      const { rows: prepared } = await ask(client, {
        text: "select count(*) from pg_prepared_statements",
        values: [],
        rowMode: "array",
        types: { getTypeParser: () => (value) => value },
      });
      client.release();
      expect(prepared).toEqual([["0"]]);
    });
    test("without a pooler in between they are", async () => {
      const { pool } = watchedPool(server.url, 1);
      const engine = postgres({ pool });
      await engine.open(schema);
      const tx = await engine.begin({ mode: "read" });
      await tx.rollback();
      const asked: (string | undefined)[] = [];
      const client = await pool.connect();
      const query = client.query.bind(client);
      client.query = (config, callback) => {
        // Not what is asked because there is no such table.
        if (/count\(/.test(config.text)) asked.push(config.name);
        return query(config, callback);
      };
      client.release();
      for (let i = 0; i < 3; i++) await engine.count("Item", null).catch(() => undefined);
      expect(asked).toHaveLength(3);
      expect(asked.slice(1).every((name) => name !== undefined)).toBe(true);
      await engine.close();
      await pool.end();
    });
    test("isolation and settings do not outlive their transaction on the server's session", async () => {
      await using db = await database(1);
      for (const isolation of ["serializable", "readCommitted", "snapshot"] as const) {
        const tx = await db.engine.begin({ mode: "write", isolation });
        await tx.write(q.insert("Item", [{ name: isolation }]));
        await tx.commit();
        await db.engine.count("Item", null);
      }
      const client = await db.pool.connect();
      const { rows } = await ask(client, {
        text: "select current_setting('transaction_isolation'), current_setting('transaction_read_only')",
        values: [],
        rowMode: "array",
        types: { getTypeParser: () => (value) => value },
      });
      client.release();
      expect(rows).toEqual([["read committed", "off"]]);
    });
    test("no advisory lock outlives its transaction", async () => {
      await using db = await database();
      await db.engine.admin.exclusive(async () => {
        await db.engine.admin.apply([], schema);
      });
      const { rows } = await admin.query("select count(*)::int as held from pg_locks where locktype = 'advisory'");
      expect(rows[0]?.held).toBe(0);
    });
    test("more transactions at once than the server has sessions for: they wait, none is mixed up with another", async () => {
      await using db = await database(30);
      await Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          for (let attempt = 0; attempt < 3; attempt++) {
            const tx = await db.engine.begin({ mode: "write" });
            await tx.write(q.insert("Item", [{ name: `${index}` }]));
            const inner = await tx.begin({ mode: "write" });
            await inner.write(q.insert("Item", [{ name: "undone" }]));
            await inner.rollback();
            if (attempt < 2) await tx.rollback();
            else await tx.commit();
          }
        }),
      );
      const names = (await db.engine.find(q.find("Item"))).map((row) => Number(row.name));
      expect(names.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    });
    test("an abort cancels the statement through the pooler, and hits no other", async () => {
      await using db = await database();
      const blocker = await db.engine.begin({ mode: "write" });
      await blocker.write(q.insert("Item", [{ id: 901, name: "held" }]));
      const controller = new AbortController();
      const waiting = db.engine.write(q.insert("Item", [{ id: 901, name: "waits" }]), { signal: controller.signal });
      setTimeout(() => controller.abort(), 100);
      await rejects(waiting, AbortedError, "ABORT.SIGNAL");
      await blocker.commit();
      for (let i = 0; i < 20; i++) expect(await db.engine.count("Item", null)).toBe(1);
    });
    test("the pooler's server connections are killed: typed errors, then it goes on", async () => {
      await using db = await database();
      const tx = await db.engine.begin({ mode: "write" });
      await tx.write(q.insert("Item", [{ name: "lost" }]));
      await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where usename like 'place_%'");
      await rejects(tx.write(q.insert("Item", [{ name: "never" }])), StorageError, "STORAGE.DISCONNECTED");
      await tx.rollback();
      expect(await db.engine.count("Item", null)).toBe(0);
      await db.engine.write(q.insert("Item", [{ name: "after" }]));
      expect(await db.engine.count("Item", null)).toBe(1);
    });
    /** What `preparedStatements: true` needs. */
    const [major = 0, minor = 0] = pgbouncerVersion().split(".").map(Number);
    const keeps = major > 1 || minor >= 21;
    async function preparing(settings: readonly string[]) {
      const own = await PgBouncer.start(join(home, `own_${randomBytes(4).toString("hex")}`), server, {
        users: ["postgres"],
        settings,
      });
      started.push(own);
      const { pool } = watchedPool(own.url("postgres"), 4);
      const engine = postgres({ pool, preparedStatements: true });
      const mine = schemaOf({ Kept: { fields: { id: int, name: string } } });
      await engine.open(mine);
      await engine.admin.apply(creationOps(mine), mine);
      return { engine, pool, q: queries(mine) };
    }
    /** Sessions are taken by transactions, so that statements meet others than they were prepared on. */
    async function shuffled(engine: Engine, find: () => Promise<unknown>): Promise<void> {
      for (let round = 0; round < 6; round++) {
        const held = await Promise.all([1, 2].map(() => engine.begin({ mode: "read" })));
        try {
          await Promise.all([find(), find()]);
        } finally {
          for (const each of held) await each.rollback();
        }
        await find();
      }
    }
    test.skipIf(!keeps)(
      `PgBouncer 1.21 with max_prepared_statements keeps them over sessions [this is ${pgbouncerVersion()}]`,
      async () => {
        const { engine, pool, q } = await preparing(["max_prepared_statements = 100"]);
        await engine.write(q.insert("Kept", [{ name: "a" }]));
        await shuffled(engine, () => engine.find(q.find("Kept")));
        const { rows } = await admin.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and pid <> pg_backend_pid() and query like '%kepts%'",
        );
        expect(rows.length).toBeGreaterThan(0);
        await engine.find(q.find("Kept")).catch(() => undefined);
        expect(await engine.find(q.find("Kept"))).toHaveLength(1);
        await admin.query("drop table kepts; drop table _tenon");
        await engine.close();
        await pool.end();
      },
    );
    test("prepared statements behind a pooler that does not keep them: refused with what to set", async () => {
      const { engine, pool, q } = await preparing(keeps ? ["max_prepared_statements = 0"] : []);
      const find = () => engine.find(q.find("Kept"));
      const meetAnother = async () => {
        // Prepared when it comes again; then the session that holds it goes, and the pooler gives another one.
        for (let times = 0; times < 3; times++) await find();
        await admin.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and pid <> pg_backend_pid() and query like '%kepts%'",
        );
        await shuffled(engine, find);
      };
      const error = await meetAnother().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).fix).toContain("max_prepared_statements");
      await engine.close();
      await pool.end();
      await admin.query("drop table kepts; drop table _tenon");
    });
    test("the pooler refuses more clients: a typed error", async () => {
      const small = await PgBouncer.start(join(home, `small_${randomBytes(4).toString("hex")}`), server, {
        users: ["postgres"],
        settings: ["max_client_conn = 2"],
      });
      started.push(small);
      const { pool } = watchedPool(small.url("postgres"), 3);
      const engine = postgres({ pool });
      await engine.open(schema);
      const held = [await engine.begin({ mode: "read" }), await engine.begin({ mode: "read" })];
      await rejects(engine.begin({ mode: "read" }), StorageError, "STORAGE.DISCONNECTED");
      for (const each of held) await each.rollback();
      await (await engine.begin({ mode: "read" })).rollback();
      await expectNoLeak(pool);
      await engine.close();
      await pool.end();
    });
  });
});
