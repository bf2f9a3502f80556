/**
 * The engine over PostgreSQL servers (pools of `pg`) or PGlite. A lone read, and a lone write that is one statement, is a
 * transaction of its own on the server; other lone writes and transactions run in REPEATABLE READ unless asked otherwise,
 * each on its own connection. A connection whose state is not known is destroyed, never given back.
 */
import { checkAborted } from "../../base/abort.js";
import { ConflictError, TenonError } from "../../base/errors.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc, Schema } from "../../schema/model.js";
import type { SchemaAdmin } from "../admin.js";
import type {
  BeginOptions,
  CallOptions,
  Capabilities,
  Engine,
  ExplainOptions,
  Isolation,
  Plan,
  StreamOptions,
  Transaction,
} from "../engine.js";
import { Compiler, type ReadyFind } from "../sql/compiler.js";
import { isOneStatement, type SqlSession } from "../sql/session.js";
import { SqlTransaction } from "../sql/transaction.js";
import { wholeDocs } from "../sql/whole-docs.js";
import { TransactionGuard } from "../transaction-guard.js";
import { postgresAdmin } from "./admin.js";
import { closedStorage, endQuietly, PostgresConnection } from "./connection.js";
import { postgresDialect as dialect } from "./dialect.js";
import type { Need, PgSource, RunResult } from "./driver.js";
import { commitError, isConnectionLost, postgresError } from "./errors.js";
import { checkLayout, type Layout } from "./layout.js";
import { again } from "./retry.js";
import { explainOn, openSession } from "./sessions.js";

const CAPABILITIES: Capabilities = {
  pushdown: new Set<Filter["kind"]>(["and", "or", "not", "compare", "in", "text", "related"]),
  isolation: "snapshot",
  writers: "many",
  cancel: "statement",
  transactionalDdl: true,
  durable: true,
};

const STREAM_BATCH = 1000;
const PREPARED = { prepare: true };

const LEVELS: Readonly<Record<Isolation, string>> = {
  readCommitted: "read committed",
  snapshot: "repeatable read",
  serializable: "serializable",
};

export interface PostgresSettings {
  /** Of transactions that do not say it themselves. */
  readonly isolation: Isolation;
  readonly layout: Layout;
}

