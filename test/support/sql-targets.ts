/** The SQL engines as targets: SQLite files, schemas of one PostgreSQL server, schemas of one PGlite. */
import { randomBytes } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PgliteDatabase } from "../../src/engine/postgres/driver.js";
import type { SqliteDriver } from "../../src/engine/sqlite/driver.js";
import { postgres } from "../../src/postgres.js";
import { sqlite } from "../../src/sqlite.js";
import { betterSqlite3, embeddedPostgres, nodeSqlite, PGlite, pg, type TestPool } from "./drivers.js";
import { postgresUrl } from "./postgres-server.js";
import type { Lack, Place, Target } from "./target.js";

const SQL_LACKS: readonly Lack[] = ["anyStrings", "denseKeys"];

async function sqlitePlace(driver: SqliteDriver, durability: "strict" | "relaxed", from?: string): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-sqlite-"));
  if (from !== undefined) await cp(from, folder, { recursive: true });
  return {
    engine: () => sqlite({ driver, path: join(folder, "test.db"), durability }),
    copy: () => sqlitePlace(driver, durability, folder),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

function onSqlite(name: string, driver: SqliteDriver, durability: "strict" | "relaxed"): Target {
  return {
    name,
    factories: ["sqlite"],
    capabilities: {
      isolation: "serializable",
      writers: "one",
      durable: durability === "strict",
      reopens: true,
      lacks: SQL_LACKS,
    },
    place: () => sqlitePlace(driver, durability),
  };
}

function freshName(): string {
  return `place_${randomBytes(6).toString("hex")}`;
}

let adminPool: TestPool | undefined;

export interface PostgresPlace extends Place {
  readonly schema: string;
  /** Asks the server itself. */
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** A schema of its own on the shared server. `options` go to the engine. */
export async function postgresPlace(options: { readonly partitions?: number } = {}): Promise<PostgresPlace> {
  const url = await postgresUrl();
  const driver = pg!;
  if (adminPool === undefined) {
    adminPool = new driver.Pool({ connectionString: url, max: 2, allowExitOnIdle: true });
    adminPool.on("error", () => {});
  }
  const admin = adminPool;
  const schema = freshName();
  await admin.query(`create schema ${schema}`);
  const connectionString = `${url}?options=${encodeURIComponent(`-c search_path=${schema} -c client_min_messages=warning`)}`;
  return {
    schema,
    query: async (text) => (await admin.query(text)).rows as readonly Readonly<Record<string, unknown>>[],
    engine: () => postgres({ driver, connectionString, max: 5, ...options }),
    dispose: async () => {
      await admin.query(`drop schema ${schema} cascade`);
    },
  };
}

const onPostgres: Target = {
  name: "postgres",
  factories: ["postgres"],
  capabilities: {
    isolation: "snapshot",
    writers: "many",
    durable: true,
    reopens: true,
    lacks: [...SQL_LACKS, "anyDates", "longIndexedValues", "keyOrder", "oneWriter", "copies"],
  },
  place: () => postgresPlace(),
};

let pglite: Promise<PgliteDatabase> | undefined;

/** One PGlite for all places of the process: each call looks at the place's own schema. */
async function pglitePlace(): Promise<Place> {
  pglite ??= (async () => {
    const database = new PGlite!();
    await database.exec("set client_min_messages = warning");
    return database;
  })();
  const database = await pglite;
  const schema = freshName();
  await database.exec(`create schema ${schema}`);
  const look = () => database.exec(`set search_path = ${schema}`);
  const client: PgliteDatabase = {
    query: async (text, params, options) => {
      if (!/^fetch/.test(text)) await look().catch(() => undefined);
      return database.query(text, params, options);
    },
    exec: async (text) => {
      await look().catch(() => undefined);
      return database.exec(text);
    },
  };
  return {
    engine: () => postgres({ client, acquireTimeout: 2000 }),
    dispose: async () => {
      await database.exec(`drop schema ${schema} cascade`);
    },
  };
}

const onPglite: Target = {
  name: "pglite",
  factories: ["postgres"],
  capabilities: {
    isolation: "snapshot",
    writers: "one",
    durable: false,
    reopens: true,
    lacks: [
      ...SQL_LACKS,
      "anyDates",
      "longIndexedValues",
      "denseKeys",
      "keyOrder",
      "callsBesideTransactions",
      "copies",
    ],
  },
  place: pglitePlace,
};

const INSTALLED: readonly Target[] = [
  ...(betterSqlite3 === null
    ? []
    : [onSqlite("sqlite", betterSqlite3, "strict"), onSqlite("sqlite relaxed", betterSqlite3, "relaxed")]),
  ...(nodeSqlite === null ? [] : [onSqlite("sqlite, node:sqlite", nodeSqlite, "relaxed")]),
  ...(pg === null || !embeddedPostgres ? [] : [onPostgres]),
  ...(PGlite === null ? [] : [onPglite]),
];

/** TENON_TARGETS: only these, separated by semicolons; for runs under another version of Node. */
const wanted = process.env.TENON_TARGETS?.split(";");

export const SQL_TARGETS: readonly Target[] = INSTALLED.filter(({ name }) => wanted?.includes(name) ?? true);

/** Factories whose drivers are not installed here. */
export const MISSING_FACTORIES: readonly string[] = [
  ...(betterSqlite3 === null && nodeSqlite === null ? ["sqlite"] : []),
  ...((pg === null || !embeddedPostgres) && PGlite === null ? ["postgres"] : []),
];
