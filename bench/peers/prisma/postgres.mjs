/** Prisma on pg. */
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { databaseOf, postgresTools } from "../postgres-schema.mjs";
import generated from "./generated/postgresql/index.js";
import { openPrisma } from "./peer.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const connectionString = await databaseOf(dir);
  const beside = new pg.Pool({ connectionString, max: 1 });
  const adapter = new PrismaPg({ connectionString, max: 10 });
  const peer = openPrisma(new generated.PrismaClient({ adapter }), postgresTools(beside));
  return {
    ...peer,
    close: async () => {
      await peer.close();
      await beside.end();
    },
  };
}
