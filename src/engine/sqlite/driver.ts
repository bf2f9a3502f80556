/** The drivers that the user passes in, as the small structural types that are needed of them. */
import { Kept } from "../../base/kept.js";

/** What of `better-sqlite3` (the constructor) is used. */
export interface BetterSqlite3Constructor {
  new (path: string, options?: { readonly readonly?: boolean; readonly timeout?: number }): BetterSqlite3Database;
}

export interface BetterSqlite3Database {
  prepare(text: string): BetterSqlite3Statement;
  exec(text: string): unknown;
  close(): unknown;
}

export interface BetterSqlite3Statement {
  readonly reader: boolean;
  raw(toggle: boolean): this;
  all(...params: unknown[]): unknown[];
  iterate(...params: unknown[]): IterableIterator<unknown>;
  run(...params: unknown[]): { readonly changes: number | bigint };
}

/** What of `node:sqlite` (`DatabaseSync`) is used. */
export interface NodeSqliteConstructor {
  new (path: string, options?: { readonly readOnly?: boolean; readonly timeout?: number }): NodeSqliteDatabase;
}

export interface NodeSqliteDatabase {
  prepare(text: string): NodeSqliteStatement;
  exec(text: string): void;
  close(): void;
}

export interface NodeSqliteStatement {
  setReturnArrays?(enabled: boolean): void;
  all(...params: unknown[]): unknown[];
  iterate(...params: unknown[]): Iterable<unknown>;
  run(...params: unknown[]): { readonly changes: number | bigint };
}

/** One open file, the same for both drivers. Rows are arrays; integers come as numbers. */
export interface SqliteHandle {
  all(text: string, params: readonly unknown[]): readonly (readonly unknown[])[];
  /** Rows that the statement wrote, cascades not counted. */
  run(text: string, params: readonly unknown[]): number;
  iterate(text: string, params: readonly unknown[]): Iterator<readonly unknown[]>;
  exec(text: string): void;
  close(): void;
}

export type SqliteDriver = BetterSqlite3Constructor | NodeSqliteConstructor;

const STATEMENTS_KEPT = 500;

/** Keeps the statements used last. */
class StatementCache<S> {
  readonly #make: (text: string) => S;
  readonly #kept = new Kept<S>(STATEMENTS_KEPT);

  constructor(make: (text: string) => S) {
    this.#make = make;
  }

  get(text: string): S {
    let statement = this.#kept.get(text);
    if (statement === undefined) {
      statement = this.#make(text);
      this.#kept.set(text, statement);
    }
    return statement;
  }
}

function openBetter(driver: BetterSqlite3Constructor, path: string, readonly: boolean, timeout: number): SqliteHandle {
  const database = new driver(path, { readonly, timeout });
  const statements = new StatementCache((text) => {
    const statement = database.prepare(text);
    return statement.reader ? statement.raw(true) : statement;
  });
  return {
    all: (text, params) => {
      const statement = statements.get(text);
      if (statement.reader) return statement.all(...params) as (readonly unknown[])[];
      statement.run(...params);
      return [];
    },
    run: (text, params) => Number(statements.get(text).run(...params).changes),
    // A statement that iterates is busy: it must not be the cached one.
    iterate: (text, params) =>
      database
        .prepare(text)
        .raw(true)
        .iterate(...params) as Iterator<readonly unknown[]>,
    exec: (text) => void database.exec(text),
    close: () => void database.close(),
  };
}

function rowArray(row: unknown): readonly unknown[] {
  return Array.isArray(row) ? row : Object.values(row as object);
}

/** Node 22 binds bytes of length 0 as NULL when their buffer was looked at before; a view into some memory it binds right. */
const NO_BYTES = new Uint8Array(new ArrayBuffer(8), 0, 0);

function isEmpty(value: unknown): boolean {
  return value instanceof Uint8Array && value.byteLength === 0;
}

function bindable(params: readonly unknown[]): readonly unknown[] {
  return params.some(isEmpty) ? params.map((value) => (isEmpty(value) ? NO_BYTES : value)) : params;
}

function openNode(driver: NodeSqliteConstructor, path: string, readOnly: boolean, timeout: number): SqliteHandle {
  const database = new driver(path, { readOnly, timeout });
  const prepare = (text: string) => {
    const statement = database.prepare(text);
    statement.setReturnArrays?.(true);
    return statement;
  };
  const statements = new StatementCache(prepare);
  return {
    all: (text, params) =>
      statements
        .get(text)
        .all(...bindable(params))
        .map(rowArray),
    run: (text, params) => Number(statements.get(text).run(...bindable(params)).changes),
    iterate: (text, params) => {
      const rows = prepare(text)
        .iterate(...bindable(params))
        [Symbol.iterator]();
      return {
        next: () => {
          const step = rows.next();
          return step.done === true ? { done: true, value: undefined } : { done: false, value: rowArray(step.value) };
        },
        return: () => {
          rows.return?.();
          return { done: true, value: undefined };
        },
      };
    },
    exec: (text) => database.exec(text),
    close: () => database.close(),
  };
}

/** node:sqlite's class has `createSession`, better-sqlite3's has `pragma`. */
function isNodeDriver(driver: SqliteDriver): driver is NodeSqliteConstructor {
  return !("pragma" in (driver.prototype as object));
}

export function openHandle(
  driver: SqliteDriver,
  path: string,
  options: { readonly readonly: boolean; readonly timeout: number },
): SqliteHandle {
  return isNodeDriver(driver)
    ? openNode(driver, path, options.readonly, options.timeout)
    : openBetter(driver, path, options.readonly, options.timeout);
}
