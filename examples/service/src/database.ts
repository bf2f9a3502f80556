/** PostgreSQL, or the embedded engine in a file: one flag, and nothing else in this service knows. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import pg from "pg";
import { embedded, file } from "tenon/embedded";
import { postgres } from "tenon/postgres";
import { type Client, createClient } from "#tenon";
import * as models from "./models.js";

export type Database = Client;

export type Where =
  | { readonly engine: "postgres"; readonly url: string }
  | { readonly engine: "embedded"; readonly path: string };

function engineOf(where: Where): ReturnType<typeof postgres> {
  if (where.engine === "postgres") {
    return postgres({
      driver: pg,
      connectionString: where.url,
      max: 10,
      acquireTimeout: 5_000,
      statementTimeout: 30_000,
    });
  }
  mkdirSync(dirname(where.path), { recursive: true });
  return embedded({ storage: file(where.path) });
}

export function open(where: Where): Promise<Database> {
  return createClient({ models, engine: engineOf(where) });
}
