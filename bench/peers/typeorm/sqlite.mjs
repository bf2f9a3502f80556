/** TypeORM on better-sqlite3. */
import { join } from "node:path";
import { openSqlite, sqliteTools } from "../sqlite-schema.mjs";
import { openTypeorm } from "./peer.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const beside = openSqlite(dir);
  const peer = await openTypeorm(
    {
      type: "better-sqlite3",
      database: join(dir, "blog.sqlite"),
      prepareDatabase: (db) => db.exec("pragma synchronous = NORMAL; pragma foreign_keys = ON"),
    },
    "simple-json",
    sqliteTools(beside),
  );
  return {
    ...peer,
    close: async () => {
      await peer.close();
      beside.close();
    },
  };
}
