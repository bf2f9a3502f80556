/**
 * One peer in one mode, in a process of its own: fills, measures each workload, opens again. Prints JSON: microseconds and
 * microseconds of CPU (all threads) per operation.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { profiled } from "../lib/profiler.mjs";
import { fill, open, prepareData, READS, TRANSACTIONS } from "./workloads.mjs";

const { entry, dir, config, size, only, reads, milliseconds, synced, plain, profile } = JSON.parse(process.argv[2]);
// What SencilloDB prints at each rollback would be measured, too.
console.log = () => {};
if (synced) (await import("./synced.mjs")).syncEverything();
const { SencilloDB } = await import(entry);
mkdirSync(dir, { recursive: true });
const place = config.folder ? { folder: join(dir, "data") } : { file: join(dir, "db.json") };
const options = { ...config, ...place };
prepareData(Math.max(size, 100));

const now = () => Number(process.hrtime.bigint());
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const results = {};

/** `work` gives how many operations it did. */
async function timed(name, work) {
  const [start, begun] = [now(), cpu()];
  const count = await work();
  results[name] = [(now() - start) / count / 1e3, (cpu() - begun) / count];
}

/** Other programs may have the processor: what counts is how long this one had it. */
async function measure(name, work) {
  let next = 0;
  const run = async (limit) => {
    const [end, patience] = [cpu() + limit * 1e3, now() + limit * 1e7];
    const first = next;
    let batch = 1;
    // Looking at the clocks costs as much as a small operation.
    for (;;) {
      const start = now();
      for (let i = 0; i < batch; i++) await work(next++);
      if (cpu() >= end || now() >= patience) return next - first;
      if (now() - start < 1e6) batch *= 2;
    }
  };
  // Compiled first, as far as it will be; what takes long is not made to run twice.
  const first = cpu();
  await work(next++);
  if (cpu() - first < milliseconds * 100) await run(milliseconds / 2);
  await timed(name, () => profiled(profile, name, () => run(milliseconds)));
}

let db = new SencilloDB(options);
await timed("fill", () => fill(db, size).then(() => 1));
const wanted = (name) => only === null || only.includes(name);
const reopened = () =>
  timed(reads ? "open" : "reopen", async () => {
    db = new SencilloDB(options);
    await db.transaction(open);
    return 1;
  });
// The log of a folder is never read again by SencilloDB: there would be nothing to open.
const opens = !plain && (reads || !(config.folder && config.aof && db.close === undefined));
if (opens && wanted(reads ? "open" : "reopen")) {
  // As much in a log as everybody has there.
  if (!reads) for (let i = 0; i < 10; i++) await TRANSACTIONS.create(db, i, size);
  else await db.compact();
  await db.close?.();
  await reopened();
}
// Reads first: the base is as it was filled.
if (reads) {
  await db.transaction(async (tx) => {
    for (const [name, work] of Object.entries(READS)) if (wanted(name)) await measure(name, (i) => work(tx, i, size));
  });
} else {
  for (const [name, work] of Object.entries(TRANSACTIONS)) {
    if (wanted(name)) await measure(name, (i) => work(db, i, size));
  }
}
process.stdout.write(JSON.stringify(results));
process.exit(0);
