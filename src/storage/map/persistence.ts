/** SPI: what makes a MapStore outlive its process. Calls come in the order of commits; `append` settles in that order. */
import type { CallOptions } from "../../base/options.js";
import type { Tree } from "../btree.js";
import type { Mutation, Space, StoredValue } from "../store.js";
import type { Roots } from "./roots.js";

/** A version that stays as it is until it is released. */
export interface HeldRoots {
  readonly roots: Roots;
  release(): void;
}

/** Where a persistence gets versions from. */
export interface Versions {
  /** What readers see: every commit in it was appended. */
  published(): HeldRoots;
  /** With every commit that was handed to `append` so far. */
  head(): HeldRoots;
}

export interface Persistence {
  /** Whether a settled `append` survives a power cut. */
  readonly durable: boolean;
  /** Takes the lock and reads what is stored: docs and meta spaces; indexes are the store's work. */
  open(spaces: readonly Space[], versions: Versions, options?: CallOptions): Promise<Roots>;
  /** A commit as text; throws when it cannot be stored. Index mutations need not be kept. */
  encode(batch: readonly Mutation[]): string;
  /** Makes one commit, the one of this number, as durable as configured. */
  append(encoded: string, sequence: number): Promise<void>;
  /** Documents found for a space that was not among the opened ones. */
  adopt(space: Space): Promise<Tree<StoredValue> | undefined>;
  /** Makes this version, with these spaces, the stored one; everything appended before is part of it. Nothing is committed meanwhile. */
  checkpoint(roots: Roots, spaces: readonly Space[], options?: CallOptions): Promise<void>;
  readRegistry(): Promise<string | null>;
  writeRegistry(text: string): Promise<void>;
  /** Gives the last version, or null when a failure forbids to write; releases the lock whatever happens. */
  close(roots: Roots | null): Promise<void>;
}
