/**
 * Crash images: while a workload runs on a simulated disk, copies of that disk as a power cut would leave it now are taken
 * before every call that changes something, and at every acknowledgement. Afterwards each is opened: it must hold the state
 * after some commit, not an older one than the last acknowledged, not a newer one than the last attempted. Some of these
 * openings are workloads themselves: recovery, one more write and a clean close are cut in the same way.
 */
import { TenonError } from "../../src/base/errors.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { Engine } from "../../src/engine/engine.js";
import { type DiskCall, MemoryDisk } from "../../src/storage/files/memory.js";
import { Random } from "../differential/random.js";
import { faultyRecovery } from "./faulty.js";
import { observed, oneMore, type Player, play } from "./play.js";
import { FIRST_SHAPE, versionOf } from "./schemas.js";
import { scriptOf } from "./script.js";
import { mayLose, STORAGES, type StorageCase } from "./storages.js";

export const DIR = "/data";
const NO_CHANGE = new Set(["read", "list", "size", "close"]);

export interface CrashCase {
  readonly seed: number;
  readonly storage: StorageCase;
  readonly steps: number;
  /** Power cuts tried at each call, besides killing the process there. */
  readonly damages: number;
  /** One in so many images is opened with crashes inside, and goes on. */
  readonly deeper: number;
  /** An error at one call (from which on: for ever) instead of none. */
  readonly fault: { readonly code: string; readonly at: number; readonly forever: boolean } | null;
}

export interface Tally {
  images: number;
  /** Those of them that were opened: what is found in one is found in every other one with the same bytes. */
  different: number;
  second: number;
  commits: number;
  faults: number;
  /** Openings of an image while the disk failed. */
  faulty: number;
}

interface Image {
  readonly disk: MemoryDisk;
  readonly least: number;
  readonly most: number;
  readonly where: string;
}

/** What a refused write leaves and how it is left behind has more shapes, and fewer moments to be caught in. */
const AFTER_A_FAULT = 10;

export class CrashFailure extends TypeError {}

/** The case that a seed stands for. */
export function crashCase(seed: number): CrashCase {
  const random = new Random(seed);
  const storage = random.weighted(STORAGES.map((each) => [each.weight, () => each] as const));
  const codes = ["EIO", "ENOSPC", "EMFILE", "SHORT"];
  return {
    seed,
    storage,
    steps: random.int(4, 14),
    damages: 8,
    deeper: 160,
    fault: random.chance(0.3)
      ? { code: random.pick(codes), at: random.int(1, 150), forever: random.chance(0.4) }
      : null,
  };
}

export async function crash(one: CrashCase, tally: Tally): Promise<void> {
  const images: Image[] = [];
  const distinct = new Distinct(one.storage, tally);
  let player: Player | null = null;
  let faults = 0;
  const bounds = () => ({
    least: player?.books.acknowledged ?? 0,
    most: (player?.books.states.length ?? 1) - 1,
  });
  const take = (source: MemoryDisk, where: string): void => {
    for (let damage = 0; damage <= (faults > 0 ? AFTER_A_FAULT : 1) * one.damages; damage++) {
      const seed = damage === 0 ? null : one.seed * 1009 + images.length;
      const { least, most } = bounds();
      const lost = mayLose(one.storage, seed !== null);
      const disk = distinct.one(source.crash(seed));
      images.push({ disk, least: lost ? 0 : least, most, where: `${where}, damage ${seed}` });
    }
  };
  let disk: MemoryDisk;
  const fault = (call: DiskCall): string | null => {
    if (!NO_CHANGE.has(call.operation)) take(disk, `before call ${call.number} (${call.operation} ${call.path})`);
    if (one.fault === null || call.number < one.fault.at) return null;
    if (!one.fault.forever && call.number > one.fault.at) return null;
    faults++;
    return one.fault.code;
  };
  disk = new MemoryDisk({ fault });
  const books = (now: Player): void => {
    player = now;
  };
  const done = await play(scriptOf(one.seed, one.steps), {
    open: () => one.storage.open(DIR, disk.files),
    onBooks: books,
    onAcknowledged: () => take(disk, "after an acknowledgement"),
  });
  take(disk, "at the end");
  await judge(done, faults > 0);
  await done.engine?.close().catch(() => {});
  take(disk, "after closing");
  tally.commits += done.books.states.length - 1;
  tally.faults += faults > 0 ? 1 : 0;
  for (const [at, image] of images.entries()) {
    tally.images++;
    try {
      const found = indexOfState(await distinct.text(image.disk), image.least, image.most, done.books.states);
      if (at % one.deeper === 0) await again(image.disk, one, done.books.states, found, tally);
    } catch (error) {
      throw new CrashFailure(
        `seed ${one.seed}, ${one.storage.name}${one.fault === null ? "" : `, ${JSON.stringify(one.fault)}`}, ${image.where}: ${describe(error)}`,
        { cause: error },
      );
    }
  }
}

