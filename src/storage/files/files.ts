/**
 * SPI of the file system: all I/O of the engine goes through here, so that tests can put a simulated disk behind it.
 * Errors are StorageError (STORAGE.IO, STORAGE.FULL) with path, syscall and errno in `meta`.
 */
export interface Files {
  /** The whole file, or null when it does not exist. */
  read(path: string): Promise<Uint8Array | null>;
  readAt(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Size in bytes, or null when it does not exist. */
  size(path: string): Promise<number | null>;
  /** Keeps a file readable as it is now, also when it is replaced or removed later; null when it does not exist. */
  hold(path: string): Promise<HeldFile | null>;
  /** Atomic and durable: temporary file beside it, fsync, rename, fsync of the directory. On failure the old file is untouched. */
  replace(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /**
   * Opens for appending, creating it (durably, directory entry included) when missing. `ahead`: so many zeros, or some times as
   * many once the file is large, are kept behind what was appended, until the file is closed; a sync into space that is there already need not wait for the file system's own books.
   */
  append(path: string, ahead?: number): Promise<AppendFile>;
  /** Names in a directory; empty when it does not exist. */
  list(dir: string): Promise<readonly string[]>;
  makeDir(dir: string): Promise<void>;
  /** Removes a file durably; a missing one is fine. */
  remove(path: string): Promise<void>;
  /** Removes temporary files that a crash left beside `path`. For the holder of the lock. */
  sweep(path: string): Promise<void>;
  /** Exclusive lock for one writer process; throws LockedError. Takes over a stale one. */
  lock(path: string): Promise<AsyncDisposable>;
}

export interface HeldFile extends AsyncDisposable {
  readonly size: number;
  readAt(offset: number, length: number): Promise<Uint8Array>;
}

export interface AppendFile extends AsyncDisposable {
  /** Bytes written so far, synced or not. */
  readonly size: number;
  /**
   * Appends all bytes or throws: then it takes no more, and what stands behind its end is some of them, none, or all. May do its
   * work at once, as `sync` may.
   */
  write(bytes: Uint8Array): Promise<void> | void;
  sync(): Promise<void> | void;
  /** Cuts the file to `size` bytes, durably. */
  truncate(size: number): Promise<void>;
}
