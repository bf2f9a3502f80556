/** Models with `partitionBy` on PostgreSQL: hash partitions on a real server; what Citus is told, as text. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { PgClient, PgPool } from "../../src/engine/postgres/driver.js";
import {
  belongsTo,
  ConfigError,
  createClient,
  type DynamicClient,
  defineModel,
  ForeignKeyViolationError,
  hasMany,
  NotSupportedError,
  SchemaError,
  UniqueViolationError,
} from "../../src/index.js";
import { type PoolOptions, postgres } from "../../src/postgres.js";
import { embeddedPostgres, pg, type TestPool } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";
import { creationOps, int, schemaOf, string } from "../support/schema.js";

const Tenant = defineModel("Tenant", z.object({ id: z.int(), name: z.string() }), {
  key: { field: "id", generate: "given" },
  relations: { orders: hasMany("Order", { to: "tenantId" }) },
});
const Order = defineModel(
  "Order",
  z.object({ tenantId: z.int(), id: z.int(), number: z.string(), total: z.int().default(0) }),
  {
    key: ["tenantId", "id"],
    partitionBy: "tenantId",
    indexes: [{ on: ["tenantId", "number"], unique: true }, "total"],
    relations: {
      tenant: belongsTo("Tenant", { from: "tenantId" }),
      lines: hasMany("Line", { to: ["tenantId", "orderId"] }),
    },
  },
);
const Line = defineModel("Line", z.object({ tenantId: z.int(), orderId: z.int(), id: z.int(), text: z.string() }), {
  key: ["tenantId", "orderId", "id"],
  partitionBy: "tenantId",
  relations: { order: belongsTo("Order", { from: ["tenantId", "orderId"], onDelete: "cascade" }) },
});
/** Split by its own generated key. */
const Event = defineModel("Event", z.object({ id: z.int(), text: z.string() }), { partitionBy: "id" });
const models = { Tenant, Order, Line, Event };
type Db = DynamicClient<"tenants" | "orders" | "lines" | "events">;

