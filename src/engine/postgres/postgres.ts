/** The public factory of the PostgreSQL engine. */
import { ConfigError } from "../../base/errors.js";
import type { Engine } from "../engine.js";
import type { PgDriver, PgliteDatabase, PgPool } from "./driver.js";
import { PostgresEngine } from "./engine.js";
import { PgliteSource } from "./pglite-source.js";
import { PoolSource, type PoolSourceOptions } from "./pool-source.js";

interface CommonOptions {
  /** Milliseconds to wait for a free connection before `STORAGE.BUSY`. Default 10000. */
  readonly acquireTimeout?: number | undefined;
}

interface PooledOptions extends CommonOptions {
  /** Milliseconds that one statement may take before it is cancelled with `QUERY.TIMEOUT`. Default 0: any time. */
  readonly statementTimeout?: number | undefined;
  /** Whether statements that come again are prepared on the server. Default true; false for poolers that know no prepared statements. */
  readonly preparedStatements?: boolean | undefined;
}

/** A server by its address; the pool is made and ended by the engine. */
export interface ServerOptions extends PooledOptions {
  /** The module `pg`. */
  readonly driver: PgDriver;
  readonly connectionString: string;
  /** Connections at most. Default 10. */
  readonly max?: number | undefined;
}

/** A pool of `pg` that you have made, and end yourself. */
export interface PoolOptions extends PooledOptions {
  readonly pool: PgPool;
}

/** A PGlite database that you have made, and close yourself. It has one connection: callers take turns. */
export interface PgliteOptions extends CommonOptions {
  readonly client: PgliteDatabase;
}

export type PostgresOptions = ServerOptions | PoolOptions | PgliteOptions;

const ACQUIRE_TIMEOUT = 10_000;
const MAX_CONNECTIONS = 10;

function invalid(what: string, fix: string): ConfigError {
  return new ConfigError("CONFIG.INVALID", `postgres(): ${what}`, { fix });
}

function milliseconds(name: string, value: number | undefined, standard: number): number {
  if (value === undefined) return standard;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw invalid(`${name} is ${String(value)}`, "give milliseconds from 0");
  return value;
}

function sourceOptions(options: PooledOptions, name: string, owned: boolean): PoolSourceOptions {
  return {
    name,
    acquireTimeout: milliseconds("acquireTimeout", options.acquireTimeout, ACQUIRE_TIMEOUT),
    statementTimeout: milliseconds("statementTimeout", options.statementTimeout, 0),
    preparedStatements: options.preparedStatements ?? true,
    owned,
  };
}

function onServer(options: ServerOptions): Engine {
  const { driver, connectionString, max = MAX_CONNECTIONS } = options;
  if (typeof driver?.Pool !== "function")
    throw invalid("driver is not the module pg", 'import pg from "pg"; postgres({ driver: pg, connectionString })');
  if (typeof connectionString !== "string" || connectionString === "")
    throw invalid("connectionString is missing", 'name a server: "postgres://user:password@host:5432/database"');
  if (!Number.isSafeInteger(max) || max < 1) throw invalid(`max is ${String(max)}`, "give a whole number from 1");
  const pool = new driver.Pool({ connectionString, max, connectionTimeoutMillis: 0, keepAlive: true });
  return new PostgresEngine("postgres", new PoolSource(pool, sourceOptions(options, "postgres", true)));
}

/**
 * A database on a PostgreSQL server, or in PGlite.
 *
 *     postgres({ driver: pg, connectionString: process.env.DATABASE_URL })
 *     postgres({ pool: new pg.Pool({ … }) })
 *     postgres({ client: new PGlite("data/pg") })
 */
export function postgres(options: PostgresOptions): Engine {
  if ("driver" in options) return onServer(options);
  if ("pool" in options) {
    if (typeof options.pool?.connect !== "function") throw invalid("pool is no pool of pg", "pass new pg.Pool({ … })");
    return new PostgresEngine("postgres", new PoolSource(options.pool, sourceOptions(options, "postgres", false)));
  }
  if (typeof options?.client?.query !== "function")
    throw invalid(
      "there is no driver, pool or client",
      "pass { driver: pg, connectionString }, { pool } or { client }",
    );
  const acquireTimeout = milliseconds("acquireTimeout", options.acquireTimeout, ACQUIRE_TIMEOUT);
  return new PostgresEngine("pglite", new PgliteSource(options.client, "pglite", acquireTimeout));
}
