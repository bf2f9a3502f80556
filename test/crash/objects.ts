/**
 * The hooks storage on an object store that behaves badly: a save is refused, or kept without an answer, or cut off in the middle
 * by the end of the process, which leaves a part of the new object with or without a part of the old one; or it is answered and
 * lost. Whatever is there is opened: an object that is whole must be the state after some commit, not older than the last
 * acknowledged one (lost saves aside), and one that is torn must be reported, or be whole after all.
 */
import { CorruptionError, TenonError } from "../../src/base/errors.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import { hooks } from "../../src/storage/hooks/hooks.js";
import { Random } from "../differential/random.js";
import { find, insert } from "../engine/support.js";
import { CrashFailure, describe, type Tally } from "./images.js";
import { observed, type Player, play } from "./play.js";
import { FIRST_SHAPE, versionOf } from "./schemas.js";
import { scriptOf } from "./script.js";

type Saved = string | Uint8Array | null;

interface Image {
  readonly object: Saved;
  readonly isTorn: boolean;
  readonly least: number;
  readonly most: number;
  readonly where: string;
}

const SCHEMA = versionOf(FIRST_SHAPE).schema;

/** What a save that was cut off may leave; never nothing, which stands for an empty database. */
function torn(before: Saved, after: Saved, random: Random): Saved {
  const old = Buffer.from((before ?? "") as Uint8Array);
  const now = Buffer.from((after ?? "") as Uint8Array);
  const at = random.int(1, now.length);
  const parts = random.weighted<readonly Uint8Array[]>([
    [2, () => [now.subarray(0, at)]],
    [2, () => [now.subarray(0, at), old.subarray(Math.min(at, old.length))]],
    [1, () => [now.subarray(0, at), Buffer.alloc(now.length - at)]],
    [1, () => [Buffer.alloc(at), now.subarray(at)]],
  ]);
  return Buffer.concat(parts);
}

/** A random workload, each save of which gives images. */
export async function objectImages(seed: number, tally: Tally): Promise<void> {
  const random = new Random(seed);
  const compression = random.chance(0.3);
  const trouble = random.chance(0.4) ? random.int(1, 20) : -1;
  const answers = random.chance(0.5);
  let object: Saved = null;
  let saves = 0;
  let player: Player | null = null;
  const images: Image[] = [];
  const image = (of: Saved, isTorn: boolean, least: number, where: string): void => {
    // Writes that were made at once with a refused one may go on without it, which these books cannot say; see badAnswers.
    if (trouble > 0 && saves > trouble) return;
    const most = (player?.books.states.length ?? 1) - 1;
    images.push({ object: of, isTorn, least, most, where: `save ${saves}, ${where}` });
  };
  const acknowledged = (): number => player?.books.acknowledged ?? 0;
  const save = (next: string | Uint8Array): void => {
    saves++;
    image(object, false, acknowledged(), "before it");
    for (let left = 6; left > 0; left--) image(torn(object, next, random), true, acknowledged(), "cut off");
    if (saves === trouble && !answers) throw new TypeError("the network is down");
    object = next;
    if (saves === trouble) throw new TypeError("no answer");
    image(object, false, acknowledged(), "after it");
  };
  const done = await play(scriptOf(seed, random.int(4, 14)), {
    open: () => hooks({ load: () => object, save }, { compression }),
    onBooks: (now) => {
      player = now;
    },
    onAcknowledged: () => image(object, false, acknowledged(), "acknowledged"),
  });
  const { failure } = done;
  // A write that stood on a refused one may say so before that one does.
  const isExpected = failure instanceof TenonError && /^(STORAGE\.IO|CONFLICT\.SERIALIZATION)$/.test(failure.code);
  if (failure !== undefined && !isExpected) throw failure;
  if (failure !== undefined && saves < trouble) throw failure;
  await done.engine?.close();
  image(object, false, acknowledged(), "closed");
  tally.commits += done.books.states.length - 1;
  for (const one of images) {
    tally.images++;
    tally.different++;
    await check(one, done.books.states).catch((error: unknown) => {
      throw new CrashFailure(`seed ${seed}, hooks, ${one.where}: ${describe(error)}`, { cause: error });
    });
  }
}

async function check({ object, isTorn, least, most }: Image, states: readonly string[]): Promise<void> {
  const engine = embedded({ storage: hooks({ load: () => object, save: () => {} }) });
  let text: string;
  try {
    await engine.open(SCHEMA);
    text = await observed(engine);
  } catch (error) {
    if (isTorn && error instanceof CorruptionError && typeof error.meta.file === "string") return;
    throw error;
  }
  const found = states.lastIndexOf(text, most);
  if (found < least) throw new CrashFailure(`state ${found} was found, ${least} to ${most} were possible`);
}

/** Commits of which each is refused, kept without an answer, lost, or fine: the store goes on from what it acknowledged. */
export async function badAnswers(seed: number): Promise<void> {
  const random = new Random(seed);
  let object: Saved = null;
  let fate: "fine" | "refused" | "unanswered" | "lost" = "fine";
  const save = (next: string | Uint8Array): void => {
    if (fate === "refused") throw new TypeError("refused");
    if (fate !== "lost") object = next;
    if (fate === "unanswered") throw new TypeError("no answer");
  };
  const items = async (of: Saved): Promise<readonly unknown[]> => {
    const engine = embedded({ storage: hooks({ load: () => of, save: () => {} }) });
    await engine.open(SCHEMA);
    return (await engine.find(find("Item"))).map(({ id }) => id);
  };
  const engine = embedded({ storage: hooks({ load: () => object, save }) });
  await engine.open(SCHEMA);
  await engine.admin.apply([], SCHEMA);
  const acknowledged: number[] = [];
  let stored: readonly number[] = [];
  const fail = (what: string): never => {
    throw new CrashFailure(`seed ${seed}, ${what}`);
  };
  for (let id = 1; id <= 30; id++) {
    fate = random.weighted([
      [4, () => "fine" as const],
      [2, () => "refused" as const],
      [2, () => "unanswered" as const],
      [1, () => "lost" as const],
    ]);
    const isDone = await engine.write(insert("Item", { id, n: id, text: null })).then(
      () => true,
      (error: unknown) => (error instanceof TenonError && error.code === "STORAGE.IO" ? false : Promise.reject(error)),
    );
    if (isDone !== (fate === "fine" || fate === "lost")) fail(`item ${id}: ${fate}, and acknowledged is ${isDone}`);
    if (isDone) acknowledged.push(id);
    if (fate === "fine") stored = [...acknowledged];
    if (fate === "unanswered") stored = [...acknowledged, id];
    const seen = (await engine.find(find("Item"))).map((row) => row.id);
    if (seen.join() !== acknowledged.join())
      fail(`after item ${id} (${fate}) ${seen.join()} is seen, not ${acknowledged.join()}`);
    const there = await items(object);
    if (there.join() !== stored.join())
      fail(`after item ${id} (${fate}) ${there.join()} is stored, not ${stored.join()}`);
  }
  fate = "fine";
  await engine.close();
}
