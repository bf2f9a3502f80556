/**
 * The connections of one SQLite file: one writer, handed to one transaction at a time through a fair queue (so that `await`
 * inside a transaction never lets another one in between), and readers beside it, which WAL lets read on meanwhile.
 */
import { checkAborted } from "../../base/abort.js";
import { ConfigError, StorageError } from "../../base/errors.js";
import { Mutex } from "../../base/mutex.js";
import type { SqlConnection } from "../sql/session.js";
import type { Statement } from "../sql/sql.js";
import { openHandle, type SqliteDriver, type SqliteHandle } from "./driver.js";
import { sqliteError } from "./errors.js";

export interface ConnectionOptions {
  readonly driver: SqliteDriver;
  readonly path: string;
  readonly busyTimeout: number;
  /** `full`: a commit survives a power cut; `normal`: it survives a crash of the process. */
  readonly synchronous: "full" | "normal";
}

/** One handle as the session wants it. SQLite answers at once, so nothing here waits. */
export class SqliteConnection implements SqlConnection {
  readonly handle: SqliteHandle;
  readonly #streams = new Set<Iterator<readonly unknown[]>>();

  constructor(handle: SqliteHandle) {
    this.handle = handle;
  }

  /** Ends open streams first: a busy handle cannot be closed. */
  close(): void {
    for (const rows of this.#streams) rows.return?.();
    this.#streams.clear();
    this.handle.close();
  }

  query(statement: Statement): readonly (readonly unknown[])[] {
    return this.handle.all(statement.text, statement.params);
  }

  execute(statement: Statement): number {
    return this.handle.run(statement.text, statement.params);
  }

  async exec(text: string): Promise<void> {
    this.handle.exec(text);
  }

  async *stream(
    statement: Statement,
    batch: number,
    signal?: AbortSignal,
  ): AsyncIterableIterator<readonly (readonly unknown[])[]> {
    const rows = this.handle.iterate(statement.text, statement.params);
    this.#streams.add(rows);
    try {
      for (;;) {
        checkAborted(signal);
        const taken: (readonly unknown[])[] = [];
        while (taken.length < batch) {
          const step = rows.next();
          if (step.done === true) break;
          taken.push(step.value);
        }
        if (taken.length > 0) yield taken;
        if (taken.length < batch) return;
      }
    } finally {
      this.#streams.delete(rows);
      rows.return?.();
    }
  }
}

const READERS_KEPT = 8;
/** Of the reader that lone calls share: relations lie all over the file, and a page read again costs more than its rows. */
const SHARED_CACHE_KB = 65_536;

/** A connection in use. `broken`: its state is not known any more. */
export interface Lent {
  readonly connection: SqliteConnection;
  release(broken?: boolean): void;
}

export class SqliteConnections {
  readonly #options: ConnectionOptions;
  readonly #queue = new Mutex();
  readonly #idle: SqliteConnection[] = [];
  readonly #all = new Set<SqliteConnection>();
  #writer: SqliteConnection | null = null;
  #shared: SqliteConnection | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  open(): void {
    const { path } = this.#options;
    if (path === "" || path === ":memory:") {
      throw new ConfigError("CONFIG.INVALID", `sqlite: "${path}" is a database of one connection only`, {
        fix: 'name a file; for a database in memory use memory() of "tenon/embedded"',
      });
    }
    this.#writer = this.#connect(false);
  }

  /** The writer, once it is this caller's turn. */
  async write(signal?: AbortSignal): Promise<Lent> {
    const next = await this.#queue.acquire(signal);
    const connection = this.#writer;
    if (connection === null) {
      next();
      throw closedStorage();
    }
    return {
      connection,
      release: (broken) => {
        if (broken && this.#writer === connection) this.#replaceWriter(connection);
        next();
      },
    };
  }

  read(): Lent {
    if (this.#writer === null) throw closedStorage();
    const connection = this.#idle.pop() ?? this.#connect(true);
    let held = true;
    return {
      connection,
      release: (broken) => {
        if (!held) return;
        held = false;
        if (!broken && this.#writer !== null && this.#idle.length < READERS_KEPT) this.#idle.push(connection);
        else this.#close(connection);
      },
    };
  }

  /** A reader for one statement that runs at once and leaves nothing open: many callers share it. */
  reader(): SqliteConnection {
    if (this.#writer === null) throw closedStorage();
    if (this.#shared === null) {
      this.#shared = this.#connect(true);
      this.#shared.handle.exec(`pragma cache_size = -${SHARED_CACHE_KB}`);
    }
    return this.#shared;
  }

  /** A transaction could not be ended: whatever is open goes with its connection. */
  #replaceWriter(connection: SqliteConnection): void {
    this.#close(connection);
    this.#writer = this.#connect(false);
  }

  close(error: Error): void {
    this.#queue.close(error);
    this.#writer = null;
    this.#shared = null;
    this.#idle.length = 0;
    for (const connection of [...this.#all]) this.#close(connection);
  }

  #close(connection: SqliteConnection): void {
    if (this.#all.delete(connection)) connection.close();
  }

  #connect(readonly: boolean): SqliteConnection {
    const { driver, path, busyTimeout, synchronous } = this.#options;
    let handle: SqliteHandle | undefined;
    try {
      handle = openHandle(driver, path, { readonly, timeout: busyTimeout });
      handle.exec(`pragma busy_timeout = ${Math.trunc(busyTimeout)}`);
      handle.exec("pragma foreign_keys = on");
      if (!readonly) {
        handle.all("pragma journal_mode = wal", []);
        handle.exec(`pragma synchronous = ${synchronous}`);
      }
      const connection = new SqliteConnection(handle);
      this.#all.add(connection);
      return connection;
    } catch (error) {
      handle?.close();
      throw sqliteError(error, path);
    }
  }
}

export function closedStorage(): StorageError {
  return new StorageError("STORAGE.CLOSED", "The database is closed", { fix: "open it again with createClient" });
}
