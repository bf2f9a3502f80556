/** The drivers that the user passes in, as the small structural types that are needed of them, and how a client is asked. */

/** A query as `pg` takes it. */
export interface PgQueryConfig {
  readonly text: string;
  readonly values: unknown[];
  readonly rowMode: "array";
  /** Prepared under this name, once per connection. */
  readonly name?: string;
  readonly types: { getTypeParser(): (value: string) => unknown };
}

export interface PgResult {
  readonly rows: unknown[];
  readonly rowCount?: number | null;
}

export type PgCallback = (error: Error | null | undefined, result: PgResult) => void;

/** What of `pg`'s PoolClient is used. */
export interface PgClient {
  /** Answers through the callback, or with a promise (see `ask`). */
  query(config: PgQueryConfig, callback: PgCallback): unknown;
  release(destroy?: boolean | Error): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  readonly host?: string;
  readonly port?: number;
  readonly processID?: number | null;
  readonly secretKey?: number | null;
}

/**
 * What a client answers. By callback: what pg's own promise brings lives until the next full collection (0.75 MB of 1,550 rows;
 * none of it by callback), and such collections cost more than reading the rows.
 */
export function ask(client: Pick<PgClient, "query">, config: PgQueryConfig): Promise<PgResult> {
  return new Promise((resolve, reject) => {
    const answer = client.query(config, (error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
    // A client that somebody has wrapped may know promises only.
    if (isThenable(answer)) answer.then(resolve, reject);
  });
}

function isThenable(value: unknown): value is PromiseLike<PgResult> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** What of `pg`'s Pool is used. */
export interface PgPool {
  /** Callers that wait for a client. */
  readonly waitingCount?: number;
  readonly options?: { readonly max?: number };
  connect(): Promise<PgClient>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** The module `pg`. */
export interface PgDriver {
  readonly Pool: new (config: PgPoolConfig) => PgPool;
}

export interface PgPoolConfig {
  readonly connectionString: string;
  readonly max: number;
  readonly connectionTimeoutMillis: number;
  readonly keepAlive: boolean;
}

/** What of PGlite is used. */
export interface PgliteDatabase {
  query(
    text: string,
    params?: unknown[],
    options?: { readonly rowMode?: "array"; readonly parsers?: Readonly<Record<number, (value: string) => unknown>> },
  ): Promise<{ readonly rows: unknown[]; readonly affectedRows?: number | undefined }>;
  exec(text: string): Promise<unknown>;
  /** Where it keeps its files; nowhere: in memory. */
  readonly dataDir?: string | undefined;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** May be prepared: its text comes again. */
  readonly prepare?: boolean | undefined;
}

export interface RunResult {
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that the statement wrote. */
  readonly count: number;
}

/** A connection as the engine wants it. Rows are arrays; every value is the server's text. */
export interface PgConnection {
  /** Leads to a replica: what is read may be a little old, and nothing can be written. */
  readonly replica: boolean;
  run(text: string, params: readonly unknown[], options?: RunOptions): Promise<RunResult>;
  /**
   * Several statements without parameters, in one round trip. `commits`: they end with a commit, which is never cancelled: a
   * server that waits for its replicas would answer as if it had been done.
   */
  exec(text: string, commits?: boolean): Promise<void>;
  /** Giving it back a second time does nothing. `broken`: its state is unknown, so it is destroyed. */
  release(broken: boolean): void;
}

/** What a connection is wanted for: `read` may be answered by a replica. */
export type Need = "read" | "write";

/** Where connections come from. */
export interface PgSource {
  /** Whether several connections can be out at once. */
  readonly concurrent: boolean;
  /** Connections that can be out at once, where that is known. */
  readonly most?: number | undefined;
  /** Whether a commit outlives the process. */
  readonly durable: boolean;
  /** Servers that can answer a read. */
  readonly servers: number;
  /** One that is at hand is given at once: a promise would cost a short read as much as all the rest. */
  acquire(need: Need, signal?: AbortSignal): PgConnection | Promise<PgConnection>;
  /** Something was written, or may have been: reads from now on must see it. */
  wrote(): void;
  /** Prepared statements no longer fit: the schema has changed. */
  forget(): void;
  /** Destroys what is out, rejects who waits with `error`; ends what it has made itself. */
  close(error: Error): Promise<void>;
}
