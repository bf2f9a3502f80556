/** Histories of concurrent transactions under a scheduler, judged for strict serializability; see test/crash/isolation. */
import { check } from "../crash/isolation/checker.js";
import { historyOf } from "../crash/isolation/run.js";
import { type CampaignResult, figureOf, finish } from "./results.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 2000;
const PER_HISTORY = 24;

export interface IsolationTally {
  histories: number;
  transactions: number;
  committed: number;
  operations: number;
}

/** Runs histories until so many transactions were made; the first anomaly, or null. */
export async function isolation(
  size: number,
  seed: number,
  tally: IsolationTally,
  onProgress: () => void = () => {},
): Promise<string | null> {
  for (let number = seed; tally.transactions < size; number++) {
    const { storage, done } = await historyOf(number, PER_HISTORY);
    const anomalies = check(done);
    tally.histories++;
    tally.transactions += done.length;
    tally.committed += done.filter(({ outcome }) => outcome === "committed").length;
    tally.operations += done.reduce((sum, { ops }) => sum + ops.length, 0);
    if (anomalies.length > 0) {
      const found = anomalies.map(({ name, what }) => `  ${name}: ${what}`).join("\n");
      return `seed ${number}, ${storage}:\n${found}\n${done.map((each) => JSON.stringify(each)).join("\n")}`;
    }
    onProgress();
  }
  return null;
}

export function emptyIsolationTally(): IsolationTally {
  return { histories: 0, transactions: 0, committed: 0, operations: 0 };
}

export const isolationCampaign: Campaign = async ({ size, seed, keep }) => {
  const started = performance.now();
  const tally = emptyIsolationTally();
  let shown = 0;
  const result = (passed: boolean): CampaignResult => ({
    campaign: "isolation",
    seed,
    passed,
    seconds: (performance.now() - started) / 1000,
    figures: {
      "histories judged": tally.histories,
      transactions: tally.transactions,
      "of them committed": tally.committed,
      "reads and appends": tally.operations,
    },
  });
  const failure = await isolation(size ?? DEFAULT_SIZE, seed, tally, () => {
    if (performance.now() - started < shown + 20_000) return;
    shown = performance.now() - started;
    console.log(figureOf(result(true)));
  });
  if (failure !== null) console.log(failure);
  return finish(result(failure === null), keep);
};
