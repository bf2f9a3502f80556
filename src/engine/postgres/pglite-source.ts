/** PGlite has one connection: it goes round. Whoever has it runs statements; all others wait. */
import { checkAborted } from "../../base/abort.js";
import { Mutex } from "../../base/mutex.js";
import type { Need, PgConnection, PgliteDatabase, PgSource } from "./driver.js";
import { Waiting } from "./waiting.js";

/** boolean, bytea, int8, text, json, float8, timestamptz, numeric, jsonb: as the server wrote them. */
const TEXT_TYPES = [16, 17, 20, 21, 23, 25, 114, 700, 701, 1184, 1700, 3802];
const parsers = Object.fromEntries(TEXT_TYPES.map((type) => [type, (value: string) => value]));

export class PgliteSource implements PgSource {
  readonly concurrent = false;
  readonly servers = 1;
  readonly durable: boolean;
  readonly #database: PgliteDatabase;
  readonly #turn = new Mutex();
  readonly #waiting: Waiting;
  #out: PgConnection | null = null;

  constructor(database: PgliteDatabase, name: string, acquireTimeout: number) {
    this.#database = database;
    const { dataDir = "memory://" } = database;
    this.durable = dataDir !== "" && !dataDir.startsWith("memory://");
    this.#waiting = new Waiting(name, acquireTimeout);
  }

  async acquire(_need: Need, signal?: AbortSignal): Promise<PgConnection> {
    const release = await this.#waiting.wait(
      () => this.#turn.acquire(),
      signal,
      (unwanted) => unwanted(),
    );
    let released = false;
    const connection: PgConnection = {
      replica: false,
      run: async (text, params, options) => {
        checkAborted(options?.signal);
        const { rows, affectedRows } = await this.#database.query(text, params as unknown[], {
          rowMode: "array",
          parsers,
        });
        checkAborted(options?.signal);
        return { rows: rows as (readonly unknown[])[], count: affectedRows ?? 0 };
      },
      exec: async (text) => {
        await this.#database.exec(text);
      },
      // There is no other connection to take instead: what is open is undone, and the next one goes on with it.
      release: (isBroken) => {
        if (released) return;
        released = true;
        this.#out = null;
        if (isBroken) this.#database.exec("rollback").then(release, release);
        else release();
      },
    };
    this.#out = connection;
    return connection;
  }

  wrote(): void {}

  forget(): void {}

  async close(error: Error): Promise<void> {
    this.#waiting.close(error);
    this.#out?.release(true);
    // What runs at this moment ends first; the database itself is the user's.
    const release = await this.#turn.acquire();
    release();
    this.#turn.close(error);
  }
}
