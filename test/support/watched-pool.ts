/** A pool of pg whose statements are noted, so that tests see which server was asked what, and whether a connection leaked. */
import { expect } from "vitest";
import type { PgClient } from "../../src/engine/postgres/driver.js";
import { pg, type TestPool } from "./drivers.js";

export interface WatchedPool {
  readonly pool: TestPool;
  /** Statements on tables of the tests; what the engine asks for itself is left out. */
  readonly asked: string[];
}

/** What pg's pools tell of themselves. */
interface Counts {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

const watched = new WeakSet<PgClient>();

export function watchedPool(connectionString: string, max = 4): WatchedPool {
  const pool = new pg!.Pool({ connectionString, max });
  pool.on("error", () => {});
  const asked: string[] = [];
  const connect = pool.connect.bind(pool);
  const watch = (client: PgClient) => {
    if (watched.has(client)) return client;
    watched.add(client);
    const query = client.query.bind(client);
    client.query = (config, callback) => {
      if (config.text.includes('"items"')) asked.push(config.text);
      return query(config, callback);
    };
    return client;
  };
  pool.connect = async () => watch(await connect());
  return { pool, asked };
}

/** Nothing is out and nobody waits. */
export async function expectNoLeak(...pools: readonly TestPool[]): Promise<void> {
  const counts = () => pools.map((pool) => pool as unknown as Counts);
  // A destroyed connection leaves the pool when its socket has closed.
  await expect
    .poll(() => counts().map(({ totalCount, idleCount, waitingCount }) => totalCount - idleCount + waitingCount), {
      interval: 2,
      timeout: 20_000,
    })
    .toEqual(pools.map(() => 0));
}
