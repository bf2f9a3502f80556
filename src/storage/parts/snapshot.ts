/**
 * Reads of one version. A split space is read through what is resident of it: the directory leads from a key to its
 * partition, and answers ranges of keys by loading only the partitions of those keys; unique indexes lead to keys. Other
 * indexes exist per partition: their partitions are visited one by one.
 */
import { StorageError } from "../../base/errors.js";
import type { Tree } from "../btree.js";
import type { Batch, Derived, Key, Range, Snapshot, StoredValue } from "../store.js";
import type { PartLoader } from "./loader.js";
import { mergedScan, partwiseScan } from "./merge.js";
import type { PartDisk } from "./part-disk.js";
import { SliceReader } from "./slices.js";
import { type IndexOf, type Part, partsOf, type SpaceVersion, spaceOf, type Version, WHOLE } from "./version.js";

export interface SnapshotHost {
  readonly loader: PartLoader;
  readonly disk: PartDisk;
  /** Bytes that a scan may hold beside the cache. */
  readonly scanBytes: number;
  readonly indexes: ReadonlyMap<string, IndexOf>;
  check(): void;
  ended(snapshot: PartSnapshot): void;
}

export type TreeOf = (part: Part) => Promise<Tree<StoredValue>> | Tree<StoredValue>;

export class PartSnapshot implements Snapshot {
  readonly version: Version;
  readonly #host: SnapshotHost;
  readonly #indexes: ReadonlyMap<string, IndexOf>;
  #open = true;

  constructor(version: Version, host: SnapshotHost) {
    this.version = version;
    this.#host = host;
    this.#indexes = host.indexes;
  }

  async getMany(space: string, keys: readonly Key[]): Promise<readonly (StoredValue | undefined)[]> {
    this.#check();
    const meta = this.version.meta.get(space);
    if (meta !== undefined) return keys.map((key) => meta.get(key));
    const index = this.#indexes.get(space);
    if (index !== undefined) {
      const found = await this.ranges(
        space,
        keys.map((key) => ({ gte: key, lt: `${key}\0` })),
        1,
      );
      return found.map((batch) => batch.values[0]);
    }
    const docs = spaceOf(this.version, space);
    if (docs.directory === null) {
      const tree = await this.#host.loader.docs(docs.space, docs.parts.get(WHOLE)!);
      return keys.map((key) => tree.get(key));
    }
    return this.#documents(docs, docs.directory, keys);
  }

