/**
 * npm run bench -- [suite] [options]
 *   suite              blog (default), editor, sqlite, postgres, sencillo, storage
 *   --json [file]      print the result as JSON (or write it to the file and print the table)
 *   --rounds N         rounds a workload (default 7)
 *   --scale F          fraction of the data set and of the operations, for a quick look (default 1)
 *   --only a,b         workloads: pointKey, pointUnique, range, populate, insert, bulk, update, durable;
 *                      parts of suite storage: commits, load, stalls, shards, beyond;
 *                      parts of suite editor: types, latency, generate, watch; page: write what is kept, measure nothing
 *   --peers a,b        peers, from bench/peers
 *   --engines a,b      the blog workloads on these databases (suite blog): sqlite, postgres, each beside its peers
 *   --models 10,100    sizes of the schema (suite editor; default 10,100,500)
 *   --ts 5.9,6.0       the compilers (suite editor): 5.9, 6.0, 7.0
 *   --minutes N        what would begin after that is left out, by name (suite editor; default 24)
 *   --modes a,b        suite sencillo: reads, reads10, file, gzip, folder, shards, log, folder log
 *   --page             suites sencillo, editor: write the figures into docs/sencillo.md, docs/editor.md
 *   --profile DIR      CPU profile of the last round of every peer and workload, as .cpuprofile files in DIR
 * The exit code is 1 when a peer failed or answered wrongly; a target that is not met is a finding, not a failure.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { prepare } from "./lib/prepare.mjs";

const SUITES = ["blog", "editor", "sqlite", "postgres", "sencillo", "storage"];

const list = (text) => text?.split(",").filter((part) => part !== "") ?? null;

// parseArgs knows no optional values: `--json` alone means "to stdout".
const argv = process.argv.slice(2).flatMap((arg, i, all) => {
  const next = all[i + 1];
  return arg === "--json" && (next === undefined || next.startsWith("--") || !next.endsWith(".json"))
    ? ["--json", "-"]
    : [arg];
});
const { values, positionals } = parseArgs({
  args: argv,
  allowPositionals: true,
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "7" },
    scale: { type: "string", default: "1" },
    only: { type: "string" },
    peers: { type: "string" },
    profile: { type: "string" },
    page: { type: "boolean", default: false },
    modes: { type: "string" },
    models: { type: "string" },
    ts: { type: "string" },
    minutes: { type: "string" },
    engines: { type: "string" },
  },
});

const asked = positionals[0] ?? "blog";
const suite = asked === "blog" && values.engines !== undefined ? "sql" : asked;
if (!SUITES.includes(asked)) {
  console.error(`no suite "${asked}"; there is: ${SUITES.join(", ")}`);
  process.exit(2);
}
const peers = list(values.peers);
if (process.env.BENCH_NO_BUILD === undefined)
  prepare({ build: peers === null || peers.some((peer) => peer.startsWith("tenon")) });
const { run } = await import(`./suites/${suite}.mjs`);
const log = (text) => console.error(text);
const { result, text, failed } = await run({
  folder: join(import.meta.dirname, "results", `data-${process.pid}`),
  rounds: Number(values.rounds),
  scale: Number(values.scale),
  only: list(values.only),
  peers,
  engines: list(values.engines),
  models: values.models,
  typescript: values.ts,
  minutes: values.minutes,
  page: values.page,
  modes: list(values.modes),
  profile: values.profile === undefined ? null : resolve(values.profile),
  log,
});
const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, platform: process.platform };
const json = JSON.stringify({ ...result, machine, at: new Date().toISOString() }, null, 2);
if (values.json === "-") console.log(json);
else {
  console.log(text);
  if (values.json !== undefined) writeFileSync(values.json, `${json}\n`);
}
process.exitCode = failed ? 1 : 0;