export class PostgresEngine implements Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly admin: SchemaAdmin;
  readonly #source: PgSource;
  readonly #isolation: Isolation;
  readonly #layout: Layout;
  readonly #transactions = new Set<SqlTransaction>();
  #compiler: Compiler | null = null;
  #open = false;

  constructor(name: string, source: PgSource, { isolation, layout }: PostgresSettings) {
    this.name = name;
    this.#source = source;
    this.#isolation = isolation;
    this.#layout = layout;
    this.capabilities = {
      ...CAPABILITIES,
      isolation: isolation === "serializable" ? "serializable" : "snapshot",
      writers: source.concurrent ? "many" : "one",
      cancel: source.concurrent ? "statement" : "batch",
      durable: source.durable,
    };
    this.admin = postgresAdmin({
      name,
      transact: (work, options) => this.#lend("write", options, (connection) => this.#transact(connection, work)),
      changed: (schema) => this.#use(schema),
      layout,
      session: (connection, schema) =>
        openSession(connection, {
          name,
          compiler: new Compiler(dialect, schema),
          typed: (error) => this.#typed(error),
          inTransaction: false,
          lockRows: false,
        }),
      source,
    });
  }

  async open(schema: Schema, options?: CallOptions): Promise<void> {
    checkAborted(options?.signal);
    checkLayout(schema, this.#layout);
    this.#use(schema);
    this.#open = true;
    try {
      await this.#lend("write", options, (connection) => connection.exec("select 1"));
    } catch (error) {
      this.#open = false;
      throw error;
    }
  }

  point(model: string, field: string, value: string | number): Promise<Doc | null> | undefined {
    this.#checkOpen();
    // Other numbers, and the empty string, compile to statements of their own.
    if (this.#isolation === "serializable" || value === "") return undefined;
    if (typeof value === "number" && !Number.isSafeInteger(value)) return undefined;
    const compiler = this.#compilerNow();
    const ready = compiler.point(model, field, value);
    if (ready === null) return undefined;
    const where: Filter = { kind: "compare", path: [field], op: "eq", value };
    return this.#point(ready, () => this.find(wholeDocs(compiler.model(model), where, 1)));
  }

  /** One statement with as little around it as can be; whatever goes wrong is tried again and explained by `find`. */
  async #point({ compiled, statement }: ReadyFind, find: () => Promise<readonly Doc[]>): Promise<Doc | null> {
    const taken = this.#acquire("read", undefined);
    const { raw } = taken instanceof Promise ? await taken : taken;
    let result: RunResult;
    try {
      result = await raw.run(statement.text, statement.params, PREPARED);
    } catch (error) {
      raw.release(isConnectionLost(error));
      return (await find())[0] ?? null;
    }
    raw.release(false);
    return compiled.decode(result.rows)[0] ?? null;
  }

  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#reading(options, (connection) => this.#session(connection).find(query, options?.signal));
  }

  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#reading(options, (connection) => this.#session(connection).aggregate(query, options?.signal));
  }

  count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.#reading(options, (connection) => this.#session(connection).count(model, where, options?.signal));
  }

  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return this.#reading(options, (connection) => this.#explain(connection, query, options));
  }

  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    const level = this.#isolation === "serializable" ? "serializable" : "repeatable read";
    const connection = await this.#begin(`begin isolation level ${level} read only`, "read", options);
    // Left early or failed: what is open on the server is not worth an extra round trip to know.
    let done = false;
    try {
      const batches = this.#session(connection).stream(query, options?.batch ?? STREAM_BATCH, options?.signal);
      for await (const batch of batches) {
        yield batch;
        this.#checkOpen();
        checkAborted(options?.signal);
      }
      await connection.exec("commit");
      done = true;
    } catch (error) {
      throw this.#typed(error);
    } finally {
      if (!done) done = await endQuietly(connection);
      connection.release(!done);
    }
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    this.#checkOpen();
    if (isOneStatement(this.#compilerNow(), command) && this.#isolation !== "serializable") {
      const lone = (connection: PostgresConnection) => this.#session(connection).write(command, options?.signal);
      return again(options?.signal, async () => {
        try {
          return await this.#lend("write", options, lone, commitError);
        } finally {
          this.#source.wrote();
        }
      });
    }
    // A lone command may always be run again: nobody has seen anything of it.
    return again(options?.signal, async () => {
      const transaction = await this.begin({ mode: "write", isolation: this.#loneLevel(), signal: options?.signal });
      try {
        const result = await transaction.write(command, options);
        await transaction.commit();
        return result;
      } finally {
        await transaction[Symbol.asyncDispose]();
      }
    });
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    const isolation = options.isolation ?? this.#isolation;
    const reads = options.mode === "read";
    const connection = await this.#begin(
      // A transaction takes its snapshot with its first statement: one that reads takes it now.
      `begin isolation level ${LEVELS[isolation]}${reads ? " read only; select 1" : ""}`,
      reads && isolation !== "serializable" ? "read" : "write",
      options,
    );
    const guard = new TransactionGuard({ checkOpen: () => this.#checkOpen(), signal: options.signal, serial: true });
    const transaction = new SqlTransaction(
      {
        checkOpen: () => this.#checkOpen(),
        // One that only read has left nothing that could be unknown.
        commitError: (error) => (this.#open && !reads ? commitError(error, this.name) : this.#typed(error)),
        ended: (ended) => {
          this.#transactions.delete(ended);
          if (!reads) this.#source.wrote();
        },
      },
      {
        session: this.#session(connection, !reads, isolation === "readCommitted"),
        cursors: true,
        exec: (text) =>
          connection.exec(text).catch((error: unknown) => {
            throw this.#typed(error);
          }),
        explain: (query, explain) => this.#explain(connection, query, explain),
        release: (broken) => connection.release(broken),
      },
      options.mode,
      guard,
    );
    this.#transactions.add(transaction);
    return transaction;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    for (const transaction of this.#transactions) transaction.terminate();
    await this.#source.close(closedStorage());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #use(schema: Schema): void {
    this.#compiler = new Compiler(dialect, schema);
    this.#source.forget();
  }

  /** Lone commands are run again when they conflict, so they need not see less than one moment. */
  #loneLevel(): Isolation {
    return this.#isolation === "readCommitted" ? "snapshot" : this.#isolation;
  }

  async #begin(text: string, need: Need, options: CallOptions | undefined): Promise<PostgresConnection> {
    this.#checkOpen();
    checkAborted(options?.signal);
    for (let attempt = 0; ; attempt++) {
      const connection = await this.#acquire(need, options);
      try {
        await connection.exec(text);
        return connection;
      } catch (error) {
        connection.release(true);
        // A connection that died while nobody used it: there are others.
        if (attempt >= this.#source.servers || !isConnectionLost(error) || !this.#open) throw this.#typed(error);
      }
    }
  }

  async #transact<T>(connection: PostgresConnection, work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    await connection.exec("begin");
    try {
      const result = await work(connection);
      await connection.exec("commit").catch((error: unknown) => {
        throw commitError(error, this.name);
      });
      return result;
    } catch (error) {
      if (!isConnectionLost(error)) await connection.exec("rollback");
      throw error;
    } finally {
      this.#source.wrote();
    }
  }

  #acquire(need: Need, options: CallOptions | undefined): PostgresConnection | Promise<PostgresConnection> {
    this.#checkOpen();
    try {
      const taken = this.#source.acquire(need, options?.signal);
      if (!(taken instanceof Promise)) return new PostgresConnection(taken);
      return taken.then(
        (connection) => new PostgresConnection(connection),
        (error: unknown) => Promise.reject(this.#typed(error)),
      );
    } catch (error) {
      throw this.#typed(error);
    }
  }

  /**
   * Reads change nothing: one that met a dead connection is tried again on another one, and one that a replica could not
   * answer (it cancels reads that are in the way of its replay; it may not have a new table yet) on the primary.
   */
  async #reading<T>(
    options: CallOptions | undefined,
    work: (connection: PostgresConnection) => Promise<T>,
  ): Promise<T> {
    if (this.#isolation === "serializable") return this.#readingSerially(options, work);
    let need: Need = "read";
    for (let attempt = 0; ; attempt++) {
      let onReplica = false;
      try {
        return await this.#lend(need, options, (connection) => {
          onReplica = connection.raw.replica;
          return work(connection);
        });
      } catch (error) {
        if (!this.#open || !(error instanceof TenonError) || attempt > this.#source.servers) throw error;
        if (error.code === "STORAGE.DISCONNECTED" && attempt < this.#source.servers) continue;
        const behind = error instanceof ConflictError || error.code === "SCHEMA.DRIFT" || error.code === "STORAGE.IO";
        if (!onReplica || !behind) throw error;
        need = "write";
      }
    }
  }

  /** A read outside of transactions takes part in the order of those that are serializable. */
  #readingSerially<T>(
    options: CallOptions | undefined,
    work: (connection: PostgresConnection) => Promise<T>,
  ): Promise<T> {
    return again(options?.signal, async () => {
      const connection = await this.#begin("begin isolation level serializable read only", "write", options);
      let done = false;
      try {
        const result = await work(connection);
        await connection.exec("commit");
        done = true;
        return result;
      } catch (error) {
        throw this.#typed(error);
      } finally {
        if (!done) done = await endQuietly(connection);
        connection.release(!done);
      }
    });
  }

  async #lend<T>(
    need: Need,
    options: CallOptions | undefined,
    work: (connection: PostgresConnection) => Promise<T>,
    typed = postgresError,
  ): Promise<T> {
    this.#checkOpen();
    checkAborted(options?.signal);
    const connection = await this.#acquire(need, options);
    let broken = false;
    try {
      return await work(connection);
    } catch (error) {
      broken = isConnectionLost(error);
      throw this.#open ? typed(error, this.name) : closedStorage();
    } finally {
      connection.release(broken);
    }
  }

  #typed(error: unknown): Error {
    return this.#open ? postgresError(error, this.name) : closedStorage();
  }

  #session(connection: PostgresConnection, inTransaction = false, lockRows = false): SqlSession {
    const typed = (error: unknown) => this.#typed(error);
    const { name } = this;
    return openSession(connection, { name, compiler: this.#compilerNow(), typed, inTransaction, lockRows });
  }

  #explain(connection: PostgresConnection, query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return explainOn(connection, this.#compilerNow(), this.name, query, options);
  }

  #compilerNow(): Compiler {
    if (this.#compiler === null) throw closedStorage();
    return this.#compiler;
  }

  #checkOpen(): void {
    if (!this.#open) throw closedStorage();
  }
}
