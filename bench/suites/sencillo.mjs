/**
 * The sencillo suite: SencilloDB's own operations in each of its modes, `tenon/sencillo` against the real package, each in a
 * process of its own, rounds interleaved. The package is looked for as `sencillodb` among the peers' packages, or where the
 * variable SENCILLODB says its entry module is; without it only our figures are shown. Target: 20 times as fast or more.
 *
 * SencilloDB never syncs. What is compared: `relaxed` with SencilloDB as it is, and `strict` with SencilloDB made to sync
 * (bench/sencillo/synced.mjs). Data files are always synced by us, so that both comparisons have the same figure of ours. The
 * column "plain" is SencilloDB against the least that the operation can be (plain.mjs): what no implementation can do better.
 * `--page` writes the table into docs/sencillo.md.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { median, ratio } from "../lib/stats.mjs";
import { table } from "../lib/table.mjs";
import { TRANSACTIONS } from "../sencillo/workloads.mjs";

const SIZE = 1000;
/** What is measured in which mode. Reads of what is in memory are the same in every mode. */
const MODES = {
  file: { config: {} },
  gzip: { config: { compression: true } },
  folder: { config: { folder: true } },
  shards: { config: { folder: true, sharding: true } },
  log: { config: { aof: true } },
  "folder log": { config: { folder: true, aof: true } },
};
const READ_SIZES = { reads: 1, reads10: 10 };
const TARGET = 20;
const PAGE = resolve(import.meta.dirname, "../../docs/sencillo.md");
const BEGIN = "<!-- figures: npm run bench -- sencillo --page -->";
const END = "<!-- end of figures -->";

function theirs() {
  const named = process.env.SENCILLODB;
  if (named !== undefined) return pathToFileURL(resolve(named)).href;
  try {
    return pathToFileURL(createRequire(join(import.meta.dirname, "x.js")).resolve("sencillodb")).href;
  } catch {
    return null;
  }
}

function time(us) {
  if (us === null) return "–";
  if (us >= 1e6) return `${(us / 1e6).toFixed(2)} s`;
  return us >= 1e3 ? `${(us / 1e3).toFixed(us >= 1e5 ? 0 : 1)} ms` : `${us.toFixed(us >= 100 ? 0 : 1)} µs`;
}

/** The peers of a mode. `safe`: as durable as our strict mode. */
function peersOf(config, reads, real) {
  const ours = pathToFileURL(resolve(import.meta.dirname, "../../dist/src/sencillo.js")).href;
  const plain = pathToFileURL(resolve(import.meta.dirname, "../sencillo/plain.mjs")).href;
  const relaxed = { ...config, durability: "relaxed" };
  return [
    ...(real === null ? [] : [{ name: "sencillodb", entry: real, config }]),
    ...(real === null || reads ? [] : [{ name: "synced", entry: real, config, synced: true }]),
    ...(reads ? [] : [{ name: "strict", entry: ours, config }]),
    ...(config.aof ? [{ name: "relaxed", entry: ours, config: relaxed }] : []),
    ...(config.folder || config.compression ? [] : [{ name: "plain", entry: plain, config, plain: true }]),
  ];
}

