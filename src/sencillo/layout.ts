/** SPI: how a database lies on the disk. A partition is what is loaded, written and forgotten as a whole. */
import type { Doc } from "../schema/model.js";
import type { Tree } from "../storage/btree.js";

export type Trees = Map<string, Tree<Doc>>;

/** A file as it is to become; null: gone. */
export interface FileChange {
  readonly path: string;
  readonly bytes: Buffer | null;
}

export interface Loaded {
  /** Spaces by partition; often just the one that was asked for. */
  readonly partitions: ReadonlyMap<string, Trees>;
  /** Read from another layout or form than this one writes: every partition of it is to be written with the next change. */
  readonly foreign: boolean;
  /** Files to remove once they are written. */
  readonly stale: readonly string[];
}

export interface Layout {
  readonly name: string;
  /** Next to the data: the lock, the log, and the changes that are under way. */
  readonly lock: string | null;
  readonly log: string;
  readonly intent: string;
  /** Makes folders, removes what a crash left. */
  prepare(): Promise<void>;
  partitionOf(space: string): string;
  /** The partition that has to be loaded before this one, if any. */
  before(partition: string): string | null;
  /** Null when nothing is stored. */
  load(partition: string): Promise<Loaded | null>;
  /** The files of these partitions, in an order in which the last one makes the others count. */
  render(changed: ReadonlyMap<string, Trees>, treesOf: (partition: string) => Promise<Trees>): Promise<FileChange[]>;
  /** Whether a partition counts for maxCacheSize. */
  counts(partition: string): boolean;
  /** Replaces or removes one file. */
  apply(change: FileChange): Promise<void>;
}
