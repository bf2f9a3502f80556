/** From the documents of a file to their tree, in turns that leave the event loop responsive. */
import { CorruptionError } from "../base/errors.js";
import { asDoc } from "../schema/doc-codec.js";
import type { Doc, Json } from "../schema/model.js";
import { Tree, type TreeEditor } from "./btree.js";
import { Pace } from "./pace.js";
import type { Derived, Key, Space, StoredValue } from "./store.js";

/** Entries between two looks at the clock. */
const STEP = 512;

/** `path`: the file that the documents come from, for messages. */
export async function docsTree(space: Space, docs: readonly unknown[], path: string): Promise<Tree<StoredValue>> {
  const where = `${path}: "${space.id}"`;
  return sortedTree(
    docs.length,
    (add) => {
      const step = (at: number) => {
        const doc = asDoc(docs[at] as Json, where);
        add(space.keyOf(doc), doc);
      };
      return step;
    },
    () =>
      new CorruptionError("CORRUPTION.FORMAT", `${path} holds two documents of "${space.id}" with the same key`, {
        meta: { file: path, collection: space.id, what: "duplicate key" },
        fix: "remove one of them, or name another field as the key",
      }),
  );
}

/** An index built from every document of a tree. */
export async function indexTree(docs: Tree<StoredValue>, derived: Derived): Promise<Tree<StoredValue>> {
  const cursor = docs.cursor();
  let keys: Key[] = [];
  let values: StoredValue[] = [];
  let from = 0;
  return sortedTree(docs.size, (add) => (at) => {
    if (at - from >= keys.length) {
      from = at;
      keys = [];
      values = [];
      cursor.take(STEP, keys, values);
    }
    const key = keys[at - from]!;
    const doc = values[at - from] as Doc;
    for (const entry of derived.keys(doc, key)) add(entry, doc);
  });
}

/**
 * A tree of the entries that `count` steps add. Runs of about `RUN` are sorted by themselves and inserted in order, so that
 * no sort is long; entries that come in order are appended. `duplicate`: what to throw when two keys are the same.
 */
const RUN = 8192;

async function sortedTree(
  count: number,
  start: (add: (key: Key, value: StoredValue) => void) => (at: number) => void,
  duplicate?: () => Error,
): Promise<Tree<StoredValue>> {
  const pace = new Pace();
  const editor = Tree.empty<StoredValue>().edit();
  let keys: Key[] = [];
  let values: StoredValue[] = [];
  let ascending = true;
  const step = start((key, value) => {
    if (keys.length > 0 && key <= keys[keys.length - 1]!) ascending = false;
    keys.push(key);
    values.push(value);
  });
  for (let at = 0; at < count; at++) {
    step(at);
    if (at % STEP === STEP - 1 && pace.due()) await pace.turn();
    if (keys.length < RUN && at < count - 1) continue;
    await insertRun(editor, keys, values, ascending, pace, duplicate);
    keys = [];
    values = [];
    ascending = true;
  }
  return editor.freeze();
}

async function insertRun(
  editor: TreeEditor<StoredValue>,
  keys: readonly Key[],
  values: readonly StoredValue[],
  ascending: boolean,
  pace: Pace,
  duplicate: (() => Error) | undefined,
): Promise<void> {
  const order = ascending ? null : sortedOrder(keys);
  for (let i = 0; i < keys.length; i++) {
    const at = order === null ? i : order[i]!;
    if (editor.set(keys[at]!, values[at]!) !== undefined && duplicate !== undefined) throw duplicate();
    if (i % STEP === STEP - 1 && pace.due()) await pace.turn();
  }
}

/** Positions of the keys in ascending order of key. */
export function sortedOrder(keys: readonly Key[]): Uint32Array {
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : 0));
}
