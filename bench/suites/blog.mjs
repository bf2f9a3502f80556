/**
 * The blog suite: eight workloads, every peer in its own process, rounds interleaved (A B C A B C …) so that a busy
 * machine disturbs all alike. Each answer is checked; ratios are of medians, to better-sqlite3 raw or to the base that another suite names.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FULL } from "../blog/data.mjs";
import { WORKLOADS } from "../blog/workloads.mjs";
import { PeerProcess } from "../lib/peer-process.mjs";
import { median, ratio, short, summary } from "../lib/stats.mjs";
import { table } from "../lib/table.mjs";

export const PEERS = ["better-sqlite3", "drizzle", "lokijs", "tenon-memory", "tenon-file-relaxed", "tenon-file-strict"];
const BASE = "better-sqlite3";

const takesPart = (peer, workload) => peer.levels.includes(workload.level) || peer.also.includes(workload.id);

async function start(names, sizes, folder, log) {
  const peers = [];
  for (const name of names) {
    log(`loading ${name} …`);
    const dir = join(folder, name.replaceAll("/", "-"));
    mkdirSync(dir, { recursive: true });
    const process = new PeerProcess(name);
    try {
      peers.push({ name, process, ...(await process.ask("setup", { peer: name, dir, sizes })), failed: null });
    } catch (error) {
      log(`  ${error.message}`);
      await process.stop();
      peers.push({ name, process, levels: [], also: [], memoryOnly: false, loadNs: null, failed: error.message });
    }
  }
  return peers;
}

/** Rounds that warm up where they are short. */
const WARM_SHORT = 4;

/**
 * `most`: milliseconds that a round of a peer may take; null: any time. The first round ends then, and shows how many operations
 * fit into each of the others.
 */
async function measure(peers, workload, { rounds, scale, profile, log, most = null }) {
  const ops = Math.max(1, Math.round(workload.ops * (workload.docs === undefined ? scale : 1)));
  const able = peers.filter((peer) => takesPart(peer, workload));
  const readings = new Map(able.map((peer) => [peer.name, { ns: [], cpuNs: [], error: null, ops }]));
  const guarded = async (peer, work) => {
    const reading = readings.get(peer.name);
    if (reading.error !== null) return;
    try {
      await work(reading);
    } catch (error) {
      reading.error = error.message;
      log(`  ${error.message}`);
    }
  };
  for (const peer of able) await guarded(peer, () => peer.process.ask("verify", { id: workload.id }));
  // Rounds before 0 warm up and are not counted; short ones do not suffice for the compiler.
  const warm = most === null ? 1 : WARM_SHORT;
  for (let round = -warm; round < rounds; round++) {
    const isFirst = round === -warm;
    for (const peer of able) {
      await guarded(peer, async (reading) => {
        const { ns, cpuNs, done } = await peer.process.ask("run", {
          id: workload.id,
          round: round + warm,
          ops: reading.ops,
          most: isFirst ? most : null,
          wake: isFirst || most === null ? 0 : Math.ceil(reading.ops / 2),
          profile: round === rounds - 1 ? profile : null,
        });
        if (isFirst) reading.ops = done;
        if (round < 0) return;
        reading.ns.push(ns);
        reading.cpuNs.push(cpuNs);
      });
    }
  }
  return Object.fromEntries(
    peers.map((peer) => {
      const reading = readings.get(peer.name);
      if (reading === undefined) return [peer.name, null];
      if (reading.error !== null) return [peer.name, { error: reading.error }];
      const rates = summary(reading.ns.map((ns) => 1e9 / ns));
      return [
        peer.name,
        {
          ...rates,
          cpuMicros: median(reading.cpuNs) / 1000,
          ops: reading.ops,
          memoryOnly: peer.memoryOnly && workload.level !== "read",
        },
      ];
    }),
  );
}

