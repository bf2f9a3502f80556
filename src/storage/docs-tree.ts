/** From the documents of a file to their tree and its indexes, in turns that leave the event loop responsive. */
import { CorruptionError } from "../base/errors.js";
import { asDoc } from "../schema/doc-codec.js";
import type { Doc, Json } from "../schema/model.js";
import { Tree, type TreeEditor } from "./btree.js";
import { Pace } from "./pace.js";
import { orderOf } from "./sorted-order.js";
import type { Derived, Key, Space, StoredValue } from "./store.js";

/** Entries between two looks at the clock. */
const STEP = 512;

/** `path`: the file that the documents come from, for messages. */
export async function docsTree(space: Space, docs: readonly unknown[], path: string): Promise<Tree<StoredValue>> {
  const where = `${path}: "${space.id}"`;
  const entries = new Entries(Tree.empty<StoredValue>().edit(), () => duplicate(space, path));
  const pace = new Pace();
  for (let i = 0; i < docs.length; i++) {
    const doc = asDoc(docs[i] as Json, where);
    entries.add(space.keyOf(doc), doc);
    if (i % STEP === STEP - 1 && pace.due()) await pace.turn();
  }
  return entries.tree(pace);
}

function duplicate(space: Space, path: string): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path} holds two documents of "${space.id}" with the same key`, {
    meta: { file: path, collection: space.id, what: "duplicate key" },
    fix: "remove one of them, or name another field as the key",
  });
}

/** An index built from every document of a tree. It may be given to any version that has this tree of documents. */
export async function indexTree(docs: Tree<StoredValue>, derived: Derived): Promise<Tree<StoredValue>> {
  const entries = new Entries(Tree.emptyEarly<StoredValue>().editEarly());
  const pace = new Pace();
  const cursor = docs.cursor();
  for (let left = docs.size; left > 0; ) {
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    left -= cursor.take(STEP, keys, values);
    for (let i = 0; i < keys.length; i++) {
      const doc = values[i] as Doc;
      for (const entry of derived.keys(doc, keys[i]!)) entries.add(entry, doc);
    }
    if (pace.due()) await pace.turn();
  }
  return entries.tree(pace);
}

/** Entries on their way into an empty tree: as long as they come in order they go there at once, the rest is sorted first. */
class Entries {
  readonly #editor: TreeEditor<StoredValue>;
  readonly #duplicate: (() => Error) | undefined;
  #last: Key | null = null;
  #keys: Key[] = [];
  #values: StoredValue[] = [];

  /** `duplicate`: what to throw when two keys are the same; without it the later entry replaces the earlier one. */
  constructor(editor: TreeEditor<StoredValue>, duplicate?: () => Error) {
    this.#editor = editor;
    this.#duplicate = duplicate;
  }

  add(key: Key, value: StoredValue): void {
    if (this.#keys.length === 0 && (this.#last === null || key > this.#last)) {
      this.#editor.set(key, value);
      this.#last = key;
    } else {
      this.#keys.push(key);
      this.#values.push(value);
    }
  }

  async tree(pace: Pace): Promise<Tree<StoredValue>> {
    const editor = this.#editor;
    if (this.#keys.length > 0) {
      const keys = this.#keys;
      const order = await orderOf(keys, pace);
      for (let i = 0; i < order.length; i++) {
        const at = order[i]!;
        const replaced = editor.set(keys[at]!, this.#values[at]!);
        if (replaced !== undefined && this.#duplicate !== undefined) throw this.#duplicate();
        if (i % STEP === STEP - 1 && pace.due()) await pace.turn();
      }
    }
    return editor.freeze();
  }
}
