/**
 * A disk in memory that remembers what was synced. `crash(seed)` gives the disk as a power cut could leave it:
 *
 *   file contents   each sector (512 bytes) as it was after any of the writes since the last sync, or torn between two of
 *                   those at a multiple of 16 bytes; any of the lengths the file had, with zeros where nothing arrived
 *   directory names what was synced with `syncDir`, plus any subset of the later creations, renames and removals; a new
 *                   directory that is lost takes everything in it along
 *
 * A sync that fails makes nothing durable, and a later one that succeeds does not make up for it (as on Linux).
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Disk, DiskFile, OpenMode, ProcessIdentity } from "./disk.js";
import { PosixFiles } from "./posix-files.js";

const SECTOR = 512;
/** Disks write sectors whole, or at least from their beginning, and never stop finer than this. */
const TEAR = 16;

export type DiskOperation =
  | "open"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "close"
  | "rename"
  | "link"
  | "unlink"
  | "makeDir"
  | "list"
  | "size"
  | "syncDir";

export interface DiskCall {
  /** 1 for the first call on this disk. */
  readonly number: number;
  readonly operation: DiskOperation;
  readonly path: string;
}

export interface MemoryDiskOptions {
  /** Called before each operation: a system error code makes it fail, `"SHORT"` makes a write write half. */
  readonly fault?: (call: DiskCall) => string | null;
}

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };
type NameChange = { readonly removed: string | null; readonly added: string | null; readonly inode: Inode | null };

interface Inode {
  content: Uint8Array;
  length: number;
  durable: Uint8Array;
  /** Since the last sync, in order. */
  pending: Change[];
  /** Caught by a failed sync: no later sync makes them durable. */
  lost: Change[];
}

/** As thrown by the operating system. */
export class DiskFault extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(code: string, call: { readonly operation: string; readonly path: string }) {
    super(`${code}: ${call.operation} ${call.path}`);
    this.code = code;
    this.syscall = call.operation;
  }
}

export class MemoryDisk implements Disk {
  readonly #names = new Map<string, Inode>();
  readonly #directories = new Set<string>(["/", "."]);
  /** Made, and their parent not synced since. */
  readonly #pendingDirectories = new Set<string>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  readonly #fault: MemoryDiskOptions["fault"];
  readonly #boot: number;
  #calls = 0;
  readonly files: PosixFiles;

  constructor(options: MemoryDiskOptions = {}, boot = 1) {
    this.#fault = options.fault;
    this.#boot = boot;
    this.files = new PosixFiles(this);
  }

  get calls(): number {
    return this.#calls;
  }

