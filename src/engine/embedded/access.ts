/** An access path as batches of documents, in the order of the path. Only what was asked for is read. */
import { keepShape } from "../../base/shapes.js";
import type { Doc } from "../../schema/model.js";
import type { Batch, Key, Range } from "../../storage/store.js";
import type { AccessPlan } from "./access-plan.js";
import type { Collection } from "./catalog.js";
import type { ReadContext } from "./view.js";

const BATCH = 512;
/** Ranges that are asked for in one call. */
const RANGES = 64;

/** Counts the documents that an access path delivered. */
export interface Tally {
  read: number;
}

export class AccessCursor {
  readonly #context: ReadContext;
  readonly #collection: Collection;
  readonly #plan: AccessPlan;
  readonly #tally: Tally;
  /** Size of the first batch; later ones are large. */
  #batch: number;
  #position = 0;
  #scan: AsyncIterableIterator<Batch> | null = null;

  /** `expected`: how many documents will probably be wanted, null when all. */
  constructor(context: ReadContext, collection: Collection, plan: AccessPlan, tally: Tally, expected: number | null) {
    this.#context = context;
    this.#collection = collection;
    this.#plan = plan;
    this.#tally = tally;
    this.#batch = expected === null ? BATCH : Math.max(1, Math.min(expected, BATCH));
  }

  /** The next documents, or null at the end. A batch may be empty. */
  async next(): Promise<readonly Doc[] | null> {
    const docs = this.#plan.kind === "keys" ? await this.#nextKeys() : await this.#nextRanges();
    this.#context.check();
    if (docs !== null) this.#tally.read += docs.length;
    this.#batch = BATCH;
    return docs;
  }

  /** Lets go of the scan; needed when the end was not reached. */
  async close(): Promise<void> {
    const scan = this.#scan;
    this.#scan = null;
    await scan?.return?.();
  }

  async #nextKeys(): Promise<readonly Doc[] | null> {
    const { keys } = this.#plan;
    if (this.#position >= keys.length) return null;
    const all = this.#position === 0 && keys.length <= this.#batch;
    const part = all ? keys : keys.slice(this.#position, this.#position + this.#batch);
    this.#position += part.length;
    return this.#docs(part);
  }

  async #nextRanges(): Promise<readonly Doc[] | null> {
    if (this.#scan !== null) {
      const step = await this.#scan.next();
      if (step.done !== true) return step.value.values;
      this.#scan = null;
      this.#position++;
    }
    const { ranges, sequence } = this.#plan;
    if (this.#position >= ranges.length) return null;
    const group = ranges.slice(this.#position, this.#position + RANGES);
    const limit = this.#batch;
    const batches = await this.#context.view.ranges(sequence.space, group, limit);
    if (batches.length === 1 && batches[0]!.keys.length < limit) {
      this.#position++;
      return batches[0]!.values;
    }
    const docs: Doc[] = [];
    for (const [i, batch] of batches.entries()) {
      for (const doc of batch.values) docs.push(doc);
      if (batch.keys.length === limit) {
        // This range may go on: the rest of it comes before the next one.
        this.#scan = this.#context.view.scan(sequence.space, rest(group[i]!, batch.keys.at(-1)!), BATCH);
        break;
      }
      this.#position++;
    }
    return docs;
  }

  async #docs(keys: readonly Key[]): Promise<readonly Doc[]> {
    if (keys.length === 0) return [];
    const found = (await this.#context.view.getMany(this.#collection.space, keys)) as readonly (Doc | undefined)[];
    return found.includes(undefined) ? found.filter((doc) => doc !== undefined) : (found as readonly Doc[]);
  }
}

/** What is left of a range behind `last`, in the direction of the range. */
function rest(range: Range, last: Key): Range {
  return range.reverse === true ? { ...range, lt: last } : { ...range, gte: `${last}\0` };
}

// Made up: nothing reads it.
keepShape(new AccessCursor({} as ReadContext, {} as Collection, {} as AccessPlan, { read: 0 }, null));
