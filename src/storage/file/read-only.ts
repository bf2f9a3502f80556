/**
 * The file storage for readers beside the one writer: no lock is taken and nothing is ever written. What is read is captured
 * once, journal first: a data file that is newer than the journal holds everything the journal says, so the two always
 * make one state that was committed. A capture that was cut in two by the writer's rename fails its checksum and is repeated.
 */
import { setTimeout } from "node:timers/promises";
import { ConfigError, CorruptionError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import { CapturedFiles } from "../files/captured.js";
import type { Persistence, Versions } from "../map/persistence.js";
import type { Roots } from "../map/roots.js";
import { readOnlyError } from "../refusals.js";
import type { Space } from "../store.js";
import { FilePersistence, type FileSettings, pathsOf } from "./file-persistence.js";

const ATTEMPTS = 30;
const WAIT_MS = 3;

export class ReadOnlyFile implements Persistence {
  readonly durable = false;
  readonly #settings: FileSettings;

  constructor(settings: FileSettings) {
    this.#settings = settings;
  }

  async open(spaces: readonly Space[], versions: Versions, options?: CallOptions): Promise<Roots> {
    let before = "";
    for (let attempt = 1; ; attempt++) {
      const files = await this.#capture();
      try {
        return await new FilePersistence({ ...this.#settings, files }).open(spaces, versions, options);
      } catch (error) {
        // What reads the same twice was not cut in two by the writer: it is damaged.
        const isAgain = files.fingerprint === before;
        if (!(error instanceof CorruptionError) || isAgain || attempt === ATTEMPTS) throw error;
        before = files.fingerprint;
        await setTimeout(WAIT_MS * Math.random() * attempt);
      } finally {
        await files[Symbol.asyncDispose]();
      }
    }
  }

  async #capture(): Promise<CapturedFiles> {
    const { files, path } = this.#settings;
    const { data, journal } = pathsOf(path);
    const captured = new CapturedFiles(files, false);
    const found = [await captured.capture(journal), await captured.capture(data)];
    if (found.includes(true)) return captured;
    throw new ConfigError("CONFIG.NOT_FOUND", `There is no database at ${path}`, {
      fix: "correct the path, or let the writing program create the database first",
      meta: { path },
    });
  }

  encode(): never {
    throw readOnlyError(this.#settings.path);
  }

  async append(): Promise<never> {
    throw readOnlyError(this.#settings.path);
  }

  async adopt(): Promise<undefined> {
    return undefined;
  }

  async checkpoint(): Promise<never> {
    throw readOnlyError(this.#settings.path);
  }

  async readRegistry(): Promise<string | null> {
    const bytes = await this.#settings.files.read(pathsOf(this.#settings.path).registry);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  async writeRegistry(): Promise<never> {
    throw readOnlyError(this.#settings.path);
  }

  async close(): Promise<void> {}
}
