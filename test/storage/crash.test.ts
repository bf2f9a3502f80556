/**
 * Power cuts on the simulated disk: after every call of a workload, with several damages each, the database opens and holds a
 * prefix of the commits with every acknowledged one. `TENON_CRASH_SIZE` multiplies the damages and the errors tried.
 */
import { describe, expect, test } from "vitest";
import { TenonError } from "../../src/base/errors.js";
import type { FileOptions } from "../../src/storage/file/file.js";
import { diskWith, run, stopAt, verify, type Workload } from "./crash-harness.js";

const SIZE = Number(process.env.TENON_CRASH_SIZE ?? 1);
const DAMAGES = Math.ceil(1 * SIZE);

const workloads: [string, Workload][] = (
  [
    ["strict", {}],
    ["strict, frequent checkpoints", { checkpointBytes: 1000 }],
    ["checkpoint: commit", { checkpoint: "commit" }],
    ["compression", { compression: true, checkpointBytes: 1000 }],
    ["relaxed", { durability: "relaxed", checkpointBytes: 2000, syncIntervalMs: 1 }],
  ] as [string, FileOptions][]
).flatMap(([name, options]): [string, Workload][] => {
  const commits = options.compression ? 5 : 9;
  return [
    [name, { options, commits, together: 1 }],
    [`${name}, three at once`, { options, commits, together: 3 }],
  ];
});

async function callsOf(workload: Workload): Promise<number> {
  const disk = diskWith(() => null);
  const outcome = await run(disk, workload);
  expect(outcome).toMatchObject({ acknowledged: workload.commits, failure: undefined });
  return disk.calls;
}

describe.each(workloads)("%s", (name, workload) => {
  const lossy = workload.options.durability === "relaxed";

  test("a power cut after any call loses nothing that was acknowledged", async () => {
    const calls = await callsOf(workload);
    for (let n = 1; n <= calls + 1; n++) {
      const disk = diskWith(stopAt(n));
      const { acknowledged, attempted } = await run(disk, workload);
      for (let damage = 0; damage <= DAMAGES; damage++) {
        const seed = damage === 0 ? null : n * 1000 + damage;
        const where = `${name}: stopped at call ${n}, seed ${seed}`;
        const found = await verify(disk.crash(seed), workload.options).catch((error: unknown) => {
          throw new TypeError(`${where}: ${error}`, { cause: error });
        });
        expect(found, where).toBeLessThanOrEqual(attempted);
        // Killing the process loses nothing that the operating system has; a power cut may, when relaxed.
        if (!lossy || seed === null) expect(found, where).toBeGreaterThanOrEqual(acknowledged);
      }
    }
  });

  test("a second power cut, inside recovery, loses nothing either", async () => {
    const calls = await callsOf(workload);
    for (let n = 3; n <= calls; n += Math.max(1, Math.floor(calls / (5 * SIZE)))) {
      const disk = diskWith(stopAt(n));
      const { acknowledged } = await run(disk, workload);
      const whole = disk.crash(n);
      const before = lossy ? 0 : acknowledged;
      for (let m = 1; ; m += SIZE > 1 ? 1 : 3) {
        const recovering = disk.crash(n, { fault: stopAt(m) });
        const first = await verify(recovering, workload.options).catch(() => null);
        if (first !== null) break;
        const found = await verify(recovering.crash(m), workload.options);
        expect(found, `${name}: stopped at call ${n}, again at ${m}`).toBeGreaterThanOrEqual(before);
      }
      await verify(whole, workload.options);
    }
  });

  test.each(["EIO", "ENOSPC", "SHORT"])("%s at any call: a typed error, nothing acknowledged is lost", async (code) => {
    const calls = await callsOf(workload);
    for (let n = 1; n <= calls; n++) {
      const disk = diskWith((call) => (call.number === n ? code : null));
      const { acknowledged, attempted, failure, afterFailure } = await run(disk, workload);
      const where = `${name}: ${code} at call ${n}`;
      if (failure !== undefined) {
        expect(failure, where).toBeInstanceOf(TenonError);
        expect((failure as TenonError).code, where).toMatch(/^STORAGE\./);
      }
      expect(afterFailure, where).toBe(0);
      for (const seed of [null, n]) {
        const found = await verify(disk.crash(seed), workload.options);
        expect(found, where).toBeLessThanOrEqual(attempted);
        if (!lossy || seed === null) expect(found, where).toBeGreaterThanOrEqual(acknowledged);
      }
    }
  });
});