  /** The disk after a power cut; null: after the process was killed (nothing is lost). This one is not changed. */
  crash(seed: number | null, options: MemoryDiskOptions = {}): MemoryDisk {
    const next = new MemoryDisk(options, this.#boot + 1);
    const random = seed === null ? null : randomOf(seed);
    const lost =
      random === null ? [] : [...this.#pendingDirectories].filter(() => random() < 0.5).map((dir) => `${dir}/`);
    const isLost = (path: string): boolean => lost.some((dir) => `${path}/`.startsWith(dir));
    for (const dir of this.#directories) if (!isLost(dir)) next.#directories.add(dir);
    const names = new Map(random === null ? this.#names : this.#durableNames);
    if (random !== null) {
      const keep = random();
      for (const change of this.#pendingNames) if (chance(random, keep)) applyName(names, change);
    }
    const copies = new Map<Inode, Inode>();
    for (const [path, inode] of names) {
      if (isLost(path)) continue;
      let copy = copies.get(inode);
      if (copy === undefined) {
        const content = random === null ? inode.content.slice(0, inode.length) : damaged(inode, random);
        copy = { content, length: content.length, durable: content.slice(), pending: [], lost: [] };
        copies.set(inode, copy);
      }
      next.#names.set(path, copy);
      next.#durableNames.set(path, copy);
    }
    return next;
  }

  /** Puts a file there, synced, without counting as a call; directories are made as needed. */
  put(path: string, content: Uint8Array): void {
    for (let dir = dirname(path); !this.#directories.has(dir); dir = dirname(dir)) this.#directories.add(dir);
    const inode: Inode = {
      content: content.slice(),
      length: content.length,
      durable: content.slice(),
      pending: [],
      lost: [],
    };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** What a file holds now, synced or not. */
  peek(path: string): Uint8Array | undefined {
    const inode = this.#names.get(path);
    return inode?.content.slice(0, inode.length);
  }

  paths(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  /** Equal for two disks that hold the same names and contents. For disks as `crash` gives them: nothing is waiting for a sync. */
  digest(): string {
    const hash = createHash("sha1");
    for (const dir of [...this.#directories].sort()) hash.update(`${dir}\0`);
    for (const path of this.paths()) {
      const { content, length } = this.#names.get(path)!;
      hash.update(`\0${path}\0${length}\0`).update(content.subarray(0, length));
    }
    return hash.digest("hex");
  }

  #call(operation: DiskOperation, path: string): string | null {
    const call = { number: ++this.#calls, operation, path };
    const fault = this.#fault?.(call) ?? null;
    if (fault !== null && fault !== "SHORT") throw new DiskFault(fault, call);
    return fault;
  }

  #inode(path: string, operation: DiskOperation): Inode {
    const inode = this.#names.get(path);
    if (inode !== undefined) return inode;
    throw new DiskFault(this.#directories.has(path) ? "EISDIR" : "ENOENT", { operation, path });
  }

  #rename(change: NameChange): void {
    applyName(this.#names, change);
    this.#pendingNames.push(change);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    this.#call("open", path);
    if (mode !== "create") return this.#handle(path, this.#inode(path, "open"));
    if (this.#names.has(path)) throw new DiskFault("EEXIST", { operation: "open", path });
    if (!this.#directories.has(dirname(path))) throw new DiskFault("ENOENT", { operation: "open", path });
    const empty = () => new Uint8Array(0);
    const inode: Inode = { content: empty(), length: 0, durable: empty(), pending: [], lost: [] };
    this.#rename({ removed: null, added: path, inode });
    return this.#handle(path, inode);
  }

  #handle(path: string, inode: Inode): DiskFile {
    return {
      read: async (position, length) => {
        this.#call("read", path);
        return inode.content.slice(Math.min(position, inode.length), Math.min(position + length, inode.length));
      },
      write: async (position, bytes) => {
        const short = this.#call("write", path) === "SHORT" && bytes.length > 1;
        // A copy: a Buffer's own slice would go on showing what the writer puts there next.
        const kept = Uint8Array.from(bytes.subarray(0, short ? bytes.length >> 1 : bytes.length));
        writeTo(inode, position, kept);
        inode.pending.push({ at: position, bytes: kept });
        return kept.length;
      },
      size: async () => {
        this.#call("size", path);
        return inode.length;
      },
      truncate: async (size) => {
        this.#call("truncate", path);
        resize(inode, size);
        inode.pending.push({ size });
      },
      sync: async () => {
        try {
          this.#call("sync", path);
        } catch (error) {
          inode.lost.push(...inode.pending);
          inode.pending = [];
          throw error;
        }
        for (const change of inode.pending) inode.durable = applied(inode.durable, change);
        inode.pending = [];
      },
      close: async () => {
        this.#call("close", path);
      },
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call("rename", from);
    this.#rename({ removed: from, added: to, inode: this.#inode(from, "rename") });
  }

  async link(from: string, to: string): Promise<void> {
    this.#call("link", from);
    const inode = this.#inode(from, "link");
    if (this.#names.has(to)) throw new DiskFault("EEXIST", { operation: "link", path: to });
    this.#rename({ removed: null, added: to, inode });
  }

  async unlink(path: string): Promise<void> {
    this.#call("unlink", path);
    this.#inode(path, "unlink");
    this.#rename({ removed: path, added: null, inode: null });
  }

  async makeDir(path: string): Promise<void> {
    this.#call("makeDir", path);
    if (this.#directories.has(path)) throw new DiskFault("EEXIST", { operation: "makeDir", path });
    if (!this.#directories.has(dirname(path))) throw new DiskFault("ENOENT", { operation: "makeDir", path });
    this.#directories.add(path);
    this.#pendingDirectories.add(path);
  }

  async list(path: string): Promise<readonly string[]> {
    this.#call("list", path);
    if (!this.#directories.has(path)) throw new DiskFault("ENOENT", { operation: "list", path });
    return [...this.#names.keys()]
      .filter((name) => dirname(name) === path)
      .map((name) => name.slice(path === "/" ? 1 : path.length + 1));
  }

  async size(path: string): Promise<number> {
    this.#call("size", path);
    return this.#inode(path, "size").length;
  }

  async syncDir(path: string): Promise<void> {
    this.#call("syncDir", path);
    const kept: NameChange[] = [];
    for (const change of this.#pendingNames) {
      if (dirname(change.added ?? change.removed ?? "") === path) applyName(this.#durableNames, change);
      else kept.push(change);
    }
    this.#pendingNames = kept;
    for (const dir of this.#pendingDirectories) if (dirname(dir) === path) this.#pendingDirectories.delete(dir);
  }

  async identity(): Promise<ProcessIdentity> {
    return { pid: 1, boot: String(this.#boot), scope: "memory", start: null };
  }

  async alive(owner: ProcessIdentity): Promise<"alive" | "dead"> {
    return owner.boot === String(this.#boot) ? "alive" : "dead";
  }
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.removed !== null) names.delete(change.removed);
  if (change.added !== null && change.inode !== null) names.set(change.added, change.inode);
}

function writeTo(inode: Inode, at: number, bytes: Uint8Array): void {
  const end = at + bytes.length;
  if (end > inode.content.length) {
    const grown = new Uint8Array(Math.max(end, inode.content.length * 2));
    grown.set(inode.content.subarray(0, inode.length));
    inode.content = grown;
  }
  inode.content.set(bytes, at);
  inode.length = Math.max(inode.length, end);
}

function resize(inode: Inode, size: number): void {
  inode.content = applied(inode.content.subarray(0, inode.length), { size });
  inode.length = size;
}

function applied(content: Uint8Array, change: Change): Uint8Array {
  if ("size" in change) {
    const next = new Uint8Array(change.size);
    next.set(content.subarray(0, change.size));
    return next;
  }
  const next = new Uint8Array(Math.max(content.length, change.at + change.bytes.length));
  next.set(content);
  next.set(change.bytes, change.at);
  return next;
}

/**
 * Contents that a power cut may leave. A sector in the cache holds every write so far, so what reaches the disk is one of its
 * versions, never the later one of two writes without the earlier.
 */
function damaged(inode: Inode, random: () => number): Uint8Array {
  const versions = [inode.durable];
  for (const change of [...inode.lost, ...inode.pending])
    versions.push(applied(versions[versions.length - 1]!, change));
  const keep = random();
  const tear = random() * 0.3;
  const pick = (): number => {
    if (keep < 0.25) return 0;
    return keep > 0.75 ? versions.length - 1 : Math.floor(random() * versions.length);
  };
  const content = new Uint8Array(versions[pick()]!.length);
  for (let at = 0; at < content.length; at += SECTOR) {
    const version = pick();
    const end = Math.min(at + SECTOR, content.length);
    content.set(versions[version]!.subarray(at, end), at);
    if (version === 0 || random() >= tear) continue;
    const torn = at + Math.floor(random() * (SECTOR / TEAR)) * TEAR;
    const older = versions[version - 1]!;
    for (let i = torn; i < end; i++) content[i] = older[i] ?? 0;
  }
  return content;
}

/** Everything or nothing is as likely as something in between. */
function chance(random: () => number, keep: number): boolean {
  if (keep < 0.25) return false;
  if (keep > 0.75) return true;
  return random() < 0.5;
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
