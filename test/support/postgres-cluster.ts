/** A primary and streaming replicas, each a server of its own, for tests that stop, pause, kill and promote them. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { pg } from "./drivers.js";
import { makeHome } from "./postgres-home.js";
import { PostgresServer } from "./postgres-server.js";

const FLAGS = ["wal_keep_size=64MB", "synchronous_commit=on", "max_connections=60"];
const REPLICA_FLAGS = [...FLAGS, "wal_retrieve_retry_interval=100ms", "max_standby_streaming_delay=50ms"];

const PATIENCE = { timeout: 20_000, interval: 20 };

export class PostgresCluster {
  readonly primary: PostgresServer;
  readonly replicas: readonly PostgresServer[];
  readonly #home: string;

  private constructor(home: string, primary: PostgresServer, replicas: readonly PostgresServer[]) {
    this.#home = home;
    this.primary = primary;
    this.replicas = replicas;
  }

  static async start(count: number): Promise<PostgresCluster> {
    const home = makeHome();
    const primary = await PostgresServer.make(join(home, "primary"), { flags: FLAGS });
    await primary.start();
    const replicas: PostgresServer[] = [];
    for (let index = 0; index < count; index++) {
      const replica = await PostgresServer.replicaOf(primary, join(home, `replica${index + 1}`), {
        flags: REPLICA_FLAGS,
      });
      await replica.start();
      replicas.push(replica);
    }
    return new PostgresCluster(home, primary, replicas);
  }

  /** Everything that `from` has written is replayed on these. */
  async settled(from: PostgresServer = this.primary, replicas = this.replicas): Promise<void> {
    const position = await ask(from, "select pg_current_wal_flush_lsn()::text");
    const behind = `select (pg_last_wal_replay_lsn() < '${position}')::text`;
    for (const replica of replicas)
      await vi.waitFor(async () => expect(await ask(replica, behind)).toBe("false"), PATIENCE);
  }

  async dispose(): Promise<void> {
    await Promise.all([this.primary, ...this.replicas].map((server) => server.dispose()));
    await rm(this.#home, { recursive: true, force: true });
  }
}

/** One statement on a connection of its own; its first value. */
export async function ask(server: PostgresServer, text: string): Promise<string> {
  const pool = new pg!.Pool({ connectionString: server.url, max: 1 });
  pool.on("error", () => {});
  try {
    return String(Object.values((await pool.query(text)).rows[0] ?? {})[0]);
  } finally {
    await pool.end();
  }
}

/** Holds the replay of the log on these replicas while `work` runs. */
export async function paused<T>(replicas: readonly PostgresServer[], work: () => Promise<T>): Promise<T> {
  for (const replica of replicas) {
    await ask(replica, "select pg_wal_replay_pause()");
    const state = "select pg_get_wal_replay_pause_state()";
    await vi.waitFor(async () => expect(await ask(replica, state)).toBe("paused"), PATIENCE);
  }
  try {
    return await work();
  } finally {
    for (const replica of replicas) await ask(replica, "select pg_wal_replay_resume()");
  }
}
