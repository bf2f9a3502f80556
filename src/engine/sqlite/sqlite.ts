/** The public factory of the SQLite engine. */
import { ConfigError } from "../../base/errors.js";
import type { Engine } from "../engine.js";
import type { SqliteDriver } from "./driver.js";
import { SqliteEngine } from "./engine.js";

export interface SqliteOptions {
  /** The class of the driver: `Database` of better-sqlite3, or `DatabaseSync` of node:sqlite. */
  readonly driver: SqliteDriver;
  /** The database file; made when it does not exist. */
  readonly path: string;
  /** `strict` (default): a commit survives a power cut. `relaxed`: it survives a crash of the process, and is much quicker. */
  readonly durability?: "strict" | "relaxed" | undefined;
  /** Milliseconds to wait for another process that holds the lock. Default 5000. */
  readonly busyTimeout?: number | undefined;
}

const BUSY_TIMEOUT = 5000;

function invalid(what: string, fix: string): ConfigError {
  return new ConfigError("CONFIG.INVALID", `sqlite(): ${what}`, { fix });
}

/**
 * A database in a SQLite file: one writer at a time, readers beside it.
 *
 *     sqlite({ driver: Database, path: "data/app.db" })
 */
export function sqlite(options: SqliteOptions): Engine {
  const { driver, path, durability = "strict", busyTimeout = BUSY_TIMEOUT } = options;
  if (typeof driver !== "function")
    throw invalid("driver is missing", 'import Database from "better-sqlite3"; sqlite({ driver: Database, path })');
  if (typeof path !== "string" || path === "") throw invalid("path is missing", 'name a file: path: "data/app.db"');
  if (durability !== "strict" && durability !== "relaxed")
    throw invalid(`durability is ${JSON.stringify(durability)}`, 'use "strict" or "relaxed"');
  if (!Number.isFinite(busyTimeout) || busyTimeout < 0)
    throw invalid(`busyTimeout is ${busyTimeout}`, "give milliseconds from 0");
  return new SqliteEngine({ driver, path, busyTimeout, synchronous: durability === "strict" ? "full" : "normal" });
}
