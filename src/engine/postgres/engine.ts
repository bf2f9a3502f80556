/**
 * The engine over a PostgreSQL server (a pool of `pg`) or PGlite. A lone call is one statement in a transaction of its own;
 * transactions run in REPEATABLE READ unless asked otherwise, each on its own connection. A connection whose state is not
 * known is destroyed, never given back.
 */
import { checkAborted } from "../../base/abort.js";
import { StorageError } from "../../base/errors.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc, ModelMeta, Schema } from "../../schema/model.js";
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
import { compileFind } from "../sql/compile-find.js";
import { diagnose } from "../sql/diagnose.js";
import { explainSql } from "../sql/explain.js";
import { type SessionContext, type SqlConnection, SqlSession } from "../sql/session.js";
import { SqlTransaction } from "../sql/transaction.js";
import { TransactionGuard } from "../transaction-guard.js";
import { PostgresAdmin } from "./admin.js";
import { PostgresConnection } from "./connection.js";
import { postgresDialect as dialect } from "./dialect.js";
import type { PgSource } from "./driver.js";
import { isConnectionLost, isConstraint, postgresError } from "./errors.js";

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

export class PostgresEngine implements Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly admin: PostgresAdmin;
  readonly #source: PgSource;
  readonly #transactions = new Set<SqlTransaction>();
  #schema: Schema | null = null;
  #open = false;

  constructor(name: string, source: PgSource) {
    this.name = name;
    this.#source = source;
    this.capabilities = { ...CAPABILITIES, writers: source.concurrent ? "many" : "one" };
    this.admin = new PostgresAdmin({
      name,
      checkOpen: () => this.#checkOpen(),
      transact: (work, options) =>
        this.#lend(options, async (connection) => {
          await connection.exec("begin");
          try {
            const result = await work(connection.raw);
            await connection.exec("commit");
            return result;
          } catch (error) {
            await connection.exec("rollback");
            throw error;
          }
        }),
      changed: (schema) => {
        this.#schema = schema;
      },
    });
  }

  async open(schema: Schema, options?: CallOptions): Promise<void> {
    checkAborted(options?.signal);
    this.#schema = schema;
    this.#open = true;
    try {
      await this.#lend(options, (connection) => connection.exec("select 1"));
    } catch (error) {
      this.#open = false;
      throw error;
    }
  }

  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#lend(options, (connection) => this.#session(connection).find(query, options?.signal));
  }

  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#lend(options, (connection) => this.#session(connection).aggregate(query, options?.signal));
  }

  count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.#lend(options, (connection) => this.#session(connection).count(model, where, options?.signal));
  }

  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return this.#lend(options, (connection) => this.#explain(connection, query, options));
  }

  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    this.#checkOpen();
    checkAborted(options?.signal);
    const connection = await this.#acquire(options);
    let broken = false;
    try {
      await connection.exec("begin isolation level repeatable read read only");
      for await (const batch of this.#session(connection).stream(query, options?.batch ?? 1000, options?.signal)) {
        yield batch;
        this.#checkOpen();
        checkAborted(options?.signal);
      }
      await connection.exec("commit");
    } catch (error) {
      broken = true;
      throw error;
    } finally {
      if (!broken)
        await connection.exec("rollback").catch(() => {
          broken = true;
        });
      connection.release(broken);
    }
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    const transaction = await this.begin({ mode: "write", signal: options?.signal });
    try {
      const result = await transaction.write(command);
      await transaction.commit();
      return result;
    } finally {
      await transaction[Symbol.asyncDispose]();
    }
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    this.#checkOpen();
    checkAborted(options.signal);
    const connection = await this.#acquire(options);
    const level = options.isolation === "serializable" ? "serializable" : "repeatable read";
    try {
      await connection.exec(`begin isolation level ${level}${options.mode === "read" ? " read only" : ""}`);
    } catch (error) {
      connection.release(true);
      throw postgresError(error, this.name);
    }
    // A transaction takes its snapshot with its first statement: take it now.
    if (options.mode === "read") await connection.exec("select 1");
    const guard = new TransactionGuard({ checkOpen: () => this.#checkOpen(), signal: options.signal });
    const transaction = new SqlTransaction(
      {
        checkOpen: () => this.#checkOpen(),
        commitError: (error) => postgresError(error, this.name),
        ended: (ended) => this.#transactions.delete(ended),
      },
      {
        session: this.#session(connection, options.mode === "write"),
        exec: (text) => connection.exec(text),
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
    await this.#source.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #acquire(options: CallOptions | undefined): Promise<PostgresConnection> {
    this.#checkOpen();
    try {
      return new PostgresConnection(await this.#source.acquire(options?.signal));
    } catch (error) {
      this.#checkOpen();
      throw postgresError(error, this.name);
    }
  }

  async #lend<T>(options: CallOptions | undefined, work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    this.#checkOpen();
    checkAborted(options?.signal);
    const connection = await this.#acquire(options);
    let broken = false;
    try {
      return await work(connection);
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      broken = isConnectionLost(cause);
      throw postgresError(error, this.name);
    } finally {
      connection.release(broken);
    }
  }

  #session(connection: PostgresConnection, savepoints = false): SqlSession {
    const schema = this.#schema;
    if (schema === null) throw closedStorage();
    const context: SessionContext = {
      dialect,
      schema,
      parameterLimit: PARAMETER_LIMIT,
      explainError: async (error, command, docs) => {
        if (savepoints && command !== null) await connection.exec("rollback to savepoint tenon_write");
        if (command === null || !isConstraint(error)) return postgresError(error, this.name);
        const find = async (query: FindQuery) => {
          const compiled = compileFind(dialect, schema, query);
          return compiled.decode(await connection.query(compiled.statement));
        };
        const concerned = command.kind === "insert" ? { ...command, docs } : command;
        return (await diagnose(find, schema, concerned)) ?? postgresError(error, this.name);
      },
      advanceSequence: (on, model) => advanceSequence(on, model),
      ...(savepoints
        ? {
            beforeWrite: () => connection.exec("savepoint tenon_write"),
            afterWrite: () => connection.exec("release savepoint tenon_write"),
          }
        : {}),
    };
    return new SqlSession(connection, context);
  }

  async #explain(connection: PostgresConnection, query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    const schema = this.#schema;
    if (schema === null) throw closedStorage();
    const compiled = compileFind(dialect, schema, query);
    const rows = await connection.query({
      text: `explain ${compiled.statement.text}`,
      params: compiled.statement.params,
    });
    const details = rows.map((row) => String(row[0]));
    const indexes = details.flatMap((detail) =>
      [...detail.matchAll(/Index (?:Only )?Scan(?: Backward)? using (\S+)|Bitmap Index Scan on (\S+)/g)].map(
        (match) => match[1] ?? match[2] ?? "",
      ),
    );
    const returned =
      options?.analyze === true ? compiled.decode(await connection.query(compiled.statement)).length : null;
    return explainSql(this.name, query, compiled, [...new Set(indexes)], details, returned);
  }

  #checkOpen(): void {
    if (!this.#open) throw closedStorage();
  }
}

/** The identity's sequence must be past every key that was given explicitly. */
async function advanceSequence(connection: SqlConnection, model: ModelMeta): Promise<void> {
  const table = dialect.quote(model.collection);
  const column = model.fields.find((field) => field.name === model.key[0])?.column ?? "";
  const sequence = `pg_get_serial_sequence('${table.replaceAll("'", "''")}', '${column.replaceAll("'", "''")}')`;
  await connection.query({
    text: `select setval(${sequence}, greatest((select max(${dialect.quote(column)}) from ${table}), nextval(${sequence}) - 1), true)`,
    params: [],
  });
}

function closedStorage(): StorageError {
  return new StorageError("STORAGE.CLOSED", "The database is closed", { fix: "open it again with createClient" });
}
