/**
 * Files over a Disk.
 *
 * replace: write `<path>.<unique>.tmp`, sync it, rename it over the path, sync the directory. Whatever fails, the old file is
 *   whole; the temporary one is removed.
 * append: writes at the known end until all bytes are there; after a failure the file is cut back, so that a later append
 *   never follows a torn one. When even the cut fails the file refuses everything. Zeros written ahead are the end of the
 *   file for whoever reads it; they are cut off at closing.
 */
import { dirname, join, sep } from "node:path";
import { StorageError } from "../../base/errors.js";
import type { Maybe } from "../store.js";
import type { Disk, DiskFile } from "./disk.js";
import { errorCode, storageError } from "./errors.js";
import type { AppendFile, Files, HeldFile } from "./files.js";
import { acquireLock } from "./lock.js";
import { uniqueName } from "./unique.js";
import { writeAll } from "./write-all.js";

/** A write gets zeros behind it when it is so many times smaller than they are. */
const AHEAD_SHARE = 2;
/** Behind a file that has grown there are more of them: this part of its size, at most so many times the first ones. */
const AHEAD_GROWTH = 4;
const AHEAD_MOST = 8;
const PAGE = 4096;

export class PosixFiles implements Files {
  readonly #disk: Disk;
  /** Directories that this process made, and whose names are not known to be durable. */
  readonly #unsynced = new Set<string>();
  readonly #durable = new Set<string>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async read(path: string): Promise<Uint8Array | null> {
    const size = await this.size(path);
    return size === null ? null : this.readAt(path, 0, size);
  }

  async readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
    return attempt("read", path, async () => {
      const file = await this.#disk.open(path, "read");
      return closing(file, () => file.read(offset, length));
    });
  }

  async size(path: string): Promise<number | null> {
    try {
      return await this.#disk.size(path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw storageError("read", path, error);
    }
  }

  async hold(path: string): Promise<HeldFile | null> {
    if (this.#disk.openFilesStay === true) {
      // A reader must never stand in the way of the writer.
      const bytes = await this.read(path);
      return bytes === null ? null : heldBytes(bytes);
    }
    let file: DiskFile;
    try {
      file = await this.#disk.open(path, "read");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw storageError("open", path, error);
    }
    return attempt("read", path, async () => {
      try {
        const size = await file.size();
        return {
          size,
          readAt: (offset, length) => attempt("read", path, () => file.read(offset, length)),
          [Symbol.asyncDispose]: () => attempt("close", path, () => file.close()),
        };
      } catch (error) {
        await file.close().catch(() => {});
        throw error;
      }
    });
  }

  async replace(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const temporary = `${path}.${uniqueName()}.tmp`;
    await attempt("write", path, async () => {
      const file = await this.#disk.open(temporary, "create");
      try {
        await closing(file, async () => {
          let at = 0;
          for await (const chunk of chunks) at = await writeAll(file, at, chunk);
          await file.sync();
        });
        await this.#disk.rename(temporary, path);
      } catch (error) {
        await this.#disk.unlink(temporary).catch(() => {});
        throw error;
      }
      await this.#disk.syncDir(dirname(path));
    });
  }

  async append(path: string, ahead = 0): Promise<AppendFile> {
    return attempt("open", path, async () => {
      let file: DiskFile;
      try {
        file = await this.#disk.open(path, "write");
      } catch (error) {
        if (errorCode(error) !== "ENOENT") throw error;
        file = await this.#disk.open(path, "create");
        try {
          await file.sync();
          await this.#disk.syncDir(dirname(path));
        } catch (failure) {
          await file.close().catch(() => {});
          throw failure;
        }
      }
      try {
        return new PosixAppendFile(path, file, await file.size(), ahead);
      } catch (error) {
        await file.close().catch(() => {});
        throw error;
      }
    });
  }

  async list(dir: string): Promise<readonly string[]> {
    try {
      return [...(await this.#disk.list(dir))].sort();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw storageError("list", dir, error);
    }
  }

  async makeDir(dir: string): Promise<void> {
    await attempt("create the directory", dir, async () => {
      // Made before, and the sync failed: whatever is put inside could be lost with the directory.
      for (const made of [...this.#unsynced]) if (isWithin(dir, made)) await this.#syncName(made);
      await this.#makeDir(dir);
    });
  }

  async #makeDir(dir: string): Promise<void> {
    try {
      await this.#disk.makeDir(dir);
      this.#unsynced.add(dir);
    } catch (error) {
      const code = errorCode(error);
      if (code === "EEXIST") return this.#trust(dir);
      const parent = dirname(dir);
      if (code !== "ENOENT" || parent === dir) throw error;
      await this.#makeDir(parent);
      return this.#makeDir(dir);
    }
    await this.#syncName(dir);
  }

  /** A directory that is there may have been made by a process that ended before it was durable. */
  async #trust(dir: string): Promise<void> {
    if (this.#durable.has(dir)) return;
    try {
      await this.#syncName(dir);
    } catch (error) {
      // One that was always there may lie in a directory that is not ours to open.
      if (!/^(EACCES|EPERM|EROFS)$/.test(errorCode(error) ?? "")) throw error;
      this.#durable.add(dir);
    }
  }

  async #syncName(dir: string): Promise<void> {
    try {
      await this.#disk.syncDir(dirname(dir));
      this.#durable.add(dir);
    } catch (error) {
      // Gone by now, with everything around it.
      if (errorCode(error) !== "ENOENT") throw error;
    }
    this.#unsynced.delete(dir);
  }

  async remove(path: string): Promise<void> {
    await attempt("remove", path, async () => {
      try {
        await this.#disk.unlink(path);
      } catch (error) {
        if (errorCode(error) === "ENOENT") return;
        throw error;
      }
      await this.#disk.syncDir(dirname(path));
    });
  }

  async lock(path: string): Promise<AsyncDisposable> {
    return attempt("lock", path, () => acquireLock(this.#disk, path));
  }

  /** Removes temporary files that a crash left beside `path`. Only the holder of the lock may call this. */
  async sweep(path: string): Promise<void> {
    const dir = dirname(path);
    for (const name of await this.list(dir)) {
      const full = join(dir, name);
      if (full.startsWith(`${path}.`) && full.endsWith(".tmp")) await this.#disk.unlink(full).catch(() => {});
    }
  }
}

function isWithin(dir: string, outer: string): boolean {
  return dir === outer || dir.startsWith(join(outer, sep));
}

async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(action, path, error);
  }
}

/** Runs work and closes the file whatever happens; a failing close fails the work, too. */
async function closing<T>(file: DiskFile, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  await file.close();
  return result;
}

function heldBytes(bytes: Uint8Array): HeldFile {
  return {
    size: bytes.length,
    readAt: async (offset, length) => bytes.subarray(offset, offset + length),
    async [Symbol.asyncDispose]() {},
  };
}

class PosixAppendFile implements AppendFile {
  readonly #path: string;
  readonly #file: DiskFile;
  #size: number;
  /** Where the zeros behind the end go to. */
  #reserved: number;
  #ahead: number;
  #broken: unknown;
  #closed = false;

  constructor(path: string, file: DiskFile, size: number, ahead: number) {
    this.#path = path;
    this.#file = file;
    this.#size = this.#reserved = size;
    this.#ahead = ahead;
  }

  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array): Promise<void> | void {
    this.#check();
    let end: Maybe<number>;
    try {
      end = writeAll(this.#file, this.#size, bytes);
    } catch (error) {
      this.#refuse(error);
    }
    if (typeof end === "number") return this.#grown(end, bytes.length);
    return end.then(
      (later) => this.#grown(later, bytes.length),
      (error) => this.#refuse(error),
    );
  }

  #grown(end: number, written: number): Promise<void> | void {
    this.#size = end;
    if (end <= this.#reserved) return;
    this.#reserved = end;
    // Where much is written at a time, the zeros would cost more than they save.
    if (written * AHEAD_SHARE <= this.#ahead) return this.#reserve();
  }

  /** What part of the bytes arrived is unknown, and cutting it off in place could leave less than that: nothing goes behind it. */
  #refuse(error: unknown): never {
    this.#broken = error;
    this.#reserved = this.#size;
    throw storageError("append to", this.#path, error);
  }

  /** Zeros from the end to a page's edge; they become durable together with what they follow. */
  async #reserve(): Promise<void> {
    const ahead = Math.max(this.#ahead, Math.min(this.#size / AHEAD_GROWTH, this.#ahead * AHEAD_MOST));
    const end = Math.ceil((this.#size + ahead) / PAGE) * PAGE;
    try {
      this.#reserved = await writeAll(this.#file, this.#size, new Uint8Array(end - this.#size));
    } catch {
      // A full disk has room for smaller things still; what is wrong with it otherwise the next sync tells.
      this.#ahead = 0;
      this.#reserved = end;
    }
  }

  sync(): Promise<void> | void {
    this.#check();
    const failed = (error: unknown): never => {
      throw storageError("sync", this.#path, error);
    };
    try {
      return this.#file.sync()?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  async truncate(size: number): Promise<void> {
    this.#check();
    await attempt("truncate", this.#path, async () => {
      await this.#file.truncate(size);
      this.#size = this.#reserved = size;
      await this.#file.sync();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // They do no harm where this fails, or is lost.
    if (this.#reserved > this.#size) await this.#file.truncate(this.#size).catch(() => {});
    await attempt("close", this.#path, () => this.#file.close());
  }

  #check(): void {
    if (this.#broken !== undefined) throw storageError("append to", this.#path, this.#broken);
    if (this.#closed) throw new StorageError("STORAGE.CLOSED", `${this.#path} is closed`);
  }
}
