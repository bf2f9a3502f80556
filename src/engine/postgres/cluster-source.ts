/**
 * Connections to a primary and its replicas. Writes go to the primary, reads to replicas that are fresh enough, else to the
 * primary.
 *
 * How fresh a replica is follows from positions in the log: the primary's position is noted together with the moment of our
 * clock at which it was asked for; a replica that has replayed up to a noted position holds everything that was committed at
 * that moment. So "not older than maxLag" and "not older than our last write" are comparisons of moments, and a write costs
 * nothing more. Servers are asked when somebody wants a connection and the last answers are old; nothing runs by a timer.
 *
 * The primary is whichever server takes writes; of several the one of the newest timeline.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Need, PgConnection, PgSource, RunOptions, RunResult } from "./driver.js";
import { isConnectionLost, noPrimary, sqlState } from "./errors.js";
import { type Answer, isUnreachable, type ServerNode } from "./server-node.js";

export interface ClusterOptions {
  readonly name: string;
  readonly balance: "roundRobin" | "leastBusy";
  /** Milliseconds by which a replica may be behind. */
  readonly maxLag: number;
  /** Where reads go as long as no replica is known to have our last write. */
  readonly afterWrite: "primary" | "wait" | "any";
  /** Milliseconds for which answers are good. */
  readonly checkInterval: number;
  /** Milliseconds that a server may take to answer. */
  readonly patience: number;
}

interface Noted {
  at: number;
  readonly position: number;
}

const NOTED_MOST = 256;
/** Between two looks that nobody has to wait for. */
const PAUSE = 20;
const POLL = 2;
const NEVER = Number.NEGATIVE_INFINITY;

/** Positions of the primary with the moments at which they were asked for. */
class PositionLog {
  #noted: Noted[] = [];

  /** The last moment at which the primary answered. */
  get last(): number {
    return this.#noted.at(-1)?.at ?? NEVER;
  }

  note(at: number, position: number): void {
    const last = this.#noted.at(-1);
    if (last?.position === position) last.at = at;
    else this.#noted.push({ at, position });
    if (this.#noted.length > NOTED_MOST) this.#noted = this.#noted.filter((_, index) => index % 2 === 0);
  }

  /** The last moment of which a server that has replayed up to `position` holds everything. */
  moment(position: number): number {
    return this.#noted.findLast((noted) => noted.position <= position)?.at ?? NEVER;
  }

  clear(): void {
    this.#noted = [];
  }
}

export class ClusterSource implements PgSource {
  readonly concurrent = true;
  readonly durable = true;
  readonly servers: number;
  readonly #nodes: readonly ServerNode[];
  readonly #options: ClusterOptions;
  readonly #positions = new PositionLog();
  #primary: ServerNode | null = null;
  /** The newest that was ever seen on a server that takes writes. */
  #timeline = 0;
  #looking: Promise<void> | null = null;
  #looked = NEVER;
  #wrote = NEVER;
  #turn = 0;

  /** The first node is the primary where several could be. */
  constructor(nodes: readonly ServerNode[], options: ClusterOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.servers = nodes.length;
  }

  acquire(need: Need, signal?: AbortSignal): Promise<PgConnection> {
    return need === "read" ? this.#forRead(signal) : this.#forWrite(signal);
  }

