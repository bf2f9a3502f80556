/** All countries and cities of the world: load, ask, change, restart. `npm start -- --help` shows the flags. */
import { spawnSync } from "node:child_process";
import { open } from "./database.js";
import { type Place, place } from "./engines.js";
import { load } from "./load.js";
import { type Options, readOptions, USAGE } from "./options.js";
import { dim, heading, megabytes, number, seconds } from "./print.js";
import { QUERIES } from "./queries.js";
import { snippet } from "./snippet.js";
import { WRITES } from "./writes.js";

/** What the second process does: open, count, read one row. */
async function recount(where: Place): Promise<void> {
  const started = performance.now();
  await using db = await open(where);
  const opened = performance.now() - started;
  const counts = [await db.countries.count(), await db.borders.count(), await db.cities.count()].map(number);
  const tokyo = await db.cities.findFirst({ orderBy: { population: "desc" }, populate: ["country"] });
  console.log(`a new process (${process.pid}) opened ${where.name} in ${seconds(opened)}`);
  console.log(`${counts[0]} countries, ${counts[1]} borders, ${counts[2]} cities; the largest is ${tokyo?.name}`);
  console.log(`resident memory ${megabytes(process.memoryUsage.rss())}`);
}

async function tour(where: Place, cities: number | null): Promise<void> {
  const started = performance.now();
  await using db = await open(where);
  const known = await db.cities.count();
  heading(`The database: ${where.name}`);
  if (known === 0) await load(db, cities);
  else console.log(`${number(known)} cities are there already, opened in ${seconds(performance.now() - started)}`);

  for (const [title, query] of Object.entries(QUERIES)) {
    heading(title);
    console.log(`${dim(snippet(query.name))}\n`);
    const before = performance.now();
    await query(db);
    console.log(dim(`(${seconds(performance.now() - before)})`));
  }
  for (const [title, write] of Object.entries(WRITES)) {
    heading(title);
    await write(db);
  }
}

async function main(options: Options): Promise<void> {
  const where = await place(options);
  try {
    if (options.recount) return await recount(where);
    await tour(where, options.cities);
    if (where.flags === null) return;
    heading("A restart finds everything");
    const again = [import.meta.filename, "--recount", ...where.flags];
    const { status } = spawnSync(process.execPath, [...process.execArgv, ...again], { stdio: "inherit" });
    process.exitCode = status ?? 1;
  } finally {
    await where.close();
  }
}

const options = readOptions(process.argv.slice(2));
if (options === null) console.log(USAGE);
else await main(options);
