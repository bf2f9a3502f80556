/**
 * Damaged files: every database of every storage, with any of its files damaged in any way, opens with exactly its data or
 * reports what is damaged, and in that case leaves the files alone.
 */
import { CorruptionError } from "../../src/base/errors.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { Random } from "../differential/random.js";
import { DIR, describe, shown } from "./images.js";
import { damage, type FileSet, KINDS, type Victim } from "./mutations.js";
import { observedAs, play } from "./play.js";
import { expectRepair } from "./repaired.js";
import type { Version } from "./schemas.js";
import { scriptOf } from "./script.js";
import { STORAGES, type StorageCase } from "./storages.js";

export interface FuzzTally {
  files: number;
  exact: number;
  reported: number;
  /** The journal ended early, in a way that no file can tell from a power cut. */
  early: number;
  /** Reports that say at which byte. */
  offsets: number;
  /** Databases that were verified and repaired, too. */
  repaired: number;
}

interface Prepared extends Victim {
  readonly storage: StorageCase;
  readonly states: readonly string[];
  readonly version: Version;
}

const LOCK = /\.lock$|\.claim$|\.tmp$/;
/** Longer than any opening takes on a busy machine. */
const HANG_MS = 60_000;
/** One in so many is repaired. */
const REPAIR_EACH = 10;

function filesOf(disk: MemoryDisk): FileSet {
  return new Map(
    disk
      .paths()
      .filter((path) => !LOCK.test(path))
      .map((path) => [path, disk.peek(path)!]),
  );
}

export function diskOf(files: FileSet): MemoryDisk {
  const disk = new MemoryDisk();
  for (const [path, bytes] of files) disk.put(path, bytes);
  return disk;
}

/** A database as a workload leaves it: closed, or with the process killed. */
export async function prepare(storage: StorageCase, seed: number): Promise<Prepared> {
  const random = new Random(seed);
  const own = await built(storage, random.int(1, 1e9), random);
  const other = await built(storage, random.int(1, 1e9), random);
  return { ...own, other: other.files, storage };
}

async function built(storage: StorageCase, seed: number, random: Random): Promise<Omit<Prepared, "other" | "storage">> {
  const disk = new MemoryDisk();
  const script = scriptOf(seed, random.int(6, 16));
  const halfway = random.int(2, script.length - 1);
  let older: FileSet = new Map();
  let steps = 0;
  const done = await play(script, {
    open: () => storage.open(DIR, disk.files),
    onStep: () => {
      if (++steps === halfway) older = filesOf(disk);
    },
  });
  if (done.failure !== undefined) throw done.failure;
  // What may be lost with the process is there for certain only when it has closed.
  if (random.chance(0.5) || storage.lost === "with the process") await done.engine!.close();
  const killed = filesOf(disk.crash(null));
  await done.engine!.close();
  return { files: killed, older, states: done.books.states, version: done.version };
}

/** Damages one file and opens the database. Throws when the outcome is neither the data nor a report. */
export async function fuzzOnce(prepared: Prepared, seed: number, tally: FuzzTally): Promise<void> {
  const random = new Random(seed);
  const kind = random.pick(KINDS);
  const damaged = damage(kind, prepared, prepared.storage.journaled, random);
  if (damaged === null) return;
  const { hooked } = prepared.storage;
  // No object, or an empty one, is a new database, and the one object of another database is that database.
  const whole = prepared.other.get(damaged.file);
  const now = Buffer.from(damaged.files.get(damaged.file) ?? []);
  if (hooked === true && (now.length === 0 || (whole !== undefined && now.equals(whole)))) return;
  tally.files++;
  const disk = diskOf(damaged.files);
  const { states, storage, version } = prepared;
  const fail = (what: string, cause?: unknown): never => {
    throw new TypeError(`${storage.name}, ${kind} in ${damaged.file}: ${what}`, { cause });
  };
  const engine = embedded({ storage: storage.open(DIR, disk.files) });
  const mend = async (opened: string | null): Promise<void> => {
    if (seed % REPAIR_EACH !== 0 || storage.hooked === true) return;
    tally.repaired++;
    const victim = diskOf(damaged.files);
    await withinTime(() => expectRepair({ ...prepared, kind, files: damaged.files, opened }, victim)).catch((error) =>
      fail(describe(error), error),
    );
  };
  let text: string;
  let isOpen = false;
  try {
    text = await withinTime(async () => {
      await engine.open(version.schema);
      isOpen = true;
      return observedAs(engine, version);
    });
  } catch (error) {
    if (!(error instanceof CorruptionError)) return fail(`not reported as damage but ${describe(error)}`, error);
    if (typeof error.meta.file !== "string") return fail(`a report that names no file: ${describe(error)}`, error);
    if (typeof error.meta.offset === "number") tally.offsets++;
    // Once the storage is open, what stands behind an intact journal's last record is cut off: before the registry is compared,
    // and before a file is read whose first line is as it should be.
    const mayBeCut = isOpen || error.meta.file === "registry.json";
    const changed = [...damaged.files].find(
      ([path, bytes]) => (path === damaged.file || !mayBeCut) && !Buffer.from(disk.peek(path) ?? []).equals(bytes),
    );
    if (changed !== undefined) return fail(`refused (${describe(error)}), but ${changed[0]} was changed`);
    if (seed % 8 === 0)
      await engine.close().then(
        () => expectMended(prepared, damaged.file, disk),
        () => {},
      );
    tally.reported++;
    await mend(null);
    return;
  } finally {
    await engine.close().catch(() => {});
  }
  await mend(text);
  if (text === states.at(-1)) tally.exact++;
  else if (damaged.mayEndEarly && states.includes(text)) tally.early++;
  else if (states.includes(text)) fail("an older state is shown as if it were the newest");
  else fail(`a wrong answer:\n${shown(text)}\ninstead of\n${shown(states.at(-1)!)}`);
}

/** A refused opening does no harm: with the right file put back everything is there. */
async function expectMended(
  { files, storage, states, version }: Prepared,
  file: string,
  disk: MemoryDisk,
): Promise<void> {
  const mended = disk.crash(null);
  mended.put(file, files.get(file)!);
  const engine = embedded({ storage: storage.open(DIR, mended.files) });
  await engine.open(version.schema);
  const text = await observedAs(engine, version);
  await engine.close();
  if (text !== states.at(-1)) throw new TypeError(`after ${file} was put back something is missing`);
}

async function withinTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TypeError(`no answer within ${HANG_MS} ms`)), HANG_MS);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

export function emptyFuzzTally(): FuzzTally {
  return { files: 0, exact: 0, reported: 0, early: 0, offsets: 0, repaired: 0 };
}

const PER_DATABASE = 200;

/** Damages so many files; the first failure, or null. `only`: a single damage of a single database. */
export async function fuzzFiles(
  size: number,
  seed: number,
  tally: FuzzTally,
  onProgress: () => void = () => {},
): Promise<string | null> {
  for (let number = seed; tally.files < size; number++) {
    for (const storage of STORAGES) {
      const prepared = await prepare(storage, number);
      for (let at = 0; at < PER_DATABASE && tally.files < size; at++) {
        try {
          await fuzzOnce(prepared, number * 1009 + at, tally);
        } catch (error) {
          return `seed ${number}, damage ${at}: ${describe(error)}`;
        }
      }
      onProgress();
    }
  }
  return null;
}
