/** Processes that fight for one database; see test/crash/processes.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleChild } from "../crash/children.js";
import { type ContentionTally, contention } from "../crash/processes.js";
import { type CampaignResult, figureOf, finish } from "./results.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 20;

export const processesCampaign: Campaign = async ({ size, seed, keep }) => {
  const started = performance.now();
  const tally: ContentionTally = { opened: 0, killed: 0, locked: 0, reads: 0, commits: 0 };
  const result = (passed: boolean): CampaignResult => ({
    campaign: "processes",
    seed,
    passed,
    seconds: (performance.now() - started) / 1000,
    figures: {
      "times a process got the database": tally.opened,
      "of them ended by SIGKILL": tally.killed,
      "times LockedError": tally.locked,
      "readers beside them": tally.reads,
      "commits acknowledged": tally.commits,
    },
  });
  using bundle = await bundleChild();
  const folder = mkdtempSync(join(tmpdir(), "tenon-fight-"));
  try {
    const failure = await contention(size ?? DEFAULT_SIZE, seed, bundle, folder, tally, () =>
      console.log(figureOf(result(true))),
    );
    if (failure !== null) console.log(failure);
    return finish(result(failure === null), keep);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
