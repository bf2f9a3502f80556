/**
 * A real PgBouncer in transaction mode in front of a server. It comes from the system (Debian: `pgbouncer`); where it is not
 * installed its tests are skipped with one loud line, and where CI is set they fail.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, serverUser } from "./postgres-server.js";

const PROGRAM = [
  "/usr/sbin/pgbouncer",
  "/usr/bin/pgbouncer",
  "/usr/local/bin/pgbouncer",
  "/opt/homebrew/bin/pgbouncer",
];
/** PGBOUNCER names another one, of another version. */
const found = process.env.PGBOUNCER ?? PROGRAM.find((path) => existsSync(path)) ?? null;
const START_TIMEOUT = 20_000;

export const pgbouncer: string | null = found ?? missing();

function missing(): null {
  const text = 'pgbouncer is not installed: run "apt-get install pgbouncer"';
  if (process.env.CI === "true") throw new RangeError(text);
  console.warn(`SKIPPED: every test that needs PgBouncer; ${text}`);
  return null;
}

export function pgbouncerVersion(): string {
  return /PgBouncer (\S+)/.exec(spawnSync(pgbouncer ?? "", ["--version"], { encoding: "utf8" }).stdout)?.[1] ?? "";
}

export interface BouncerOptions {
  /** Users that may come; each has connections of its own to the server. */
  readonly users: readonly string[];
  /** More lines of the section [pgbouncer]. */
  readonly settings?: readonly string[];
}

export class PgBouncer {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, process: ChildProcess) {
    this.port = port;
    this.#process = process;
  }

  /** In a folder that a watchdog looks after. */
  static async start(folder: string, server: { readonly port: number }, options: BouncerOptions): Promise<PgBouncer> {
    const user = serverUser();
    const port = await freePort();
    mkdirSync(folder, { recursive: true });
    const config = join(folder, "pgbouncer.ini");
    const users = join(folder, "users.txt");
    writeFileSync(users, options.users.map((name) => `"${name}" ""\n`).join(""));
    const lines = [
      "[databases]",
      `* = host=127.0.0.1 port=${server.port}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = trust",
      `auth_file = ${users}`,
      `pidfile = ${join(folder, "pgbouncer.pid")}`,
      "pool_mode = transaction",
      "max_client_conn = 500",
      "default_pool_size = 8",
      "max_db_connections = 60",
      "server_check_delay = 0",
      "log_connections = 0",
      "log_disconnections = 0",
      ...(options.settings ?? []),
    ];
    writeFileSync(config, `${lines.join("\n")}\n`);
    for (const path of [folder, config, users]) if (user !== null) chownSync(path, user.uid, user.gid);
    chmodSync(folder, 0o700);
    const log = openSync(join(folder, "log"), "a");
    const started = spawn(pgbouncer ?? "", [config], {
      ...user,
      cwd: folder,
      stdio: ["ignore", log, log],
      detached: true,
    });
    started.unref();
    for (const since = Date.now(); !(await listens(port)); await sleep(20))
      if (started.exitCode !== null || Date.now() - since > START_TIMEOUT)
        throw new RangeError(`PgBouncer did not start: ${readFileSync(join(folder, "log"), "utf8").slice(-2000)}`);
    return new PgBouncer(port, started);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  url(user: string): string {
    return `postgres://${user}@127.0.0.1:${this.port}/postgres`;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#process.once("exit", () => resolve()));
    this.#process.kill("SIGQUIT");
    await ended;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}
