/** One PostgreSQL connection as the session wants it; streams are cursors. */
import { checkAborted } from "../../base/abort.js";
import type { SqlConnection } from "../sql/session.js";
import type { Statement } from "../sql/sql.js";
import type { PgConnection } from "./driver.js";

export class PostgresConnection implements SqlConnection {
  readonly raw: PgConnection;
  #released = false;

  constructor(raw: PgConnection) {
    this.raw = raw;
  }

  query(statement: Statement): Promise<readonly (readonly unknown[])[]> {
    return this.raw.run(statement.text, statement.params);
  }

  async exec(text: string): Promise<void> {
    await this.raw.run(text, []);
  }

  /** Inside a transaction only: the cursor lives as long as it. */
  async *stream(
    statement: Statement,
    batch: number,
    signal?: AbortSignal,
  ): AsyncIterableIterator<readonly (readonly unknown[])[]> {
    await this.raw.run(`declare tenon_cursor no scroll cursor for ${statement.text}`, statement.params);
    for (;;) {
      checkAborted(signal);
      const rows = await this.raw.run(`fetch forward ${Math.max(1, Math.trunc(batch))} from tenon_cursor`, []);
      if (rows.length > 0) yield rows;
      if (rows.length < batch) break;
    }
    await this.exec("close tenon_cursor");
  }

  release(broken: boolean): void {
    if (this.#released) return;
    this.#released = true;
    this.raw.release(broken);
  }
}
