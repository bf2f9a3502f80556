/** MikroORM on better-sqlite3. */
import { join } from "node:path";
import { MikroORM } from "@mikro-orm/sqlite";
import { openSqlite, sqliteTools } from "../sqlite-schema.mjs";
import { openMikro } from "./peer.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const beside = openSqlite(dir);
  const peer = await openMikro(MikroORM, { dbName: join(dir, "blog.sqlite") }, sqliteTools(beside));
  return {
    ...peer,
    close: async () => {
      await peer.close();
      beside.close();
    },
  };
}
