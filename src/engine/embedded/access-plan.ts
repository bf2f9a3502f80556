/** The chosen way to the rows of one model, as plain data: what is executed and what explain prints. */
import type { Filter } from "../../query/ir.js";
import type { Key, Range } from "../../storage/store.js";
import type { KeySequence } from "./indexes.js";

export interface AccessPlan {
  /** `keys`: single documents by key; `ranges`: ranges of a key sequence, in scan order; `scan`: all documents; `none`: no row can match. */
  readonly kind: "keys" | "ranges" | "scan" | "none";
  readonly sequence: KeySequence;
  readonly keys: readonly Key[];
  readonly ranges: readonly Range[];
  /** The partitions that can hold rows, where the filter fixes the model's `partitionBy` field; null: any. */
  readonly partitions: readonly string[] | null;
  /** The conjuncts that the path answers exactly. */
  readonly answered: readonly Filter[];
  /** What must still be tested on every row. */
  readonly residual: Filter | null;
  /** Whether rows come in the order that was asked for. */
  readonly ordered: boolean;
  /** Whether the cursor became a bound of the ranges. */
  readonly afterBound: boolean;
  /** At most one row can come. */
  readonly single: boolean;
}