function render(result, peers, baseName) {
  const base = (id) => result.workloads[id].peers[baseName];
  const cell = (id, name) => {
    const reading = result.workloads[id].peers[name];
    if (reading === null || reading === undefined) return "n/a";
    if (reading.error !== undefined) return "ERR";
    const mark = reading.memoryOnly ? "m" : "";
    const to = base(id);
    if (name === baseName || to === null || to === undefined || to.error !== undefined)
      return `${short(reading.median)}${mark}`;
    return `${short(reading.median)}${mark} ${ratio(reading.median / to.median).padStart(6)}`;
  };
  const names = peers.map((peer) => peer.name);
  const ids = Object.keys(result.workloads);
  const rates = table(
    ["rate/s and ratio", ...names],
    ids.map((id) => [id, ...names.map((name) => cell(id, name))]),
  );
  const spread = table(
    ["p10 - p90", ...names],
    ids.map((id) => [
      id,
      ...names.map((name) => {
        const reading = result.workloads[id].peers[name];
        return reading?.p10 === undefined ? "" : `${short(reading.p10)}-${short(reading.p90)}`;
      }),
    ]),
  );
  const cpu = table(
    ["cpu µs and ratio", ...names],
    ids.map((id) => [
      id,
      ...names.map((name) => {
        const reading = result.workloads[id].peers[name];
        if (reading?.cpuMicros === undefined) return "";
        const to = base(id);
        const ours = short(reading.cpuMicros);
        return name === baseName || to?.cpuMicros === undefined
          ? ours
          : `${ours} ${ratio(to.cpuMicros / reading.cpuMicros).padStart(6)}`;
      }),
    ]),
  );
  const load = table(
    ["", ...names],
    [
      ["load, docs/s", ...names.map((name) => (result.load[name] === null ? "ERR" : short(result.load[name])))],
      ["reopen, ms", ...names.map((name) => (result.reopenMs[name] === null ? "n/a" : short(result.reopenMs[name])))],
      [
        "resident, MB",
        ...names.map((name) => (result.residentMb[name] === null ? "n/a" : short(result.residentMb[name]))),
      ],
    ],
  );
  const verdicts = result.targets.map(
    ({ title, peer, target, actual, met, wanted }) =>
      `${met ? "met    " : "NOT MET"}  ${title}: ${peer} ${actual === null ? "-" : ratio(actual)} (${wanted ?? `wanted ${target}x`})`,
  );
  return [rates, "m: acknowledged in memory only", "", cpu, "", spread, "", load, "", ...verdicts].join("\n");
}

/** The issue's targets hold for memory() and for file() as far as each keeps the level. */
function verdicts(workloads) {
  const list = [];
  for (const workload of WORKLOADS) {
    if (workload.target === null || workloads[workload.id] === undefined) continue;
    const { peers } = workloads[workload.id];
    for (const [peer, reading] of Object.entries(peers)) {
      if (!peer.startsWith("tenon") || reading === null) continue;
      const base = peers[BASE];
      const actual = reading.error === undefined && base?.median !== undefined ? reading.median / base.median : null;
      list.push({
        id: workload.id,
        title: workload.title,
        peer,
        target: workload.target,
        actual,
        met: actual !== null && actual >= workload.target,
      });
    }
  }
  return list;
}

/** `base`: the peer to which ratios are. `judge`: which targets there are, and which are met. */
export async function run(options) {
  const { folder, rounds, scale, only, peers: wanted, profile, log, base = BASE, judge = verdicts, most } = options;
  const sizes = Object.fromEntries(
    Object.entries(FULL).map(([name, count]) => [name, Math.max(200, Math.round(count * scale))]),
  );
  const names = wanted ?? PEERS;
  rmSync(folder, { recursive: true, force: true });
  const peers = await start(names, sizes, folder, log);
  try {
    const workloads = {};
    for (const workload of WORKLOADS) {
      if (only !== null && !only.includes(workload.id)) continue;
      log(`${workload.title} …`);
      workloads[workload.id] = {
        title: workload.title,
        target: workload.target,
        peers: await measure(peers, workload, { rounds, scale, profile, log, most }),
      };
    }
    const ask = async (command, pickFrom) => {
      const found = {};
      for (const peer of peers) {
        const answer =
          peer.failed === null ? await peer.process.ask(command).catch((error) => log(error.message)) : null;
        found[peer.name] = answer ? pickFrom(answer) : null;
      }
      return found;
    };
    const residentMb = await ask("memory", ({ rss }) => rss / 2 ** 20);
    const reopenMs = await ask("reopen", ({ ns }) => ns / 1e6);
    const load = Object.fromEntries(
      peers.map(({ name, docs, loadNs }) => [name, loadNs === null ? null : docs / (loadNs / 1e9)]),
    );
    const result = {
      suite: options.suite ?? "blog",
      base,
      sizes,
      rounds,
      node: process.version,
      load,
      residentMb,
      reopenMs,
      workloads,
      targets: judge(workloads),
    };
    const failed =
      peers.some((peer) => peer.failed !== null) ||
      Object.values(workloads).some((w) => Object.values(w.peers).some((r) => r?.error !== undefined));
    return { result, text: render(result, peers, base), failed };
  } finally {
    for (const peer of peers) await peer.process.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
