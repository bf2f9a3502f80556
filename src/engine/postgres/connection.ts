/**
 * One PostgreSQL connection as the session wants it. Inside a transaction every write is guarded by a savepoint, because a
 * failed statement would end the whole transaction and nothing could be looked up any more; it is renewed, not released,
 * by the next write, so that a write costs two round trips. Streams are cursors.
 */
import { checkAborted } from "../../base/abort.js";
import { StorageError } from "../../base/errors.js";
import type { SqlConnection } from "../sql/session.js";
import type { Statement } from "../sql/sql.js";
import type { PgConnection, RunResult } from "./driver.js";

const GUARD = "tenon_write";
const HELD = "tenon_held";
const rowsOf = ({ rows }: RunResult) => rows;

export class PostgresConnection implements SqlConnection {
  readonly raw: PgConnection;
  #guarded = false;
  #cursors = 0;

  constructor(raw: PgConnection) {
    this.raw = raw;
  }

  query({ text, params }: Statement, signal?: AbortSignal): Promise<readonly (readonly unknown[])[]> {
    return this.raw.run(text, params, { signal, prepare: true }).then(rowsOf);
  }

  async execute({ text, params }: Statement, signal?: AbortSignal): Promise<number> {
    return (await this.raw.run(text, params, { signal, prepare: true })).count;
  }

  /** Statements about the transaction itself; a guard does not outlive them. */
  async exec(text: string): Promise<void> {
    const guarded = this.#guarded;
    this.#guarded = false;
    const whole = guarded && !text.startsWith("rollback") ? `release savepoint ${GUARD}; ${text}` : text;
    await this.raw.exec(whole, text === "commit");
  }

  async guard(): Promise<void> {
    const again = this.#guarded;
    this.#guarded = true;
    await this.raw.exec(again ? `release savepoint ${GUARD}; savepoint ${GUARD}` : `savepoint ${GUARD}`);
  }

  /** After a failed write: the transaction goes on as if it had not been tried. */
  async undoWrite(): Promise<void> {
    this.#guarded = false;
    await this.raw.exec(`rollback to savepoint ${GUARD}; release savepoint ${GUARD}`);
  }

  /**
   * Puts off the checks of these constraints. Under a savepoint of its own: only undoing the one under which they were put
   * off puts them back, whatever was released inside.
   */
  hold(names: string): Promise<void> {
    return this.exec(`savepoint ${HELD}; set constraints ${names} deferred`);
  }

  /** Makes up for them. */
  settle(names: string): Promise<void> {
    return this.exec(`set constraints ${names} immediate; release savepoint ${HELD}`);
  }

  undoHeld(): Promise<void> {
    return this.exec(`rollback to savepoint ${HELD}; release savepoint ${HELD}`);
  }

  /** Inside a transaction only: the cursor lives as long as it. */
  async *stream(
    { text, params }: Statement,
    batch: number,
    signal?: AbortSignal,
  ): AsyncIterableIterator<readonly (readonly unknown[])[]> {
    const cursor = `tenon_cursor_${this.#cursors++}`;
    await this.raw.run(`declare ${cursor} no scroll cursor for ${text}`, params);
    for (;;) {
      checkAborted(signal);
      const { rows } = await this.raw.run(`fetch forward ${Math.max(1, Math.trunc(batch))} from ${cursor}`, [], {
        signal,
      });
      if (rows.length > 0) yield rows;
      if (rows.length < batch) break;
    }
    await this.raw.exec(`close ${cursor}`);
  }

  release(broken: boolean): void {
    this.raw.release(broken);
  }
}

/** Ends the transaction, if there is one to end; whether that could be done. */
export async function endQuietly(connection: PostgresConnection): Promise<boolean> {
  return connection.exec("rollback").then(
    () => true,
    () => false,
  );
}

export function closedStorage(): StorageError {
  return new StorageError("STORAGE.CLOSED", "The database is closed", { fix: "open it again with createClient" });
}
