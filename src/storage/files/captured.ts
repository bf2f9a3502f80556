/**
 * Files for a reader beside the writer: what was captured stays as it was then, whatever happens on disk. Nothing is ever
 * written: what recovery would change is changed here, in memory, and thrown away.
 */
import { crc32 } from "node:zlib";
import type { AppendFile, Files, HeldFile } from "./files.js";

/** Null: there was no such file. */
type Captured = Uint8Array | HeldFile | null;

export class CapturedFiles implements Files, AsyncDisposable {
  readonly #disk: Files;
  readonly #captured = new Map<string, Captured>();
  readonly #seen: string[] = [];
  /** Whether what was not captured can be read as it is on disk. */
  readonly #seeThrough: boolean;

  constructor(disk: Files, seeThrough: boolean) {
    this.#disk = disk;
    this.#seeThrough = seeThrough;
  }

  /** Keeps the contents; false when there is no such file. */
  async capture(path: string): Promise<boolean> {
    const bytes = await this.#disk.read(path);
    this.#captured.set(path, bytes);
    this.#seen.push(`${path} ${bytes === null ? "missing" : `${bytes.length} ${crc32(bytes)}`}`);
    return bytes !== null;
  }

  /** Keeps the file without reading it; false when there is no such file. */
  async captureHandle(path: string): Promise<boolean> {
    const held = await this.#disk.hold(path);
    this.#captured.set(path, held);
    this.#seen.push(`${path} ${held === null ? "missing" : held.size}`);
    return held !== null;
  }

  /** Equal for two captures when nothing has happened on disk in between, as far as reading them shows. */
  get fingerprint(): string {
    return this.#seen.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const held = [...this.#captured.values()];
    this.#captured.clear();
    for (const one of held) if (isHeld(one)) await one[Symbol.asyncDispose]();
  }

  async read(path: string): Promise<Uint8Array | null> {
    const found = this.#captured.get(path);
    if (found === undefined) return this.#seeThrough ? this.#disk.read(path) : null;
    return isHeld(found) ? found.readAt(0, found.size) : found;
  }

  async readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
    const found = this.#captured.get(path);
    if (found === undefined && this.#seeThrough) return this.#disk.readAt(path, offset, length);
    return isHeld(found) ? found.readAt(offset, length) : bytesOf(found).subarray(offset, offset + length);
  }

  async size(path: string): Promise<number | null> {
    const found = this.#captured.get(path);
    if (found === undefined) return this.#seeThrough ? this.#disk.size(path) : null;
    if (found === null) return null;
    return isHeld(found) ? found.size : found.length;
  }

  async hold(path: string): Promise<HeldFile | null> {
    const size = await this.size(path);
    if (size === null) return null;
    return {
      size,
      readAt: (offset, length) => this.readAt(path, offset, length),
      async [Symbol.asyncDispose]() {},
    };
  }

  async list(dir: string): Promise<readonly string[]> {
    return this.#seeThrough ? this.#disk.list(dir) : [];
  }

  async replace(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    await this.#put(path, Buffer.concat(parts));
  }

  async append(path: string): Promise<AppendFile> {
    let bytes = (await this.read(path)) ?? new Uint8Array(0);
    const put = (next: Uint8Array): Promise<void> => {
      bytes = next;
      return this.#put(path, next);
    };
    return {
      get size() {
        return bytes.length;
      },
      write: (more) => put(Buffer.concat([bytes, more])),
      async sync() {},
      truncate: (size) => put(bytes.subarray(0, size)),
      async [Symbol.asyncDispose]() {},
    };
  }

  async makeDir(): Promise<void> {}

  remove(path: string): Promise<void> {
    return this.#put(path, null);
  }

  async sweep(): Promise<void> {}

  async lock(): Promise<AsyncDisposable> {
    return { async [Symbol.asyncDispose]() {} };
  }

  async #put(path: string, next: Uint8Array | null): Promise<void> {
    const before = this.#captured.get(path);
    this.#captured.set(path, next);
    if (isHeld(before)) await before[Symbol.asyncDispose]();
  }
}

function isHeld(captured: Captured | undefined): captured is HeldFile {
  return captured !== null && captured !== undefined && Symbol.asyncDispose in captured;
}

function bytesOf(captured: Uint8Array | null | undefined): Uint8Array {
  return captured ?? new Uint8Array(0);
}
