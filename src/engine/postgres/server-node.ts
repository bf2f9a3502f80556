/**
 * One of several servers: its connections, and what it said when it was last asked. A position in the log (LSN) is a number
 * of bytes; a timeline is counted up by every promotion, so that of two servers that take writes the older one is left over.
 */
import { TenonError } from "../../base/errors.js";
import type { PgConnection } from "./driver.js";
import { isConnectionLost, sqlState } from "./errors.js";
import type { PoolSource } from "./pool-source.js";

export interface Answer {
  /** Follows another server and takes no writes. */
  readonly follows: boolean;
  /** What it has replayed; of a primary: what it has written. */
  readonly position: number;
  readonly timeline: number;
}

/** The timeline that a replica receives is told to members of pg_read_all_stats only; others see the one of its last checkpoint. */
const ASK = `select follows::int::text,
  case when follows then coalesce(pg_last_wal_replay_lsn(), '0/0') else pg_current_wal_insert_lsn() end::text,
  case when follows
    then coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))
    else ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int end::text
from (select pg_is_in_recovery() as follows) as server`;

const PAGE = 8192;
/** Lengths of a page's header: where nothing is written behind it yet, a replica stands in front of it. */
const HEADERS: ReadonlySet<number> = new Set([24, 40]);

export function position(lsn: string): number {
  const [high = "0", low = "0"] = lsn.split("/");
  const at = Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
  return HEADERS.has(at % PAGE) ? at - (at % PAGE) : at;
}

export class ServerNode {
  readonly source: PoolSource;
  /** The last answer; null: it could not be reached. */
  answer: Answer | null = null;
  /** The moment of our clock up to which it holds everything that the primary had committed. */
  caughtUp = Number.NEGATIVE_INFINITY;

  constructor(source: PoolSource) {
    this.source = source;
  }

  /** It broke: nothing is known any more. */
  lost(): void {
    this.answer = null;
    this.caughtUp = Number.NEGATIVE_INFINITY;
  }

  /** `busy`: all its connections are in use, so that it could not be asked. */
  async ask(patience: number): Promise<Answer | "busy" | null> {
    let connection: PgConnection | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const taken = await this.source.acquire("read", AbortSignal.timeout(patience));
      connection = taken;
      timer = setTimeout(() => taken.release(true), patience);
      const [row] = (await taken.run(ASK, [])).rows;
      clearTimeout(timer);
      taken.release(false);
      return { follows: row?.[0] === "1", position: position(String(row?.[1])), timeline: Number(row?.[2]) };
    } catch {
      clearTimeout(timer);
      connection?.release(true);
      return connection === undefined && this.source.busy > 0 ? "busy" : null;
    }
  }
}

/** Whether the server cannot be used now, so that another one may be. */
export function isUnreachable(error: unknown): boolean {
  if (isConnectionLost(error)) return true;
  const state = sqlState(error instanceof TenonError ? error.cause : error);
  // Starting up; too many connections.
  return state === "57P03" || state === "53300";
}
