/** From the documents of a file to their tree and its indexes, in turns that leave the event loop responsive. */
import { CorruptionError } from "../base/errors.js";
import { asDoc } from "../schema/doc-codec.js";
import type { Doc, Json } from "../schema/model.js";
import type { Tree } from "./btree.js";
import { earlyStamp, nextStamp } from "./btree-node.js";
import { packedTree, packedValues } from "./btree-pack.js";
import { Pace } from "./pace.js";
import { orderOf } from "./sorted-order.js";
import type { Derived, Key, Space, StoredValue } from "./store.js";

/** Entries between two looks at the clock. */
const STEP = 512;

/** `path`: the file that the documents come from, for messages. */
export async function docsTree(space: Space, docs: readonly unknown[], path: string): Promise<Tree<StoredValue>> {
  const where = `${path}: "${space.id}"`;
  const pace = new Pace();
  if (await isNumbered(space, docs, where, pace)) {
    const keysOf = (values: readonly StoredValue[]) => values.map((doc) => space.keyOf(doc as Doc));
    return packedValues(keysOf, docs as readonly StoredValue[], nextStamp(), pace);
  }
  const keys: Key[] = [];
  // What is done in one go is a function of its own: the compiler takes to it sooner than to a loop with pauses.
  for (let i = 0; i < docs.length; i += STEP) {
    addKeys(keys, space, docs, i, Math.min(i + STEP, docs.length), where);
    if (pace.due()) await pace.turn();
  }
  const entries = await inOrder(keys, docs as readonly StoredValue[], pace);
  if (entries.keys.length < docs.length) {
    throw new CorruptionError("CORRUPTION.FORMAT", `${path} holds two documents of "${space.id}" with the same key`, {
      meta: { file: path, collection: space.id, what: "duplicate key" },
      fix: "remove one of them, or name another field as the key",
    });
  }
  return packedTree(entries.keys, entries.values, nextStamp(), pace);
}

/** Whether all keys are numbers and ascend: these do so whenever the keys made of them do, and need not be made to see it. */
async function isNumbered({ point }: Space, docs: readonly unknown[], where: string, pace: Pace): Promise<boolean> {
  if (point === undefined) return false;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < docs.length; i += STEP) {
    last = greatest(point, docs, i, Math.min(i + STEP, docs.length), last, where);
    if (Number.isNaN(last)) return false;
    if (pace.due()) await pace.turn();
  }
  return true;
}

/** The number of the last document; NaN when they are not all numbers that ascend from `last`. */
function greatest(
  point: (doc: Doc) => unknown,
  docs: readonly unknown[],
  from: number,
  to: number,
  before: number,
  where: string,
): number {
  let last = before;
  for (let i = from; i < to; i++) {
    const number = point(asDoc(docs[i] as Json, where));
    if (typeof number !== "number" || !(number > last)) return Number.NaN;
    last = number;
  }
  return last;
}

function addKeys(keys: Key[], space: Space, docs: readonly unknown[], from: number, to: number, where: string): void {
  for (let i = from; i < to; i++) keys.push(space.keyOf(asDoc(docs[i] as Json, where)));
}

/** An index built from every document of a tree. It may be given to any version that has this tree of documents. */
export async function indexTree(docs: Tree<StoredValue>, derived: Derived): Promise<Tree<StoredValue>> {
  const pace = new Pace();
  const cursor = docs.cursor();
  const entries: Key[] = [];
  const owners: StoredValue[] = [];
  for (let left = docs.size; left > 0; ) {
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    left -= cursor.take(STEP, keys, values);
    for (let i = 0; i < keys.length; i++) {
      const doc = values[i] as Doc;
      for (const entry of derived.keys(doc, keys[i]!)) {
        entries.push(entry);
        owners.push(doc);
      }
    }
    if (pace.due()) await pace.turn();
  }
  const sorted = await inOrder(entries, owners, pace);
  return packedTree(sorted.keys, sorted.values, earlyStamp(), pace);
}

interface Entries {
  readonly keys: readonly Key[];
  readonly values: readonly StoredValue[];
}

/** The entries by key; of several with the same key the last one. */
async function inOrder(keys: readonly Key[], values: readonly StoredValue[], pace: Pace): Promise<Entries> {
  if (await isAscending(keys, pace)) return { keys, values };
  const order = await orderOf(keys, pace);
  const sorted: Key[] = [];
  const owners: StoredValue[] = [];
  for (let i = 0; i < order.length; i++) {
    const key = keys[order[i]!]!;
    if (sorted.length > 0 && sorted[sorted.length - 1] === key) {
      sorted.pop();
      owners.pop();
    }
    sorted.push(key);
    owners.push(values[order[i]!]!);
    if (i % STEP === STEP - 1 && pace.due()) await pace.turn();
  }
  return { keys: sorted, values: owners };
}

async function isAscending(keys: readonly Key[], pace: Pace): Promise<boolean> {
  for (let i = 0; i < keys.length; i += STEP) {
    if (!ascends(keys, i, Math.min(i + STEP + 1, keys.length))) return false;
    if (pace.due()) await pace.turn();
  }
  return true;
}

function ascends(keys: readonly Key[], from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (keys[i]! <= keys[i - 1]!) return false;
  return true;
}
