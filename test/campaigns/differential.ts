/**
 * Random schemas, data, queries and writes on every target against the reference interpreter. Seeds are shared out among
 * `--workers` processes, each with some cases at once; what runs follows from seed, size and engines alone.
 */
import { type CampaignOptions, type CaseResult, differential, regressions, runSeed } from "../differential/campaign.js";
import type { Tally } from "../differential/tally.js";
import type { Target } from "../support/target.js";
import { EMBEDDED_TARGETS, REFERENCE, TARGETS } from "../targets.js";
import { startWorkers } from "./differential-workers.js";
import { finish } from "./results.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 100_000;
/** Cases at once in each process: it computes while a server answers the others. */
const LANES = 4;
export const COMPARED: readonly Target[] = EMBEDDED_TARGETS.filter((target) => target !== REFERENCE);

/** Targets whose name is, or begins with, one of the names: `--engines sqlite,postgres`. */
function targetsOf(engines: readonly string[] | null): readonly Target[] {
  if (engines === null) return COMPARED;
  const chosen = TARGETS.filter((target) => engines.some((name) => target.name.startsWith(name.trim())));
  if (chosen.length === 0)
    throw new RangeError(
      `no engine is named ${engines.join(", ")}; there is: ${TARGETS.map((t) => t.name).join("; ")}`,
    );
  return chosen;
}

/** Targets that wait for a disk take part in every 24th case. */
export function rarelyOnDisk(target: Target): number {
  return target.capabilities.reopens ? 24 : 1;
}

/** Of each engine that was asked for, one target takes part in every case; its other storages and modes, and the slow PGlite, seldom. */
const SELDOM = 48;
const ALWAYS = new Set(["embedded, memory", "sqlite relaxed", "sqlite, node:sqlite", "postgres"]);
function rarelyTwice(targets: readonly Target[]): (target: Target) => number {
  if (targets.every(({ name }) => !ALWAYS.has(name))) return () => 1;
  return ({ name }) => (ALWAYS.has(name) ? 1 : SELDOM);
}

/** Queries by engine, where more than one target took part. */
function compareds({ by }: Tally): Readonly<Record<string, number>> {
  const all = Object.entries(by);
  const engines = all.filter(([name]) => ALWAYS.has(name) || name === "pglite");
  return all.length < 2 ? {} : Object.fromEntries(engines.map(([name, count]) => [`on ${name}`, count]));
}

function figure(tally: Tally, seconds: number): string {
  const { cases, queries, found, writes, refused, compared } = tally;
  const rate = Math.round(queries / Math.max(seconds, 0.001));
  return `${queries} queries (${found} found rows) and ${writes} writes (${refused} refused) in ${cases} databases, ${compared} answers compared, ${seconds.toFixed(1)} s, ${rate} queries/s`;
}

/** Of one result each: `differential-sqlite-postgres`. */
function nameOf(engines: readonly string[] | null): string {
  const known = new Set(["embedded", "sqlite", "postgres", "pglite"]);
  const firsts = (engines ?? []).map((name) => /^\w*/.exec(name.trim())![0]).filter((name) => known.has(name));
  return ["differential", ...new Set(firsts)].join("-");
}

/** What a case is, the same in every process. */
export function planOf(
  engines: readonly string[] | null,
): Pick<CampaignOptions, "targets" | "every" | "queriesPerCase" | "wide" | "callsEvery"> {
  const targets = targetsOf(engines);
  const plan = { targets, wide: true };
  return engines === null
    ? { ...plan, every: rarelyOnDisk, callsEvery: 1 }
    : { ...plan, every: rarelyTwice(targets), queriesPerCase: 400, callsEvery: 2 };
}

export const differentialCampaign: Campaign = async ({ size, seed, engines, keep, minutes, workers }) => {
  // Refused writes are half of the work; nobody reads the lines of their stacks.
  process.setSourceMapsEnabled(false);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const plan = planOf(engines);
  let shown = 0;
  for (const { seed: known, found } of regressions()) {
    const again = await runSeed(known, plan.targets);
    if (again !== null) {
      console.log(`${again.script}\n${found}\n0 queries: seed ${known} fails again`);
      return false;
    }
  }
  const options: CampaignOptions = {
    ...plan,
    seed,
    size: size ?? DEFAULT_SIZE,
    lanes: LANES * workers,
    enough: () => minutes !== null && seconds() > minutes * 60,
    onProgress: (tally) => {
      if (seconds() - shown < 30) return;
      shown = seconds();
      console.log(figure(tally, seconds()));
    },
  };
  const { tally, failure } = await withWorkers(workers, engines, options);
  if (failure !== null) {
    console.log(failure.script);
    console.log(`seed ${failure.seed} differs on ${failure.target}; add it to test/differential/regressions.json`);
  }
  const { cases, queries, calls, writes, refused, found, compared } = tally;
  return finish(
    {
      campaign: nameOf(engines),
      seed,
      passed: failure === null,
      seconds: seconds(),
      figures: {
        queries,
        "found rows": found,
        "calls through a client": calls,
        writes,
        "writes refused": refused,
        databases: cases,
        "answers compared": compared,
        ...compareds(tally),
      },
    },
    keep,
  );
};

async function withWorkers(
  count: number,
  engines: readonly string[] | null,
  options: CampaignOptions,
): Promise<CaseResult> {
  if (count < 2) return differential(options);
  const workers = startWorkers(count, engines);
  try {
    return await differential({ ...options, run: (seed) => workers.run(seed) });
  } finally {
    workers.stop();
  }
}
