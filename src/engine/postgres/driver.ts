/** The drivers that the user passes in, as the small structural types that are needed of them. */

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

/** What of `pg`'s PoolClient is used. */
export interface PgClient {
  query(config: PgQueryConfig): Promise<PgResult>;
  release(destroy?: boolean | Error): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  readonly host?: string;
  readonly port?: number;
  readonly processID?: number | null;
  readonly secretKey?: number | null;
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
