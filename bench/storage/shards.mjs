/**
 * A database in shards under a small heap (node --max-old-space-size=…): `shards.mjs JOB`, prints JSON. Document n is a pure
 * function of n, its tenant as well, so that keys in order go from shard to shard: the worst case for a scan by key.
 */
import { getHeapStatistics } from "node:v8";
import { z } from "zod";
import { embedded, shards } from "../../dist/src/embedded.js";
import { createClient, defineModel } from "../../dist/src/index.js";
import { hash, pick } from "../lib/random.mjs";

const { phase, dir, docs, tenants, padding, cacheBytes, single } = JSON.parse(process.argv[2]);

const Order = defineModel(
  "Order",
  z.object({ id: z.int(), tenant: z.string(), amount: z.int(), item: z.string(), note: z.string() }),
  { key: { field: "id", generate: "given" }, partitionBy: "tenant" },
);

const tenantOf = (id) => `tenant${pick(1, id, tenants)}`;
const order = (id) => ({
  id,
  tenant: tenantOf(id),
  amount: pick(2, id, 100_000),
  item: `item ${hash(3, id)}`,
  note: padding > 0 ? `note ${id} `.padEnd(padding, "abcdefghij ") : "",
});

let peak = 0;
setInterval(() => {
  // Not process.memoryUsage(), which asks the system, too, and took 8 % of the time.
  peak = Math.max(peak, getHeapStatistics().used_heap_size);
}, 10).unref();

const results = {};
async function measure(name, work) {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const count = await work();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  results[name] = { ms, cpuMs: (user + system) / 1000, count };
}

const check = (good, what) => {
  if (!good) throw new Error(`${what}: wrong answer`);
};

const storage = shards(dir, { cacheBytes, durability: phase === "fill" ? "relaxed" : "strict" });
let db;
await measure("open", async () => {
  db = await createClient({ models: { Order }, engine: embedded({ storage }) });
});
if (phase === "fill") {
  await measure("fill", async () => {
    // A commit changes one partition, as a tenant's own requests do.
    const ids = Array.from({ length: tenants }, () => []);
    for (let id = 1; id <= docs; id++) ids[pick(1, id, tenants)].push(id);
    for (const own of ids) {
      for (let from = 0; from < own.length; from += 1000) {
        await db.orders.createMany({ data: own.slice(from, from + 1000).map(order) });
      }
    }
    return docs;
  });
} else {
  await measure("points", async () => {
    for (let i = 0; i < single; i++) {
      const id = 1 + pick(4, i, docs);
      const found = await db.orders.findById(id);
      check(found.amount === order(id).amount, "point read");
    }
    return single;
  });
  await measure("writes", async () => {
    for (let i = 0; i < single; i++) {
      const id = 1 + pick(5, i, docs);
      await db.orders.update({ where: { id }, data: { amount: order(id).amount } });
    }
    return single;
  });
  await measure("partition", async () => {
    let found = 0;
    for (let i = 0; i < 5; i++) found += await db.orders.count({ tenant: `tenant${i}`, amount: { $gte: 0 } });
    check(found > 0, "partitions");
    return found;
  });
  await measure("anyOrder", async () => {
    const found = await db.orders.count({ amount: { $gte: 0 } });
    check(found === docs, "scan in any order");
    return found;
  });
  const scan = async (direction) => {
    let last = direction === "asc" ? 0 : docs + 1;
    let count = 0;
    for await (const row of db.orders.stream({ orderBy: { id: direction } })) {
      check(row.id === last + (direction === "asc" ? 1 : -1), "order");
      last = row.id;
      count++;
    }
    check(count === docs, "scan by key");
    return count;
  };
  await measure("byKey", () => scan("asc"));
  await measure("byKeyReverse", () => scan("desc"));
}
await measure("close", () => db.close());
process.stdout.write(
  JSON.stringify({ results, peak, limit: getHeapStatistics().heap_size_limit, loads: storage.loads }),
);
