/**
 * Recovery on a disk that fails: an image is opened, written to and closed while calls fail, once or from then on. Whatever fails
 * comes out as an error of the storage and never as damage, and what was found in the image before is found again afterwards.
 */
import { TenonError } from "../../src/base/errors.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { MemoryDisk } from "../../src/storage/files/memory.js";
import { Random } from "../differential/random.js";
import { observed, oneMore } from "./play.js";
import { FIRST_SHAPE, versionOf } from "./schemas.js";
import { mayLose, type StorageCase } from "./storages.js";

const CODES = ["EIO", "ENOSPC", "EMFILE", "SHORT"];
/** Of one image. */
const TRIES = 4;
/** Opening, a write and closing take about so many calls. */
const CALLS = 90;

export interface Found {
  /** What an engine finds in the image. */
  readonly before: string;
  /** The same after one more write; null: the image has no schema to write under. */
  readonly after: string | null;
}

/** The number of openings that met a fault. Throws when one of them did harm. */
export async function faultyRecovery(
  start: MemoryDisk,
  storage: StorageCase,
  dir: string,
  found: Found,
  seed: number,
): Promise<number> {
  const random = new Random(seed);
  let met = 0;
  for (let left = TRIES; left > 0; left--) {
    const plan = { code: random.pick(CODES), at: random.int(1, CALLS), forever: random.chance(0.4) };
    if (await once(start, storage, dir, found, plan, random)) met++;
  }
  return met;
}

interface Plan {
  readonly code: string;
  readonly at: number;
  readonly forever: boolean;
}

async function once(
  start: MemoryDisk,
  storage: StorageCase,
  dir: string,
  { before, after }: Found,
  plan: Plan,
  random: Random,
): Promise<boolean> {
  let met = false;
  let failing = "";
  const disk = start.crash(null, {
    fault: ({ number, operation, path }) => {
      if (number < plan.at || (number > plan.at && !plan.forever)) return null;
      met = true;
      failing ||= `${operation} ${path}`;
      return plan.code;
    },
  });
  const fail = (what: string, cause?: unknown): never => {
    const faults = `${plan.code} at call ${plan.at} (${failing})${plan.forever ? " and for ever" : ""}`;
    throw new TypeError(`opened with ${faults}: ${what}`, { cause });
  };
  const expectTyped = (error: unknown): void => {
    if (error instanceof TenonError && error.code.startsWith("STORAGE.")) return;
    fail(error instanceof TenonError ? `${error.code}: ${error.message}` : String(error), error);
  };
  const engine = embedded({ storage: storage.open(dir, disk.files) });
  let attempted = false;
  let acknowledged = false;
  try {
    await engine.open(versionOf(FIRST_SHAPE).schema);
    if ((await observed(engine)) !== before) fail("the state is another one");
    if (after !== null) {
      attempted = true;
      await oneMore(engine);
      acknowledged = true;
    }
  } catch (error) {
    expectTyped(error);
  }
  await engine.close().catch(expectTyped);
  for (const cut of [null, random.int(1, 1e9)]) {
    const again = embedded({ storage: storage.open(dir, disk.crash(cut).files) });
    await again.open(versionOf(FIRST_SHAPE).schema);
    const text = await observed(again);
    const isLost = mayLose(storage, cut !== null);
    if (text === before ? acknowledged && before !== after && !isLost : !attempted || text !== after)
      fail(text === before ? "an acknowledged write is gone" : "the state afterwards is another one");
  }
  return met;
}
