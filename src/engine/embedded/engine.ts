/**
 * The embedded engine: queries over a Store. Single calls run in an implicit transaction of their own: a read takes a
 * snapshot, a write the writer's turn. Everything that is open belongs to the engine and ends with it.
 */
import { checkAborted } from "../../base/abort.js";
import { invariant } from "../../base/assert.js";
import { StorageError } from "../../base/errors.js";
import { KeptShapes } from "../../base/shapes.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc, Schema } from "../../schema/model.js";
import type { Store } from "../../storage/store.js";
import type { SchemaAdmin } from "../admin.js";
import type {
  BeginOptions,
  CallOptions,
  Capabilities,
  Engine,
  ExplainOptions,
  Plan,
  StreamOptions,
  Transaction,
} from "../engine.js";
import { EmbeddedAdmin } from "./admin.js";
import { type Catalog, createCatalog } from "./catalog.js";
import { loneWrite } from "./lone-write.js";
import { createOperations, type Operations } from "./operations.js";
import { type Point, pointOf } from "./point.js";
import { EmbeddedTransaction, type TransactionHost } from "./transaction.js";
import type { ReadContext } from "./view.js";
import { Writer } from "./writer.js";

const PUSHDOWN: Capabilities["pushdown"] = new Set<Filter["kind"]>([
  "and",
  "or",
  "not",
  "compare",
  "in",
  "text",
  "regex",
  "element",
  "related",
  "callback",
]);

export interface EmbeddedOptions {
  /** Where the data lives: `memory()`, `file("data/db.json")`, … Each engine needs one of its own. */
  readonly storage: Store;
}

/** An engine inside this process, over a storage. */
export function embedded(options: EmbeddedOptions): Engine {
  return new EmbeddedEngine(options.storage);
}

const NO_ROWS: readonly Doc[] = Object.freeze([]);

class EmbeddedEngine implements Engine, TransactionHost {
  readonly name = "embedded";
  readonly capabilities: Capabilities;
  readonly admin: SchemaAdmin;
  readonly operations: Operations;
  readonly #store: Store;
  readonly #writer: Writer;
  readonly #admin: EmbeddedAdmin;
  readonly #open = new Set<EmbeddedTransaction>();
  readonly #made = new KeptShapes();
  #catalog: Catalog | null = null;
  #closing: Promise<void> | null = null;
  /** Set when only opening again can help. */
  #refusal: StorageError | null = null;

