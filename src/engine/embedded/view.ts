/**
 * What reading code sees of the data: a snapshot, or a snapshot under the staged changes of a write transaction.
 * Planner, access paths and populate take a view and never ask which of the two it is.
 */
import type { Snapshot } from "../../storage/store.js";
import type { Catalog } from "./catalog.js";

export type View = Pick<Snapshot, "getMany" | "scan" | "ranges" | "groups" | "size">;

/** Everything that one read needs. */
export interface ReadContext {
  readonly catalog: Catalog;
  readonly view: View;
  /** Throws when the caller's signal has fired or the engine is closed; called after every batch. */
  readonly check: () => void;
}
