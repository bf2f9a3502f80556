/**
 * The storage suite: what durable commits, opening, checkpoints and data beyond the heap cost, each beside its base in the same
 * run. Rounds are interleaved; figures are medians. Children do the work (bench/storage), so that every opening starts cold.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { median, ratio, short } from "../lib/stats.mjs";
import { table } from "../lib/table.mjs";

const script = (name) => join(import.meta.dirname, "../storage", name);
const PARTS = ["commits", "load", "stalls", "shards", "beyond"];

async function child(name, args, flags = []) {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script(name), ...args], {
    maxBuffer: 1 << 24,
    timeout: 1_800_000,
  });
  return JSON.parse(stdout);
}

const us = (value) => (value >= 1000 ? `${(value / 1000).toFixed(2)} ms` : `${value.toFixed(0)} µs`);
const ms = (value) => (value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(0)} ms`);
const mb = (value) => `${(value / 1e6).toFixed(0)} MB`;

/** A figure, its base, and what is wanted of the two; `met` is null where nothing is promised. */
const line = (what, figure, base, value, target, met) => ({ what, figure, base, value, target, met });
const atLeast = (what, figure, base, value, target) =>
  line(
    what,
    figure,
    base,
    ratio(value),
    target === null ? "" : `>= ${target}x`,
    target === null ? null : value >= target,
  );

async function commits({ folder, rounds }) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const dir = join(folder, `commits-${round}`);
    results.push(await child("commits.mjs", [JSON.stringify({ dir, blocks: 25 })]));
    rmSync(dir, { recursive: true, force: true });
  }
  // Ratios within one run, and of those the median: what else the disk does differs from run to run.
  const of = (name) => median(results.map((result) => result.us[name]));
  const times = (base, name) => median(results.map((result) => result.us[base] / result.us[name]));
  const cpu = (base, name) => median(results.map((result) => result.cpuUs[base] / result.cpuUs[name]));
  const bytes = median(results.map((result) => result.bytes));
  const lines = [
    atLeast(
      "durable commit",
      us(of("strict")),
      `write + fdatasync, appending: ${us(of("rawAppend"))}`,
      times("rawAppend", "strict"),
      0.9,
    ),
    atLeast(
      "durable commit",
      us(of("strict")),
      `write + fdatasync, into reserved space: ${us(of("rawAhead"))}`,
      times("rawAhead", "strict"),
      null,
    ),
    atLeast(
      "durable commit",
      us(of("strict")),
      `better-sqlite3, WAL, FULL: ${us(of("sqliteFull"))}`,
      times("sqliteFull", "strict"),
      null,
    ),
    atLeast(
      "durable commit, 64 at once",
      us(of("together")),
      `one after the other: ${us(of("strict"))}`,
      times("strict", "together"),
      8,
    ),
    atLeast(
      "relaxed commit",
      us(of("relaxed")),
      `better-sqlite3, WAL, NORMAL: ${us(of("sqliteNormal"))}`,
      times("sqliteNormal", "relaxed"),
      1,
    ),
    atLeast(
      "relaxed commit, CPU time",
      us(median(results.map((r) => r.cpuUs.relaxed))),
      `better-sqlite3, the same: ${us(median(results.map((r) => r.cpuUs.sqliteNormal)))}`,
      cpu("sqliteNormal", "relaxed"),
      null,
    ),
  ];
  return { lines, bytes, results };
}

async function load({ folder, rounds, scale }) {
  const path = join(folder, "load.json");
  const { docs, bytes } = await child("fill.mjs", [path, String(scale)]);
  const results = { parse: [], open: [], indexes: [] };
  for (let round = 0; round < rounds; round++) {
    for (const mode of Object.keys(results)) {
      results[mode].push(await child("open.mjs", [mode, path]));
      rmSync(join(folder, "load.lock"), { force: true });
    }
  }
  const of = (mode, what) => median(results[mode].map((result) => result[what]));
  const against = (mode, what, target) =>
    atLeast(
      `open ${short(docs)} documents (${mb(bytes)})${mode === "indexes" ? " and use its 4 indexes" : ""}${what === "cpuMs" ? ", CPU time" : ""}`,
      ms(of(mode, what)),
      `JSON.parse(readFileSync()): ${ms(of("parse", what))}`,
      of("parse", what) / of(mode, what),
      target,
    );
  return {
    lines: [
      against("open", "ms", 0.6),
      against("open", "cpuMs", null),
      against("indexes", "ms", null),
      against("indexes", "cpuMs", null),
    ],
    results,
  };
}

