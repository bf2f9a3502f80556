/**
 * Runs the user's own modules (config and models) through jiti: TypeScript, legacy decorators, tsconfig paths. `tenon`
 * itself is handed in, so that models declare into the very copy that generates. Modules stay loaded until `forget` names
 * them: then they and all that import them, directly or not, run again at the next `load`. Compiled modules are cached on
 * disk, with what `source-plugin.ts` found in them.
 */
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti, type Jiti, type TransformOptions } from "jiti";
import * as config from "../src/config.js";
import * as tenon from "../src/index.js";
import { loadFailed } from "./load-errors.js";
import { columnIn } from "./source-columns.js";
import { type ModuleReport, type Place, REPORT, REPORT_VERSION, sourcePlugin } from "./source-plugin.js";

export interface UserCode {
  /** The module's exports. */
  load(file: string): Promise<Readonly<Record<string, unknown>>>;
  /** Files of the user that were run: the loaded ones and all that they import. */
  files(): readonly string[];
  /** Models (`User`) and their members (`User.email`) in the files that were run. */
  declared(): ReadonlyMap<string, Place>;
  /** These files have changed. */
  forget(files: Iterable<string>): void;
  /** Makes the compiler ready, which is what the first change would otherwise wait for. */
  warmUp(): void;
}

/** By file; of the whole process, because compiled modules report through a global function. */
const reports = new Map<string, ModuleReport>();

const VIRTUAL: Readonly<Record<string, unknown>> = { tenon: { ...tenon }, "tenon/config": { ...config } };

export function createUserCode(root: string, tsconfig: string | null): UserCode {
  return new LoadedCode(root, tsconfig);
}

class LoadedCode implements UserCode {
  readonly #root: string;
  readonly #tsconfig: string | false;
  #jiti: Jiti;
  #compiler: Jiti | null = null;
  readonly #entries = new Set<string>();
  /** Where aliases and packages lead; they are the same for every file. */
  readonly #aliases = new Map<string, string | null>();

  constructor(root: string, tsconfig: string | null) {
    this.#root = root;
    const own = tsconfig ?? join(root, "tsconfig.json");
    this.#tsconfig = existsSync(own) ? own : false;
    this.#jiti = this.#open(false);
    Object.defineProperty(globalThis, REPORT, { configurable: true, value: report });
    // Whatever ran before, in this process, ran for somebody else.
    for (const file of reports.keys()) this.#evict(file);
  }

  async load(file: string): Promise<Readonly<Record<string, unknown>>> {
    this.#entries.add(file);
    try {
      return await this.#import(file);
    } catch (error) {
      throw loadFailed(error, file, this.#root, (at, line, column) => this.#columnIn(at, line, column));
    }
  }

  async #import(file: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      return await this.#jiti.import<Readonly<Record<string, unknown>>>(file);
    } catch (error) {
      // A compiled module names the files that it imports as they were found then: compile again, and look again.
      if (!/^Cannot find module/.test((error as Error | undefined)?.message ?? "")) throw error;
      this.forget(this.files());
      this.#jiti = this.#open(true);
      return await this.#jiti.import<Readonly<Record<string, unknown>>>(file);
    }
  }

  #open(rebuildFsCache: boolean): Jiti {
    const base = join(this.#root, "tenon.config.ts");
    // The loader does not tell its compiler which file it compiles; this one passes it on to the plugin.
    this.#compiler = createJiti(base, { interopDefault: false, fsCache: false });
    return createJiti(base, {
      interopDefault: false,
      fsCache: cacheFolder(this.#root),
      rebuildFsCache,
      moduleCache: true,
      transform: (options) => ({
        code: this.#compile(options),
      }),
      tsconfigPaths: this.#tsconfig,
      virtualModules: VIRTUAL,
    });
  }

  #compile(options: TransformOptions, more: object = {}): string {
    const plugins = [[sourcePlugin, { file: options.filename }]];
    return this.#compiler?.transform({ ...options, babel: { plugins, ...more } }) ?? "";
  }

  /** The file is compiled once more, with a source map: errors are rare, and maps cost every run. */
  #columnIn(file: string, line: number, column: number): number {
    try {
      const options = { filename: file, source: readFileSync(file, "utf8"), ts: /ts$/.test(file), async: true };
      return columnIn(
        this.#compile({ ...options, interopDefault: false }, { sourceMaps: "inline", sourceFileName: file }),
        line,
        column,
      );
    } catch {
      return 0;
    }
  }

  files(): readonly string[] {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file) || file.includes(`${sep}node_modules${sep}`)) return;
      seen.add(file);
      for (const next of this.#imports(file)) visit(next);
    };
    for (const file of this.#entries) visit(file);
    return [...seen].sort();
  }

  declared(): ReadonlyMap<string, Place> {
    const places = new Map<string, Place>();
    for (const file of this.files())
      for (const each of reports.get(file)?.declared ?? [])
        if (!places.has(each.key)) places.set(each.key, { ...each, file });
    return places;
  }

  warmUp(): void {
    const [file] = this.#entries;
    if (file !== undefined) this.#jiti.transform({ source: readFileSync(file, "utf8"), ts: true, filename: "" });
  }

  forget(files: Iterable<string>): void {
    const known = this.files();
    const importers = new Map<string, string[]>();
    for (const file of known)
      for (const target of this.#imports(file)) importers.set(target, [...(importers.get(target) ?? []), file]);
    // What imports by a name that only running tells may import anything.
    const opaque = known.filter((file) => reports.get(file)?.imports === null);
    const stale = new Set<string>();
    const visit = (file: string): void => {
      if (stale.has(file)) return;
      stale.add(file);
      for (const importer of importers.get(file) ?? []) visit(importer);
    };
    for (const file of [...files, ...opaque]) visit(file);
    for (const file of stale) this.#evict(file);
  }

  #evict(file: string): void {
    delete this.#jiti.cache[file];
    reports.delete(file);
  }

  /** Files that a file imports. */
  #imports(file: string): readonly string[] {
    const edges: string[] = [];
    for (const specifier of reports.get(file)?.imports ?? []) {
      if (Object.hasOwn(VIRTUAL, specifier) || specifier.startsWith("node:")) continue;
      const relative = /^\.\.?\//.test(specifier) ? join(dirname(file), specifier) : null;
      const target = relative !== null && /\.\w+$/.test(specifier) ? relative : this.#resolve(specifier, file);
      if (target !== null) edges.push(target);
    }
    return edges;
  }

  #resolve(specifier: string, file: string): string | null {
    const key = specifier.startsWith(".") ? `${dirname(file)} ${specifier}` : specifier;
    const known = this.#aliases.get(key);
    if (known !== undefined) return known;
    const target = this.#jiti.esmResolve(specifier, { parentURL: file, try: true });
    const path = target?.startsWith("file:") ? fileURLToPath(target) : (target ?? null);
    this.#aliases.set(key, path);
    return path;
  }
}

function report(file: string, json: string): void {
  reports.set(file, JSON.parse(json) as ModuleReport);
}

/** The nearest node_modules keeps the cache; without one it is temporary. */
function cacheFolder(root: string): string {
  const name = `tenon-${REPORT_VERSION}`;
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules"))) return join(folder, "node_modules/.cache", name);
    if (dirname(folder) === folder) return join(tmpdir(), name);
  }
}
