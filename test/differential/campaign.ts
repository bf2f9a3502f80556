/**
 * The differential campaign: cases by seed, each run once on the reference and on every target that is due, compared, shrunk.
 * Several cases run at once, so that a process computes while a server answers; which seeds run follows from the options alone.
 */
import { readFileSync } from "node:fs";
import { withoutIndexes } from "../support/schema.js";
import { has, type Target } from "../support/target.js";
import { REFERENCE, TARGETS } from "../targets.js";
import { fitKey, fitTo } from "./fit.js";
import { type Case, type CaseOptions, QUERIES_PER_CASE, QUERY_STEPS, randomCase } from "./generate-script.js";
import { printCase } from "./print.js";
import { type Difference, firstDifference, type Outcome, type RunOptions, runCase } from "./run.js";
import { CALLS, runCalls } from "./run-calls.js";
import { shrink } from "./shrink.js";
import { addTo, emptyTally, type Tally } from "./tally.js";
import { inItsTurn } from "./turns.js";

export function targetNamed(name: string): Target {
  const found = [REFERENCE, ...TARGETS].find((target) => target.name === name);
  if (found === undefined) throw new RangeError(`No target is named ${name}`);
  return found;
}

async function outcomesOn(target: Target, subject: Case, change?: RunOptions["change"]): Promise<readonly Outcome[]> {
  return inItsTurn(target, async () => {
    const place = await target.place();
    try {
      return await runCase(place, subject, {
        reopens: target.capabilities.reopens,
        ...(change === undefined ? {} : { change }),
      });
    } finally {
      await place.dispose();
    }
  });
}

/** The first difference between a target and the reference, or null. */
export async function compareOn(
  target: Target,
  given: Case,
  change?: RunOptions["change"],
): Promise<Difference | null> {
  const subject = fitTo(target, given);
  return firstDifference(
    await outcomesOn(REFERENCE, subject),
    await outcomesOn(target, subject, change),
    has(target, "keyOrder"),
  );
}

/** The reference itself must not fall over: then the case means nothing. */
function sound(difference: Difference): boolean {
  const { expected } = difference;
  return !(expected !== undefined && "error" in expected && expected.error.name === "not a TenonError");
}

/** The kind of a difference: which error, or a value, on either side. */
function signature(difference: Difference | null): string {
  const kind = (outcome: Outcome | undefined) =>
    outcome === undefined ? "nothing" : "error" in outcome ? outcome.error.code : "value";
  return `${kind(difference?.expected)} / ${kind(difference?.actual)}`;
}

export interface Failure {
  readonly seed: number;
  readonly target: string;
  /** Runnable code of the shrunken case. */
  readonly script: string;
  readonly steps: number;
}

export interface CampaignOptions {
  readonly seed: number;
  /** So many generated queries, rounded up to whole cases. */
  readonly size: number;
  readonly targets: readonly Target[];
  /** After every n-th case, a script of calls through a client; default: none. */
  readonly callsEvery?: number;
  /** Stop after the case at hand. */
  readonly enough?: () => boolean;
  /** Slow targets take part in every n-th case only; default 1: always. */
  readonly every?: (target: Target) => number;
  readonly queriesPerCase?: number;
  /** The wide generator: hostile names, rare types, changes at nested paths, swapped unique values. */
  readonly wide?: boolean;
  /** So many cases at once; default 1. */
  readonly lanes?: number;
  /** Runs one case; default: in this process. */
  readonly run?: (seed: number) => Promise<CaseResult>;
  readonly onProgress?: (tally: Tally) => void;
}

/** What one seed gave: a part of the tally, and the failure that ends the campaign. */
export interface CaseResult {
  readonly tally: Tally;
  readonly failure: Failure | null;
}

async function failureOf(target: Target, subject: Case, change?: RunOptions["change"]): Promise<Failure> {
  const shown = signature(await compareOn(target, subject, change));
  const fails = async (candidate: Case): Promise<boolean> => {
    const difference = await compareOn(target, candidate, change).catch(() => null);
    // A case that fails in another way shows something else: what its steps name may be gone.
    return difference !== null && sound(difference) && signature(difference) === shown;
  };
  const small = await shrink(subject, fails);
  const difference = (await compareOn(target, small, change)) ?? (await compareOn(target, subject, change));
  const script =
    difference === null
      ? "// the failure did not show again"
      : printCase(fitTo(target, small), target.name, difference);
  return { seed: subject.seed, target: target.name, script, steps: small.steps.length };
}

