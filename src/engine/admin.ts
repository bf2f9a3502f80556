/** SPI of schema administration: what an engine's database holds, and changing it. */
import type { CallOptions } from "../base/options.js";
import type { Schema } from "../schema/model.js";
import type { SchemaOp } from "../schema/ops.js";

/** A migration that was applied. */
export interface Applied {
  readonly id: string;
  /** Schema hash before and after. */
  readonly from: string;
  readonly to: string;
  readonly at: Date;
}

export interface SchemaAdmin {
  /** The schema that the database was last given, or null for an empty database. */
  inspect(options?: CallOptions): Promise<Schema | null>;
  /** Applies the operations that lead to `target`, atomically, and records `target` as the database's schema. */
  apply(ops: readonly SchemaOp[], target: Schema, options?: CallOptions): Promise<void>;
  history(): Promise<readonly Applied[]>;
  record(entry: Applied): Promise<void>;
  /** Runs `work` while no other process changes the schema. */
  exclusive<T>(work: () => Promise<T>, options?: CallOptions): Promise<T>;
}
