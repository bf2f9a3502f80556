/**
 * What a store in partitions holds, in versions. A version never changes, with one exception: the documents of a partition
 * whose file has exactly the same contents may be dropped from memory and are loaded again when needed.
 *
 *   Slot      where a partition lives on disk; one for all versions
 *   Content   the documents of a partition in some versions: the same object as long as they do not change
 *   Part      slot and content
 *
 * A commit that changes a partition has its old content in memory and leaves it there, for the versions that still see it;
 * so a content that must be loaded is always the newest one of its slot, and the file has it.
 */
import { invariant } from "../../base/assert.js";
import { Tree } from "../btree.js";
import type { Derived, Key, Partitioning, Space, StoredValue } from "../store.js";

/** Name of the only partition of a space that is not split. */
export const WHOLE = "default";

/** A file and what it is known to hold. */
export interface StoredPart {
  /** Relative to the folder. */
  readonly file: string;
  /** Every commit up to this one is inside. */
  readonly sequence: number;
  readonly count: number;
  /** Size on disk. */
  readonly bytes: number;
  /** Characters of its text. */
  readonly text: number;
  /** The line about it in the manifest. */
  readonly line: Buffer;
}

export interface Slot {
  readonly space: string;
  readonly name: string;
  stored: StoredPart | null;
}

export class Content {
  /** Null: must be loaded. */
  docs: Tree<StoredValue> | null;
  readonly count: number;
  /** Estimated bytes of memory that the documents take. */
  readonly weight: number;
  /** Whether the slot's file holds exactly this. */
  clean: boolean;
  /** Changed since by a commit: only older versions see it, and it stays in memory for them. */
  superseded = false;
  /** Commits that are about to change it and need it in memory. */
  pins = 0;
  loading: Promise<Tree<StoredValue>> | null = null;
  /** Built when first needed. */
  indexes: Map<Derived, Tree<StoredValue>> = new Map();
  readonly deriving: Map<Derived, Promise<Tree<StoredValue>>> = new Map();

  constructor(docs: Tree<StoredValue> | null, count: number, weight: number, clean: boolean) {
    this.docs = docs;
    this.count = count;
    this.weight = weight;
    this.clean = clean;
  }

  static empty(): Content {
    return new Content(Tree.empty<StoredValue>(), 0, 0, true);
  }
}

export interface Part {
  readonly slot: Slot;
  readonly content: Content;
}

export interface SpaceVersion {
  readonly space: Space;
  /** Null: the space is one partition, named WHOLE. */
  readonly partition: Partitioning | null;
  readonly parts: Tree<Part>;
  /** Split spaces: key of a document -> its partition. */
  readonly directory: Tree<string> | null;
  /** Split spaces: for each unique index its entries -> key of the document. */
  readonly uniques: ReadonlyMap<Derived, Tree<Key>>;
}

export interface Version {
  /** Number of the last commit inside. */
  readonly sequence: number;
  readonly meta: ReadonlyMap<string, Tree<StoredValue>>;
  readonly spaces: ReadonlyMap<string, SpaceVersion>;
}

/** An index space: the space of the documents, and how entries follow from them. */
export interface IndexOf {
  readonly owner: string;
  readonly derived: Derived;
}

export function indexesOf(spaces: readonly Space[]): ReadonlyMap<string, IndexOf> {
  return new Map(
    spaces.flatMap(({ id, derive }) =>
      derive.map((derived): [string, IndexOf] => [derived.space, { owner: id, derived }]),
    ),
  );
}

export function spaceOf(version: Version, id: string): SpaceVersion {
  const found = version.spaces.get(id);
  invariant(found !== undefined, `The store has no space "${id}"`);
  return found;
}

export function partsOf(space: SpaceVersion): Part[] {
  const parts: Part[] = [];
  space.parts.cursor().take(space.parts.size, [], parts);
  return parts;
}

export function emptySpace(space: Space, partition: Partitioning | null): SpaceVersion {
  const slot: Slot = { space: space.id, name: WHOLE, stored: null };
  return {
    space,
    partition,
    parts: partition === null ? Tree.fromSorted([WHOLE], [{ slot, content: Content.empty() }]) : Tree.empty<Part>(),
    directory: partition === null ? null : Tree.empty<string>(),
    uniques: new Map(partition === null ? [] : uniqueOf(space).map((derived) => [derived, Tree.empty<Key>()])),
  };
}

export function uniqueOf(space: Space): readonly Derived[] {
  return space.derive.filter((derived) => derived.unique === true);
}

/** Memory that documents take, from the length of their text. */
export function weightOf(text: number, count: number): number {
  return text * 2 + count * 200;
}
