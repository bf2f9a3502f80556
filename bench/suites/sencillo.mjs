/**
 * The sencillo suite: SencilloDB's own operations in each of its modes, `tenon/sencillo` against the real package, each in a
 * process of its own, rounds interleaved. The package is looked for as `sencillodb` among the peers' packages, or where the
 * variable SENCILLODB says its entry module is; without it only our figures are shown. Target: 20 times as fast or more.
 * In the modes with a log SencilloDB never syncs; ours is measured both synced (strict) and as it does it (relaxed).
 */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { median, ratio } from "../lib/stats.mjs";
import { table } from "../lib/table.mjs";

const SIZE = 1000;
const MODES = {
  file: {},
  "file gzip": { compression: true },
  folder: { folder: true },
  shards: { folder: true, sharding: true },
  log: { aof: true },
  "folder log": { folder: true, aof: true },
};
/** SencilloDB cannot do it: the log of a folder is never read again, so there is nothing to open. */
const IMPOSSIBLE = new Set(["folder log reopen"]);
const TARGET = 20;

function theirs() {
  const named = process.env.SENCILLODB;
  if (named !== undefined) return pathToFileURL(resolve(named)).href;
  try {
    return pathToFileURL(createRequire(join(import.meta.dirname, "x.js")).resolve("sencillodb")).href;
  } catch {
    return null;
  }
}

const time = (us) =>
  us >= 1e6 ? `${(us / 1e6).toFixed(2)} s` : us >= 1e3 ? `${(us / 1e3).toFixed(2)} ms` : `${us.toFixed(1)} µs`;

export async function run({ folder, rounds, scale, only, peers, log }) {
  const ours = pathToFileURL(resolve(import.meta.dirname, "../../dist/src/sencillo.js")).href;
  const real = theirs();
  if (real === null) log("sencillodb is not installed: only our own figures");
  const size = Math.max(60, Math.round((SIZE * scale) / 60) * 60);
  const readings = new Map();
  let failed = false;
  const once = (mode, peer, entry, config, round) => {
    const dir = join(folder, `${mode}-${peer}-${round}`.replaceAll(" ", "-"));
    const job = { entry, dir, config, size, only, milliseconds: 300 };
    try {
      const out = execFileSync(
        process.execPath,
        [join(import.meta.dirname, "../sencillo/worker.mjs"), JSON.stringify(job)],
        {
          encoding: "utf8",
          timeout: 300_000,
        },
      );
      for (const [name, us] of Object.entries(JSON.parse(out))) {
        const key = `${mode}\t${name}\t${peer}`;
        readings.set(key, [...(readings.get(key) ?? []), us]);
      }
    } catch (error) {
      failed ||= peer !== "sencillodb";
      log(`  ${mode}, ${peer}: ${String(error.message).split("\n")[0]}`);
    }
  };
  for (const [mode, config] of Object.entries(MODES)) {
    log(`${mode} …`);
    for (let round = 0; round < rounds; round++) {
      if (real !== null && (peers === null || peers.includes("sencillodb")))
        once(mode, "sencillodb", real, config, round);
      once(mode, "tenon", ours, config, round);
      if (config.aof) once(mode, "tenon relaxed", ours, { ...config, durability: "relaxed" }, round);
    }
  }
  const rows = [];
  const results = [];
  for (const key of readings.keys()) {
    const [mode, name, peer] = key.split("\t");
    if (peer !== "tenon") continue;
    const of = (who) =>
      readings.has(`${mode}\t${name}\t${who}`) ? median(readings.get(`${mode}\t${name}\t${who}`)) : null;
    const own = of("tenon");
    const relaxed = of("tenon relaxed");
    const base = IMPOSSIBLE.has(`${mode} ${name}`) ? null : of("sencillodb");
    const times = base === null ? null : base / own;
    const relaxedTimes = base === null || relaxed === null ? null : base / relaxed;
    results.push({
      mode,
      workload: name,
      us: own,
      relaxedUs: relaxed,
      sencillodbUs: base,
      ratio: times,
      relaxedRatio: relaxedTimes,
    });
    const best = Math.max(times ?? 0, relaxedTimes ?? 0);
    rows.push([
      `${mode}: ${name}`,
      base === null ? "–" : time(base),
      time(own),
      times === null ? "–" : ratio(times),
      relaxed === null ? "" : time(relaxed),
      relaxedTimes === null ? "" : ratio(relaxedTimes),
      times === null ? "" : best >= TARGET ? "ok" : "below",
    ]);
  }
  const head = ["mode: workload", "sencillodb", "tenon", "ratio", "relaxed", "ratio", `>= ${TARGET}x`];
  const text = `${size} documents; medians of ${rounds} rounds, time per operation\n${table(head, rows)}`;
  return { result: { suite: "sencillo", size, rounds, results }, text, failed };
}
