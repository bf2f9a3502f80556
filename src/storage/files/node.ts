/** The real disk, by node:fs. */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as os from "node:os";
import { dirname } from "node:path";
import { type Speed, Speeds } from "./at-once.js";
import type { Disk, DiskFile, OpenMode, ProcessIdentity } from "./disk.js";
import { errorCode } from "./errors.js";
import { PosixFiles } from "./posix-files.js";

const FLAGS: Readonly<Record<OpenMode, string>> = { read: "r", write: "r+", create: "wx+" };
/** Writes up to this size are done at once: handing them to a thread costs more than copying them to the page cache. */
const SMALL_WRITE = 128 * 1024;
/** Larger files are not synced, renamed over or removed at once, however fast the disk is. */
const LARGE = 1024 * 1024;

/** How long syncs take, and changes of names. */
const syncs = new Speeds();
const names = new Speeds();

const disk: Disk = {
  openFilesStay: process.platform === "win32",
  async open(path, mode) {
    return new NodeFile(await fsp.open(path, FLAGS[mode]), syncs.of(dirname(path)));
  },
  async rename(from, to) {
    const now = () => fs.renameSync(from, to);
    await names.of(dirname(to)).run(isSmall(to), now, () => fsp.rename(from, to));
  },
  link: (from, to) => fsp.link(from, to),
  async unlink(path) {
    const now = () => fs.unlinkSync(path);
    await names.of(dirname(path)).run(isSmall(path), now, () => fsp.unlink(path));
  },
  async makeDir(path) {
    await fsp.mkdir(path);
  },
  list: (path) => fsp.readdir(path),
  async size(path) {
    const stats = await fsp.stat(path);
    if (stats.isDirectory()) throw Object.assign(new TypeError("is a directory"), { code: "EISDIR", syscall: "stat" });
    return stats.size;
  },
  async syncDir(path) {
    // Windows has no handle for a directory; NTFS journals names by itself.
    if (process.platform === "win32") return;
    await syncs.of(path).run(
      true,
      () => syncDirNow(path),
      () => syncDir(path),
    );
  },
  async identity() {
    const boot = await bootId();
    return { pid: process.pid, boot, scope: await scopeId(), start: await startOf(process.pid) };
  },
  async alive(owner: ProcessIdentity) {
    if (owner.pid === 0) return "dead";
    if (owner.scope.split("/")[0] !== os.hostname() && owner.boot !== (await bootId())) return "unknown";
    if (owner.boot !== (await bootId())) return "dead";
    if (owner.scope !== (await scopeId())) return "unknown";
    try {
      process.kill(owner.pid, 0);
    } catch (error) {
      return errorCode(error) === "ESRCH" ? "dead" : "alive";
    }
    if (await isZombie(owner.pid)) return "dead";
    const start = await startOf(owner.pid);
    return start === null || owner.start === null || start === owner.start ? "alive" : "dead";
  },
};

/** Of what goes with its name. */
function isSmall(path: string): boolean {
  return (fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= LARGE;
}

function syncDirNow(path: string): void {
  const fd = fs.openSync(path, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

async function syncDir(path: string): Promise<void> {
  const handle = await fsp.open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class NodeFile implements DiskFile {
  readonly #handle: fsp.FileHandle;
  readonly #syncs: Speed;
  /** Bytes written since the last sync. */
  #unsynced = 0;

  constructor(handle: fsp.FileHandle, speed: Speed) {
    this.#handle = handle;
    this.#syncs = speed;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done === length ? buffer : buffer.subarray(0, done);
  }

  write(position: number, bytes: Uint8Array): Promise<number> | number {
    this.#unsynced += bytes.length;
    if (bytes.length <= SMALL_WRITE) return fs.writeSync(this.#handle.fd, bytes, 0, bytes.length, position);
    return this.#handle.write(bytes, 0, bytes.length, position).then((result) => result.bytesWritten);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  /** The one call that every durable commit waits for. */
  sync(): Promise<void> | void {
    const small = this.#unsynced <= LARGE;
    this.#unsynced = 0;
    return this.#syncs.run(small, this.#syncNow, this.#syncLater);
  }

  readonly #syncNow = (): void => fs.fdatasyncSync(this.#handle.fd);

  readonly #syncLater = (): Promise<void> =>
    new Promise((resolve, reject) => {
      fs.fdatasync(this.#handle.fd, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function textOf(path: string): Promise<string | null> {
  return fsp.readFile(path, "utf8").catch(() => null);
}

/** Changes with every start of the machine; where there is no such id, the minute in which it started. */
async function bootId(): Promise<string> {
  const id = await textOf("/proc/sys/kernel/random/boot_id");
  return id?.trim() ?? `up-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`;
}

async function scopeId(): Promise<string> {
  const pidSpace = await fsp.readlink("/proc/self/ns/pid").catch(() => "");
  return pidSpace === "" ? os.hostname() : `${os.hostname()}/${pidSpace}`;
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/<pid>/stat; the name before it may hold spaces). */
async function startOf(pid: number): Promise<string | null> {
  const stat = await textOf(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** Whether a process has ended, and only its number is left because nobody asked for its exit code. */
async function isZombie(pid: number): Promise<boolean> {
  const stat = await textOf(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  // Its other threads may still be writing.
  return (fields[0] === "Z" || fields[0] === "X") && Number(fields[17]) <= 1;
}

/** The files of this machine. */
export const nodeFiles: PosixFiles = new PosixFiles(disk);
