/** Suite `editor`: runs bench/editor/measure.ts in a process of its own and lays out what it found, with the targets. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { table } from "../lib/table.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const EDITOR = join(ROOT, "bench/editor");

export async function run({ rounds, peers, models, typescript, log }) {
  if (!existsSync(join(EDITOR, "node_modules"))) {
    log("installing the peers of the editor suite (once) …");
    spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund"], { cwd: EDITOR, stdio: ["ignore", 2, 2] });
  }
  const args = ["--import", "tsx", join(EDITOR, "measure.ts"), "--rounds", String(rounds)];
  if (peers !== null) args.push("--peers", peers.join(","));
  if (models !== undefined) args.push("--models", models);
  if (typescript !== undefined) args.push("--ts", typescript);
  const child = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 26,
  });
  if (child.status !== 0) return { result: {}, text: "the measurement failed", failed: true };
  const result = JSON.parse(child.stdout);
  return { result, text: describe(result), failed: result.rows.length === 0 };
}

const number = (value, digits = 0) => (value === null || Number.isNaN(value) ? "-" : value.toFixed(digits));

const COLUMNS = [
  ["inst. schema", "schemaInstantiations", 0],
  ["inst./query", "instantiationsPerQuery", 1],
  ["check ms/query", "checkMsPerQuery", 1],
  ["KB/query", "memoryKbPerQuery", 0],
  ["typo x", "typoRatio", 2],
  ["first ms", "first", 0],
  ["completion ms", "completion", 1],
  ["hover ms", "hover", 1],
  ["error ms", "error", 1],
  ["generate cold ms", "generateColdMs", 0],
  ["warm ms", "generateWarmMs", 0],
  ["bytes/model", "bytesPerModel", 0],
];

function describe({ typescript, rows, watchMs, skipped }) {
  const parts = [`TypeScript ${typescript}`];
  for (const models of new Set(rows.map((row) => row.models))) {
    const here = rows.filter((row) => row.models === models);
    const body = here.map((row) => [row.peer, ...COLUMNS.map(([, key, digits]) => number(row[key], digits))]);
    parts.push("", `${models} models`, table(["", ...COLUMNS.map(([title]) => title)], body));
    const ours = here.find((row) => row.peer === "tenon, args");
    if (ours === undefined) continue;
    const ratios = here
      .filter((row) => !row.peer.startsWith("tenon"))
      .map((row) => {
        const ratio = (key) => `${number(row[key] / ours[key], 1)}x`;
        return [row.peer, ratio("instantiationsPerQuery"), ratio("completion"), ratio("hover"), ratio("error")];
      });
    parts.push("", table(["cost, tenon args = 1", "inst./query", "completion", "hover", "error"], ratios));
  }
  parts.push("", `one model touched under watch, of 100: ${number(watchMs)} ms`, "", ...targets(rows, watchMs));
  if (skipped.length > 0) parts.push("", "left out:", ...skipped.map((line) => `  ${line}`));
  return parts.join("\n");
}

function targets(rows, watchMs) {
  const of = (peer) => rows.filter((row) => row.peer === peer);
  const most = (list, key) => (list.length === 0 ? Number.NaN : Math.max(...list.map((row) => row[key])));
  const ours = [...of("tenon, args"), ...of("tenon, builder")];
  const hundred = of("tenon, args").filter((row) => row.models === 100);
  const completion = of("tenon, args").map((row) => {
    const prisma = rows.find((each) => each.peer.startsWith("prisma") && each.models === row.models);
    return prisma === undefined ? Number.NaN : row.completion / prisma.completion;
  });
  const lines = [
    ["instantiations an args query", most(of("tenon, args"), "instantiationsPerQuery"), 60],
    ["instantiations a builder query", most(of("tenon, builder"), "instantiationsPerQuery"), 30],
    ["instantiations of the schema", most(ours, "schemaInstantiations"), 200],
    ["cost of a typo", most(ours, "typoRatio"), 1.5],
    ["warm completion against Prisma", Math.max(...completion), 0.5],
    ["generate, 100 models, cold, ms", most(hundred, "generateColdMs"), 1500],
    ["watch, one model of 100, ms", watchMs, 150],
    ["bytes a model", most(ours, "bytesPerModel"), 6144],
  ];
  return lines.map(([name, value, limit]) => {
    const verdict = Number.isNaN(value) ? "not measured" : value <= limit ? "met" : "NOT MET";
    return `${verdict.padEnd(12)} ${name}: ${number(value, 2)} (<= ${limit})`;
  });
}
