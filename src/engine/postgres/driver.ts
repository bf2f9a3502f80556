/** The drivers that the user passes in, as the small structural types that are needed of them. */
import { Mutex } from "../../base/mutex.js";

/** A query as `pg` takes it. */
export interface PgQueryConfig {
  readonly text: string;
  readonly values: unknown[];
  readonly rowMode: "array";
}

/** What of `pg`'s PoolClient is used. */
export interface PgClient {
  query(config: PgQueryConfig): Promise<{ readonly rows: unknown[] }>;
  release(destroy?: boolean | Error): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  readonly processID?: number | null;
}

/** What of `pg`'s Pool is used. */
export interface PgPool {
  connect(): Promise<PgClient>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** What of PGlite is used. */
export interface PgliteDatabase {
  query(
    text: string,
    params?: unknown[],
    options?: { readonly rowMode?: "array" },
  ): Promise<{ readonly rows: unknown[] }>;
  close(): Promise<void>;
}

/** A connection as the engine wants it. Rows are arrays. */
export interface PgConnection {
  run(text: string, params: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
  /** Server process, for cancelling; null where there is none. */
  readonly processId: number | null;
  release(broken: boolean): void;
}

export interface PgSource {
  readonly concurrent: boolean;
  acquire(signal?: AbortSignal): Promise<PgConnection>;
  end(): Promise<void>;
}

export function poolSource(pool: PgPool): PgSource {
  // An idle connection that dies tells so here; the next query takes another one.
  pool.on("error", () => {});
  return {
    concurrent: true,
    acquire: async () => {
      const client = await pool.connect();
      const ignore = () => {};
      client.on("error", ignore);
      return {
        processId: client.processID ?? null,
        run: async (text, params) => {
          const { rows } = await client.query({ text, values: [...params], rowMode: "array" });
          return rows as (readonly unknown[])[];
        },
        release: (broken) => {
          client.removeListener("error", ignore);
          client.release(broken);
        },
      };
    },
    end: () => pool.end(),
  };
}

/** PGlite has one connection: it goes round. */
export function pgliteSource(database: PgliteDatabase): PgSource {
  const turn = new Mutex();
  return {
    concurrent: false,
    acquire: async (signal) => {
      const release = await turn.acquire(signal);
      return {
        processId: null,
        run: async (text, params) => {
          const { rows } = await database.query(text, [...params], { rowMode: "array" });
          return rows as (readonly unknown[])[];
        },
        release,
      };
    },
    end: () => database.close(),
  };
}

export function isPool(driver: PgPool | PgliteDatabase): driver is PgPool {
  return "connect" in driver && "end" in driver;
}
