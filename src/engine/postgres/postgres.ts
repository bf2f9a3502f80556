/** The public factory of the PostgreSQL engine. */
import { ConfigError } from "../../base/errors.js";
import type { Engine, Isolation } from "../engine.js";
import { type ClusterOptions, ClusterSource } from "./cluster-source.js";
import type { PgDriver, PgliteDatabase, PgPool } from "./driver.js";
import { PostgresEngine, type PostgresSettings } from "./engine.js";
import { PgliteSource } from "./pglite-source.js";
import { PoolSource, type PoolSourceOptions } from "./pool-source.js";
import { ServerNode } from "./server-node.js";

interface CommonOptions {
  /** Milliseconds to wait for a free connection before `STORAGE.BUSY`. Default 10000. */
  readonly acquireTimeout?: number | undefined;
  /** What transactions see of each other where they do not say it themselves. Default `snapshot`: REPEATABLE READ. */
  readonly isolation?: Isolation | undefined;
  /** Tables of models with `partitionBy` are created with so many hash partitions. Default: with none. */
  readonly partitions?: number | undefined;
  /** Tables are created for a Citus cluster: those of models with `partitionBy` are distributed by it. Default false. */
  readonly citus?: boolean | undefined;
}

interface PooledOptions extends CommonOptions {
  /** Milliseconds that one statement may take before it is cancelled with `QUERY.TIMEOUT`. Default 0: any time. */
  readonly statementTimeout?: number | undefined;
  /** Whether statements that come again are prepared on the server. Default: unless a pooler such as PgBouncer is in between. */
  readonly preparedStatements?: boolean | undefined;
}

/** How reads are shared out when there are replicas. */
interface ReplicaOptions {
  /** Which of the replicas that are fresh enough: one after the other, or the one with the fewest connections in use. Default `roundRobin`. */
  readonly balance?: "roundRobin" | "leastBusy" | undefined;
  /** Milliseconds by which a replica may be behind the primary. Default 10000. */
  readonly maxLag?: number | undefined;
  /**
   * Reads that no replica can answer yet because it lacks this engine's last write: `primary` asks the primary; `wait` waits
   * for a replica, at most `maxLag`; `any` asks a replica and may miss that write. Default `primary`.
   */
  readonly afterWrite?: "primary" | "wait" | "any" | undefined;
  /** Milliseconds after which the servers are asked again who they are and how far they are. Default 1000. */
  readonly checkInterval?: number | undefined;
}

/** A server by its address; the pool is made and ended by the engine. */
export interface ServerOptions extends PooledOptions, ReplicaOptions {
  /** The module `pg`. */
  readonly driver: PgDriver;
  /** `postgres://user:password@host/database`. */
  readonly connectionString: string | undefined;
  /** Addresses of its replicas. Any of the servers may become the primary. */
  readonly replicas?: readonly string[] | undefined;
  /** Connections at most, to each server. Default 10. */
  readonly max?: number | undefined;
}

/** A pool of `pg` that you have made, and end yourself. */
export interface PoolOptions extends PooledOptions, ReplicaOptions {
  readonly pool: PgPool;
  /** Pools of its replicas. Any of the servers may become the primary. */
  readonly replicas?: readonly PgPool[] | undefined;
}

/** A PGlite database that you have made, and close yourself. It has one connection: callers take turns. */
export interface PgliteOptions extends CommonOptions {
  readonly client: PgliteDatabase;
}

export type PostgresOptions = ServerOptions | PoolOptions | PgliteOptions;

const ACQUIRE_TIMEOUT = 10_000;
const MAX_CONNECTIONS = 10;
const PARTITIONS_MOST = 10_000;
const MAX_LAG = 10_000;
const CHECK_INTERVAL = 1000;
/** For a server that is asked who it is. */
const PATIENCE = 2000;

function invalid(what: string, fix: string): ConfigError {
  return new ConfigError("CONFIG.INVALID", `postgres(): ${what}`, { fix });
}

function milliseconds(name: string, value: number | undefined, standard: number): number {
  if (value === undefined) return standard;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw invalid(`${name} is ${String(value)}`, "give milliseconds from 0");
  return value;
}

function oneOf<T extends string>(name: string, value: T | undefined, known: readonly [T, ...T[]]): T {
  if (value === undefined) return known[0];
  if (!known.includes(value))
    throw invalid(`${name} is ${String(value)}`, `give ${known.map((each) => JSON.stringify(each)).join(" or ")}`);
  return value;
}

function isolationOf({ isolation }: CommonOptions): Isolation {
  return oneOf("isolation", isolation, ["snapshot", "readCommitted", "serializable"]);
}

function settingsOf(options: CommonOptions): PostgresSettings {
  const { partitions = null, citus = false } = options;
  if (partitions !== null && (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MOST))
    throw invalid(`partitions is ${String(partitions)}`, `give a whole number from 1 to ${PARTITIONS_MOST}`);
  return { isolation: isolationOf(options), layout: { partitions, citus } };
}

