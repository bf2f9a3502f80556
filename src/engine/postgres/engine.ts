/**
 * The engine over a PostgreSQL server (a pool of `pg`) or PGlite. A lone read, and a lone write that is one statement, is a
 * transaction of its own on the server; other lone writes and transactions run in REPEATABLE READ unless asked otherwise,
 * each on its own connection. A connection whose state is not known is destroyed, never given back.
 */
import { checkAborted } from "../../base/abort.js";
import { StorageError, TenonError } from "../../base/errors.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc, Schema } from "../../schema/model.js";
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
import { Compiler } from "../sql/compiler.js";
import { diagnose } from "../sql/diagnose.js";
import { explainSql } from "../sql/explain.js";
import { isOneStatement, SqlSession } from "../sql/session.js";
import { SqlTransaction } from "../sql/transaction.js";
import { TransactionGuard } from "../transaction-guard.js";
import { PostgresAdmin } from "./admin.js";
import { PostgresConnection } from "./connection.js";
import { postgresDialect as dialect } from "./dialect.js";
import type { PgSource } from "./driver.js";
import { commitError, constraintOf, isConnectionLost, postgresError } from "./errors.js";
import { again } from "./retry.js";
import { advanceSequence } from "./sequence.js";

const CAPABILITIES: Capabilities = {
  pushdown: new Set<Filter["kind"]>(["and", "or", "not", "compare", "in", "text", "related"]),
  isolation: "snapshot",
  writers: "many",
  cancel: "statement",
  transactionalDdl: true,
  durable: true,
};

/** The wire protocol counts parameters in 16 bits. */
const PARAMETER_LIMIT = 65535;
const STREAM_BATCH = 1000;

type Level = "read committed" | "repeatable read" | "serializable";

