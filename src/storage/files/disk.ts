/**
 * SPI below Files: the few system calls that files are made of. `posix-files.ts` holds the algorithms (atomic replace,
 * append, lock) once; `node.ts` gives it the real disk and `memory.ts` a simulated one that can lose what was not synced.
 * Errors carry the system's code (`ENOENT`, `EEXIST`, `EIO`, …) as Node's do; posix-files.ts turns them into StorageErrors.
 */
export type OpenMode =
  /** An existing file, for reading. */
  | "read"
  /** An existing file, for reading and writing. */
  | "write"
  /** A new file; EEXIST when there is one. */
  | "create";

export interface Disk {
  /** A file that is open cannot be replaced or removed (Windows). */
  readonly openFilesStay?: boolean;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; EEXIST when `to` exists. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  makeDir(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  /** Size in bytes of a plain file; EISDIR for a directory. */
  size(path: string): Promise<number>;
  /** Makes the names in a directory durable. */
  syncDir(path: string): Promise<void>;
  /** Who asks for locks. */
  identity(): Promise<ProcessIdentity>;
  /** Whether the process that wrote this is still running; "unknown" when that cannot be told from here. */
  alive(owner: ProcessIdentity): Promise<"alive" | "dead" | "unknown">;
}

export interface DiskFile {
  /** Up to `length` bytes from `position`; fewer only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Returns how many bytes were written, which may be fewer than given. May do its work at once. */
  write(position: number, bytes: Uint8Array): Promise<number> | number;
  size(): Promise<number>;
  truncate(size: number): Promise<void>;
  /** May do its work at once. */
  sync(): Promise<void> | void;
  close(): Promise<void>;
}

/** What tells one process from every other one, as far as this system lets us know. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Differs after every start of the machine. */
  readonly boot: string;
  /** Differs between containers, whose process numbers overlap. */
  readonly scope: string;
  /** When the process started, in the system's own unit; null where that is unknown. */
  readonly start: string | null;
}
