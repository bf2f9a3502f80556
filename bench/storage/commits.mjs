/**
 * Commits in one process, `commits.mjs JOB`, prints JSON. Blocks of operations take turns (A B C A B C …), so that a disk that
 * other programs keep busy is as busy for all; a figure is the median over single operations, or over blocks.
 */
import { closeSync, constants, fdatasyncSync, fsyncSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { embedded, file } from "../../dist/src/embedded.js";
import { createClient } from "../../dist/src/index.js";
import { post, user } from "../blog/data.mjs";
import * as models from "../blog/models.mjs";
import { median } from "../lib/stats.mjs";

/** Blocks that are not counted: a server's first thousand commits are for the compiler. */
const WARM = 15;
const { dir, blocks } = JSON.parse(process.argv[2]);
const { open: openSqlite } = await import("../peers/better-sqlite3.mjs");
mkdirSync(dir, { recursive: true });
const sizes = { users: 100 };
const users = Array.from({ length: sizes.users }, (_, i) => user(i + 1));
const now = () => Number(process.hrtime.bigint()) / 1e3;
let next = 1;
const row = () => post(next++, sizes);

async function openTenon(durability) {
  const path = join(dir, `${durability}.json`);
  const db = await createClient({ models, engine: embedded({ storage: file(path, { durability }) }) });
  await db.users.createMany({ data: users });
  return { db, journal: path.replace(".json", ".journal") };
}

/** Write and fdatasync, nothing else; into space that is there already, or growing the file. */
function rawFile(name, bytes, ahead) {
  const path = join(dir, name);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC);
  if (ahead) writeSync(fd, Buffer.alloc(bytes * (WARM + blocks) * 8), 0);
  fsyncSync(fd);
  const record = Buffer.alloc(bytes, 97);
  let at = 0;
  return {
    run() {
      writeSync(fd, record, 0, bytes, at);
      fdatasyncSync(fd);
      at += bytes;
    },
    close: () => closeSync(fd),
  };
}

const strict = await openTenon("strict");
const relaxed = await openTenon("relaxed");
const sqlite = openSqlite(dir);
sqlite.load({ users, posts: [], comments: [] });

// The size of one record of the journal: what the raw loops write. (The strict one has zeros behind its last record.)
const before = statSync(relaxed.journal).size;
for (let i = 0; i < 50; i++) await relaxed.db.posts.create({ data: row() });
const bytes = Math.round((statSync(relaxed.journal).size - before) / 50);
for (let i = 0; i < 50; i++) await strict.db.posts.create({ data: row() });
const append = rawFile("raw-append", bytes, false);
const ahead = rawFile("raw-ahead", bytes, true);

const times = { rawAppend: [], rawAhead: [], strict: [], sqliteFull: [], together: [], relaxed: [], sqliteNormal: [] };
const cpu = { strict: [], relaxed: [], sqliteNormal: [] };

async function each(name, count, operation) {
  const used = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const start = now();
    await operation();
    times[name].push(now() - start);
  }
  const { user: a, system: b } = process.cpuUsage(used);
  cpu[name]?.push((a + b) / count);
}

/** Time per operation of a block. Peers that answer at once are not made to wait. */
async function whole(name, count, operation, isAsync) {
  const rows = Array.from({ length: count }, row);
  const used = process.cpuUsage();
  const start = now();
  if (isAsync) for (const each of rows) await operation(each);
  else for (const each of rows) operation(each);
  times[name].push((now() - start) / count);
  const { user: a, system: b } = process.cpuUsage(used);
  cpu[name]?.push((a + b) / count);
}

/** 64 at a time, each of them one after the other; time per commit. */
async function together(count) {
  const start = now();
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let i = 0; i < count; i++) await strict.db.posts.create({ data: row() });
    }),
  );
  times.together.push((now() - start) / (64 * count));
}

for (let block = 0; block < WARM + blocks; block++) {
  if (block === WARM) for (const list of [...Object.values(times), ...Object.values(cpu)]) list.length = 0;
  await each("rawAppend", 8, append.run);
  await each("strict", 8, () => strict.db.posts.create({ data: row() }));
  await each("rawAhead", 8, ahead.run);
  sqlite.level("fsync");
  await each("sqliteFull", 8, () => sqlite.durable(row()));
  await together(4);
  await whole("relaxed", 200, (data) => relaxed.db.posts.create({ data }), true);
  sqlite.level("os");
  await whole("sqliteNormal", 200, sqlite.insert, false);
}
append.close();
ahead.close();
await strict.db.close();
await relaxed.db.close();
sqlite.close();
const medians = (lists) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, median(list)]));
process.stdout.write(JSON.stringify({ bytes, us: medians(times), cpuUs: medians(cpu) }));
