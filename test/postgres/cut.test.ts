/**
 * The connection is cut at every message of the protocol, in both directions, just before it arrives and just after: each call
 * ends with its result or a typed error, the error says truly whether something was kept, no connection leaks, and the engine
 * goes on.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TenonError } from "../../src/base/errors.js";
import type { Engine } from "../../src/engine/engine.js";
import { postgres } from "../../src/postgres.js";
import { type Cut, CuttingProxy } from "../support/cutting-proxy.js";
import { embeddedPostgres, pg, type TestPool } from "../support/drivers.js";
import { eq, queries } from "../support/ir.js";
import { makeHome } from "../support/postgres-home.js";
import { PostgresServer } from "../support/postgres-server.js";
import { creationOps, int, schemaOf, string } from "../support/schema.js";
import { collect } from "../support/target.js";
import { expectNoLeak, watchedPool } from "../support/watched-pool.js";

// Servers are started, killed and asked hundreds of times: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const schema = schemaOf({ Item: { fields: { id: int, name: string } } });
const q = queries(schema);
const insert = (name: string) => q.insert("Item", [{ name }]);
let nextId = 1_000_000;

interface Script {
  readonly name: string;
  /** Whether the connection is made during the script. */
  readonly cold: boolean;
  /** Writes the name once, or reads. */
  run(engine: Engine, name: string): Promise<unknown>;
  /** Codes with which it may end; without any it never fails. */
  readonly codes: readonly string[];
  readonly writes: boolean;
}

const TRANSACTION: Script["run"] = async (engine, name) => {
  await using tx = await engine.begin({ mode: "write" });
  await tx.count("Item", null);
  await tx.write(insert(name));
  const nested = await tx.begin({ mode: "write" });
  await nested.write(q.insert("Item", [{ name: `${name} nested` }]));
  await nested.rollback();
  await tx.commit();
};

const SCRIPTS: readonly Script[] = [
  {
    name: "a transaction",
    cold: false,
    run: TRANSACTION,
    codes: ["STORAGE.DISCONNECTED", "STORAGE.COMMIT_UNKNOWN"],
    writes: true,
  },
  {
    name: "a transaction on a new connection",
    cold: true,
    run: TRANSACTION,
    codes: ["STORAGE.DISCONNECTED", "STORAGE.COMMIT_UNKNOWN"],
    writes: true,
  },
  {
    name: "a write of one statement",
    cold: false,
    run: (engine, name) => engine.write(insert(name)),
    codes: ["STORAGE.COMMIT_UNKNOWN"],
    writes: true,
  },
  {
    name: "a write of several statements",
    cold: false,
    run: (engine, name) => engine.write(q.insert("Item", [{ id: nextId++, name }])),
    codes: ["STORAGE.DISCONNECTED", "STORAGE.COMMIT_UNKNOWN"],
    writes: true,
  },
  {
    name: "a read",
    cold: false,
    run: (engine) => engine.find(q.find("Item", { where: eq("name", "a") })),
    codes: [],
    writes: false,
  },
  {
    name: "a transaction that reads",
    cold: false,
    run: async (engine) => {
      await using tx = await engine.begin({ mode: "read" });
      await tx.find(q.find("Item", { where: eq("name", "a") }));
      await tx.commit();
    },
    codes: ["STORAGE.DISCONNECTED"],
    writes: false,
  },
  {
    name: "a stream",
    cold: false,
    run: (engine) => collect(engine.stream(q.find("Item", { limit: 5 }), { batch: 2 })),
    codes: ["STORAGE.DISCONNECTED"],
    writes: false,
  },
];

interface Open {
  readonly engine: Engine;
  readonly pool: TestPool;
}

interface Outcome {
  readonly name: string;
  /** Null: it ended well. */
  readonly code: string | null;
}

describe.runIf(pg !== null && embeddedPostgres)("the connection is cut at every message of", () => {
  let home = "";
  let server: PostgresServer;
  let proxy: CuttingProxy;
  beforeAll(async () => {
    home = makeHome();
    server = await PostgresServer.make(join(home, "server"));
    await server.start();
    proxy = await CuttingProxy.start(server.port);
    await using engine = postgres({ driver: pg!, connectionString: server.url });
    await engine.open(schema);
    await engine.admin.apply(creationOps(schema), schema);
    await engine.write(q.insert("Item", [{ name: "a" }, { name: "b" }, { name: "c" }]));
  });
  afterAll(async () => {
    await proxy.stop();
    await server.dispose();
    await rm(home, { recursive: true, force: true });
  });

  /** Runs the script once; the code with which it ended, and whether it came to the message that was to be cut. */
  async function play(script: Script, { engine, pool }: Open, cut: Cut, name: string) {
    if (script.cold) {
      (await pool.connect()).release(true);
      await expectNoLeak(pool);
    }
    proxy.arm(cut);
    let code: string | null = null;
    try {
      await script.run(engine, name);
    } catch (error) {
      expect(error, `${name}: ${String(error)}`).toBeInstanceOf(TenonError);
      code = (error as TenonError).code;
    }
    const { cut: wasCut } = proxy;
    if (!wasCut) expect(code, `${name}: nothing was cut`).toBeNull();
    proxy.arm(null);
    // It goes on, and nothing was left behind.
    expect(await engine.count("Item", null)).toBeGreaterThan(0);
    await expectNoLeak(pool);
    return { code, wasCut };
  }

  test.each(SCRIPTS.map((script) => [script.name, script] as const))("%s", async (_, script) => {
    const { pool } = watchedPool(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`, 1);
    const engine = postgres({ pool });
    await engine.open(schema);
    const outcomes: Outcome[] = [];
    for (const direction of ["toServer", "toClient"] as const) {
      for (const passed of [false, true]) {
        for (let message = 1; ; message++) {
          const name = `${script.name}, ${direction} ${message} ${passed}`;
          const { code, wasCut } = await play(script, { engine, pool }, { direction, message, passed }, name);
          outcomes.push({ name, code });
          if (!wasCut) break;
        }
      }
    }
    expect(outcomes.length).toBeGreaterThan(8);
    await engine.close();
    await pool.end();
    const kept = (await read()).map(String);
    const times = (name: string) => kept.filter((each) => each === name).length;
    for (const { name, code } of outcomes) {
      if (code !== null) expect(script.codes, name).toContain(code);
      if (!script.writes) continue;
      if (code === null) expect(times(name), `${name} was acknowledged`).toBe(1);
      else if (code === "STORAGE.COMMIT_UNKNOWN") expect(times(name), name).toBeLessThanOrEqual(1);
      else expect(times(name), `${name} was said not to be kept`).toBe(0);
    }
    if (!script.writes) return;
    // Both ends of the unknown happen: nobody may guess.
    const unknown = outcomes.filter(({ code }) => code === "STORAGE.COMMIT_UNKNOWN");
    expect(new Set(unknown.map(({ name }) => times(name)))).toEqual(new Set([0, 1]));
  });

  async function read(): Promise<readonly unknown[]> {
    // What was cut off is over on the server too.
    const pool = new pg!.Pool({ connectionString: server.url, max: 1 });
    const others = `select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`;
    await expect.poll(async () => (await pool.query(others)).rows[0]?.n, { timeout: 20_000 }).toBe(0);
    const { rows } = await pool.query('select name from "items"');
    await pool.end();
    return rows.map((row) => row.name);
  }
});