export class PostgresEngine implements Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly admin: PostgresAdmin;
  readonly #source: PgSource;
  readonly #transactions = new Set<SqlTransaction>();
  #compiler: Compiler | null = null;
  #open = false;

  constructor(name: string, source: PgSource) {
    this.name = name;
    this.#source = source;
    this.capabilities = {
      ...CAPABILITIES,
      writers: source.concurrent ? "many" : "one",
      cancel: source.concurrent ? "statement" : "batch",
      durable: source.durable,
    };
    this.admin = new PostgresAdmin({
      name,
      transact: (work, options) =>
        this.#lend(options, async (connection) => {
          await connection.exec("begin");
          try {
            const result = await work(connection);
            await connection.exec("commit");
            return result;
          } catch (error) {
            if (!isConnectionLost(error)) await connection.exec("rollback");
            throw error;
          }
        }),
      changed: (schema) => this.#use(schema),
      session: (connection, schema) => this.#session(connection, false, new Compiler(dialect, schema)),
      concurrent: source.concurrent,
    });
  }

  async open(schema: Schema, options?: CallOptions): Promise<void> {
    checkAborted(options?.signal);
    this.#use(schema);
    this.#open = true;
    try {
      await this.#lend(options, (connection) => connection.exec("select 1"));
    } catch (error) {
      this.#open = false;
      throw error;
    }
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
    this.#checkOpen();
    checkAborted(options?.signal);
    const connection = await this.#acquire(options);
    // Left early or failed: what is open on the server is not worth an extra round trip to know.
    let done = false;
    try {
      await connection.exec("begin isolation level repeatable read read only");
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
    if (isOneStatement(this.#compilerNow(), command, PARAMETER_LIMIT)) {
      return this.#lend(
        options,
        (connection) => this.#session(connection).write(command, options?.signal),
        commitError,
      );
    }
    // A lone command may always be run again: nobody has seen anything of it.
    return again(options?.signal, async () => {
      const transaction = await this.begin({ mode: "write", signal: options?.signal });
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
    const level: Level = options.isolation === "serializable" ? "serializable" : "repeatable read";
    const connection = await this.#begin(
      `begin isolation level ${level}${options.mode === "read" ? " read only" : ""}`,
      options,
    );
    const guard = new TransactionGuard({ checkOpen: () => this.#checkOpen(), signal: options.signal, serial: true });
    const transaction = new SqlTransaction(
      {
        checkOpen: () => this.#checkOpen(),
        commitError: (error) => (this.#open ? commitError(error, this.name) : closedStorage()),
        ended: (ended) => this.#transactions.delete(ended),
      },
      {
        session: this.#session(connection, options.mode === "write"),
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

  async #begin(text: string, options: BeginOptions): Promise<PostgresConnection> {
    this.#checkOpen();
    checkAborted(options.signal);
    for (let attempt = 0; ; attempt++) {
      const connection = await this.#acquire(options);
      try {
        // A transaction takes its snapshot with its first statement: take it now.
        await connection.exec(options.mode === "read" ? `${text}; select 1` : text);
        return connection;
      } catch (error) {
        connection.release(true);
        // A connection that died while nobody used it: there are others.
        if (attempt > 0 || !isConnectionLost(error) || !this.#open) throw this.#typed(error);
      }
    }
  }

  async #acquire(options: CallOptions | undefined): Promise<PostgresConnection> {
    this.#checkOpen();
    try {
      return new PostgresConnection(await this.#source.acquire(options?.signal));
    } catch (error) {
      throw this.#typed(error);
    }
  }

  /** Reads change nothing, so one that met a dead connection is tried once more on another one. */
  async #reading<T>(
    options: CallOptions | undefined,
    work: (connection: PostgresConnection) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#lend(options, work);
    } catch (error) {
      if (!this.#open || !(error instanceof TenonError) || error.code !== "STORAGE.DISCONNECTED") throw error;
      return this.#lend(options, work);
    }
  }

  async #lend<T>(
    options: CallOptions | undefined,
    work: (connection: PostgresConnection) => Promise<T>,
    typed = postgresError,
  ): Promise<T> {
    this.#checkOpen();
    checkAborted(options?.signal);
    const connection = await this.#acquire(options);
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

  #session(
    connection: PostgresConnection,
    inTransaction = false,
    compiler: Compiler = this.#compilerNow(),
  ): SqlSession {
    return new SqlSession(connection, {
      compiler,
      parameterLimit: PARAMETER_LIMIT,
      explainError: async (error, tried) => {
        if (!this.#open) return closedStorage();
        // What broke during a lone write is told apart from what broke before its commit by who lends the connection.
        if (isConnectionLost(error)) return inTransaction || tried === null ? this.#typed(error) : (error as Error);
        if (inTransaction && tried !== null) await connection.undoWrite();
        if (tried === null || constraintOf(error) === null) return this.#typed(error);
        const find = async (query: FindQuery) => {
          const { compiled, statement } = compiler.find(query);
          return compiled.decode(await connection.query(statement));
        };
        return (await diagnose(find, compiler.schema, tried)) ?? this.#typed(error);
      },
      advanceSequence,
      ...(inTransaction ? { beforeWrite: () => connection.guard() } : {}),
      checkLast: async (constraints, work) => {
        const names = constraints.map(dialect.quote).join(", ");
        await connection.raw.exec(`set constraints ${names} deferred`);
        const result = await work();
        await connection.raw.exec(`set constraints ${names} immediate`);
        return result;
      },
    });
  }

  async #explain(connection: PostgresConnection, query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    const { compiled, statement } = this.#compilerNow().find(query);
    const { rows } = await connection.raw.run(`explain ${statement.text}`, statement.params);
    const details = rows.map((row) => String(row[0]));
    const indexes = details.flatMap((detail) =>
      [...detail.matchAll(/Index (?:Only )?Scan(?: Backward)? using (\S+)|Bitmap Index Scan on (\S+)/g)].map(
        (match) => match[1] ?? match[2] ?? "",
      ),
    );
    const returned = options?.analyze === true ? compiled.decode(await connection.query(statement)).length : null;
    return explainSql(this.name, query, compiled, [...new Set(indexes)], details, returned);
  }

  #compilerNow(): Compiler {
    if (this.#compiler === null) throw closedStorage();
    return this.#compiler;
  }

  #checkOpen(): void {
    if (!this.#open) throw closedStorage();
  }
}

async function endQuietly(connection: PostgresConnection): Promise<boolean> {
  return connection.exec("rollback").then(
    () => true,
    () => false,
  );
}

function closedStorage(): StorageError {
  return new StorageError("STORAGE.CLOSED", "The database is closed", { fix: "open it again with createClient" });
}
