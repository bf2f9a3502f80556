/** The shapes of SencilloDB's API. Its documents are untyped, and so they stay here: code written for it must compile. */
import type { Durability } from "../storage/journal.js";

/** What SencilloDB calls a document: anything at all. The one untyped place, so that its users' code compiles unchanged. */
export type Dynamic = ReturnType<typeof JSON.parse>;

export interface SencilloConfig {
  /** One JSON file (the default: `./sencillo.json`), created as `{}` when it does not exist. */
  readonly file?: string | undefined;
  /** A folder with one file per collection, loaded when first used. Wins over `file`. */
  readonly folder?: string | undefined;
  /** Gives the whole database as JSON, in place of the file. */
  readonly loadHook?: (() => Promise<string> | string) | undefined;
  /** Takes the whole database as JSON after every commit that changed something, in place of the file. */
  readonly saveHook?: ((json: string) => Promise<void> | void) | undefined;
  /** Commits go to a log beside the data; the data files are written by `compact()` and when the log has grown. */
  readonly aof?: boolean | undefined;
  /** Packs the data files with gzip. */
  readonly compression?: boolean | undefined;
  /** With `folder`: a folder per collection, a file per index bucket; only the buckets that are needed are loaded. */
  readonly sharding?: boolean | undefined;
  /** With `folder`: most collections (or buckets) kept in memory; 0, the default, is no limit. */
  readonly maxCacheSize?: number | undefined;
  /** Not in SencilloDB. With `aof`, when a commit resolves: on disk (the default), with the operating system, in memory. */
  readonly durability?: Durability | undefined;
  /** Not in SencilloDB. `_id`s are never used again: dropCollection goes on counting, rewriteCollection keeps them. */
  readonly stableIds?: boolean | undefined;
  /** Not in SencilloDB. Lines of an old log that cannot be read are left out and reported instead of refused. */
  readonly salvage?: boolean | undefined;
  /** Not in SencilloDB. Milliseconds that a `$regex` with several repetitions may take per batch of documents. Default 1000. */
  readonly regexTimeoutMs?: number | undefined;
}

export interface Populate {
  readonly field: string;
  readonly collection: string;
  readonly targetField?: string | undefined;
}

export type IndexOption =
  | string
  | ((data: Dynamic) => string)
  | { readonly current?: string; readonly new?: string | ((data: Dynamic) => string) };

export interface Instructions {
  readonly collection?: string | undefined;
  readonly index?: IndexOption | undefined;
  readonly data?: Dynamic;
  readonly _id?: number | undefined;
  readonly callback?: ((item: Dynamic) => boolean) | undefined;
  readonly filter?: Dynamic;
  readonly sort?: ((a: Dynamic, b: Dynamic) => number) | undefined;
  readonly populate?: readonly Populate[] | undefined;
}

export interface EnsureIndexInstructions {
  readonly collection?: string | undefined;
  readonly field: string;
}

/** The ten operations of a transaction. */
export interface Transaction {
  create(instructions: Instructions): Promise<Dynamic>;
  update(instructions: Instructions): Promise<Dynamic>;
  destroy(instructions: Instructions): Promise<Dynamic>;
  find(instructions: Instructions): Promise<Dynamic>;
  findMany(instructions: Instructions): Promise<Dynamic[]>;
  createMany(instructions: Instructions): Promise<Dynamic[]>;
  dropCollection(instructions: Instructions): Promise<void>;
  dropIndex(instructions: Instructions): Promise<void>;
  rewriteCollection(instructions: Instructions): Promise<void>;
  ensureIndex(instructions: EnsureIndexInstructions): Promise<void>;
}

/** What was found in a log that SencilloDB itself had written, and taken over when the database was opened. */
export interface RecoveryReport {
  readonly log: string;
  /** Operations done again. */
  readonly applied: number;
  /** Bytes of a last line that was never written whole. */
  readonly torn: number;
  /** Lines that had no effect: damaged ones (only with `salvage`), and operations that failed as they had failed before. */
  readonly skipped: readonly { readonly line: number; readonly reason: string }[];
  /** Lines whose index function, callback or sort function SencilloDB had not written down: they ran without it. */
  readonly withoutFunction: readonly number[];
}
