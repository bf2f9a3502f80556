/**
 * The reference interpreter as an engine: immutable whole-state copies, one writer at a time. It keeps every promise of an
 * engine in the shortest way, so that a disagreement with it is a bug in the other engine (or in the specification).
 */
import { abortedError, checkAborted } from "../../src/base/abort.js";
import { StorageError, TenonError, TransactionError } from "../../src/base/errors.js";
import { Mutex } from "../../src/base/mutex.js";
import type { CallOptions } from "../../src/base/options.js";
import type { Applied, SchemaAdmin } from "../../src/engine/admin.js";
import type {
  BeginOptions,
  Capabilities,
  Engine,
  Executor,
  Plan,
  StreamOptions,
  Transaction,
} from "../../src/engine/engine.js";
import { normalizeDoc } from "../../src/query/document.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../src/query/ir.js";
import { referenceCount, referenceFind } from "../../src/query/reference.js";
import { referenceAggregate } from "../../src/query/reference-aggregate.js";
import { emptyState, type ReferenceState, referenceWrite } from "../../src/query/reference-write.js";
import type { Doc, Json, ModelMeta, Schema } from "../../src/schema/model.js";

export const REFERENCE_CAPABILITIES: Capabilities = {
  pushdown: new Set(),
  isolation: "snapshot",
  writers: "one",
  cancel: "batch",
  transactionalDdl: true,
  durable: false,
};

const closed = () => new StorageError("STORAGE.CLOSED", "The reference database is closed");

function planOf(query: FindQuery): Plan {
  const root = {
    model: query.model,
    access: "scan" as const,
    index: null,
    conditions: [],
    residual: query.where === null ? [] : [query.where.kind],
    sort: "memory" as const,
    relation: null,
    sql: null,
    actual: null,
    children: [],
  };
  return { engine: "reference", text: `scan ${query.model}`, indexes: [], residual: root.residual, root };
}

/** Reads and writes of one state; who owns it decides what a write means. */
abstract class StateExecutor implements Executor {
  abstract begin(options: BeginOptions): Promise<Transaction>;
  abstract write(command: WriteCommand, options?: CallOptions): Promise<WriteResult>;
  protected abstract read<T>(options: CallOptions | undefined, work: (state: ReferenceState) => T): Promise<T>;
  /** Throws when a stream over an earlier state may not go on. */
  protected abstract checkStream(signal: AbortSignal | undefined): void;

  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.read(options, (state) => referenceFind(state, query));
  }

  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.read(options, (state) => referenceAggregate(state, query));
  }

  count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.read(options, (state) => referenceCount(state, model, where));
  }

  explain(query: FindQuery, options?: CallOptions): Promise<Plan> {
    return this.read(options, () => planOf(query));
  }

  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    const rows = await this.find(query, options);
    const size = options?.batch ?? 100;
    for (let at = 0; at < rows.length; at += size) {
      this.checkStream(options?.signal);
      yield rows.slice(at, at + size);
    }
    this.checkStream(options?.signal);
  }
}

class ReferenceTransaction extends StateExecutor implements Transaction {
  readonly mode: "read" | "write";
  readonly depth: number;
  readonly #engine: ReferenceEngine;
  readonly #done: (state: ReferenceState | null) => void;
  readonly #signal: AbortSignal | undefined;
  #state: ReferenceState;
  #status: "open" | "failed" | "closed" = "open";
  #child: ReferenceTransaction | null = null;

