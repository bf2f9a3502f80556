/**
 * One opening in a process of its own: `open.mjs MODE PATH`, prints JSON. `parse` is the base: read the file, JSON.parse.
 * `open` is the database, ready for queries; `indexes` is the same and then one query on each of its four indexes, which are
 * built when they are first used. `stall` watches the event loop at opening, at the first use of the indexes and in a
 * checkpoint, and as long again while nothing happens.
 */
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { watchLoop } from "./loop.mjs";

const [mode, path] = process.argv.slice(2);

async function measure(work) {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const result = await work();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000, result };
}

async function watched(work) {
  const loop = watchLoop();
  const { ms, result } = await measure(work);
  return { ms, ...loop.stop(), result };
}

const print = (value) => process.stdout.write(JSON.stringify(value));

async function useIndexes(db) {
  const user = await db.users.findUnique({ where: { email: "user7@example.org" } });
  await db.users.findMany({ where: { age: 30 }, limit: 1 });
  await db.posts.findMany({ where: { authorId: user.id }, populate: ["comments"] });
}

if (mode === "parse") {
  const { ms, cpuMs } = await measure(() => JSON.parse(readFileSync(path, "utf8")));
  print({ ms, cpuMs });
} else {
  const { createClient } = await import("../../dist/src/index.js");
  const { embedded, file } = await import("../../dist/src/embedded.js");
  const models = await import("../blog/models.mjs");
  const storage = file(path);
  const open = () => createClient({ models, engine: embedded({ storage }) });
  if (mode === "stall") {
    const opened = await watched(open);
    const db = opened.result;
    const indexes = await watched(() => useIndexes(db));
    await db.users.update({ where: { id: 1 }, data: { age: 40 } });
    const checkpoint = await watched(() => storage.compact());
    const idle = await watched(() => setTimeout(Math.min(opened.ms + checkpoint.ms, 5000)));
    await db.close();
    const figures = ({ ms, stallMs, busyMs }) => ({ ms, stallMs, busyMs });
    print({
      open: figures(opened),
      indexes: figures(indexes),
      checkpoint: figures(checkpoint),
      idle: figures(idle),
    });
  } else {
    const { ms, cpuMs } = await measure(async () => {
      const db = await open();
      if (mode === "indexes") await useIndexes(db);
    });
    print({ ms, cpuMs });
    process.exit(0);
  }
}
