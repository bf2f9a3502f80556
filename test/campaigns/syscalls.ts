/** Failing system calls and full disks; see test/crash/syscalls.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleChild } from "../crash/children.js";
import { whyNoMount } from "../crash/powercut.js";
import { IN_FILES } from "../crash/storages.js";
import { fullDisk, type SyscallTally, syscalls, whyNoStrace } from "../crash/syscalls.js";
import { type CampaignResult, figureOf, finish } from "./results.js";
import type { Campaign } from "./run.js";

const DEFAULT_SIZE = 60;
const ROOM_KB = [0, 4, 8, 16];

export const syscallsCampaign: Campaign = async ({ size, seed, keep }) => {
  const started = performance.now();
  const tally: SyscallTally = { faults: 0, felt: 0, full: 0 };
  const noStrace = whyNoStrace();
  const noMount = whyNoMount();
  const skipped = [noStrace, noMount].filter((why) => why !== null);
  let shown = 0;
  const result = (passed: boolean): CampaignResult => ({
    campaign: "syscalls",
    seed,
    passed,
    seconds: (performance.now() - started) / 1000,
    figures: {
      "runs with a failing system call": tally.faults,
      "of them the caller saw an error in": tally.felt,
      "file systems filled up": tally.full,
    },
    skipped,
  });
  using bundle = await bundleChild();
  const folder = mkdtempSync(join(tmpdir(), "tenon-syscalls-"));
  try {
    let failure: string | null = null;
    if (noMount === null) {
      for (const storage of IN_FILES.filter((each) => each.lost !== "with the process"))
        for (const kilobytes of ROOM_KB) failure ??= await fullDisk(storage, kilobytes, folder, tally);
    }
    if (noStrace === null) {
      failure ??= await syscalls(size ?? DEFAULT_SIZE, bundle, folder, tally, () => {
        if (performance.now() - started < shown + 20_000) return;
        shown = performance.now() - started;
        console.log(figureOf(result(true)));
      });
    }
    if (failure !== null) console.log(failure);
    return finish(result(failure === null), keep);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