  constructor(
    engine: ReferenceEngine,
    parent: ReferenceTransaction | null,
    options: BeginOptions,
    state: ReferenceState,
    done: (state: ReferenceState | null) => void,
  ) {
    super();
    this.#engine = engine;
    this.mode = parent?.mode ?? options.mode;
    this.depth = parent === null ? 0 : parent.depth + 1;
    this.#state = state;
    this.#done = done;
    this.#signal = options.signal;
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    this.#check(options?.signal);
    if (this.mode === "read") throw new TransactionError("TRANSACTION.READ_ONLY", "A write in a read-only transaction");
    try {
      const { state, result } = referenceWrite(this.#state, command);
      this.#state = state;
      return result;
    } catch (error) {
      this.#status = "failed";
      throw error;
    }
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    this.#check(options.signal);
    this.#child = new ReferenceTransaction(this.#engine, this, options, this.#state, (state) => {
      this.#child = null;
      if (state !== null) this.#state = state;
    });
    return this.#child;
  }

  async commit(options?: CallOptions): Promise<void> {
    this.#check(options?.signal);
    this.#status = "closed";
    this.#done(this.#state);
  }

  async rollback(): Promise<void> {
    this.#engine.checkOpen();
    if (this.#status === "closed") throw new TransactionError("TRANSACTION.CLOSED", "The transaction has ended");
    this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  protected async read<T>(options: CallOptions | undefined, work: (state: ReferenceState) => T): Promise<T> {
    this.#check(options?.signal);
    return work(this.#state);
  }

  protected checkStream(signal: AbortSignal | undefined): void {
    this.#check(signal);
  }

  #end(): void {
    if (this.#status === "closed") return;
    if (this.#child !== null) this.#child.#end();
    this.#status = "closed";
    this.#done(null);
  }

  #check(signal: AbortSignal | undefined): void {
    this.#engine.checkOpen();
    if (this.#status === "closed") throw new TransactionError("TRANSACTION.CLOSED", "The transaction has ended");
    if (this.#child !== null) throw new TransactionError("TRANSACTION.CHILD_OPEN", "A nested transaction is open");
    if (this.#status === "failed") throw new TransactionError("TRANSACTION.FAILED", "An earlier call failed");
    for (const fired of [signal, this.#signal]) {
      if (fired?.aborted !== true) continue;
      this.#status = "failed";
      throw abortedError(fired);
    }
  }
}

class ReferenceEngine extends StateExecutor implements Engine {
  readonly name = "reference";
  readonly capabilities = REFERENCE_CAPABILITIES;
  readonly admin: SchemaAdmin;
  readonly #turn = new Mutex();
  readonly #history: Applied[] = [];
  #schema: Schema | null = null;
  #state: ReferenceState | null = null;
  #closed = false;

  constructor() {
    super();
    this.admin = {
      inspect: async () => this.read(undefined, () => this.#schema),
      apply: (_, target) => this.#apply(target),
      history: async () => this.read(undefined, () => [...this.#history]),
      record: async (entry) => this.read(undefined, () => void this.#history.push(entry)),
      exclusive: (work) => work(),
    };
  }

  async open(schema: Schema): Promise<void> {
    this.#state = emptyState(schema);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#turn.close(closed());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  checkOpen(): void {
    if (this.#closed || this.#state === null) throw closed();
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    this.checkOpen();
    checkAborted(options.signal);
    if (options.mode === "read") return new ReferenceTransaction(this, null, options, this.#state!, () => undefined);
    const release = await this.#turn.acquire(options.signal);
    return new ReferenceTransaction(this, null, options, this.#state!, (state) => {
      if (state !== null) this.#state = state;
      release();
    });
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    const transaction = await this.begin({ mode: "write", signal: options?.signal });
    try {
      const result = await transaction.write(command, options);
      await transaction.commit();
      return result;
    } finally {
      await transaction[Symbol.asyncDispose]();
    }
  }

  protected async read<T>(options: CallOptions | undefined, work: (state: ReferenceState) => T): Promise<T> {
    this.checkOpen();
    checkAborted(options?.signal);
    return work(this.#state!);
  }

  protected checkStream(signal: AbortSignal | undefined): void {
    this.checkOpen();
    checkAborted(signal);
  }

  /** Knows additive operations only: rows stay and get the constant defaults of new fields. */
  async #apply(target: Schema): Promise<void> {
    this.checkOpen();
    const release = await this.#turn.acquire();
    try {
      const old = this.#state!;
      const tables = new Map<string, readonly Doc[]>();
      for (const model of target.models.values())
        tables.set(
          model.name,
          old.docs(model.name).map((doc) => filled(model, doc)),
        );
      const { sequences } = old;
      let state: ReferenceState = { schema: target, tables, sequences, docs: (name) => tables.get(name) ?? [] };
      // An update without changes checks every constraint of the new schema.
      for (const model of target.models.keys()) state = referenceWrite(state, checkAll(model)).state;
      this.#state = state;
      this.#schema = target;
    } finally {
      release();
    }
  }
}

const checkAll = (model: string): WriteCommand => ({
  kind: "update",
  model,
  where: null,
  changes: [],
  limit: null,
  returning: false,
});

function filled(model: ModelMeta, doc: Doc): Doc {
  const whole: Record<string, Json> = { ...doc };
  for (const field of model.fields) {
    if (!Object.hasOwn(whole, field.name) && field.default?.kind === "value") whole[field.name] = field.default.value;
  }
  return normalizeDoc(model, whole);
}

export function referenceEngine(): Engine {
  return new ReferenceEngine();
}

/** Whether two errors are the same to a program: class, code and meta. */
export function errorShape(error: unknown): { readonly name: string; readonly code: string; readonly meta: unknown } {
  if (error instanceof TenonError) return { name: error.name, code: error.code, meta: error.meta };
  return { name: "not a TenonError", code: String(error), meta: error instanceof Error ? error.stack : null };
}
