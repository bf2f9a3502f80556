/**
 * A commit, sorted by partition, and the version after it.
 *
 * Text of a commit in the journal of a store in partitions, one line:
 *
 *   commit = [ [space, puts, deletes, partition]* ]
 *   puts   = documents; for meta spaces [key, value] pairs, and no partition
 *   deletes= keys; a document that moves is a delete in one partition and a put in the other
 *
 * Index mutations are left out: entries follow from the documents.
 */
import { invariant } from "../../base/assert.js";
import { encodeDocs, encodeJson } from "../../schema/doc-codec.js";
import type { Doc, Json } from "../../schema/model.js";
import { Tree, type TreeEditor } from "../btree.js";
import { storable } from "../storable.js";
import type { Derived, Key, Mutation, StoredValue } from "../store.js";
import {
  Content,
  type IndexOf,
  type Part,
  type SpaceVersion,
  spaceOf,
  type Version,
  WHOLE,
  weightOf,
} from "./version.js";

export interface PartChange {
  readonly space: string;
  readonly partition: string;
  readonly puts: Map<Key, Doc>;
  readonly deletes: Set<Key>;
}

export interface MetaChange {
  readonly space: string;
  readonly puts: Map<Key, StoredValue>;
  readonly deletes: Set<Key>;
}

export interface Changes {
  readonly parts: readonly PartChange[];
  readonly meta: readonly MetaChange[];
}

/** Which partitions a batch changes, seen from a version. */
export function sortChanges(
  version: Version,
  batch: readonly Mutation[],
  indexes: ReadonlyMap<string, IndexOf>,
): Changes {
  const parts = new Map<string, Map<string, PartChange>>();
  const meta = new Map<string, MetaChange>();
  const partOf = (space: string, partition: string): PartChange => {
    let ofSpace = parts.get(space);
    if (ofSpace === undefined) {
      ofSpace = new Map();
      parts.set(space, ofSpace);
    }
    let change = ofSpace.get(partition);
    if (change === undefined) {
      change = { space, partition, puts: new Map(), deletes: new Set() };
      ofSpace.set(partition, change);
    }
    return change;
  };
  for (const { space, key, value } of batch) {
    if (version.meta.has(space)) {
      let change = meta.get(space);
      if (change === undefined) {
        change = { space, puts: new Map(), deletes: new Set() };
        meta.set(space, change);
      }
      if (value === undefined) change.deletes.add(key);
      else change.puts.set(key, value);
      continue;
    }
    if (indexes.has(space)) continue;
    const { partition, directory } = spaceOf(version, space);
    if (partition === null || directory === null) {
      const change = partOf(space, WHOLE);
      if (value === undefined) change.deletes.add(key);
      else change.puts.set(key, value);
      continue;
    }
    const before = directory.get(key);
    const now = value === undefined ? undefined : partition.of(value);
    if (before !== undefined && before !== now) partOf(space, before).deletes.add(key);
    if (value !== undefined && now !== undefined) partOf(space, now).puts.set(key, value);
  }
  return { parts: [...parts.values()].flatMap((ofSpace) => [...ofSpace.values()]), meta: [...meta.values()] };
}

export function encodeChanges({ parts, meta }: Changes): string {
  return storable(() => {
    const groups = parts.map(({ space, partition, puts, deletes }) => {
      const list = [JSON.stringify(space), encodeDocs([...puts.values()]), JSON.stringify([...deletes])];
      return `[${list.join()},${JSON.stringify(partition)}]`;
    });
    for (const { space, puts, deletes } of meta) {
      const pairs = encodeJson([...puts] as unknown as Json);
      groups.push(`[${JSON.stringify(space)},${pairs},${JSON.stringify([...deletes])}]`);
    }
    return `[${groups.join(",")}]`;
  });
}

/** The part that a change changes; undefined when there is none yet. */
export function partFor(version: Version, change: PartChange): Part | undefined {
  return spaceOf(version, change.space).parts.get(change.partition);
}

