/** Sessions on PostgreSQL connections: what the shared session must be told about this database, and explain. */
import { TenonError } from "../../base/errors.js";
import type { FindQuery } from "../../query/ir.js";
import type { ExplainOptions, Plan } from "../engine.js";
import type { Compiler } from "../sql/compiler.js";
import { diagnose } from "../sql/diagnose.js";
import { missingBy, missingIn, mistypedIn, tableDrift, tablesOf } from "../sql/drift.js";
import { explainSql } from "../sql/explain.js";
import { SqlSession, type Tried } from "../sql/session.js";
import type { PostgresConnection } from "./connection.js";
import { postgresDialect as dialect } from "./dialect.js";
import { constraintOf, isConnectionLost, isMissing, isMistyped, isRefusedValue, TABLES } from "./errors.js";
import { advanceSequence } from "./sequence.js";

export interface SessionOptions {
  /** Of the engine, for messages. */
  readonly name: string;
  readonly compiler: Compiler;
  /** The typed error for whatever was thrown, or that the engine is closed. */
  typed(error: unknown): Error;
  /** Inside a transaction that goes on after a refused write. */
  readonly inTransaction: boolean;
  /** Each statement sees what is committed when it begins, so rows that are read to be written are locked. */
  readonly lockRows: boolean;
}

export function openSession(connection: PostgresConnection, options: SessionOptions): SqlSession {
  const { compiler, typed, inTransaction } = options;
  const find = async (query: FindQuery) => {
    const { compiled, statement } = compiler.find(query);
    return compiled.decode(await connection.query(statement));
  };
  /** The write is undone whole; what one of its statements was refused for is told already. */
  const refusedLast = async (error: unknown, tried: Tried): Promise<Error> => {
    try {
      await connection.undoHeld();
      if (error instanceof TenonError || constraintOf(error) === null) return typed(error);
      return (await diagnose(find, compiler.schema, tried)) ?? typed(error);
    } catch (broken) {
      return typed(error instanceof TenonError ? error : broken);
    }
  };
  return new SqlSession(connection, {
    compiler,
    explainError: async (error, tried) => {
      // What broke during a lone write is told apart from what broke before its commit by who lends the connection.
      if (isConnectionLost(error)) return inTransaction || tried === null ? typed(error) : (error as Error);
      try {
        if (inTransaction && tried !== null) await connection.undoWrite();
        const drifted = isMissing(error) || isMistyped(error) ? await drift(connection, options, error) : null;
        if (drifted !== null) return drifted;
        if (tried === null || constraintOf(error) === null) return typed(error);
        return (await diagnose(find, compiler.schema, tried)) ?? typed(error);
      } catch (broken) {
        // A timeout or an abort says more than that its connection is gone.
        return typed(error instanceof TenonError ? error : broken);
      }
    },
    advanceSequence: (connection, model) =>
      advanceSequence(connection, model).catch((error: unknown) => {
        throw typed(error);
      }),
    ...(inTransaction ? { beforeWrite: () => connection.guard() } : {}),
    ...(options.lockRows ? { toWrite: (statement) => ({ ...statement, text: `${statement.text} for update` }) } : {}),
    checkLast: async (constraints, tried, work) => {
      const names = constraints.map(dialect.quote).join(", ");
      try {
        await connection.hold(names);
        const result = await work();
        await connection.settle(names);
        return result;
      } catch (error) {
        throw isConnectionLost(error) ? typed(error) : await refusedLast(error, tried);
      }
    },
  });
}

/** A transaction whose read has failed answers no more: then there are only the words of the error. */
async function drift(connection: PostgresConnection, options: SessionOptions, error: unknown): Promise<Error | null> {
  const { schema } = options.compiler;
  const tables = await connection.raw.run(TABLES, []).then(
    ({ rows }) => tablesOf(rows),
    () => null,
  );
  const missing = tables === null ? [] : missingIn(tables, schema, dialect);
  const mistyped = tables === null ? [] : mistypedIn(tables, schema, dialect);
  if (missing.length > 0 || mistyped.length > 0) return tableDrift(options.name, { missing, mistyped }, error);
  if (isMissing(error))
    return tableDrift(options.name, { missing: missingBy((error as Error).message, schema, dialect) }, error);
  // Every statement is written for the types of the models: one that does not fit was not written for these tables.
  return tables === null && !isRefusedValue(error) ? tableDrift(options.name, { missing: [] }, error) : null;
}

export async function explainOn(
  connection: PostgresConnection,
  compiler: Compiler,
  engine: string,
  query: FindQuery,
  options?: ExplainOptions,
): Promise<Plan> {
  const { compiled, statement } = compiler.find(query);
  const { rows } = await connection.raw.run(`explain ${statement.text}`, statement.params);
  const details = rows.map((row) => String(row[0]));
  const indexes = details.flatMap((detail) =>
    [...detail.matchAll(/Index (?:Only )?Scan(?: Backward)? using (\S+)|Bitmap Index Scan on (\S+)/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    ),
  );
  const returned = options?.analyze === true ? compiled.decode(await connection.query(statement)).length : null;
  return explainSql(engine, query, compiled, [...new Set(indexes)], details, returned);
}
