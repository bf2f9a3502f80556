/** One package in one mode, in a process of its own: fills, measures each workload, opens again. Prints JSON. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fill, READS, WORKLOADS } from "./workloads.mjs";

const { entry, dir, config, size, only, milliseconds } = JSON.parse(process.argv[2]);
// What SencilloDB prints at each rollback would be measured, too.
console.log = () => {};
const { SencilloDB } = await import(entry);
mkdirSync(dir, { recursive: true });
const place = config.folder ? { folder: join(dir, "data") } : { file: join(dir, "db.json") };
const options = { ...config, ...place };

const now = () => Number(process.hrtime.bigint());
const results = {};

async function measure(name, work) {
  const start = now();
  let ops = 0;
  do await work(ops++);
  while (now() - start < milliseconds * 1e6);
  results[name] = (now() - start) / ops / 1e3;
}

let db = new SencilloDB(options);
const begun = now();
await fill(db, size);
results.fill = (now() - begun) / 1e3;
const wanted = (name) => only === null || only.includes(name);
// Reads first: the base is as it was filled.
await db.transaction(async (tx) => {
  for (const name of READS) if (wanted(name)) await measure(name, (i) => WORKLOADS[name](tx, i, size));
});
for (const name of Object.keys(WORKLOADS)) {
  if (READS.includes(name) || !wanted(name)) continue;
  await measure(name, (i) => WORKLOADS[name](db, i, size));
}
await db.close?.();
if (wanted("reopen")) {
  const start = now();
  db = new SencilloDB(options);
  await db.transaction((tx) => tx.find({ collection: "users", filter: { _id: 1 } }));
  results.reopen = (now() - start) / 1e3;
}
process.stdout.write(JSON.stringify(results));
process.exit(0);
