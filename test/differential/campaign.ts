/** The differential campaign: cases by seed, each run once on the reference and on every target that is due, compared, shrunk. */
import { readFileSync } from "node:fs";
import { withoutIndexes } from "../support/schema.js";
import { has, type Target } from "../support/target.js";
import { REFERENCE, TARGETS } from "../targets.js";
import { fitTo } from "./fit.js";
import { type Case, type CaseOptions, QUERY_STEPS, randomCase } from "./generate-script.js";
import { printCase } from "./print.js";
import { type Difference, firstDifference, type Outcome, type RunOptions, runCase } from "./run.js";
import { CALLS, runCalls } from "./run-calls.js";
import { shrink } from "./shrink.js";

export function targetNamed(name: string): Target {
  const found = [REFERENCE, ...TARGETS].find((target) => target.name === name);
  if (found === undefined) throw new RangeError(`No target is named ${name}`);
  return found;
}

async function outcomesOn(target: Target, subject: Case, change?: RunOptions["change"]): Promise<readonly Outcome[]> {
  const place = await target.place();
  try {
    return await runCase(place, subject, {
      reopens: target.capabilities.reopens,
      ...(change === undefined ? {} : { change }),
    });
  } finally {
    await place.dispose();
  }
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

export interface Tally {
  cases: number;
  /** Queries generated, each counted once however many targets answered it. */
  queries: number;
  writes: number;
  /** Writes that the reference refused with an error. */
  refused: number;
  /** Queries that found something. */
  found: number;
  /** Query answers compared, over all targets. */
  compared: number;
  /** Calls through a client, nested writes among them, each counted once. */
  calls: number;
  /** Answers to queries by target. */
  readonly by: Map<string, number>;
}

export interface CampaignOptions {
  readonly seed: number;
  /** Stop after so many generated queries. */
  readonly size: number;
  readonly targets: readonly Target[];
  /** After each case, so many scripts of calls through a client; at most 16. */
  readonly callCases?: number;
  /** Stop after the case at hand. */
  readonly enough?: () => boolean;
  /** Slow targets take part in every n-th case only; default 1: always. */
  readonly every?: (target: Target) => number;
  readonly queriesPerCase?: number;
  /** The wide generator: hostile names, rare types, changes at nested paths, swapped unique values. */
  readonly wide?: boolean;
  readonly onProgress?: (tally: Tally) => void;
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
  for (const target of targets) {
    const fitting = fitTo(target, subject);
    const answers = fitting === subject ? expected : await outcomesOn(REFERENCE, fitting);
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
      for (const { name } of targets) tally.by.set(name, (tally.by.get(name) ?? 0) + 1);
      if ("value" in outcome && outcome.value !== 0 && !(Array.isArray(outcome.value) && outcome.value.length === 0))
        tally.found++;
    } else if (step.do === "write") {
      tally.writes++;
      if ("error" in outcome) tally.refused++;
    }
  }
}

export async function differential(
  options: CampaignOptions,
): Promise<{ readonly tally: Tally; readonly failure: Failure | null }> {
  const tally: Tally = { cases: 0, queries: 0, writes: 0, refused: 0, found: 0, compared: 0, calls: 0, by: new Map() };
  for (let seed = options.seed; tally.queries < options.size; seed++) {
    const due = options.targets.filter((target) => seed % (options.every?.(target) ?? 1) === 0);
    const failure = await runSeed(seed, due, tally, { queries: options.queriesPerCase, wide: options.wide });
    if (failure !== null) return { tally, failure };
    for (let part = 0; part < (options.callCases ?? 0); part++) {
      const own = seed * 16 + part;
      const difference = await runCalls(own, due);
      if (difference !== null) return { tally, failure: { seed: own, ...difference } };
      tally.calls += CALLS;
    }
    if (tally.cases % 10 === 0) options.onProgress?.(tally);
    if (options.enough?.() === true) break;
  }
  return { tally, failure: null };
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