  constructor(store: Store) {
    this.#store = store;
    this.#writer = new Writer(store);
    this.operations = createOperations(`${this.name} over ${store.name}`, store.splits === true);
    this.capabilities = {
      pushdown: PUSHDOWN,
      isolation: "serializable",
      writers: "one",
      cancel: "batch",
      transactionalDdl: true,
      durable: store.durable,
    };
    this.#admin = new EmbeddedAdmin({
      store,
      writer: this.#writer,
      checkOpen: () => this.checkOpen(),
      catalog: () => this.#current(),
      use: (catalog) => {
        this.#catalog = catalog;
      },
      refuse: (error) => {
        this.#refusal = error;
      },
    });
    this.admin = this.#admin;
  }

  async open(schema: Schema, options?: CallOptions): Promise<void> {
    if (this.#closing !== null) throw this.closedError();
    invariant(this.#catalog === null, "An engine is opened once");
    checkAborted(options?.signal);
    // What is stored decides which spaces there are; the given schema only where nothing is stored yet.
    this.#catalog = await this.#admin.open(createCatalog(schema), options);
  }

  point(model: string, field: string, value: string | number): Doc | null | undefined | Promise<Doc | null> {
    this.checkOpen();
    const sequence = this.#current().collection(model).points.get(field);
    if (sequence === undefined || Number.isNaN(value)) return undefined;
    const row = this.#store.point(sequence.space, value);
    return row instanceof Promise ? this.#pointLater(row) : (row ?? null);
  }

  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    const point = options?.signal === undefined && this.#catalog !== null ? pointOf(this.#catalog, query) : null;
    if (point !== null) return this.#point(point);
    return this.#read(options, (context) => this.operations.find(context, query));
  }

  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#read(options, (context) => this.operations.aggregate(context, query));
  }

  count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.#read(options, (context) => this.operations.count(context, model, where));
  }

  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return this.#read(options, (context) => this.operations.explain(context, query, options?.analyze === true));
  }

  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    this.checkOpen();
    const snapshot = this.#store.snapshot();
    try {
      const context = { catalog: this.#current(), view: snapshot, check: this.checker(options?.signal) };
      context.check();
      for await (const batch of this.operations.stream(context, query, options?.batch)) {
        yield batch;
        context.check();
      }
    } finally {
      snapshot[Symbol.dispose]();
    }
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    // A signal may fire in between, so that only the general way is abortable.
    if (options?.signal === undefined && this.#writer.free) {
      this.checkOpen();
      const { ahead } = this.#writer;
      const lone = loneWrite({ store: this.#store, ahead }, this.#current(), command);
      if (lone !== null) {
        this.#made.keep(command, lone);
        // One that changes nothing has read what may be on its way to disk.
        if (lone.mutations.length > 0 || ahead !== null) await this.#writer.commitLone(lone.mutations);
        return lone.result;
      }
    }
    const check = this.checker(options?.signal);
    check();
    const session = await this.#writer.begin(options?.signal);
    let result: WriteResult;
    try {
      check();
      const context = { catalog: this.#current(), view: session.view, check };
      result = await this.operations.write(context, session.overlay, command);
      check();
    } catch (error) {
      session.abandon();
      throw error;
    }
    await session.commit();
    return result;
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    const check = this.checker(options.signal);
    check();
    if (options.mode === "read") {
      return this.#own(EmbeddedTransaction.read(this, this.#current(), this.#store.snapshot(), options.signal));
    }
    const session = await this.#writer.begin(options.signal);
    try {
      check();
      return this.#own(EmbeddedTransaction.write(this, this.#current(), session, options.signal));
    } catch (error) {
      session.abandon();
      throw error;
    }
  }

  /** Rejects what waits, ends what is open, waits for commits on their way to disk, closes the storage. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  checkOpen(): void {
    if (this.#closing !== null || this.#catalog === null) throw this.closedError();
    if (this.#refusal !== null) throw this.#refusal;
  }

  checker(...signals: readonly (AbortSignal | undefined)[]): () => void {
    return () => {
      if (this.#closing !== null) throw this.closedError();
      if (this.#refusal !== null) throw this.#refusal;
      for (const signal of signals) checkAborted(signal);
    };
  }

  ended(transaction: EmbeddedTransaction): void {
    this.#open.delete(transaction);
  }

  closedError(): StorageError {
    return new StorageError(
      "STORAGE.CLOSED",
      this.#closing === null ? `The engine over ${this.#store.name} is not open yet` : `${this.#store.name} is closed`,
      { fix: "use the database between createClient() and close()" },
    );
  }

  async #close(): Promise<void> {
    this.#writer.close(this.closedError());
    for (const transaction of [...this.#open]) transaction.terminate();
    await this.#writer.settled();
    await this.#store.close();
  }

  #own(transaction: EmbeddedTransaction): EmbeddedTransaction {
    this.#open.add(transaction);
    return transaction;
  }

  #current(): Catalog {
    if (this.#catalog === null) throw this.closedError();
    return this.#catalog;
  }

  async #point({ collection, sequence, value }: Point): Promise<readonly Doc[]> {
    let row = this.point(collection.meta.name, sequence.columnNames[0]!, value);
    if (row instanceof Promise) row = await row;
    return row === undefined || row === null ? NO_ROWS : [row];
  }

  async #pointLater(reading: Promise<Doc | undefined>): Promise<Doc | null> {
    const row = await reading;
    this.checkOpen();
    return row ?? null;
  }

  async #read<T>(options: CallOptions | undefined, work: (context: ReadContext) => Promise<T>): Promise<T> {
    const check = this.checker(options?.signal);
    this.checkOpen();
    check();
    const snapshot = this.#store.snapshot();
    try {
      return await work({ catalog: this.#current(), view: snapshot, check });
    } finally {
      snapshot[Symbol.dispose]();
    }
  }
}
