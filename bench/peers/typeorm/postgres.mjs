/** TypeORM on pg. */
import pg from "pg";
import { databaseOf, postgresTools } from "../postgres-schema.mjs";
import { openTypeorm } from "./peer.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const url = await databaseOf(dir);
  const beside = new pg.Pool({ connectionString: url, max: 1 });
  const peer = await openTypeorm({ type: "postgres", url, driver: pg, poolSize: 10 }, "jsonb", postgresTools(beside));
  return {
    ...peer,
    close: async () => {
      await peer.close();
      await beside.end();
    },
  };
}
