/**
 * What a damaged database holds, from what is left of it. Each partition is its file, changed by the commits of the journal
 * that the file does not hold yet. A document found in two partitions counts where it came last.
 */
import { isPlainObject } from "../../base/plain.js";
import type { Doc, FieldMeta, Json } from "../../schema/model.js";
import { decodeKey } from "../../storage/key.js";
import { WHOLE } from "../../storage/parts/version.js";
import type { Salvaged, SalvagedPart } from "../../storage/salvage.js";
import type { Key, Space, StoredValue } from "../../storage/store.js";
import { type Catalog, META_SPACE } from "./catalog.js";

export interface Contents {
  readonly spaces: ReadonlyMap<string, ReadonlyMap<Key, StoredValue>>;
  readonly left: readonly string[];
}

interface Found {
  readonly doc: StoredValue;
  /** The commit that it is known to be there from. */
  readonly since: number;
}

interface Partition {
  /** Every commit up to this one is inside. */
  sequence: number;
  readonly docs: Map<Key, Found>;
}

export function contentsOf(salvaged: Salvaged, catalog: Catalog): Contents {
  const reader = new Reader(salvaged, catalog);
  for (const part of salvaged.parts) reader.part(part);
  for (const commit of salvaged.commits) reader.commit(commit.sequence, commit.groups);
  return reader.finish();
}

class Reader {
  readonly #salvaged: Salvaged;
  readonly #spaces: ReadonlyMap<string, Space>;
  readonly #fields: ReadonlyMap<string, ReadonlyMap<string, FieldMeta>>;
  readonly #partitions = new Map<string, Map<string, Partition>>();
  readonly #meta: Map<Key, StoredValue>;
  /** Reasons and how often. */
  readonly #left = new Map<string, number>();

  constructor(salvaged: Salvaged, catalog: Catalog) {
    this.#salvaged = salvaged;
    this.#spaces = new Map(catalog.spaces.filter(({ kind }) => kind === "docs").map((space) => [space.id, space]));
    this.#fields = new Map(
      [...catalog.schema.models.values()].map(({ collection, fields }) => [
        collection,
        new Map(fields.map((one) => [one.name, one])),
      ]),
    );
    this.#meta = new Map(salvaged.meta as readonly (readonly [Key, StoredValue])[]);
  }

  part({ file, collection, partition, sequence, docs, keys, isSuspect }: SalvagedPart): void {
    const space = this.#spaces.get(collection);
    if (space === undefined) {
      this.#leave(`of "${collection}", which no model names`, docs.length);
      return;
    }
    if (partition !== null) this.#partition(collection, partition).sequence = sequence;
    for (const doc of docs) {
      const key = keyOf(space, doc);
      const own = space.partition?.of(doc as Doc) ?? WHOLE;
      if (key === null) this.#leave(`of "${collection}" in ${file} without its key`);
      else if (keys !== null && !keys.has(key))
        this.#leave(`of "${collection}" in ${file} with a key that was not there`);
      else if (isSuspect && !this.#fits(collection, doc))
        this.#leave(`of "${collection}" in ${file} with other fields than the model's`);
      else if (partition !== null && partition !== own && space.partition !== undefined && partition !== WHOLE) {
        this.#leave(`of "${collection}" in ${file} that belong into another file`);
      } else this.#put(collection, partition ?? own, key, doc, sequence, file);
    }
  }

  /** Whether it has the fields of its model: a flipped bit may change a name, an older file may be from before a change. */
  #fits(collection: string, doc: Json): boolean {
    const fields = this.#fields.get(collection);
    if (fields === undefined) return true;
    const has = doc as Doc;
    const names = Object.keys(has);
    return (
      names.every((name) => fields.has(name)) &&
      [...fields.values()].every((one) => one.optional || Object.hasOwn(has, one.name))
    );
  }

  commit(sequence: number, groups: Salvaged["commits"][number]["groups"]): void {
    const changes = groups.filter(([id]) => id !== META_SPACE);
    for (const [id, puts, deletes] of groups) {
      if (id !== META_SPACE || sequence <= this.#salvaged.base) continue;
      for (const [key, value] of puts as [Key, StoredValue][]) this.#meta.set(key, value);
      for (const key of deletes) this.#meta.delete(key);
    }
    // A document that moves is deleted in one group and put in another, in any order.
    for (const [id, , deletes, name] of changes) {
      const partition = this.#partition(id, name ?? WHOLE);
      if (sequence <= partition.sequence) continue;
      for (const key of deletes) if (isOlder(partition.docs.get(key), sequence)) partition.docs.delete(key);
    }
    for (const [id, puts, , name] of changes) {
      const partition = this.#partition(id, name ?? WHOLE);
      if (sequence > partition.sequence) this.#puts(id, partition, puts, sequence);
    }
  }

  #puts(id: string, partition: Partition, puts: readonly Json[], sequence: number): void {
    const space = this.#spaces.get(id);
    if (space === undefined) {
      this.#leave(`of "${id}", which no model names`, puts.length);
      return;
    }
    for (const doc of puts) {
      const key = keyOf(space, doc);
      if (key === null) this.#leave(`of "${id}" in the journal without its key`);
      else if (isOlder(partition.docs.get(key), sequence)) {
        partition.docs.set(key, { doc: Object.freeze(doc) as Doc, since: sequence });
      }
    }
  }

  finish(): Contents {
    const spaces = new Map<string, ReadonlyMap<Key, StoredValue>>([[META_SPACE, this.#meta]]);
    for (const id of this.#spaces.keys()) {
      const newest = new Map<Key, Found>();
      for (const { docs } of this.#partitions.get(id)?.values() ?? []) {
        for (const [key, found] of docs) {
          const other = newest.get(key);
          if (other !== undefined) this.#leave(`of "${id}" that are in two files: the older ones`);
          if (other === undefined || other.since < found.since) newest.set(key, found);
        }
      }
      spaces.set(id, new Map([...newest].map(([key, { doc }]) => [key, doc])));
    }
    return { spaces, left: [...this.#left].map(([reason, count]) => `${count} × a document ${reason}`) };
  }

  #put(collection: string, partition: string, key: Key, doc: Json, since: number, file: string): void {
    const { docs } = this.#partition(collection, partition);
    const other = docs.get(key);
    if (other !== undefined) this.#leave(`of "${collection}" in ${file} whose key another one has`);
    if (other === undefined || other.since < since) docs.set(key, { doc: Object.freeze(doc) as Doc, since });
  }

  #partition(collection: string, name: string): Partition {
    let ofCollection = this.#partitions.get(collection);
    if (ofCollection === undefined) {
      ofCollection = new Map();
      this.#partitions.set(collection, ofCollection);
    }
    let partition = ofCollection.get(name);
    if (partition === undefined) {
      partition = { sequence: this.#salvaged.bases.get(collection) ?? this.#salvaged.base, docs: new Map() };
      ofCollection.set(name, partition);
    }
    return partition;
  }

  #leave(reason: string, count = 1): void {
    if (count > 0) this.#left.set(reason, (this.#left.get(reason) ?? 0) + count);
  }
}

function isOlder(found: Found | undefined, sequence: number): boolean {
  return found === undefined || found.since <= sequence;
}

/** Null: it is no document of this space. */
function keyOf(space: Space, doc: Json): Key | null {
  if (!isPlainObject(doc)) return null;
  try {
    const key = space.keyOf(doc as Doc);
    return decodeKey(key).includes(null) ? null : key;
  } catch {
    return null;
  }
}
