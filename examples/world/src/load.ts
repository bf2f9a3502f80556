/** Everything into the database, in batches: one transaction each, every row validated and indexed. */
import { SingleBar } from "cli-progress";
import type { Database } from "./database.js";
import { megabytes, number, seconds } from "./print.js";
import { readBorders, readCities, readCountries } from "./source.js";

const BATCH = 2_000;

function* batches<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < rows.length; i += BATCH) yield rows.slice(i, i + BATCH);
}

export async function load(db: Database, cityLimit: number | null): Promise<void> {
  const countries = readCountries();
  const borders = readBorders();
  const cities = readCities(cityLimit);
  const total = countries.length + borders.length + cities.length;
  const bar = new SingleBar({
    format: "  {bar} {value}/{total} documents  {rate}/s  {memory}",
    barsize: 30,
    hideCursor: true,
    noTTYOutput: false,
  });
  const started = performance.now();
  let done = 0;
  const advance = (count: number): void => {
    done += count;
    const rate = number(done / ((performance.now() - started) / 1000));
    bar.update(done, { rate, memory: megabytes(process.memoryUsage.rss()) });
  };
  bar.start(total, 0, { rate: 0, memory: "" });
  await db.countries.createMany({ data: countries });
  advance(countries.length);
  await db.borders.createMany({ data: borders });
  advance(borders.length);
  for (const batch of batches(cities)) {
    await db.cities.createMany({ data: batch });
    advance(batch.length);
  }
  bar.stop();
  const ms = performance.now() - started;
  console.log(
    `${number(countries.length)} countries, ${number(borders.length)} borders, ${number(cities.length)} cities ` +
      `in ${seconds(ms)}: ${number(total / (ms / 1000))} documents/s,\n` +
      `validated, indexed and on disk; resident memory ${megabytes(process.memoryUsage.rss())}`,
  );
}
