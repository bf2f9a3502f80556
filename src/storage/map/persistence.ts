/** SPI: what makes a MapStore outlive its process. Calls come in the order of commits; `append` settles in that order. */
import type { CallOptions } from "../../base/options.js";
import type { Mutation, Space } from "../store.js";
import type { Roots } from "./roots.js";

export interface Persistence {
  /** Whether a settled `append` survives a power cut. */
  readonly durable: boolean;
  /** Takes the lock and reads what is stored: docs and meta spaces; indexes are the store's work. */
  open(spaces: readonly Space[], options?: CallOptions): Promise<Roots>;
  /** Makes one commit as durable as configured. `roots` is the version with it. Index mutations need not be kept. */
  append(batch: readonly Mutation[], roots: Roots): Promise<void>;
  /** Makes this version, with these spaces, the stored one; everything appended before is part of it. */
  checkpoint(roots: Roots, spaces: readonly Space[], options?: CallOptions): Promise<void>;
  readRegistry(): Promise<string | null>;
  writeRegistry(text: string): Promise<void>;
  /** Gives the last version, or null when a failure forbids to write; releases the lock whatever happens. */
  close(roots: Roots | null, spaces: readonly Space[]): Promise<void>;
}
