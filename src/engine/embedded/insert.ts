/** What an insert adds: documents in model order, auto-increment keys, and the choice of rows when duplicates are skipped. */
import type { UniqueViolationError } from "../../base/errors.js";
import { valuesOf } from "../../query/document.js";
import { sequenceExhausted, uniqueViolation } from "../../query/violations.js";
import type { Doc } from "../../schema/model.js";
import type { Key } from "../../storage/store.js";
import { type Collection, META_SPACE, sequenceKey } from "./catalog.js";
import { type CollectionIndex, prefixRange } from "./indexes.js";
import type { Overlay } from "./overlay.js";
import type { RowChange } from "./row-changes.js";
import type { ReadContext } from "./view.js";

export interface PreparedInsert {
  readonly changes: ReadonlyMap<Key, RowChange>;
  /** The first row whose key is taken, by a stored row or by an earlier one of the command. */
  readonly duplicate: KeyDuplicate | null;
  /** Remembers the largest key, when it grew. */
  stageSequence(overlay: Overlay): void;
}

export interface KeyDuplicate {
  readonly row: number;
  readonly error: UniqueViolationError;
}

/** The largest number that a row's auto-increment key ever had: numbers are never given twice. */
class Sequence {
  readonly #collection: Collection;
  readonly #exists: boolean;
  readonly #stored: number;
  last: number;

  private constructor(collection: Collection, record: Doc | undefined, greatest: Doc | undefined) {
    this.#collection = collection;
    this.#exists = record !== undefined;
    this.#stored = typeof record?.last === "number" ? record.last : 0;
    const largest = greatest?.[collection.meta.key[0]!];
    this.last = typeof largest === "number" && largest > this.#stored ? largest : this.#stored;
  }

  static async read(context: ReadContext, collection: Collection): Promise<Sequence> {
    const [record] = await context.view.getMany(META_SPACE, [sequenceKey(collection.space)]);
    // Files may be edited by hand: a number that a row has is taken, whatever the record says.
    const [last] = await context.view.ranges(collection.space, [{ reverse: true }], 1);
    return new Sequence(collection, record as Doc | undefined, last?.values[0] as Doc | undefined);
  }

  next(): number {
    const next = this.last + 1;
    if (!Number.isSafeInteger(next)) throw sequenceExhausted(this.#collection.meta);
    return next;
  }

  stage(overlay: Overlay): void {
    if (this.last === this.#stored) return;
    overlay.stage(
      META_SPACE,
      sequenceKey(this.#collection.space),
      Object.freeze({ last: this.last }),
      this.#exists ? 0 : 1,
    );
  }
}

export async function prepareInsert(
  context: ReadContext,
  collection: Collection,
  docs: readonly Doc[],
  onConflict: "fail" | "skip",
): Promise<PreparedInsert> {
  const { meta } = collection;
  const keyField = meta.key[0]!;
  const sequence = meta.keyGeneration === "increment" ? await Sequence.read(context, collection) : null;
  const changes = new Map<Key, RowChange>();
  const add = (given: Doc, admit: (key: Key, doc: Doc) => boolean): void => {
    const number = sequence !== null && (given[keyField] ?? null) === null ? sequence.next() : null;
    const doc = collection.normalize(given, number);
    const key = collection.keyOf(doc);
    if (!admit(key, doc)) return;
    const value = doc[keyField];
    if (sequence !== null && typeof value === "number" && value > sequence.last) sequence.last = value;
    changes.set(key, { key, before: null, after: doc });
  };
  const given = sequence === null ? docs : docs.filter((doc) => (doc[keyField] ?? null) !== null);
  const taken = await takenKeys(context, collection, given);
  let duplicate: KeyDuplicate | null = null;
  if (onConflict === "fail") {
    const admit = (key: Key, row: Doc): boolean => {
      if (!taken.has(key) && !changes.has(key)) return true;
      duplicate = { row: changes.size, error: uniqueViolation(meta, null, valuesOf(row, meta.key)) };
      return false;
    };
    for (const doc of docs) {
      add(doc, admit);
      // The command will fail; later rows cannot come first.
      if (duplicate !== null) break;
    }
  } else {
    const filters: UniqueFilter[] = [];
    for (const index of collection.indexes) {
      if (index.index.unique) filters.push(await UniqueFilter.read(context, index, docs));
    }
    for (const doc of docs) {
      add(doc, (key, row) => {
        if (taken.has(key) || changes.has(key) || filters.some((filter) => filter.has(row))) return false;
        for (const filter of filters) filter.add(row);
        return true;
      });
    }
  }
  return { changes, duplicate, stageSequence: (overlay) => sequence?.stage(overlay) };
}

const NO_KEYS: ReadonlySet<Key> = new Set();

async function takenKeys(
  context: ReadContext,
  collection: Collection,
  docs: readonly Doc[],
): Promise<ReadonlySet<Key>> {
  if (docs.length === 0) return NO_KEYS;
  const keys = docs.map((doc) => collection.keyOf(doc));
  const rows = await context.view.getMany(collection.space, keys);
  context.check();
  let taken: Set<Key> | null = null;
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] === undefined) continue;
    taken ??= new Set();
    taken.add(keys[i]!);
  }
  return taken ?? NO_KEYS;
}

/** Which values of a unique index are taken, by stored rows and by rows added so far. */
class UniqueFilter {
  readonly #index: CollectionIndex;
  readonly #taken: Set<Key>;

  private constructor(index: CollectionIndex, taken: Set<Key>) {
    this.#index = index;
    this.#taken = taken;
  }

  static async read(context: ReadContext, index: CollectionIndex, docs: readonly Doc[]): Promise<UniqueFilter> {
    const prefixes = docs.filter((doc) => !index.hasNull(doc)).map((doc) => index.prefix(doc));
    const batches = await context.view.ranges(index.space, prefixes.map(prefixRange), 1);
    context.check();
    return new UniqueFilter(index, new Set(prefixes.filter((_, i) => batches[i]!.keys.length > 0)));
  }

  has(doc: Doc): boolean {
    return !this.#index.hasNull(doc) && this.#taken.has(this.#index.prefix(doc));
  }

  add(doc: Doc): void {
    if (!this.#index.hasNull(doc)) this.#taken.add(this.#index.prefix(doc));
  }
}
