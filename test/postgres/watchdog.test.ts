/** A process of the tests that is killed leaves no server and no files behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { embeddedPostgres, pg } from "../support/drivers.js";

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.runIf(pg !== null && embeddedPostgres)("a server of the tests", () => {
  test.each(["SIGKILL", "SIGINT"] as const)("ends when its owner is ended by %s", async (signal) => {
    const owner = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "owner.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(owner.stdout, "data")) as [Buffer];
    const { home, pid } = JSON.parse(String(line)) as { readonly home: string; readonly pid: number };
    expect(lives(pid)).toBe(true);
    owner.kill(signal);
    await once(owner, "exit");
    await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false);
    await expect.poll(() => existsSync(home), { timeout: 20_000 }).toBe(false);
  });
});
