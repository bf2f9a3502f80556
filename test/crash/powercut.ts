/**
 * Power cuts on a real ext4 in a loop image: a process writes and prints what is acknowledged; at a random moment it is
 * stopped and the image copied, as it is at one moment: what the copy holds is what had reached the disk. The copy is mounted (the file system
 * recovers), the database opened, verified and written to. Now and then the process is killed and another one goes on with
 * the copy. Needs root and a loop device.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { embedded } from "../../src/engine/embedded/engine.js";
import { Random } from "../differential/random.js";
import { acknowledgedBy, type Bundle, type Child, start } from "./children.js";
import { commitNumber, commitsIn, openSequence } from "./sequence.js";
import { mayLose, STORAGES, type StorageCase } from "./storages.js";

export interface RoundsTally {
  rounds: number;
  commits: number;
}

/** Commits that one process has under way at once, at most. */
const TOGETHER = 6;
const OPTIONS = ["commit=1000", "commit=1", "commit=1000,data=writeback", "commit=1000,data=journal"];

/** Null when images can be mounted here, else why not. */
export function whyNoMount(): string | null {
  const folder = mkdtempSync("/tmp/tenon-mount-");
  try {
    const image = join(folder, "image");
    makeImage(image);
    mkdirSync(join(folder, "at"));
    mount(image, join(folder, "at"), "commit=1000");
    unmount(join(folder, "at"));
    return null;
  } catch (error) {
    return `no file system can be mounted here (${String(error).split("\n")[0]})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeImage(path: string): void {
  execFileSync("truncate", ["-s", "24M", path]);
  execFileSync("mkfs.ext4", ["-q", "-F", "-m", "0", path], { stdio: "pipe" });
}

function mount(image: string, at: string, options: string): void {
  execFileSync("mount", ["-o", `loop,${options}`, image, at], { stdio: "pipe" });
}

function unmount(at: string): void {
  execFileSync("umount", [at], { stdio: "pipe" });
}

export async function powercuts(
  rounds: number,
  seed: number,
  bundle: Bundle,
  tally: RoundsTally,
  onProgress: () => void = () => {},
): Promise<string | null> {
  const random = new Random(seed);
  while (tally.rounds < rounds) {
    const storage = random.pick(STORAGES);
    const failure = await lifeOfAnImage(storage, random, Math.min(12, rounds - tally.rounds), bundle, tally);
    if (failure !== null) return `${storage.name}: ${failure}`;
    onProgress();
  }
  return null;
}

async function lifeOfAnImage(
  storage: StorageCase,
  random: Random,
  cuts: number,
  bundle: Bundle,
  tally: RoundsTally,
): Promise<string | null> {
  const folder = mkdtempSync("/tmp/tenon-power-");
  const live = join(folder, "live");
  const copy = join(folder, "copy");
  const [image, copied] = [join(folder, "live.img"), join(folder, "copy.img")];
  mkdirSync(live);
  mkdirSync(copy);
  makeImage(image);
  const options = random.pick(OPTIONS);
  let child: Child | null = null;
  let mounted = false;
  try {
    mount(image, live, options);
    mounted = true;
    child = start(bundle, ["write", storage.name, join(live, "data"), String(random.int(1, 1e9))]);
    for (let cut = 0; cut < cuts; cut++) {
      const seen = child.lines.length;
      const wanted = seen + random.int(1, 60);
      while (child.lines.length < wanted && child.process.exitCode === null) await setTimeout(1);
      await setTimeout(random.next() * 3);
      if (child.process.exitCode !== null) return `the writer ended: ${child.errors.join("")}`;
      child.process.kill("SIGSTOP");
      while (!/\) [TZ] /.test(readFileSync(`/proc/${child.process.pid}/stat`, "utf8"))) await setTimeout(1);
      await copyAtOneMoment(image, copied);
      // What it printed before it stopped was acknowledged before the copy was made.
      await setTimeout(4);
      const acknowledged = acknowledgedBy(child.lines);
      mount(copied, copy, options);
      try {
        // The writer is alive, on another file system: a machine that lost its power has no such process.
        for (const name of readdirSync(join(copy, "data")))
          if (name.endsWith(".lock")) rmSync(join(copy, "data", name));
        const outcome = await verify(
          storage,
          join(copy, "data"),
          mayLose(storage, true) ? 0 : acknowledged,
          acknowledged,
        );
        if (typeof outcome === "string") return `${options}, cut ${cut}: ${outcome}`;
      } finally {
        unmount(copy);
      }
      child.process.kill("SIGCONT");
      tally.rounds++;
    }
    tally.commits += acknowledgedBy(child.lines);
    return null;
  } finally {
    child?.process.kill("SIGKILL");
    await child?.gone;
    if (mounted) unmount(live);
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The kernel may still be writing what the process asked for before it was stopped. What was copied of several moments is no
 * disk that ever was: blocks of files may be older there than the directory that names them.
 */
async function copyAtOneMoment(image: string, copied: string): Promise<void> {
  for (;;) {
    copyFileSync(image, copied);
    // What is the same before and after was there all together in between.
    if (readFileSync(copied).equals(readFileSync(image))) return;
    await setTimeout(1);
  }
}

/** Opens what is there, compares, writes on, opens again: how many commits there are then, or what is wrong. */
async function verify(
  storage: StorageCase,
  dir: string,
  least: number,
  acknowledged: number,
): Promise<string | number> {
  try {
    const engine = await openSequence(embedded({ storage: storage.open(dir) }));
    const found = await commitsIn(engine);
    if (found < least) return `${found} commits are there, ${least} of ${acknowledged} had been promised`;
    if (found > acknowledged + TOGETHER) return `${found} commits are there, ${acknowledged} had been acknowledged`;
    await commitNumber(engine, found + 1);
    await engine.close();
    const again = await openSequence(embedded({ storage: storage.open(dir) }));
    const after = await commitsIn(again);
    await again.close();
    return after === found + 1 ? after : `${after} commits after one more than ${found}`;
  } catch (error) {
    return String(error);
  }
}

/** `kill -9` at random acknowledgements, in one directory again and again. */
export async function kills(
  rounds: number,
  seed: number,
  bundle: Bundle,
  folder: string,
  tally: RoundsTally,
  onProgress: () => void = () => {},
): Promise<string | null> {
  const random = new Random(seed);
  let storage = random.pick(STORAGES);
  let dir = "";
  let before = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % 25 === 0) {
      storage = random.pick(STORAGES);
      dir = join(folder, `kill-${round}`);
      before = 0;
    }
    const child = start(bundle, ["write", storage.name, dir, String(random.int(1, 1e9))]);
    const wanted = random.int(0, 50);
    while (child.lines.length < wanted && child.process.exitCode === null) await setTimeout(1);
    await setTimeout(random.next() * 5);
    child.process.kill("SIGKILL");
    await child.gone;
    if (child.errors.length > 0) return `${storage.name}: the writer failed: ${child.errors.join("")}`;
    const acknowledged = Math.max(before, acknowledgedBy(child.lines));
    const least = mayLose(storage, false) ? before : acknowledged;
    const outcome = await verify(storage, dir, least, acknowledged);
    if (typeof outcome === "string") return `${storage.name}, round ${round}: ${outcome}`;
    tally.rounds++;
    tally.commits += acknowledged + 1 - before;
    // It was closed, so that all of it is kept from here on.
    before = outcome;
    onProgress();
  }
  return null;
}
