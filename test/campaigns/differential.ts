/** Random schemas, data, queries and writes on every target against the reference interpreter. */
import { type CampaignOptions, differential, regressions, runSeed, type Tally } from "../differential/campaign.js";
import type { Target } from "../support/target.js";
import { REFERENCE, TARGETS } from "../targets.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 100_000;
export const COMPARED: readonly Target[] = TARGETS.filter((target) => target !== REFERENCE);

/** Targets that wait for a disk take part in every 24th case. */
export function rarelyOnDisk(target: Target): number {
  return target.capabilities.reopens ? 24 : 1;
}

function figure(tally: Tally, seconds: number): string {
  const { cases, queries, found, writes, refused, compared } = tally;
  const rate = Math.round(queries / Math.max(seconds, 0.001));
  return `${queries} queries (${found} found rows) and ${writes} writes (${refused} refused) in ${cases} databases, ${compared} answers compared, ${seconds.toFixed(1)} s, ${rate} queries/s`;
}

export const differentialCampaign: Campaign = async ({ size, seed }) => {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let shown = 0;
  for (const { seed: known, found } of regressions()) {
    const again = await runSeed(known, COMPARED);
    if (again !== null) {
      console.log(`${again.script}\n${found}\n0 queries: seed ${known} fails again`);
      return false;
    }
  }
  const options: CampaignOptions = {
    seed,
    size: size ?? DEFAULT_SIZE,
    targets: COMPARED,
    every: rarelyOnDisk,
    onProgress: (tally) => {
      if (seconds() - shown < 10) return;
      shown = seconds();
      console.log(figure(tally, seconds()));
    },
  };
  const { tally, failure } = await differential(options);
  if (failure !== null) {
    console.log(failure.script);
    console.log(`seed ${failure.seed} differs on ${failure.target}; add it to test/differential/regressions.json`);
  }
  console.log(`${figure(tally, seconds())}: ${failure === null ? "no difference" : "1 difference"}`);
  return failure === null;
};
