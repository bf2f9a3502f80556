/** Power cuts after every call of random workloads on a simulated disk; see test/crash/images.ts. */
import { crash, crashCase, describe, type Tally } from "../crash/images.js";
import { objectImages } from "../crash/objects.js";
import { type CampaignResult, figureOf, finish } from "./results.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 20_000;
/** After so many cases on the simulated disk comes one on a simulated object store. */
const OBJECTS_EACH = 4;

/** Runs cases until so many images were opened; the first failure, or null. */
export async function crashImages(
  size: number,
  seed: number,
  tally: Tally,
  onProgress: () => void = () => {},
): Promise<string | null> {
  for (let number = seed; tally.images < size; number++) {
    try {
      await moving(crash(crashCase(number), tally), number, tally);
      if (number % OBJECTS_EACH === 0) await moving(objectImages(number, tally), number, tally);
    } catch (error) {
      return `${describe(error)}\n  again: npm run campaign -- crash --size 1 --seed ${number}`;
    }
    onProgress();
  }
  return null;
}

/** Far longer than any image takes on a busy machine: what never settles is a failure, too. */
const HANG_MS = 180_000;

async function moving(work: Promise<void>, seed: number, tally: Tally): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let seen = -1;
  const stuck = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const now = tally.images + tally.different + tally.faulty;
      if (now === seen) reject(new TypeError(`seed ${seed}: something never settles`));
      seen = now;
    }, HANG_MS);
  });
  try {
    await Promise.race([work, stuck]);
  } finally {
    clearInterval(timer);
  }
}

export function emptyTally(): Tally {
  return { images: 0, different: 0, second: 0, commits: 0, faults: 0, faulty: 0 };
}

export const crashCampaign: Campaign = async ({ size, seed, keep }) => {
  const started = performance.now();
  const tally = emptyTally();
  let shown = 0;
  const result = (passed: boolean): CampaignResult => ({
    campaign: "crash",
    seed,
    passed,
    seconds: (performance.now() - started) / 1000,
    figures: {
      "crash images judged": tally.images,
      "of them with different bytes, each opened": tally.different,
      "of them of a second crash": tally.second,
      "commits in the workloads": tally.commits,
      "workloads with a disk error": tally.faults,
      "recoveries with a disk error": tally.faulty,
    },
  });
  const failure = await crashImages(size ?? DEFAULT_SIZE, seed, tally, () => {
    if (performance.now() - started < shown + 20_000) return;
    shown = performance.now() - started;
    console.log(figureOf(result(true)));
  });
  if (failure !== null) console.log(failure);
  return finish(result(failure === null), keep);
};