  /** Any of them may become the primary. */
  get most(): number | undefined {
    return Math.min(...this.#nodes.map(({ source }) => source.most ?? Number.POSITIVE_INFINITY));
  }

  wrote(): void {
    this.#wrote = performance.now();
  }

  forget(): void {
    for (const { source } of this.#nodes) source.forget();
  }

  async close(error: Error): Promise<void> {
    await Promise.all(this.#nodes.map(({ source }) => source.close(error)));
  }

  async #forRead(signal: AbortSignal | undefined): Promise<PgConnection> {
    if (this.#looked === NEVER) await this.#look();
    else if (this.#age() > this.#options.checkInterval) void this.#look();
    const tried = new Set<ServerNode>();
    const until = performance.now() + this.#options.maxLag;
    for (;;) {
      const node = this.#choose(tried);
      if (node !== null) {
        try {
          return this.#connection(node, await node.source.acquire("read", signal));
        } catch (error) {
          if (!isUnreachable(error)) throw error;
          this.#failed(node);
          tried.add(node);
        }
      } else if (this.#mayComeToHave(tried) && performance.now() < until) {
        await this.#look();
        if (this.#choose(tried) === null) await sleep(POLL);
      } else {
        if (this.#age() > PAUSE) void this.#look();
        return this.#forWrite(signal);
      }
    }
  }

  async #forWrite(signal: AbortSignal | undefined): Promise<PgConnection> {
    const { checkInterval } = this.#options;
    // After a rest somebody else may have been promoted, and the server that we know would take writes that get lost.
    if (this.#age() > 2 * checkInterval) await this.#look();
    else if (this.#age() > checkInterval) void this.#look();
    for (let attempt = 0; ; attempt++) {
      if (this.#primary === null || this.#primary.answer === null) await this.#look();
      const primary = this.#primary;
      if (primary === null || primary.answer === null) throw this.#nobody();
      try {
        return this.#connection(primary, await primary.source.acquire("write", signal));
      } catch (error) {
        if (!isUnreachable(error) || attempt > 0) throw error;
        this.#failed(primary);
      }
    }
  }

  #nobody(): Error {
    return noPrimary(`${this.#options.name}: none of the ${this.servers} servers takes writes`);
  }

  #connection(node: ServerNode, connection: PgConnection): PgConnection {
    return new NodeConnection(connection, node !== this.#primary, (error) => {
      // Not the primary any more.
      if (isConnectionLost(error) || sqlState(error) === "25006") this.#failed(node);
    });
  }

  #failed(node: ServerNode): void {
    node.lost();
    void this.#look();
  }

  #age(): number {
    return performance.now() - this.#looked;
  }

  /** The moment up to which a replica must have everything. While the primary gives no answer it grows no older. */
  #needed(): number {
    const { maxLag, afterWrite } = this.#options;
    const answers = (this.#primary?.answer ?? null) !== null;
    const now = answers ? performance.now() : this.#positions.last;
    return Math.max(now - maxLag, afterWrite === "any" ? NEVER : this.#wrote);
  }

  #isReplica(node: ServerNode): boolean {
    return node.answer?.follows === true && node.answer.timeline === this.#timeline;
  }

  #choose(tried: ReadonlySet<ServerNode>): ServerNode | null {
    const needed = this.#needed();
    const fit = this.#nodes.filter((node) => this.#isReplica(node) && node.caughtUp >= needed && !tried.has(node));
    if (fit.length === 0) return null;
    this.#turn++;
    const inTurn = fit.map((_, index) => fit[(this.#turn + index) % fit.length]!);
    if (this.#options.balance === "roundRobin") return inTurn[0]!;
    return inTurn.reduce((least, node) => (node.source.busy < least.source.busy ? node : least));
  }

  #mayComeToHave(tried: ReadonlySet<ServerNode>): boolean {
    if (this.#options.afterWrite !== "wait") return false;
    return this.#nodes.some((node) => this.#isReplica(node) && !tried.has(node));
  }

  /** Asks all servers; whoever asks while it is under way gets its end. Never rejects. */
  #look(): Promise<void> {
    this.#looking ??= this.#askAll().finally(() => {
      this.#looking = null;
      this.#looked = performance.now();
    });
    return this.#looking;
  }

  async #askAll(): Promise<void> {
    const { patience } = this.#options;
    const answers = new Map<ServerNode, { readonly at: number; readonly answer: Answer | null }>();
    const ask = async (node: ServerNode) => {
      const at = performance.now();
      const answer = await node.ask(patience);
      // Busy is not dead: what it said last stays true, but tells nothing of this moment.
      answers.set(node, { at: answer === "busy" ? NEVER : at, answer: answer === "busy" ? node.answer : answer });
    };
    // The primary first, or a replica would always be compared with what the primary wrote after it was asked.
    if (this.#primary !== null) await ask(this.#primary);
    await Promise.all(this.#nodes.filter((node) => node !== this.#primary).map(ask));

    for (const [node, { answer }] of answers) node.answer = answer;
    const writable = this.#nodes.filter((node) => node.answer?.follows === false);
    const newest = Math.max(...writable.map((node) => node.answer!.timeline));
    const best = writable.filter((node) => node.answer!.timeline === newest && newest >= this.#timeline);
    const known = this.#primary;
    const chosen = best.find((node) => node === known) ?? best[0];
    if (chosen !== undefined) {
      if (chosen !== known || newest !== this.#timeline) this.#positions.clear();
      this.#primary = chosen;
      this.#timeline = newest;
      this.#note(chosen, answers.get(chosen)!.at);
    } else if (known !== null && known.answer !== null) this.#primary = null;
    for (const node of this.#nodes)
      node.caughtUp = this.#isReplica(node) ? this.#positions.moment(node.answer!.position) : NEVER;
  }

  #note(node: ServerNode, at: number): void {
    if (at !== NEVER) this.#positions.note(at, node.answer!.position);
  }
}

/** A connection that tells what became of it. */
class NodeConnection implements PgConnection {
  readonly replica: boolean;
  readonly #connection: PgConnection;
  readonly #failed: (error: unknown) => void;

  constructor(connection: PgConnection, replica: boolean, failed: (error: unknown) => void) {
    this.#connection = connection;
    this.replica = replica;
    this.#failed = failed;
  }

  run(text: string, params: readonly unknown[], options?: RunOptions): Promise<RunResult> {
    return this.#watched(this.#connection.run(text, params, options));
  }

  exec(text: string, commits?: boolean): Promise<void> {
    return this.#watched(this.#connection.exec(text, commits));
  }

  release(broken: boolean): void {
    this.#connection.release(broken);
  }

  #watched<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      this.#failed(error);
      throw error;
    });
  }
}
