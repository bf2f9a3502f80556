/** Prisma on better-sqlite3. */
import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { openSqlite, sqliteTools } from "../sqlite-schema.mjs";
import generated from "./generated/sqlite/index.js";
import { openPrisma } from "./peer.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const beside = openSqlite(dir);
  const adapter = new PrismaBetterSqlite3({ url: `file:${join(dir, "blog.sqlite")}` });
  const peer = openPrisma(new generated.PrismaClient({ adapter }), sqliteTools(beside));
  return {
    ...peer,
    close: async () => {
      await peer.close();
      beside.close();
    },
  };
}
