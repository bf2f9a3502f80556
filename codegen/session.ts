/**
 * Generation again and again in one process (`--watch`): modules stay loaded, and a run loads anew only the files that
 * have changed since the run before and the modules that import them. Changes are found by looking (size, time, identity),
 * not by trusting events. After a failure, or when the config changes, everything starts afresh.
 */
import { statSync } from "node:fs";
import { RenderCache } from "../templates/render-cache.js";
import { type Caches, type Generated, generate } from "./generate.js";
import { type LoadOptions, loadProject, openCode, type Project } from "./load.js";
import { MapCache } from "./maps.js";
import type { UserCode } from "./user-code.js";

export interface SessionRun {
  readonly project: Project;
  readonly generated: Generated;
}

export class Session {
  readonly #options: LoadOptions;
  readonly #caches: Caches = { texts: new RenderCache(), maps: new MapCache() };
  #loaded: { readonly project: Project; readonly code: UserCode } | null = null;
  #stamps = new Map<string, string>();
  #files: readonly string[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Files whose change asks for a new run; after a failure, those that are known to be involved. */
  files(): readonly string[] {
    return this.#files;
  }

  /** Whether a file has changed since the last run. */
  changed(): boolean {
    return this.#files.some((file) => stampOf(file) !== this.#stamps.get(file));
  }

  /** Prepares for the next run. */
  warmUp(): void {
    this.#loaded?.code.warmUp();
  }

  async run(): Promise<SessionRun> {
    const stamps = new Map(this.#files.map((file) => [file, stampOf(file)]));
    const changed = this.#files.filter((file) => stamps.get(file) !== this.#stamps.get(file));
    let loaded = this.#loaded;
    this.#loaded = null;
    try {
      if (loaded === null || changed.includes(loaded.project.configFile)) {
        const project = await loadProject(this.#options);
        this.#files = [...new Set([project.configFile, ...this.#files])];
        loaded = { project, code: openCode(project) };
      } else loaded.code.forget(changed);
      const generated = await generate(loaded.project, loaded.code, this.#caches);
      this.#files = generated.loaded.files;
      this.#loaded = loaded;
      return { project: loaded.project, generated };
    } catch (error) {
      if (loaded !== null) this.#files = [...new Set([...this.#files, ...loaded.code.files()])];
      throw error;
    } finally {
      // Files seen for the first time are stamped now; the others as they were before they were read.
      this.#stamps = new Map(this.#files.map((file) => [file, stamps.get(file) ?? stampOf(file)]));
    }
  }
}

function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "absent";
  }
}
