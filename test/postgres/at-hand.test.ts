/** Calls that follow each other keep their connection; the pool has it back when the event loop has gone round, or at once when somebody waits. */
import { randomBytes } from "node:crypto";
import type { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createClient, defineModel } from "../../src/index.js";
import { postgres } from "../../src/postgres.js";
import { embeddedPostgres, pg } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";

const models = {
  Thing: defineModel("Thing", z.object({ id: z.int(), text: z.string() }), {
    key: { field: "id", generate: "given" },
    collection: "at_hand",
  }),
};

async function opened() {
  const schema = `at_hand_${randomBytes(6).toString("hex")}`;
  const server = await postgresUrl();
  const url = `${server}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  const pool = new pg!.Pool({ connectionString: url, max: 1 });
  let taken = 0;
  (pool as unknown as EventEmitter).on("acquire", () => taken++);
  await pool.query(`create schema ${schema}`);
  // Making tables takes two connections.
  const first = await createClient<"at_hand">({ models, engine: postgres({ driver: pg!, connectionString: url }) });
  await first.at_hand.createMany({ data: [1, 2, 3].map((id) => ({ id, text: `text ${id}` })) });
  await first.close();
  const db = await createClient<"at_hand">({ models, engine: postgres({ pool }) });
  onTestFinished(async () => {
    await pool.query(`drop schema ${schema} cascade`);
    await db.close();
    await pool.end();
  });
  await turn();
  await turn();
  taken = 0;
  return { db, pool, taken: () => taken };
}

test.skipIf(pg === null || !embeddedPostgres)("reads in a row ask the pool once", async () => {
  const { db, taken } = await opened();
  for (let id = 1; id <= 3; id++) expect(await db.at_hand.findById(id)).toEqual({ id, text: `text ${id}` });
  expect(await db.at_hand.count()).toBe(3);
  expect(taken()).toBe(1);
});

test.skipIf(pg === null || !embeddedPostgres)("the only connection is there for whoever comes next", async () => {
  const { db, pool, taken } = await opened();
  const rows = await Promise.all([1, 2, 3].map((id) => db.at_hand.findById(id)));
  expect(rows.map((row) => row?.id)).toEqual([1, 2, 3]);
  expect(taken()).toBe(3);
  // Another user of the same pool.
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test.skipIf(pg === null || !embeddedPostgres)("one that breaks while it is at hand is not used again", async () => {
  const { db, pool } = await opened();
  await db.at_hand.findById(1);
  const { rows } = await pool.query("select pg_backend_pid() as pid");
  const other = new pg!.Pool({ connectionString: await postgresUrl(), max: 1 });
  await other.query(`select pg_terminate_backend(${rows[0]?.pid})`);
  await other.end();
  expect(await db.at_hand.findById(2)).toEqual({ id: 2, text: "text 2" });
  await db.at_hand.create({ data: { id: 4, text: "text 4" } });
  expect(await db.at_hand.count()).toBe(4);
});

test.skipIf(pg === null || !embeddedPostgres)(
  "applying a schema through a pool of one says at once that it takes two",
  async () => {
    const pool = new pg!.Pool({ connectionString: await postgresUrl(), max: 1 });
    onTestFinished(() => pool.end());
    const make = createClient({
      models: { Lone: defineModel("Lone", z.object({ id: z.int() }), { key: { field: "id", generate: "given" } }) },
      engine: postgres({ pool }),
    });
    await expect(make).rejects.toMatchObject({ code: "NOT_SUPPORTED.FEATURE", fix: expect.stringContaining("max: 2") });
  },
);
