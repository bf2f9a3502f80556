/**
 * Several processes that open the same database again and again, close it, kill themselves in the middle or are killed from
 * here: one writer at a time, a dead one's lock is taken over, the others get LockedError, nothing acknowledged is lost, and
 * a reader beside them always sees a state that was committed, never an older one than before.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { embedded } from "../../src/engine/embedded/engine.js";
import { Random } from "../differential/random.js";
import { acknowledgedBy, type Bundle, type Child, start } from "./children.js";
import { commitsIn, openSequence, SEQUENCE } from "./sequence.js";
import { IN_FILES, type StorageCase } from "./storages.js";

export interface ContentionTally {
  /** Times that a process got the database. */
  opened: number;
  /** Of them, times that it was killed while it had it. */
  killed: number;
  locked: number;
  reads: number;
  commits: number;
}

const PROCESSES = 4;
/** A lock that nobody can take for so long is one that a dead process left for good. */
const STUCK_MS = 30_000;

export async function contention(
  rounds: number,
  seed: number,
  bundle: Bundle,
  folder: string,
  tally: ContentionTally,
  onProgress: () => void = () => {},
): Promise<string | null> {
  const random = new Random(seed);
  for (let arena = 0; tally.opened < rounds; arena++) {
    const storage = random.pick(IN_FILES.filter((each) => each.lost !== "with the process"));
    const dir = join(folder, String(arena));
    mkdirSync(dir);
    const failure = await fight(storage, dir, random, Math.min(100, rounds - tally.opened), bundle, tally);
    if (failure !== null) return `${storage.name}: ${failure}`;
    onProgress();
  }
  return null;
}

async function fight(
  storage: StorageCase,
  dir: string,
  random: Random,
  rounds: number,
  bundle: Bundle,
  tally: ContentionTally,
): Promise<string | null> {
  const alive = new Set<Child>();
  const all: Child[] = [];
  const opens = () => all.reduce((sum, child) => sum + child.lines.filter((line) => line.startsWith("OPEN")).length, 0);
  let watching = true;
  const failures: string[] = [];
  const spawn = (): void => {
    const child = start(bundle, ["contend", storage.name, dir, String(random.int(1, 1e9))]);
    alive.add(child);
    all.push(child);
    void child.gone.then(() => {
      alive.delete(child);
      if (child.errors.length > 0) failures.push(child.errors.join(""));
      if (watching) spawn();
    });
  };
  for (let at = 0; at < PROCESSES; at++) spawn();
  const reader = readOn(storage, dir, () => watching, tally);
  let last = 0;
  let since = performance.now();
  while (failures.length === 0) {
    await setTimeout(random.int(5, 60));
    if (random.chance(0.15) && alive.size > 0) random.pick([...alive]).process.kill("SIGKILL");
    const broken = all.flatMap((child) => child.lines.filter((line) => line.startsWith("BROKEN")));
    if (broken.length > 0) failures.push(broken[0]!);
    const now = opens();
    if (now >= rounds) break;
    if (now > last) since = performance.now();
    else if (performance.now() - since > STUCK_MS) failures.push("nobody could open the database any more");
    last = now;
  }
  watching = false;
  for (const child of alive) child.process.kill("SIGKILL");
  await Promise.all(all.map((child) => child.gone));
  failures.push(...(await reader));
  const acknowledged = Math.max(...all.map((child) => acknowledgedBy(child.lines)));
  tally.opened += opens();
  for (const { lines } of all) {
    tally.locked += lines.filter((line) => line === "LOCKED").length;
    const got = lines.filter((line) => line.startsWith("OPEN")).length;
    tally.killed += got - lines.filter((line) => line === "CLOSED").length;
  }
  tally.commits += acknowledged;
  if (failures.length > 0) return failures[0]!;
  const engine = await openSequence(embedded({ storage: storage.open(dir) }));
  const found = await commitsIn(engine);
  await engine.close();
  return found >= acknowledged ? null : `${found} commits are there, ${acknowledged} had been acknowledged`;
}

/** A reader that takes no lock: it sees more and more commits, each time all of the state after one of them. */
async function readOn(
  storage: StorageCase,
  dir: string,
  goOn: () => boolean,
  tally: ContentionTally,
): Promise<readonly string[]> {
  let last = 0;
  while (goOn()) {
    await setTimeout(10);
    const engine = embedded({ storage: storage.open(dir, undefined, true) });
    try {
      await engine.open(SEQUENCE);
      const found = await commitsIn(engine);
      tally.reads++;
      if (found < last) return [`a reader saw ${found} commits after it had seen ${last}`];
      last = found;
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      // Not made yet, or its schema just being written.
      if (code !== "CONFIG.NOT_FOUND" && code !== "STORAGE.READ_ONLY" && code !== "LOCKED.PROCESS")
        return [`a reader got ${String(error)}`];
    } finally {
      await engine.close().catch(() => {});
    }
  }
  return [];
}