/** What the workload itself must have shown: typed errors only where an error was put, and nothing acknowledged behind it. */
async function judge(player: Player, faulty: boolean): Promise<void> {
  const { failure, engine, books } = player;
  if (failure === undefined) return;
  if (!faulty) throw failure;
  if (!(failure instanceof TenonError) || !/^(STORAGE|CONFLICT\.SERIALIZATION)/.test(failure.code)) {
    throw new CrashFailure(`an error of the disk came out as ${describe(failure)}`, { cause: failure });
  }
  if (player.afterFailure) throw new CrashFailure("a write was acknowledged after one had failed");
  // What was read before can still be read, as long as the engine is open at all.
  const text = engine === null ? null : await observed(engine).catch((error: unknown) => error);
  if (typeof text === "string") indexOfState(text, 0, books.states.length - 1, books.states);
  else if (text !== null && !(text instanceof TenonError)) throw text;
}

/** Images by their bytes. Each is opened once, in a copy; most power cuts leave what another one left. */
class Distinct {
  readonly #storage: StorageCase;
  readonly #tally: Tally;
  readonly #disks = new Map<string, MemoryDisk>();
  readonly #texts = new Map<MemoryDisk, string>();

  constructor(storage: StorageCase, tally: Tally) {
    this.#storage = storage;
    this.#tally = tally;
  }

  /** The disk that stands for all that hold the same. */
  one(disk: MemoryDisk): MemoryDisk {
    const digest = disk.digest();
    const known = this.#disks.get(digest);
    if (known === undefined) this.#disks.set(digest, disk);
    return known ?? disk;
  }

  /** What an engine finds there. */
  async text(disk: MemoryDisk): Promise<string> {
    let text = this.#texts.get(disk);
    if (text === undefined) {
      this.#tally.different++;
      const engine = embedded({ storage: this.#storage.open(DIR, disk.crash(null).files) });
      await engine.open(versionOf(FIRST_SHAPE).schema);
      text = await observed(engine);
      this.#texts.set(disk, text);
    }
    return text;
  }
}

/** Opens, writes and closes, cut at every call: what was found once is never lost, what is acknowledged then neither. */
async function again(
  start: MemoryDisk,
  one: CrashCase,
  states: readonly string[],
  found: number,
  tally: Tally,
): Promise<void> {
  const before = states[found]!;
  let after = before;
  let acknowledged = false;
  const images: { disk: MemoryDisk; allowed: readonly string[]; where: string }[] = [];
  const distinct = new Distinct(one.storage, tally);
  let disk: MemoryDisk;
  let seed = one.seed * 31 + found;
  let allowed: readonly string[] = [before];
  let whenKilled = allowed;
  const fault = (call: DiskCall): null => {
    if (NO_CHANGE.has(call.operation)) return null;
    const where = `${acknowledged ? "after" : "before"} one more write, call ${call.number} (${call.operation} ${call.path})`;
    for (const cut of [null, seed++, seed++, seed++])
      images.push({ disk: distinct.one(disk.crash(cut)), allowed: cut === null ? whenKilled : allowed, where });
    return null;
  };
  disk = start.crash(null, { fault });
  const engine: Engine = embedded({ storage: one.storage.open(DIR, disk.files) });
  await engine.open(versionOf(FIRST_SHAPE).schema);
  if ((await observed(engine)) !== before) throw new CrashFailure("the state changed by opening again");
  if (before !== "nothing") {
    // What the write will leave is learned from the engine; that it is there again afterwards is what is tested.
    const probe = embedded({ storage: one.storage.open(DIR, start.crash(null).files) });
    await probe.open(versionOf(FIRST_SHAPE).schema);
    await oneMore(probe);
    after = await observed(probe);
    await probe.close();
    allowed = whenKilled = [before, after];
    await oneMore(engine);
    acknowledged = true;
    if (!mayLose(one.storage, true)) allowed = [after];
    if (!mayLose(one.storage, false)) whenKilled = [after];
    if ((await observed(engine)) !== after) throw new CrashFailure("a write after recovery is not there");
  }
  await engine.close();
  const writable = before === "nothing" ? null : after;
  tally.faulty += await faultyRecovery(start, one.storage, DIR, { before, after: writable }, seed);
  allowed = [after];
  images.push({ disk: distinct.one(disk.crash(seed++)), allowed, where: "after closing again" });
  for (const image of images) {
    tally.images++;
    tally.second++;
    try {
      const text = await distinct.text(image.disk);
      if (!image.allowed.includes(text)) throw new CrashFailure("a state that was seen is gone");
    } catch (error) {
      throw new CrashFailure(`second crash ${image.where}: ${describe(error)}`, { cause: error });
    }
  }
}

/** Position of a state; throws when it is none of those allowed. */
function indexOfState(text: string, least: number, most: number, states: readonly string[]): number {
  const found = states.lastIndexOf(text, most);
  if (found >= least) return found;
  throw new CrashFailure(
    found < 0
      ? `the state is none that was ever committed (${least} to ${most} were possible):\n${shown(text)}`
      : `the state after commit ${found} was found, ${least} had been acknowledged`,
  );
}

/** Texts hold long runs on purpose; nobody wants to read them. */
export function shown(text: string): string {
  return text.replaceAll(/(.{40})[^\n]+/g, "$1…");
}

export function describe(error: unknown): string {
  return error instanceof TenonError ? `${error.code}: ${error.message}` : String(error);
}