/** The version after the changes. Every partition that they change must be in memory. `text`: characters of all of them. */
export function applyChanges(version: Version, changes: Changes, sequence: number, text: number): Version {
  const meta = new Map(version.meta);
  for (const { space, puts, deletes } of changes.meta) {
    const editor = meta.get(space)!.edit();
    for (const [key, value] of puts) editor.set(key, value);
    for (const key of deletes) editor.delete(key);
    meta.set(space, editor.freeze());
  }
  const spaces = new Map(version.spaces);
  const bySpace = new Map<string, PartChange[]>();
  let puts = 0;
  for (const change of changes.parts) {
    puts += change.puts.size;
    const list = bySpace.get(change.space);
    if (list === undefined) bySpace.set(change.space, [change]);
    else list.push(change);
  }
  const perPut = puts === 0 ? 0 : text / puts;
  for (const [id, list] of bySpace) spaces.set(id, changeSpace(spaceOf(version, id), list, perPut));
  return { sequence, meta, spaces };
}

function changeSpace(space: SpaceVersion, changes: readonly PartChange[], perPut: number): SpaceVersion {
  const parts = space.parts.edit();
  const directory = space.directory?.edit() ?? null;
  const uniques = new Map([...space.uniques].map(([derived, tree]) => [derived, tree.edit()]));
  // A document that moves is first taken out of its old partition, so that what is resident ends with the new one.
  const edited = changes.map((change) => new PartEdit(space.parts.get(change.partition), change, uniques));
  for (const edit of edited) edit.remove(directory);
  for (const edit of edited) edit.add(directory);
  for (const edit of edited) parts.set(edit.change.partition, edit.freeze(perPut));
  return {
    ...space,
    parts: parts.freeze(),
    directory: directory?.freeze() ?? null,
    uniques: new Map([...uniques].map(([derived, editor]) => [derived, editor.freeze()])),
  };
}

class PartEdit {
  readonly change: PartChange;
  readonly #before: Part | undefined;
  readonly #docs: TreeEditor<StoredValue>;
  readonly #count: number;
  readonly #indexes: Map<Derived, TreeEditor<StoredValue>>;
  readonly #uniques: ReadonlyMap<Derived, TreeEditor<Key>>;

  constructor(before: Part | undefined, change: PartChange, uniques: ReadonlyMap<Derived, TreeEditor<Key>>) {
    this.#before = before;
    this.change = change;
    const docs = before === undefined ? Tree.empty<StoredValue>() : before.content.docs;
    invariant(docs !== null, "A partition is changed that is not in memory");
    this.#docs = docs.edit();
    this.#count = docs.size;
    this.#indexes = new Map([...(before?.content.indexes ?? [])].map(([derived, tree]) => [derived, tree.edit()]));
    this.#uniques = uniques;
  }

  remove(directory: TreeEditor<string> | null): void {
    for (const key of this.change.deletes) {
      const old = this.#docs.delete(key);
      if (old === undefined) continue;
      directory?.delete(key);
      this.#unlink(old, key);
    }
    for (const key of this.change.puts.keys()) {
      const old = this.#docs.get(key);
      if (old !== undefined) this.#unlink(old, key);
    }
  }

  add(directory: TreeEditor<string> | null): void {
    for (const [key, doc] of this.change.puts) {
      this.#docs.set(key, doc);
      directory?.set(key, this.change.partition);
      for (const [derived, editor] of this.#indexes) for (const entry of derived.keys(doc, key)) editor.set(entry, doc);
      for (const [derived, editor] of this.#uniques) for (const entry of derived.keys(doc, key)) editor.set(entry, key);
    }
  }

  freeze(perPut: number): Part {
    const docs = this.#docs.freeze();
    const old = this.#before?.content ?? Content.empty();
    old.superseded = true;
    const perDoc = this.#count === 0 ? 0 : old.weight / this.#count;
    const added = weightOf(perPut * this.change.puts.size, this.change.puts.size);
    const gone = this.#count + this.change.puts.size - docs.size;
    const content = new Content(docs, docs.size, Math.max(0, old.weight + added - gone * perDoc), false);
    content.indexes = new Map([...this.#indexes].map(([derived, editor]) => [derived, editor.freeze()]));
    const slot = this.#before?.slot ?? { space: this.change.space, name: this.change.partition, stored: null };
    return { slot, content };
  }

  #unlink(old: Doc, key: Key): void {
    for (const [derived, editor] of this.#indexes) for (const entry of derived.keys(old, key)) editor.delete(entry);
    for (const [derived, editor] of this.#uniques) for (const entry of derived.keys(old, key)) editor.delete(entry);
  }
}