  async #documents(
    space: SpaceVersion,
    directory: Tree<string>,
    keys: readonly Key[],
  ): Promise<(StoredValue | undefined)[]> {
    const found = new Array<StoredValue | undefined>(keys.length).fill(undefined);
    const byPart = new Map<string, number[]>();
    for (let i = 0; i < keys.length; i++) {
      const name = directory.get(keys[i]!);
      if (name === undefined) continue;
      const places = byPart.get(name);
      if (places === undefined) byPart.set(name, [i]);
      else places.push(i);
    }
    for (const [name, places] of byPart) {
      const tree = await this.#host.loader.docs(space.space, space.parts.get(name)!);
      for (const at of places) found[at] = tree.get(keys[at]!);
    }
    return found;
  }

  async ranges(space: string, ranges: readonly Range[], limit?: number): Promise<readonly Batch[]> {
    this.#check();
    const most = limit ?? Number.POSITIVE_INFINITY;
    const meta = this.version.meta.get(space);
    if (meta !== undefined) return ranges.map((range) => collected(meta, range, most));
    const index = this.#indexes.get(space);
    const owner = spaceOf(this.version, index?.owner ?? space);
    if (owner.partition === null) {
      const tree = await this.#treeOf(owner, index)(owner.parts.get(WHOLE)!);
      return ranges.map((range) => collected(tree, range, most));
    }
    const resident = index === undefined ? owner.directory : (owner.uniques.get(index.derived) ?? null);
    const [first] = ranges;
    if (first === undefined) return [];
    // All ranges of one call have the same hint.
    const parts = this.#parts(owner, first);
    if (resident === null || (index === undefined && parts.length < 2)) {
      return this.#visited(owner, index, ranges, parts, most);
    }
    return this.#throughResident(owner, index, resident, ranges, most);
  }

  /** The keys come from what is resident; only partitions that hold one of them are loaded. */
  async #throughResident(
    owner: SpaceVersion,
    index: IndexOf | undefined,
    resident: Tree<string>,
    ranges: readonly Range[],
    limit: number,
  ): Promise<readonly Batch[]> {
    const found = ranges.map((range) => {
      const entries: Key[] = [];
      const names: string[] = [];
      resident.collect(range, limit, entries, names);
      return { entries, keys: index === undefined ? entries : names };
    });
    const all = found.length === 1 ? found[0]!.keys : found.flatMap(({ keys }) => keys);
    const values = (await this.#documents(owner, owner.directory!, all)) as StoredValue[];
    let from = 0;
    return found.map(({ entries, keys }) => {
      from += keys.length;
      return { keys: entries, values: values.slice(from - keys.length, from) };
    });
  }

  /** Each partition is visited once for all ranges. */
  async #visited(
    owner: SpaceVersion,
    index: IndexOf | undefined,
    ranges: readonly Range[],
    parts: readonly Part[],
    limit: number,
  ): Promise<readonly Batch[]> {
    const treeOf = this.#treeOf(owner, index);
    const best: Batch[] = ranges.map(() => ({ keys: [], values: [] }));
    for (const part of parts) {
      const tree = await treeOf(part);
      for (const [i, range] of ranges.entries()) {
        const batch = collected(tree, range, limit);
        if (batch.keys.length === 0) continue;
        best[i] = best[i]!.keys.length === 0 ? batch : merged(best[i]!, batch, range.reverse === true, limit);
      }
      this.#check();
    }
    return best;
  }

  async groups(space: string, components: readonly Key[]): Promise<readonly (readonly StoredValue[])[]> {
    // Every component begins with a digit, so U+00FF is above all of them.
    const found = await this.ranges(
      space,
      components.map((gte) => ({ gte, lt: `${gte}\xff` })),
    );
    return found.map(({ values }) => values);
  }

  async *scan(space: string, range: Range, batch: number): AsyncGenerator<Batch, void, undefined> {
    this.#check();
    const meta = this.version.meta.get(space);
    const index = this.#indexes.get(space);
    const owner = meta === undefined ? spaceOf(this.version, index?.owner ?? space) : null;
    if (owner === null || owner.partition === null) {
      const tree = meta ?? (await this.#treeOf(owner!, index)(owner!.parts.get(WHOLE)!));
      yield* this.#guarded(partwiseScan([tree], (one) => one, range, batch));
      return;
    }
    const parts = this.#parts(owner, range);
    const treeOf = this.#treeOf(owner, index);
    if (range.anyOrder === true || parts.length < 2) {
      yield* this.#guarded(partwiseScan(parts, treeOf, range, batch));
    } else {
      const { scanBytes, disk } = this.#host;
      const slicesOf =
        index === undefined
          ? (part: Part, text: number) => new SliceReader(disk, owner.space, part, range, text)
          : null;
      yield* this.#guarded(mergedScan(parts, treeOf, range, batch, scanBytes, slicesOf));
    }
  }

  async *#guarded(batches: AsyncIterable<Batch>): AsyncGenerator<Batch, void, undefined> {
    for await (const batch of batches) {
      yield batch;
      this.#check();
    }
  }

  async size(space: string): Promise<number> {
    this.#check();
    const meta = this.version.meta.get(space);
    if (meta !== undefined) return meta.size;
    const index = this.#indexes.get(space);
    const owner = spaceOf(this.version, index?.owner ?? space);
    if (index === undefined) return partsOf(owner).reduce((sum, { content }) => sum + content.count, 0);
    const resident = owner.uniques.get(index.derived);
    if (resident !== undefined) return resident.size;
    let size = 0;
    for (const part of partsOf(owner)) size += (await this.#treeOf(owner, index)(part)).size;
    return size;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.ended(this);
  }

  #parts(owner: SpaceVersion, range: Range): readonly Part[] {
    if (range.within === undefined) return partsOf(owner);
    return [...new Set(range.within)].flatMap((name) => owner.parts.get(name) ?? []);
  }

  #treeOf(owner: SpaceVersion, index: { readonly derived: Derived } | undefined): TreeOf {
    const { loader } = this.#host;
    return index === undefined
      ? (part) => loader.docs(owner.space, part)
      : (part) => loader.index(owner.space, part, index.derived);
  }

  #check(): void {
    this.#host.check();
    if (!this.#open) throw new StorageError("STORAGE.CLOSED", "This snapshot has ended");
  }
}

function collected(tree: Tree<StoredValue>, range: Range, limit: number): Batch {
  const keys: Key[] = [];
  const values: StoredValue[] = [];
  tree.collect(range, limit, keys, values);
  return { keys, values };
}

/** Two batches of the same range as one, in its order. */
function merged(a: Batch, b: Batch, reverse: boolean, limit: number): Batch {
  const keys: Key[] = [];
  const values: StoredValue[] = [];
  let i = 0;
  let j = 0;
  while (keys.length < limit && (i < a.keys.length || j < b.keys.length)) {
    const first = j >= b.keys.length || (i < a.keys.length && a.keys[i]! < b.keys[j]! !== reverse);
    keys.push(first ? a.keys[i]! : b.keys[j]!);
    values.push(first ? a.values[i++]! : b.values[j++]!);
  }
  return { keys, values };
}