async function stalls({ folder, rounds, scale }) {
  const path = join(folder, "stalls.json");
  const { bytes } = await child("fill.mjs", [path, String(6.2 * scale)]);
  const results = [];
  for (let round = 0; round < rounds; round++) results.push(await child("open.mjs", ["stall", path]));
  const of = (phase, what) => median(results.map((result) => result[phase][what]));
  const names = { open: "opening", indexes: "first use of 4 indexes", checkpoint: "checkpoint" };
  const lines = Object.entries(names).flatMap(([phase, name]) => {
    const what = `${name}, ${mb(bytes)} (${ms(of(phase, "ms"))})`;
    // What is built at the first use of an index is shown, and promised nothing about.
    const target = phase === "indexes" ? null : 50;
    const figure = (title, key, base) =>
      line(
        `${title}, ${what}`,
        ms(of(phase, key)),
        `${base}: ${ms(of("idle", key))}`,
        "",
        target === null ? "" : `< ${target} ms`,
        target === null ? null : of(phase, key) < target,
      );
    return [
      figure("longest stall", "stallMs", "an idle process"),
      figure("longest stall, time that the thread ran", "busyMs", "an idle process"),
    ];
  });
  return { lines, results };
}

const PHASES = {
  points: "point reads",
  writes: "durable updates",
  partition: "documents of 5 partitions counted",
  anyOrder: "all documents, any order",
  byKey: "all documents by key",
  byKeyReverse: "all documents by key, backwards",
};

/** `heap`: what the process is allowed, in MB. */
async function sharded({ folder }, name, heap, job) {
  const dir = join(folder, name);
  const flags = [`--max-old-space-size=${heap}`];
  const filled = await child("shards.mjs", [JSON.stringify({ ...job, dir, phase: "fill" })], flags);
  const read = await child("shards.mjs", [JSON.stringify({ ...job, dir, phase: "read" })], flags);
  rmSync(dir, { recursive: true, force: true });
  const peak = Math.max(filled.peak, read.peak);
  const what = `${short(job.docs)} documents in ${job.tenants} shards`;
  const rate = ({ ms: time, count }) => `${short((count / time) * 1000)}/s`;
  const lines = [
    line(`${what}: peak of the heap`, mb(peak), `--max-old-space-size=${heap}`, "", "answers right", true),
    line(`${what}: filled`, ms(filled.results.fill.ms), rate(filled.results.fill), "", "", null),
    line(`${what}: opened`, ms(read.results.open.ms), `CPU ${ms(read.results.open.cpuMs)}`, "", "", null),
    ...Object.entries(PHASES).map(([phase, title]) =>
      line(`${what}: ${title}`, ms(read.results[phase].ms), rate(read.results[phase]), "", "", null),
    ),
  ];
  return { lines, filled, read };
}

const size = (scale, docs) => Math.max(1000, Math.round(docs * scale));

const RUNS = {
  commits,
  load,
  stalls,
  shards: (options) =>
    sharded(options, "shards", 256, {
      docs: size(options.scale, 1_000_000),
      tenants: 100,
      padding: 0,
      cacheBytes: 48e6,
      single: 300,
    }),
  beyond: (options) =>
    sharded(options, "beyond", 64, {
      docs: size(options.scale, 200_000),
      tenants: 100,
      padding: 2000,
      cacheBytes: 12e6,
      single: 50,
    }),
};

export async function run({ folder, rounds, scale, only, log }) {
  const parts = only ?? PARTS;
  const unknown = parts.filter((part) => !PARTS.includes(part));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}; there is: ${PARTS.join(", ")}`);
  mkdirSync(folder, { recursive: true });
  const results = {};
  const lines = [];
  let failed = false;
  try {
    for (const part of parts) {
      log(`${part} …`);
      try {
        results[part] = await RUNS[part]({ folder, rounds, scale, log });
        lines.push(...results[part].lines);
      } catch (error) {
        failed = true;
        lines.push(
          line(
            part,
            "ERR",
            String(error.stderr ?? error.message)
              .split("\n")
              .slice(0, 6)
              .join(" "),
            "",
            "",
            false,
          ),
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const rows = lines.map(({ what, figure, base, value, target, met }) => [
    what,
    figure,
    base,
    value,
    target,
    met === null ? "" : met ? "met" : "not met",
  ]);
  const head = ["", "tenon", "base", "ratio", "target", ""];
  return { result: { suite: "storage", rounds, scale, results }, text: table(head, rows), failed };
}