export async function run({ folder, rounds, scale, only, peers, profile, page, modes, log }) {
  const real = theirs();
  if (real === null) log("sencillodb is not installed: only our own figures");
  const sizeOf = (factor) => Math.max(60, Math.round((SIZE * scale * factor) / 60) * 60);
  const groups = [
    ...Object.entries(READ_SIZES).map(([mode, factor]) => ({
      mode,
      config: { aof: true },
      size: sizeOf(factor),
      reads: true,
    })),
    ...Object.entries(MODES).map(([mode, { config }]) => ({ mode, config, size: sizeOf(1), reads: false })),
  ].filter(({ mode }) => modes === null || modes.includes(mode));
  const readings = new Map();
  let failed = false;
  const once = ({ mode, size, reads }, peer, round) => {
    const job = {
      ...{ size, reads, milliseconds: 200, synced: false, plain: false, ...peer },
      dir: join(folder, `${mode}-${peer.name}-${round}`.replaceAll(" ", "-")),
      only: only ?? (reads ? null : [...Object.keys(TRANSACTIONS), "reopen"]),
      profile:
        profile === null || round < rounds - 1 ? null : join(profile, `${mode}-${peer.name}`.replaceAll(" ", "-")),
    };
    try {
      const worker = join(import.meta.dirname, "../sencillo/worker.mjs");
      const out = execFileSync(process.execPath, [worker, JSON.stringify(job)], {
        encoding: "utf8",
        timeout: 300_000,
        stdio: ["ignore", "pipe", "pipe"],
      });
      for (const [name, figures] of Object.entries(JSON.parse(out))) {
        const key = JSON.stringify([mode, name, peer.name]);
        readings.set(key, [...(readings.get(key) ?? []), figures]);
      }
    } catch (error) {
      failed ||= peer.name === "strict" || peer.name === "relaxed";
      log(
        `  ${mode}, ${peer.name}: ${String(error.stderr ?? error.message)
          .trim()
          .split("\n")
          .slice(0, 6)
          .join(" ")}`,
      );
    }
  };
  for (const group of groups) {
    log(`${group.mode} …`);
    for (let round = 0; round < rounds; round++) {
      for (const peer of peersOf(group.config, group.reads, real)) {
        if (peers === null || peers.includes(peer.name)) once(group, peer, round);
      }
    }
  }
  const results = groups.flatMap(({ mode, size, reads, config }) => {
    const names = new Set(
      [...readings.keys()]
        .map((key) => JSON.parse(key))
        .filter(([of]) => of === mode)
        .map(([, name]) => name),
    );
    return [...names].map((workload) => {
      const of = (peer) => {
        const found = readings.get(JSON.stringify([mode, workload, peer]));
        if (found === undefined) return null;
        return { us: median(found.map(([us]) => us)), cpu: median(found.map(([, cpu]) => cpu)) };
      };
      const [sencillodb, synced, strict, relaxed, plain] = ["sencillodb", "synced", "strict", "relaxed", "plain"].map(
        of,
      );
      const result = { mode, size, reads, workload, sencillodb, synced, strict, relaxed, plain };
      return { ...result, ...ratios(result, config) };
    });
  });
  const text = `${groups.map(({ mode }) => shown(mode, results)).join("\n\n")}\n`;
  if (page) writePage(results, rounds);
  return { result: { suite: "sencillo", rounds, results }, text, failed };
}

/** `asSafe`: no more durable than SencilloDB is where we can be that; `safe`: both as durable as our default. */
function ratios({ sencillodb, synced, strict, relaxed, plain }, config) {
  const times = (base, own) =>
    base === null || own === null ? null : { us: base.us / own.us, cpu: base.cpu / own.cpu };
  return {
    asSafe: times(sencillodb, config.aof ? relaxed : strict),
    safe: times(synced, strict),
    best: times(sencillodb, plain),
  };
}

const times = (value) => (value === null ? "–" : ratio(value));

function rowOf({ workload, sencillodb, synced, strict, relaxed, asSafe, safe, best, reads }) {
  const own = relaxed ?? strict;
  const figures = [sencillodb?.us ?? null, own?.us ?? null].map(time);
  const compared = [times(asSafe?.us ?? null), times(asSafe?.cpu ?? null), times(best?.cpu ?? null)];
  const durable = reads ? [] : [time(synced?.us ?? null), time(strict?.us ?? null), times(safe?.us ?? null)];
  const verdict = asSafe === null ? "" : asSafe.cpu >= TARGET ? "yes" : "no";
  return [workload, ...figures, ...compared, verdict, ...durable];
}

/** The verdict is by CPU time: it is what stays the same while other programs have the processor. */
const HEAD = ["operation", "SencilloDB", "tenon", "times", "times by CPU", "plain by CPU", `>= ${TARGET}`];
const DURABLE = ["SencilloDB + fsync", "tenon strict", "times"];

const headOf = (reads) => (reads ? HEAD : [...HEAD, ...DURABLE]);

function shown(mode, results) {
  const rows = results.filter((result) => result.mode === mode);
  const documents = `${rows[0]?.size} documents`;
  return `${mode}, ${documents}\n${table(headOf(rows[0]?.reads ?? false), rows.map(rowOf))}`;
}

function writePage(results, rounds) {
  const markdown = [...new Set(results.map(({ mode }) => mode))].flatMap((mode) => {
    const rows = results.filter((result) => result.mode === mode);
    const head = headOf(rows[0].reads);
    const line = (cells) => `| ${cells.join(" | ")} |`;
    const title = rows[0].reads ? "Reads" : `Mode ${mode}`;
    return [
      `**${title}, ${rows[0].size.toLocaleString("en-US")} documents**`,
      "",
      line(head),
      line(head.map(() => "---")),
      ...rows.map((row) => line(rowOf(row))),
      "",
    ];
  });
  const text = readFileSync(PAGE, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new RangeError(`docs/sencillo.md lacks the lines ${BEGIN} and ${END}`);
  const note = `${rounds === 1 ? "One round" : `Medians of ${rounds} rounds`}, Node ${process.version.slice(1)}, ${new Date().toISOString().slice(0, 10)}.`;
  writeFileSync(PAGE, `${text.slice(0, from)}${BEGIN}\n\n${note}\n\n${markdown.join("\n")}\n${text.slice(to)}`);
}