describe.runIf(pg !== null && embeddedPostgres)("hash partitions", () => {
  const schema = `partitions_${randomBytes(6).toString("hex")}`;
  let admin: TestPool;
  let url = "";
  let db: Db;
  const open = (options: object = { partitions: 4 }, using: object = models) =>
    createClient({
      models: using as typeof models,
      engine: postgres({ driver: pg!, connectionString: url, ...options }),
    }) as Promise<Db>;
  beforeAll(async () => {
    admin = new pg!.Pool({ connectionString: await postgresUrl(), max: 1 });
    admin.on("error", () => {});
    await admin.query(`create schema ${schema}`);
    await admin.query(`set search_path = ${schema}`);
    url = `${await postgresUrl()}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    db = await open();
    await db.tenants.createMany({ data: Array.from({ length: 20 }, (_, id) => ({ id, name: `t${id}` })) });
    for (let tenantId = 0; tenantId < 20; tenantId++)
      await db.orders.create({
        data: { tenantId, id: 1, number: "A-1", total: tenantId, lines: { create: [{ id: 1, text: "x" }] } },
      });
  });
  afterAll(async () => {
    await db.close();
    await admin.query(`drop schema ${schema} cascade`);
    await admin.end();
  });
  const partsOf = async (table: string) =>
    (await admin.query(`select distinct tableoid::regclass::text as part from "${table}" order by 1`)).rows.map(
      (row) => row.part,
    );

  test("rows are spread over the partitions that the option asks for", async () => {
    const { rows } = await admin.query(
      `select parent.relname as name, count(*)::int as parts from pg_inherits join pg_class parent on parent.oid = inhparent
       join pg_namespace n on n.oid = parent.relnamespace where n.nspname = '${schema}' and parent.relkind = 'p' group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { name: "events", parts: 4 },
      { name: "lines", parts: 4 },
      { name: "orders", parts: 4 },
    ]);
    expect((await partsOf("orders")).length).toBeGreaterThan(2);
    await db.events.createMany({ data: Array.from({ length: 20 }, (_, index) => ({ text: `${index}` })) });
    expect((await db.events.findMany({ orderBy: { id: "asc" } })).map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    await db.events.create({ data: { id: 500, text: "given" } });
    expect((await db.events.create({ data: { text: "next" } })).id).toBe(501);
    expect(await partsOf("events")).toEqual(["events_p0", "events_p1", "events_p2", "events_p3"]);
  });
  test("queries, populate, writes and their errors are those of a whole table", async () => {
    const [tenant] = await db.tenants.findMany({ where: { id: 7 }, populate: ["orders", "orders.lines"] });
    expect(tenant).toEqual({
      id: 7,
      name: "t7",
      orders: [{ tenantId: 7, id: 1, number: "A-1", total: 7, lines: [{ tenantId: 7, orderId: 1, id: 1, text: "x" }] }],
    });
    expect(await db.orders.count({ total: { $gte: 15 } })).toBe(5);
    await expect(db.orders.create({ data: { tenantId: 7, id: 2, number: "A-1" } })).rejects.toThrow(
      UniqueViolationError,
    );
    await expect(db.orders.create({ data: { tenantId: 7, id: 1, number: "B" } })).rejects.toThrow(UniqueViolationError);
    await expect(db.orders.create({ data: { tenantId: 99, id: 1, number: "B" } })).rejects.toThrow(
      ForeignKeyViolationError,
    );
    await expect(db.lines.create({ data: { tenantId: 7, orderId: 9, id: 1, text: "" } })).rejects.toThrow(
      ForeignKeyViolationError,
    );
    await db.orders.create({ data: { tenantId: 8, id: 2, number: "A-2", lines: { create: [{ id: 1, text: "y" }] } } });
    await db.orders.delete({ where: { tenantId: 8, id: 2 } });
    expect(await db.lines.count({ tenantId: 8 })).toBe(1);
    expect((await db.orders.updateMany({ where: { all: true }, data: { total: { $inc: 1 } } })).count).toBe(20);
  });
  test("a filter that fixes the field reads one partition", async () => {
    const plan = await db.orders.explain({ where: { tenantId: 7, total: { $gte: 0 } } });
    expect(new Set(plan.text.match(/orders_p\d+/g)?.map((name) => name.slice(0, 9))).size).toBe(1);
    const all = await db.orders.explain({ where: { total: { $gte: 0 } } });
    expect(new Set(all.text.match(/orders_p\d+/g)?.map((name) => name.slice(0, 9))).size).toBe(4);
  });
  test("a restart finds its tables; changing the field is refused, not half done", async () => {
    const again = await open();
    expect(await again.orders.count()).toBe(20);
    await again.close();
    const moved = defineModel(
      "Line",
      z.object({ tenantId: z.int(), orderId: z.int(), id: z.int(), text: z.string() }),
      {
        key: ["tenantId", "orderId", "id"],
        partitionBy: "orderId",
        relations: { order: belongsTo("Order", { from: ["tenantId", "orderId"], onDelete: "cascade" }) },
      },
    );
    await expect(open({ partitions: 4 }, { ...models, Line: moved })).rejects.toThrow(NotSupportedError);
    expect((await partsOf("lines")).length).toBeGreaterThan(1);
  });
  test("keys and unique indexes that partitions cannot keep are refused together, before anything is created", async () => {
    const Wrong = defineModel("Wrong", z.object({ id: z.int(), region: z.string(), email: z.string() }), {
      partitionBy: "region",
      indexes: [{ on: "email", unique: true }],
    });
    const error = await open({ partitions: 4 }, { ...models, Wrong }).then(
      () => expect.fail("was taken"),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SchemaError);
    expect((error as SchemaError).message).toBe(
      [
        "2 mistakes in the models:",
        '  - Wrong is split by `region`, but its key (id) does not contain it: hash partitions can only keep keys unique that do; key: ["region", "id"], or leave out partitionBy',
        '  - Wrong is split by `region`, but the unique index on email does not contain it: hash partitions can only keep values unique that do; { on: ["region", "email"], unique: true }, or leave out partitionBy',
      ].join("\n"),
    );
    expect((await admin.query(`select to_regclass('${schema}.wrongs') as made`)).rows).toEqual([{ made: null }]);
  });
});

