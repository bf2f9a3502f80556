/** Opening the database: the one place that names the engine and the storage. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { embedded, file, memory } from "tenon/embedded";
import { type Client, createClient } from "#tenon";
import * as models from "./models/index.js";

export type Database = Client;

export function open(path: string | null): Promise<Database> {
  return createClient({ models, engine: embedded({ storage: path === null ? memory() : file(path) }) });
}

/** The files that make up the database at `path`: the data, its journal, its registry. */
export function dataFiles(path: string): string[] {
  const folder = dirname(path);
  const stem = basename(path, ".json");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${stem}.`))
    .map((name) => join(folder, name));
}
