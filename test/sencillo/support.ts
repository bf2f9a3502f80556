/** Databases in folders of their own, closed and removed after each test. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach } from "vitest";
import type { Dynamic, SencilloConfig, Transaction } from "../../src/sencillo.js";
import { SencilloDB } from "../../src/sencillo.js";

const opened: SencilloDB[] = [];
const dirs: string[] = [];

afterEach(async () => {
  for (const db of opened.splice(0)) await db.close().catch(() => {});
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "sencillo-"));
  dirs.push(dir);
  return dir;
}

export function open(config: SencilloConfig): SencilloDB {
  const db = new SencilloDB(config);
  opened.push(db);
  return db;
}

/** Closed and opened again, as after a restart. */
export async function reopen(db: SencilloDB, config: SencilloConfig): Promise<SencilloDB> {
  await db.close();
  return open(config);
}

/** A copy of what SencilloDB itself wrote. */
export function written(name: string): string {
  const dir = tempDir();
  cpSync(resolve(import.meta.dirname, "../compat/sencillo", name), join(dir, name), { recursive: true });
  const log = resolve(import.meta.dirname, "../compat/sencillo", `${name}.aof`);
  if (name.endsWith(".json"))
    cpSync(log, join(dir, `${name}.aof`), { recursive: true, force: true, filter: () => name === "aof.json" });
  return join(dir, name);
}

export async function caught(work: Promise<unknown> | (() => unknown)): Promise<Dynamic> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return error;
  }
  throw new TypeError("nothing was thrown");
}

export const all = (db: SencilloDB, collection: string, index?: string): Promise<Dynamic[]> =>
  db.transaction((tx: Transaction) => tx.findMany(index === undefined ? { collection } : { collection, index }));

/** Each of the layouts, with and without a log. */
export function modes(): readonly (readonly [name: string, config: (dir: string) => SencilloConfig])[] {
  const layouts: readonly (readonly [string, (dir: string) => SencilloConfig])[] = [
    ["file", (dir) => ({ file: join(dir, "db.json") })],
    ["file gzip", (dir) => ({ file: join(dir, "db.json"), compression: true })],
    ["folder", (dir) => ({ folder: join(dir, "data") })],
    ["folder gzip", (dir) => ({ folder: join(dir, "data"), compression: true })],
    ["shards", (dir) => ({ folder: join(dir, "data"), sharding: true })],
    ["shards gzip", (dir) => ({ folder: join(dir, "data"), sharding: true, compression: true })],
    ["shards, two in memory", (dir) => ({ folder: join(dir, "data"), sharding: true, maxCacheSize: 2 })],
  ];
  return layouts.flatMap(([name, config]) => [
    [name, config] as const,
    [`${name}, log`, (dir: string) => ({ ...config(dir), aof: true })] as const,
  ]);
}
