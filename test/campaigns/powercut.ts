/** Power cuts on a real file system, and `kill -9`; see test/crash/powercut.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleChild } from "../crash/children.js";
import { kills, powercuts, type RoundsTally, whyNoMount } from "../crash/powercut.js";
import { type CampaignResult, figureOf, finish } from "./results.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 20;

export const powercutCampaign: Campaign = async ({ size, seed, keep }) => {
  const started = performance.now();
  const rounds = size ?? DEFAULT_SIZE;
  const cuts: RoundsTally = { rounds: 0, commits: 0 };
  const killed: RoundsTally = { rounds: 0, commits: 0 };
  const skipped = [whyNoMount()].filter((why) => why !== null);
  let shown = 0;
  const result = (passed: boolean): CampaignResult => ({
    campaign: "powercut",
    seed,
    passed,
    seconds: (performance.now() - started) / 1000,
    figures: {
      "power cuts on ext4": cuts.rounds,
      "commits acknowledged there": cuts.commits,
      "times kill -9": killed.rounds,
      "commits acknowledged then": killed.commits,
    },
    skipped,
  });
  const progress = () => {
    if (performance.now() - started < shown + 20_000) return;
    shown = performance.now() - started;
    console.log(figureOf(result(true)));
  };
  using bundle = await bundleChild();
  const folder = mkdtempSync(join(tmpdir(), "tenon-kill-"));
  try {
    const failure =
      (skipped.length > 0 ? null : await powercuts(rounds, seed, bundle, cuts, progress)) ??
      (await kills(rounds, seed, bundle, folder, killed, progress));
    if (failure !== null) console.log(failure);
    return finish(result(failure === null), keep);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
