/**
 * Connections from a pool of `pg`. Everything that is out is known, so that closing can destroy it; a connection's death
 * while nobody uses it is heard (or the process would die of it) and nothing more: the next query takes another one.
 *
 * A connection that is given back stays at hand until the event loop has gone round, unless somebody waits for one: calls
 * that follow each other would pay the pool as much as the server. After that it is the pool's again.
 */
import { abortedError, checkAborted } from "../../base/abort.js";
import { QueryError } from "../../base/errors.js";
import { requestCancel } from "./cancel.js";
import {
  ask,
  type Need,
  type PgClient,
  type PgConnection,
  type PgPool,
  type PgQueryConfig,
  type PgResult,
  type PgSource,
  type RunOptions,
  type RunResult,
} from "./driver.js";
import { isConnectionLost, unanswered } from "./errors.js";
import { Waiting } from "./waiting.js";

export interface PoolSourceOptions {
  readonly name: string;
  readonly acquireTimeout: number;
  /** Milliseconds a statement may take; 0: any time. */
  readonly statementTimeout: number;
  /** Absent: unless there is a pooler in between, which may give the next statement to another session. */
  readonly preparedStatements?: boolean | undefined;
  /** Whether the pool is ours to end. */
  readonly owned: boolean;
}

/** How long a cancelled statement may still take before its connection is destroyed. */
const CANCEL_PATIENCE = 2000;
/** Statements that each connection may hold prepared; what comes later runs unprepared. */
const PREPARED_MOST = 1000;

const asText = { getTypeParser: () => (value: string) => value };
const ignore = () => {};

/** Names for statements that come again: the first time a text is seen it gets none. */
class PreparedNames {
  #names = new Map<string, string>();
  #generation = 0;

  of(text: string): string | undefined {
    const name = this.#names.get(text);
    if (name === undefined) {
      if (this.#names.size < PREPARED_MOST) this.#names.set(text, "");
      return undefined;
    }
    if (name !== "") return name;
    const made = `tenon_${this.#generation}_${this.#names.size}_${text.length}_${nextName++}`;
    this.#names.set(text, made);
    return made;
  }

  forget(): void {
    this.#names = new Map();
    this.#generation++;
  }
}

let nextName = 1;

class PooledConnection implements PgConnection {
  readonly replica = false;
  readonly #client: PgClient;
  readonly #options: PoolSourceOptions;
  /** Null: nothing is prepared. */
  readonly #names: () => PreparedNames | null;
  readonly #ended: (connection: PooledConnection, client: PgClient, broken: boolean) => void;
  #released = false;

  constructor(
    client: PgClient,
    options: PoolSourceOptions,
    names: () => PreparedNames | null,
    ended: (connection: PooledConnection, client: PgClient, broken: boolean) => void,
  ) {
    this.#client = client;
    this.#options = options;
    this.#names = names;
    this.#ended = ended;
  }

