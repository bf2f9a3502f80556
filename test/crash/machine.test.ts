/** Campaigns that need the machine itself: processes, signals, mounting, strace. What is not allowed here is skipped, loudly. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bundle, bundleChild } from "./children.js";
import { kills, powercuts, whyNoMount } from "./powercut.js";
import { contention } from "./processes.js";
import { IN_FILES } from "./storages.js";
import { fullDisk, syscalls, whyNoStrace } from "./syscalls.js";

const LONG = { timeout: 300_000 };
const noMount = process.platform === "linux" ? whyNoMount() : "this is not Linux";
const noStrace = process.platform === "linux" ? whyNoStrace() : "this is not Linux";
if (noMount !== null) console.warn(`SKIPPED: power cuts on ext4 and full disks; ${noMount}`);
if (noStrace !== null) console.warn(`SKIPPED: failing system calls; ${noStrace}`);

let bundle: Bundle;
let folder: string;
beforeAll(async () => {
  bundle = await bundleChild();
  folder = mkdtempSync(join(tmpdir(), "tenon-machine-"));
});
afterAll(() => {
  bundle[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(noMount !== null)("20 power cuts on ext4 lose nothing that was acknowledged", LONG, async () => {
  const tally = { rounds: 0, commits: 0 };
  expect(await powercuts(20, 1, bundle, tally)).toBeNull();
  expect(tally).toMatchObject({ rounds: 20 });
});

test.skipIf(process.platform !== "linux")("20 times kill -9 lose nothing that was acknowledged", LONG, async () => {
  const tally = { rounds: 0, commits: 0 };
  expect(await kills(20, 1, bundle, folder, tally)).toBeNull();
  expect(tally).toMatchObject({ rounds: 20 });
});

test.skipIf(process.platform !== "linux")("20 rounds of processes that fight for one database", LONG, async () => {
  const tally = { opened: 0, killed: 0, locked: 0, reads: 0, commits: 0 };
  expect(await contention(20, 1, bundle, mkdtempSync(join(folder, "fight-")), tally)).toBeNull();
  expect(tally.opened).toBeGreaterThanOrEqual(20);
});

test.skipIf(noStrace !== null)(
  "failing system calls: typed errors, nothing lost, nothing acknowledged behind them",
  LONG,
  async () => {
    const tally = { faults: 0, felt: 0, full: 0 };
    expect(await syscalls(40, bundle, folder, tally)).toBeNull();
    expect(tally.felt).toBeGreaterThan(5);
  },
);

test.skipIf(noMount !== null)(
  "full disks: typed errors, nothing lost, writing goes on once there is room",
  LONG,
  async () => {
    const tally = { faults: 0, felt: 0, full: 0 };
    for (const storage of IN_FILES.filter((each) => each.lost === "never")) {
      for (const room of [0, 8]) expect(await fullDisk(storage, room, folder, tally), storage.name).toBeNull();
    }
  },
);
