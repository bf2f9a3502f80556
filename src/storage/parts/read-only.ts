/**
 * A folder for readers beside the one writer: no lock is taken and nothing is ever written. Captured at opening, in this order:
 * manifests, the files that they list (held open, not read), the journal. Files are replaced and never changed, so what is
 * read later is what was captured; the journal, being last, knows every commit that any of the files holds. When the writer has
 * cut it meanwhile, or removed a file before it was captured, recovery sees that something is missing, and all is done again.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ConfigError, CorruptionError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import { CapturedFiles } from "../files/captured.js";
import { closedError, readOnlyError } from "../refusals.js";
import type { Maybe, PointValue, Snapshot, Space, Store, StoredValue } from "../store.js";
import { fileOf } from "./heads.js";
import { readManifest } from "./manifest.js";
import { type PartSettings, PartStore } from "./part-store.js";

const ATTEMPTS = 30;
const WAIT_MS = 3;
/** What is in a folder before there is a database. */
const NO_DATA = /^tenon\.lock|\.(tmp|claim)$/;

export class ReadOnlyParts implements Store {
  readonly name: string;
  readonly durable = false;
  readonly splits: boolean;
  readonly #settings: PartSettings;
  #state: "new" | "open" | "closed" = "new";
  #store: PartStore | null = null;
  #files: CapturedFiles | null = null;

  constructor(name: string, settings: PartSettings) {
    this.name = name;
    this.#settings = settings;
    this.splits = settings.layout === "shards";
  }

  async open(spaces: readonly Space[], options?: CallOptions): Promise<void> {
    if (this.#state !== "new") throw closedError(this.name, this.#state);
    let before = "";
    for (let attempt = 1; ; attempt++) {
      const files = new CapturedFiles(this.#settings.files, true);
      try {
        await this.#capture(files);
        const store = new PartStore(this.name, { ...this.#settings, files, readOnly: true });
        await store.open(spaces, options);
        this.#store = store;
        this.#files = files;
        this.#state = "open";
        return;
      } catch (error) {
        await files[Symbol.asyncDispose]();
        // What reads the same twice was not cut in two by the writer: it is damaged.
        const isAgain = files.fingerprint === before;
        if (!(error instanceof CorruptionError) || isAgain || attempt === ATTEMPTS) throw error;
        before = files.fingerprint;
      }
      await setTimeout(WAIT_MS * Math.random() * attempt);
    }
  }

  async #capture(captured: CapturedFiles): Promise<void> {
    const { folder, files } = this.#settings;
    const manifest = join(folder, "tenon.json");
    const found = await captured.capture(manifest);
    const top = await readManifest(captured, manifest);
    if (top !== null) await this.#captureListed(captured, top.lines, top.head.layout === "shards");
    if ((await captured.capture(join(folder, "tenon.journal"))) || found) return;
    // Files that others wrote have neither.
    if ((await files.list(folder)).some((name) => !NO_DATA.test(name))) return;
    throw new ConfigError("CONFIG.NOT_FOUND", `There is no database in ${folder}`, {
      fix: "correct the path, or let the writing program create the database first",
      meta: { path: folder },
    });
  }

  async #captureListed(captured: CapturedFiles, lines: readonly Buffer[], areManifests: boolean): Promise<void> {
    for (const line of lines) {
      const path = join(this.#settings.folder, fileOf(line));
      if (!areManifests) await captured.captureHandle(path);
      else {
        await captured.capture(path);
        await this.#captureListed(captured, await linesOf(captured, path), false);
      }
    }
  }

  snapshot(): Snapshot {
    return this.#opened().snapshot();
  }

  point(space: string, value: PointValue): Maybe<StoredValue | undefined> {
    return this.#opened().point(space, value);
  }

  async reshape(): Promise<void> {
    throw this.#refusal();
  }

  async commit(): Promise<void> {
    throw this.#refusal();
  }

  async compact(): Promise<void> {
    throw this.#refusal();
  }

  async writeRegistry(): Promise<void> {
    throw this.#refusal();
  }

  /** As it is now: a change of the schema that comes between two readings is noticed. */
  async readRegistry(): Promise<string | null> {
    if (this.#state === "closed") throw closedError(this.name, this.#state);
    const bytes = await this.#settings.files.read(join(this.#settings.folder, "registry.json"));
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  async close(): Promise<void> {
    this.#state = "closed";
    const store = this.#store;
    const files = this.#files;
    this.#store = this.#files = null;
    await store?.close();
    await files?.[Symbol.asyncDispose]();
  }

  #opened(): PartStore {
    if (this.#store === null) throw closedError(this.name, this.#state);
    return this.#store;
  }

  #refusal(): Error {
    return this.#state === "open" ? readOnlyError(this.#settings.folder) : closedError(this.name, this.#state);
  }
}

/** What a collection's manifest lists. Whether a damaged one matters is for recovery to say: no model may name the collection. */
async function linesOf(captured: CapturedFiles, path: string): Promise<readonly Buffer[]> {
  try {
    return (await readManifest(captured, path))?.lines ?? [];
  } catch (error) {
    if (error instanceof CorruptionError) return [];
    throw error;
  }
}
