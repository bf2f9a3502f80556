/** Damaged files of small databases of every storage; see test/crash/fuzz.ts. */
import { emptyFuzzTally, fuzzFiles } from "../crash/fuzz.js";
import { type CampaignResult, figureOf, finish } from "./results.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 5000;

export const fuzzCampaign: Campaign = async ({ size, seed, keep }) => {
  const started = performance.now();
  const tally = emptyFuzzTally();
  let shown = 0;
  const result = (passed: boolean): CampaignResult => ({
    campaign: "fuzz",
    seed,
    passed,
    seconds: (performance.now() - started) / 1000,
    figures: {
      "damaged files": tally.files,
      "opened with exactly the data": tally.exact,
      "reported as damaged": tally.reported,
      "of them with the offset": tally.offsets,
      "journals that ended early like after a power cut": tally.early,
      "verified and repaired, too": tally.repaired,
    },
  });
  const failure = await fuzzFiles(size ?? DEFAULT_SIZE, seed, tally, () => {
    if (performance.now() - started < shown + 20_000) return;
    shown = performance.now() - started;
    console.log(figureOf(result(true)));
  });
  if (failure !== null) console.log(failure);
  return finish(result(failure === null), keep);
};