  run(text: string, params: readonly unknown[], options?: RunOptions): Promise<RunResult> {
    const name = options?.prepare === true ? this.#names()?.of(text) : undefined;
    const values = params as unknown[];
    const config: PgQueryConfig =
      name === undefined
        ? { text, values, rowMode: "array", types: asText }
        : { text, values, rowMode: "array", types: asText, name };
    const signal = options?.signal;
    if (signal !== undefined || this.#options.statementTimeout !== 0)
      return this.#stoppable(config, signal, this.#options.statementTimeout).then(resultOf);
    return ask(this.#client, config).then(resultOf);
  }

  async exec(text: string, commits = false): Promise<void> {
    const config: PgQueryConfig = { text, values: [], rowMode: "array", types: asText };
    if (!commits || this.#options.statementTimeout === 0) await this.#ask(config, undefined);
    else await this.#unlessTooLong(config);
  }

  /** Not cancelled when its time is over: the connection is given up, and what became of it is not known. */
  async #unlessTooLong(config: PgQueryConfig): Promise<void> {
    const timer = setTimeout(() => this.release(true), this.#options.statementTimeout);
    try {
      await ask(this.#client, config);
    } finally {
      clearTimeout(timer);
    }
  }

  release(broken: boolean): void {
    if (this.#released) return;
    this.#released = true;
    this.#ended(this, this.#client, broken);
  }

  #ask(config: PgQueryConfig, signal: AbortSignal | undefined): Promise<PgResult> {
    const { statementTimeout } = this.#options;
    if (signal === undefined && statementTimeout === 0) return ask(this.#client, config);
    return this.#stoppable(config, signal, statementTimeout);
  }

  /** A statement that ends early when the signal fires or its time is over: cancelled on the server, so that the connection stays good. */
  async #stoppable(config: PgQueryConfig, signal: AbortSignal | undefined, timeout: number): Promise<PgResult> {
    checkAborted(signal);
    let stopped: (() => Error) | null = null;
    let cancelled: Promise<boolean> = Promise.resolve(true);
    let patience: NodeJS.Timeout | undefined;
    const stop = (why: () => Error) => {
      if (stopped !== null) return;
      stopped = why;
      cancelled = requestCancel(this.#client, CANCEL_PATIENCE);
      patience = setTimeout(() => this.release(true), CANCEL_PATIENCE);
    };
    const onAbort = () => stop(() => abortedError(signal as AbortSignal));
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = timeout > 0 ? setTimeout(() => stop(() => this.#tooLong()), timeout) : undefined;
    try {
      return await ask(this.#client, config);
    } catch (error) {
      if (stopped === null) throw error;
      const why = (stopped as () => Error)();
      if (isCancelled(error)) throw why;
      throw isConnectionLost(error) ? unanswered(why) : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      // The request must have arrived before another statement may run here, or it would hit that one.
      if (stopped !== null && !(await cancelled)) this.release(true);
      clearTimeout(patience);
    }
  }

  #tooLong(): QueryError {
    const { name, statementTimeout } = this.#options;
    return new QueryError("QUERY.TIMEOUT", `${name}: a statement ran longer than ${statementTimeout} ms`, {
      fix: "look at explain() of the query; raise statementTimeout when it has to take that long",
    });
  }
}

function resultOf({ rows, rowCount }: PgResult): RunResult {
  return { rows: rows as (readonly unknown[])[], count: rowCount ?? 0 };
}

function isCancelled(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "57014";
}

export class PoolSource implements PgSource {
  readonly concurrent = true;
  readonly durable = true;
  readonly servers = 1;
  readonly #pool: PgPool;
  readonly #options: PoolSourceOptions;
  readonly #waiting: Waiting;
  readonly #names = new PreparedNames();
  readonly #out = new Set<PooledConnection>();
  /** Given back a moment ago. */
  readonly #warm: PgClient[] = [];
  /** Clients that said that they broke. */
  readonly #lost = new WeakSet<PgClient>();
  readonly #onError: (this: PgClient) => void;
  #cooling = false;
  #closed = false;
  #prepares: boolean | null;

  constructor(pool: PgPool, options: PoolSourceOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#prepares = options.preparedStatements ?? null;
    this.#waiting = new Waiting(options.name, options.acquireTimeout);
    const lost = this.#lost;
    this.#onError = function () {
      lost.add(this);
    };
    pool.on("error", ignore);
  }

  get most(): number | undefined {
    return this.#pool.options?.max;
  }

  /** Connections in use, for choosing the least busy of several sources. */
  get busy(): number {
    return this.#out.size;
  }

  acquire(_need: Need, signal?: AbortSignal): PgConnection | Promise<PgConnection> {
    checkAborted(signal);
    for (let client = this.#warm.pop(); client !== undefined; client = this.#warm.pop()) {
      if (!this.#lost.has(client)) return this.#lend(client);
      this.#giveBack(client, true);
    }
    return this.#fromPool(signal);
  }

  async #fromPool(signal: AbortSignal | undefined): Promise<PgConnection> {
    const client = await this.#waiting.wait(
      () => this.#pool.connect(),
      signal,
      (unwanted) => unwanted.release(),
    );
    client.on("error", this.#onError);
    const connection = this.#lend(client);
    if (this.#prepares === null) await this.#findPooler(client, connection, signal);
    return connection;
  }

  #lend(client: PgClient): PooledConnection {
    const connection = new PooledConnection(client, this.#options, this.#namesNow, this.#ended);
    this.#out.add(connection);
    return connection;
  }

  readonly #namesNow = () => (this.#prepares === true ? this.#names : null);

  readonly #ended = (connection: PooledConnection, client: PgClient, broken: boolean): void => {
    this.#out.delete(connection);
    const wanted = this.#waiting.some || (this.#pool.waitingCount ?? 0) > 0;
    if (broken || wanted || this.#closed || this.#lost.has(client)) this.#giveBack(client, broken);
    else {
      this.#warm.push(client);
      if (!this.#cooling) setImmediate(this.#cool);
      this.#cooling = true;
    }
  };

  readonly #cool = (): void => {
    this.#cooling = false;
    for (const client of this.#warm.splice(0)) this.#giveBack(client, this.#lost.has(client));
  };

  #giveBack(client: PgClient, broken: boolean): void {
    // A destroyed connection may still have something to say.
    if (!broken) client.removeListener("error", this.#onError);
    client.release(broken);
  }

  /** A pooler gives its clients process numbers of its own making, another one than the server tells. */
  async #findPooler(client: PgClient, connection: PgConnection, signal: AbortSignal | undefined): Promise<void> {
    try {
      const { rows } = await connection.run("select pg_backend_pid()", [], { signal });
      const { processID } = client;
      this.#prepares ??= typeof processID !== "number" || Number(rows[0]?.[0]) === processID;
    } catch (error) {
      connection.release(true);
      throw error;
    }
  }

  wrote(): void {}

  forget(): void {
    this.#names.forget();
  }

  async close(error: Error): Promise<void> {
    this.#closed = true;
    this.#waiting.close(error);
    this.#cool();
    for (const connection of [...this.#out]) connection.release(true);
    if (this.#options.owned) await this.#pool.end();
    else this.#pool.removeListener("error", ignore);
  }
}
