/** Orders that end at a limit are read from an index, in both directions, also where values may be null. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createClient, type DynamicClient, defineModel } from "../../src/index.js";
import { postgres } from "../../src/postgres.js";
import { embeddedPostgres, pg, type TestPool } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";

const Event = defineModel(
  "Event",
  z.object({ at: z.int().nullable(), name: z.string(), place: z.object({ city: z.string().nullable() }) }),
  { indexes: ["at", "name", "place.city"] },
);

describe.runIf(pg !== null && embeddedPostgres)("orders on PostgreSQL", () => {
  let pool: TestPool;
  let db: DynamicClient<"events">;
  const name = `order_${randomBytes(4).toString("hex")}`;
  let admin: TestPool;

  beforeAll(async () => {
    const url = await postgresUrl();
    admin = new pg!.Pool({ connectionString: url });
    await admin.query(`create database ${name}`);
    pool = new pg!.Pool({ connectionString: url.replace(/\/postgres$/, `/${name}`) });
    db = await createClient({ models: { Event }, engine: postgres({ pool }) });
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      at: i % 7 === 0 ? null : i,
      name: `n${(i * 7919) % 5000}`,
      place: { city: i % 5 === 0 ? null : `c${(i * 31) % 997}` },
    }));
    await db.events.createMany({ data: rows });
    await pool.query("analyze");
  });
  afterAll(async () => {
    await db?.close();
    await pool?.end();
    await admin?.query(`drop database ${name}`);
    await admin?.end();
  });

  test.each<[string, object, string]>([
    ["the key", { id: "asc" }, "events_pkey"],
    ["the key, backwards", { id: "desc" }, "events_pkey"],
    ["a value that is never null", { name: "asc" }, "events_name"],
    ["the same backwards", { name: "desc" }, "events_name"],
    ["a value that may be null", { at: "asc" }, "events_at"],
    ["the same backwards", { at: "desc" }, "events_at"],
    ["a nested value", { place: { city: "asc" } }, "events_place_city"],
    ["the same backwards", { place: { city: "desc" } }, "events_place_city"],
  ])("%s", async (_, orderBy, index) => {
    const plan = await db.events.explain({ orderBy, limit: 5 });
    expect(plan.indexes).toContain(index);
  });
});
