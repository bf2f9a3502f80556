/** MikroORM on pg. */
import { MikroORM } from "@mikro-orm/postgresql";
import pg from "pg";
import { databaseOf, postgresTools } from "../postgres-schema.mjs";
import { openMikro } from "./peer.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const clientUrl = await databaseOf(dir);
  const beside = new pg.Pool({ connectionString: clientUrl, max: 1 });
  const peer = await openMikro(MikroORM, { clientUrl, pool: { min: 1, max: 10 } }, postgresTools(beside));
  return {
    ...peer,
    close: async () => {
      await peer.close();
      await beside.end();
    },
  };
}
