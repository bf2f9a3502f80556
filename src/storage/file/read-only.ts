/**
 * The file storage for readers beside the one writer: no lock is taken and nothing is ever written. What is read is captured
 * once, journal first: a data file that is newer than the journal holds everything the journal says, so the two always
 * make one state that was committed. A capture that was cut in two by the writer's rename fails its checksum and is repeated.
 */
import { setTimeout } from "node:timers/promises";
import { ConfigError, CorruptionError, StorageError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import type { AppendFile, Files } from "../files/files.js";
import type { Persistence, Versions } from "../map/persistence.js";
import type { Roots } from "../map/roots.js";
import type { Space } from "../store.js";
import { FilePersistence, type FileSettings, pathsOf } from "./file-persistence.js";

const ATTEMPTS = 6;
const WAIT_MS = 15;

export class ReadOnlyFile implements Persistence {
  readonly durable = false;
  readonly #settings: FileSettings;

  constructor(settings: FileSettings) {
    this.#settings = settings;
  }

  async open(spaces: readonly Space[], versions: Versions, options?: CallOptions): Promise<Roots> {
    for (let attempt = 1; ; attempt++) {
      const files = await this.#capture();
      try {
        return await new FilePersistence({ ...this.#settings, files }).open(spaces, versions, options);
      } catch (error) {
        if (!(error instanceof CorruptionError) || attempt === ATTEMPTS) throw error;
        await setTimeout(WAIT_MS * attempt);
      } finally {
        files.forget();
      }
    }
  }

  async #capture(): Promise<CapturedFiles> {
    const { files, path } = this.#settings;
    const { data, journal } = pathsOf(path);
    const found = new Map<string, Uint8Array>();
    for (const each of [journal, data]) {
      const bytes = await files.read(each);
      if (bytes !== null) found.set(each, bytes);
    }
    if (found.size === 0) {
      throw new ConfigError("CONFIG.NOT_FOUND", `There is no database at ${path}`, {
        fix: "correct the path, or let the writing program create the database first",
        meta: { path },
      });
    }
    return new CapturedFiles(found);
  }

  encode(): never {
    throw readOnly(this.#settings.path);
  }

  async append(): Promise<never> {
    throw readOnly(this.#settings.path);
  }

  adopt(): undefined {
    return undefined;
  }

  async checkpoint(): Promise<never> {
    throw readOnly(this.#settings.path);
  }

  async readRegistry(): Promise<string | null> {
    const bytes = await this.#settings.files.read(pathsOf(this.#settings.path).registry);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  async writeRegistry(): Promise<never> {
    throw readOnly(this.#settings.path);
  }

  async close(): Promise<void> {}
}

function readOnly(path: string): StorageError {
  return new StorageError("STORAGE.READ_ONLY", `${path} was opened for reading only`, {
    fix: "open it without readOnly: true in the one process that writes",
    meta: { path },
  });
}

/** Files in memory: what recovery would change on disk is changed here and thrown away. */
class CapturedFiles implements Files {
  readonly #contents: Map<string, Uint8Array>;

  constructor(contents: Map<string, Uint8Array>) {
    this.#contents = contents;
  }

  forget(): void {
    this.#contents.clear();
  }

  async read(path: string): Promise<Uint8Array | null> {
    return this.#contents.get(path) ?? null;
  }

  async readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
    return (this.#contents.get(path) ?? new Uint8Array(0)).subarray(offset, offset + length);
  }

  async size(path: string): Promise<number | null> {
    return this.#contents.get(path)?.length ?? null;
  }

  async replace(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.#contents.set(path, Buffer.concat(parts));
  }

  async append(path: string): Promise<AppendFile> {
    const contents = this.#contents;
    const bytes = () => contents.get(path) ?? new Uint8Array(0);
    return {
      get size() {
        return bytes().length;
      },
      async write(more) {
        contents.set(path, Buffer.concat([bytes(), more]));
      },
      async sync() {},
      async truncate(size) {
        contents.set(path, bytes().subarray(0, size));
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async list(): Promise<readonly string[]> {
    return [];
  }

  async makeDir(): Promise<void> {}

  async remove(path: string): Promise<void> {
    this.#contents.delete(path);
  }

  async sweep(): Promise<void> {}

  async lock(): Promise<AsyncDisposable> {
    return { async [Symbol.asyncDispose]() {} };
  }
}
