/** Tenon on PostgreSQL through a pool of `pg`. */
import pg from "pg";
import { postgres } from "../../dist/src/postgres.js";
import { databaseOf } from "./postgres-schema.mjs";
import { openEngine } from "./tenon.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const connectionString = await databaseOf(dir, "");
  const peer = await openEngine(postgres({ driver: pg, connectionString }));
  return {
    ...peer,
    async load(data) {
      await peer.load(data);
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query("analyze");
      await client.end();
    },
  };
}
