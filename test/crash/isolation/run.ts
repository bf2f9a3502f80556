/**
 * Random concurrent transactions on the public engine, as a list-append history. Time is in the hands of a scheduler: every
 * call of the disk and every step of a transaction waits until the seed chooses it, so that transactions interleave at every
 * wait in an order that the seed alone decides.
 */
import { TenonError } from "../../../src/base/errors.js";
import { embedded } from "../../../src/engine/embedded/engine.js";
import type { Executor } from "../../../src/engine/engine.js";
import type { Json } from "../../../src/schema/model.js";
import { MemoryDisk } from "../../../src/storage/files/memory.js";
import { PosixFiles } from "../../../src/storage/files/posix-files.js";
import { Random } from "../../differential/random.js";
import { eq, field, find, insert, int, model, schemaOf, update } from "../../engine/support.js";
import { STORAGES } from "../storages.js";
import type { Done, Op } from "./checker.js";

const KEYS = 4;
const LISTS = schemaOf(
  model("List", "lists", [field("id", int), field("list", { kind: "array", element: int, nullableElement: false })], {
    keyGeneration: "given",
  }),
);

/** Lets one waiting step go on at a time. */
export class Scheduler {
  readonly #random: Random;
  #waiting: (() => void)[] = [];
  #running = false;
  #free = false;

  constructor(random: Random) {
    this.#random = random;
  }

  turn(): Promise<void> {
    if (this.#free) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#run();
    });
  }

  /** From now on nothing waits. */
  release(): void {
    this.#free = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    // When nothing moves any more of itself, everything that can happen next is waiting here.
    setImmediate(() => {
      this.#running = false;
      const [next] = this.#waiting.splice(this.#random.int(0, this.#waiting.length - 1), 1);
      next?.();
      if (this.#waiting.length > 0) this.#run();
    });
  }
}

/** The disk, each call of which waits for its turn; now and then one fails. */
export function scheduled(disk: MemoryDisk, scheduler: Scheduler): MemoryDisk {
  return new Proxy(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        await scheduler.turn();
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

export interface History {
  readonly storage: string;
  readonly done: readonly Done[];
}

export async function historyOf(seed: number, transactions: number): Promise<History> {
  const random = new Random(seed);
  const scheduler = new Scheduler(random);
  const failAt = random.chance(0.2) ? random.int(60, 200) : -1;
  const disk = new MemoryDisk({
    fault: ({ number, operation }) => (failAt > 0 && number >= failAt && operation === "sync" ? "EIO" : null),
  });
  const storage = random.pick(STORAGES);
  const files = new PosixFiles(scheduled(disk, scheduler));
  const engine = embedded({ storage: storage.open("/data", files) });
  const opened = (async () => {
    await engine.open(LISTS);
    await engine.admin.apply([], LISTS);
  })();
  const isOpen = await opened.then(
    () => true,
    () => false,
  );
  if (!isOpen) {
    // The disk failed before there was anything to run on.
    scheduler.release();
    await engine.close().catch(() => {});
    return { storage: storage.name, done: [] };
  }
  const done: Done[] = [];
  let clock = 0;
  let unique = 0;
  const one = async (id: number): Promise<void> => {
    const began = clock++;
    const ops: Op[] = [];
    let outcome: Done["outcome"] = "aborted";
    let committing = false;
    const readOnly = random.chance(0.25);
    try {
      const steps = random.int(1, 5);
      if (!readOnly && steps === 1) {
        const op = { kind: "append" as const, key: random.int(1, KEYS), value: ++unique };
        ops.push(op);
        committing = true;
        await append(engine, op.key, op.value);
        outcome = "committed";
        return;
      }
      const tx = await engine.begin({ mode: readOnly ? "read" : "write" });
      try {
        for (let step = 0; step < steps; step++) {
          await scheduler.turn();
          const key = random.int(1, KEYS);
          if (readOnly || random.chance(0.5)) ops.push({ kind: "read", key, values: await read(tx, key) });
          else {
            const value = ++unique;
            await append(tx, key, value);
            ops.push({ kind: "append", key, value });
          }
        }
        if (random.chance(0.15)) {
          await tx.rollback();
          return;
        }
        committing = true;
        await tx.commit();
        outcome = "committed";
      } finally {
        await tx[Symbol.asyncDispose]();
      }
    } catch (error) {
      if (!(error instanceof TenonError)) throw error;
      // A commit that failed may be on disk or not, but nobody may see it before the database is opened again.
      outcome = committing && error.code !== "CONFLICT.SERIALIZATION" ? "unknown" : "aborted";
    } finally {
      done.push({ id, ops, outcome, began, ended: clock++ });
    }
  };
  const workers = Array.from({ length: random.int(2, 6) }, async (_, worker) => {
    for (let at = 0; at < transactions / 4; at++) {
      await scheduler.turn();
      await one(worker * 1000 + at + 1);
    }
  });
  await Promise.all(workers);
  // What is there in the end, seen by one more reader.
  const last: Op[] = [];
  const began = clock++;
  for (let key = 1; key <= KEYS; key++) last.push({ kind: "read", key, values: await read(engine, key) });
  done.push({ id: 0, ops: last, outcome: "committed", began, ended: clock++ });
  scheduler.release();
  await engine.close().catch(() => {});
  return { storage: storage.name, done };
}

async function read(on: Executor, key: number): Promise<readonly number[]> {
  const rows = await on.find(find("List", { where: eq("id", key) }));
  return (rows[0]?.list as readonly number[] | undefined) ?? [];
}

async function append(on: Executor, key: number, value: number): Promise<void> {
  const push = update("List", eq("id", key), { path: ["list"], op: "push", value: [value] as Json });
  if ((await on.write(push)).count > 0) return;
  try {
    await on.write(insert("List", { id: key, list: [value] }));
  } catch (error) {
    // Outside a transaction somebody else may have made it meanwhile.
    if (!(error instanceof TenonError) || error.code !== "UNIQUE.VIOLATION") throw error;
    await on.write(push);
  }
}