describe("Citus", () => {
  /** A pool that answers nothing and notes what it is asked. */
  function recorder(): { readonly pool: PgPool; readonly asked: string[] } {
    const asked: string[] = [];
    const client: PgClient = {
      query: async ({ text }) => {
        asked.push(text);
        return { rows: [], rowCount: 0 };
      },
      release: () => {},
      on: () => {},
      removeListener: () => {},
    };
    return {
      asked,
      pool: { connect: async () => client, end: async () => {}, on: () => {}, removeListener: () => {} },
    };
  }
  const spec = {
    Country: { fields: { id: int } },
    Tenant: {
      fields: { id: int, countryId: int },
      relations: { country: { kind: "belongsTo", target: "Country", from: ["countryId"] } },
    },
    Log: { fields: { id: int } },
    Order: {
      fields: { tenantId: int, id: int, note: string },
      key: ["tenantId", "id"],
      partitionBy: "tenantId",
      relations: { tenant: { kind: "belongsTo", target: "Tenant", from: ["tenantId"] } },
    },
    Line: {
      fields: { tenantId: int, orderId: int, id: int },
      key: ["tenantId", "orderId", "id"],
      partitionBy: "tenantId",
      relations: { order: { kind: "belongsTo", target: "Order", from: ["tenantId", "orderId"] } },
    },
  } as const;
  async function created(using: Parameters<typeof schemaOf>[0], options: Partial<PoolOptions>): Promise<string[]> {
    const { pool, asked } = recorder();
    const schema = schemaOf(using);
    const engine = postgres({ pool, ...options });
    await engine.open(schema);
    asked.splice(0);
    await engine.admin.apply(creationOps(schema), schema);
    await engine.close();
    return asked;
  }

  test("split tables are distributed, what they refer to is on every node, the rest stays where it is", async () => {
    const asked = await created(spec, { citus: true, partitions: 32 });
    expect(asked.filter((text) => /create_\w+_table/.test(text))).toEqual([
      `select create_reference_table('"countrys"')`,
      `select create_reference_table('"tenants"')`,
      `select create_distributed_table('"orders"', 'tenantId', shard_count => 32)`,
      `select create_distributed_table('"lines"', 'tenantId', shard_count => 32)`,
    ]);
    expect(asked.some((text) => text.includes("partition"))).toBe(false);
    const at = (part: string) => asked.findIndex((text) => text.includes(part));
    // A table is distributed while it is empty and before others refer to it.
    expect(at(`create table "orders"`)).toBeLessThan(at(`create_distributed_table('"orders"'`));
    expect(at(`create_distributed_table('"lines"'`)).toBeLessThan(at(`alter table "orders" add constraint`));
    const unsaid = await created(spec, { citus: true });
    expect(unsaid).toContain(`select create_distributed_table('"orders"', 'tenantId')`);
    const neither = await created(spec, {});
    expect(neither.filter((text) => /create_\w+_table|partition/.test(text))).toEqual([]);
  });
  test("references that would leave their node are refused", async () => {
    const wrong = {
      ...spec,
      Line: {
        fields: { tenantId: int, orderTenant: int, orderId: int, id: int },
        key: ["tenantId", "id"],
        partitionBy: "tenantId",
        relations: { order: { kind: "belongsTo", target: "Order", from: ["orderTenant", "orderId"] } },
      },
      Note: {
        fields: { id: int, tenantId: int, orderId: int },
        relations: { order: { kind: "belongsTo", target: "Order", from: ["tenantId", "orderId"] } },
      },
    } as const;
    const error = await created(wrong, { citus: true }).then(
      () => expect.fail("was taken"),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SchemaError);
    expect((error as SchemaError).issues.map(({ model, member }) => `${model}.${member}`)).toEqual([
      "Line.order",
      "Note.order",
    ]);
  });
  test("a number of partitions that is none is refused", () => {
    const { pool } = recorder();
    for (const partitions of [0, 1.5, 1e9, "4"])
      expect(() => postgres({ pool, partitions: partitions as number })).toThrow(ConfigError);
  });
});
