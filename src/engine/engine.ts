/**
 * SPI of an engine: it takes whole IR queries and gives frozen plain documents. `Executor` is shared by engines and
 * transactions, so code that runs queries never asks whether it is inside a transaction.
 */
import type { CallOptions } from "../base/options.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../query/ir.js";
import type { Doc, Schema } from "../schema/model.js";
import type { SchemaAdmin } from "./admin.js";

export type { CallOptions } from "../base/options.js";

export interface StreamOptions extends CallOptions {
  /** Rows per batch at most. */
  readonly batch?: number | undefined;
}

export interface Executor {
  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]>;
  /** Batches of one snapshot; returning early frees it. */
  stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]>;
  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]>;
  /** Number of rows that match, without loading them where the engine can. */
  count(model: string, where: Filter | null, options?: CallOptions): Promise<number>;
  /** On an engine: its own transaction. */
  write(command: WriteCommand, options?: CallOptions): Promise<WriteResult>;
  /** On an engine: a top-level transaction. On a transaction: a savepoint (its mode is the parent's). */
  begin(options: BeginOptions): Promise<Transaction>;
  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan>;
  /**
   * The whole row that a value of one field names, where that field is the key or has a unique index: what `find` gives
   * for it, without a promise when it is at hand. Absent, or undefined: there is no shorter way here, so ask `find`.
   */
  point?(model: string, field: string, value: string | number): Doc | null | undefined | Promise<Doc | null>;
}

/**
 * What a transaction sees of others. `readCommitted`: each query what is committed when it begins; `snapshot`: all queries one
 * moment, and two that change the same row conflict; `serializable`: as if one ran after the other. An engine may give more.
 */
export type Isolation = "readCommitted" | "snapshot" | "serializable";

export interface BeginOptions extends CallOptions {
  readonly mode: "read" | "write";
  readonly isolation?: Isolation | undefined;
}

export interface Transaction extends Executor, AsyncDisposable {
  readonly mode: "read" | "write";
  /** 0 for a top-level transaction. */
  readonly depth: number;
  /** Resolves once durable (if the engine is) and visible. A nested one becomes part of its parent. */
  commit(options?: CallOptions): Promise<void>;
  rollback(): Promise<void>;
}

export interface Engine extends Executor, AsyncDisposable {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly admin: SchemaAdmin;
  /** Opens the storage; does not change its schema. Call once. */
  open(schema: Schema, options?: CallOptions): Promise<void>;
  close(): Promise<void>;
}

export interface Capabilities {
  readonly pushdown: ReadonlySet<Filter["kind"]>;
  readonly isolation: "snapshot" | "serializable";
  readonly writers: "one" | "many";
  readonly cancel: "statement" | "batch";
  readonly transactionalDdl: boolean;
  readonly durable: boolean;
}

export interface ExplainOptions extends CallOptions {
  /** Also run the query and report the rows that each step really read. */
  readonly analyze?: boolean | undefined;
}

/** How a query will be (or was) answered. `text` is the readable form of `root`. */
export interface Plan {
  readonly engine: string;
  readonly text: string;
  readonly indexes: readonly string[];
  /** Kinds of filter that are evaluated row by row after the access path. */
  readonly residual: readonly Filter["kind"][];
  readonly root: PlanNode;
}

export interface PlanNode {
  readonly model: string;
  /** `key`: by primary key; `index`: a range of a secondary index; `scan`: every row; `sql`: the statement decides. */
  readonly access: "key" | "index" | "scan" | "sql" | "none";
  /** Name of the index used (`$key` for a range of the primary key), or null. */
  readonly index: string | null;
  /** The conditions that the access path answers, readable: `authorId = 7`, `age >= 18`. */
  readonly conditions: readonly string[];
  readonly residual: readonly Filter["kind"][];
  /** Where the storage splits the model's rows and the filter says which parts can hold any: those that are read. */
  readonly partitions?: readonly string[];
  /** `index`: rows come in order; `memory`: collected and sorted; `none`: no order needed. */
  readonly sort: "index" | "memory" | "none";
  /** Relation that this node loads, null at the root. */
  readonly relation: string | null;
  readonly sql: string | null;
  /** With analyze: rows read by the access path, and rows returned. */
  readonly actual: { readonly read: number; readonly returned: number } | null;
  readonly children: readonly PlanNode[];
}