/** Runs one seed on the targets; null when all agree. */
export async function runSeed(
  seed: number,
  targets: readonly Target[],
  tally?: Tally,
  options: CaseOptions = {},
): Promise<Failure | null> {
  const subject = randomCase(seed, options);
  const expected = await outcomesOn(REFERENCE, subject);
  if (tally !== undefined) count(tally, subject, expected, targets);
  // Targets that lack the same get the same case, so the reference answers it once.
  const fitted = new Map<string, { readonly fitting: Case; readonly answers: readonly Outcome[] }>();
  const fittedTo = async (target: Target) => {
    const lacks = fitKey(target);
    const known = fitted.get(lacks);
    if (known !== undefined) return known;
    const fitting = fitTo(target, subject);
    const made = { fitting, answers: fitting === subject ? expected : await outcomesOn(REFERENCE, fitting) };
    fitted.set(lacks, made);
    return made;
  };
  for (const target of targets) {
    const { fitting, answers } = await fittedTo(target);
    const ordered = has(target, "keyOrder");
    if (firstDifference(answers, await outcomesOn(target, fitting), ordered) !== null)
      return failureOf(target, subject);
    // Metamorphic: dropping the indexes changes no answer.
    if (seed % 4 !== 0) continue;
    const bare = await outcomesOn(target, fitting, withoutIndexes);
    if (firstDifference(answers, bare, ordered) !== null) return failureOf(target, subject, withoutIndexes);
  }
  return null;
}

function count(tally: Tally, subject: Case, outcomes: readonly Outcome[], targets: readonly Target[]): void {
  tally.cases++;
  for (const [at, step] of subject.steps.entries()) {
    const outcome = outcomes[at]!;
    if (QUERY_STEPS.has(step.do)) {
      tally.queries++;
      tally.compared += targets.length;
      for (const { name } of targets) tally.by[name] = (tally.by[name] ?? 0) + 1;
      if ("value" in outcome && outcome.value !== 0 && !(Array.isArray(outcome.value) && outcome.value.length === 0))
        tally.found++;
    } else if (step.do === "write") {
      tally.writes++;
      if ("error" in outcome) tally.refused++;
    }
  }
}

/** Seeds of calls are multiples of it, as they were when several scripts followed a case. */
const CALL_SEEDS = 16;

/** The case of a seed with its calls, counted, on the targets that are due. */
export async function runOne(
  seed: number,
  options: Pick<CampaignOptions, "targets" | "every" | "queriesPerCase" | "wide" | "callsEvery">,
): Promise<CaseResult> {
  const tally = emptyTally();
  const due = options.targets.filter((target) => seed % (options.every?.(target) ?? 1) === 0);
  const failure = await runSeed(seed, due, tally, { queries: options.queriesPerCase, wide: options.wide });
  if (failure !== null) return { tally, failure };
  if (options.callsEvery === undefined || seed % options.callsEvery !== 0) return { tally, failure: null };
  const own = seed * CALL_SEEDS;
  const difference = await runCalls(own, due);
  if (difference !== null) return { tally, failure: { seed: own, ...difference } };
  tally.calls += CALLS;
  return { tally, failure: null };
}

/** Seeds are handed out in order; of several failures the one of the smallest seed counts. */
export async function differential(options: CampaignOptions): Promise<CaseResult> {
  const tally = emptyTally();
  const run = options.run ?? ((seed: number) => runOne(seed, options));
  const end = options.seed + Math.ceil(options.size / (options.queriesPerCase ?? QUERIES_PER_CASE));
  let next = options.seed;
  let failed: { readonly at: number; readonly failure: Failure } | null = null;
  let stopped = false;
  const lane = async (): Promise<void> => {
    while (!stopped && next < end) {
      const seed = next++;
      const result = await run(seed).catch((error: unknown) => {
        throw new Error(`seed ${seed} ended the campaign`, { cause: error });
      });
      addTo(tally, result.tally);
      if (result.failure !== null && (failed === null || seed < failed.at))
        failed = { at: seed, failure: result.failure };
      if (tally.cases % 10 === 0) options.onProgress?.(tally);
      stopped ||= result.failure !== null || options.enough?.() === true;
    }
  };
  await Promise.all(Array.from({ length: options.lanes ?? 1 }, lane));
  return { tally, failure: (failed as { readonly failure: Failure } | null)?.failure ?? null };
}

interface Regression {
  readonly seed: number;
  readonly found: string;
}

/** Seeds that once failed; replayed before anything else. */
export function regressions(): readonly Regression[] {
  const file = new URL("./regressions.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as readonly Regression[];
}