function sourceOptions(options: PooledOptions, name: string, owned: boolean): PoolSourceOptions {
  return {
    name,
    acquireTimeout: milliseconds("acquireTimeout", options.acquireTimeout, ACQUIRE_TIMEOUT),
    statementTimeout: milliseconds("statementTimeout", options.statementTimeout, 0),
    preparedStatements: options.preparedStatements,
    owned,
  };
}

const REPLICA_OPTIONS = ["balance", "maxLag", "afterWrite", "checkInterval"] as const;

function clusterOptions(options: ReplicaOptions & CommonOptions): ClusterOptions {
  const maxLag = milliseconds("maxLag", options.maxLag, MAX_LAG);
  const checkInterval = milliseconds("checkInterval", options.checkInterval, Math.min(CHECK_INTERVAL, maxLag / 4));
  if (checkInterval >= maxLag)
    throw invalid(
      `checkInterval (${checkInterval}) is not below maxLag (${maxLag}), so no replica would ever be known to be fresh`,
      "lower checkInterval, or raise maxLag",
    );
  if (isolationOf(options) === "serializable")
    throw invalid(
      'replicas take no part in isolation "serializable"',
      'leave replicas out, or ask for "serializable" transaction by transaction',
    );
  return {
    name: "postgres",
    balance: oneOf("balance", options.balance, ["roundRobin", "leastBusy"]),
    maxLag,
    afterWrite: oneOf("afterWrite", options.afterWrite, ["primary", "wait", "any"]),
    checkInterval,
    patience: PATIENCE,
  };
}

/** The engine over pools of which the first leads to the primary. */
function overPools(
  pools: readonly PgPool[],
  options: PooledOptions & ReplicaOptions & { readonly replicas?: readonly unknown[] | undefined },
  owned: boolean,
): Engine {
  const settings = settingsOf(options);
  const [first, ...others] = pools;
  const primary = new PoolSource(first!, sourceOptions(options, "postgres", owned));
  if (others.length === 0) {
    const idle = REPLICA_OPTIONS.find((name) => options[name] !== undefined);
    if (idle !== undefined)
      throw invalid(`${idle} is given, but no replicas are`, `name the replicas, or leave ${idle} out`);
    return new PostgresEngine("postgres", primary, settings);
  }
  const replicas = others.map(
    (pool, index) => new PoolSource(pool, sourceOptions(options, `postgres, replica ${index + 1}`, owned)),
  );
  const nodes = [primary, ...replicas].map((source) => new ServerNode(source));
  return new PostgresEngine("postgres", new ClusterSource(nodes, clusterOptions(options)), settings);
}

function onServer(options: ServerOptions): Engine {
  const { driver, connectionString, replicas = [], max = MAX_CONNECTIONS } = options;
  if (typeof driver?.Pool !== "function")
    throw invalid("driver is not the module pg", 'import pg from "pg"; postgres({ driver: pg, connectionString })');
  if (!Number.isSafeInteger(max) || max < 1) throw invalid(`max is ${String(max)}`, "give a whole number from 1");
  const pools = [connectionString, ...replicas].map((address, index) => {
    if (typeof address !== "string" || address === "")
      throw invalid(
        index === 0 ? "connectionString is missing" : `replicas[${index - 1}] is no address`,
        'name a server: "postgres://user:password@host:5432/database"',
      );
    return new driver.Pool({ connectionString: address, max, connectionTimeoutMillis: 0, keepAlive: true });
  });
  return overPools(pools, options, true);
}

function onPools(options: PoolOptions): Engine {
  const pools = [options.pool, ...(options.replicas ?? [])];
  pools.forEach((pool, index) => {
    if (typeof pool?.connect !== "function")
      throw invalid(`${index === 0 ? "pool" : `replicas[${index - 1}]`} is no pool of pg`, "pass new pg.Pool({ … })");
  });
  return overPools(pools, options, false);
}

/**
 * A database on a PostgreSQL server, or in PGlite.
 *
 *     postgres({ driver: pg, connectionString: process.env.DATABASE_URL })
 *     postgres({ pool: new pg.Pool({ … }), replicas: [new pg.Pool({ … })] })
 *     postgres({ client: new PGlite("data/pg") })
 */
export function postgres(options: PostgresOptions): Engine {
  if ("driver" in options) return onServer(options);
  if ("pool" in options) return onPools(options);
  if (typeof options?.client?.query !== "function")
    throw invalid(
      "there is no driver, pool or client",
      "pass { driver: pg, connectionString }, { pool } or { client }",
    );
  const acquireTimeout = milliseconds("acquireTimeout", options.acquireTimeout, ACQUIRE_TIMEOUT);
  const source = new PgliteSource(options.client, "pglite", acquireTimeout);
  return new PostgresEngine("pglite", source, settingsOf(options));
}
