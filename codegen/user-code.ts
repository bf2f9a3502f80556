/**
 * Runs the user's own modules (config and models) through jiti: TypeScript, legacy decorators, tsconfig paths. `tenon`
 * itself is handed in, so that models declare into the very copy that generates. Modules stay loaded until `forget` names
 * them: then they and all that import them, directly or not, run again at the next `load`. Compiled modules are cached on
 * disk, with what `source-plugin.ts` found in them.
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import * as config from "../src/config.js";
import * as tenon from "../src/index.js";
import { loadFailed } from "./load-errors.js";
import { type Declared, type ModuleReport, REPORT, REPORT_VERSION, sourcePlugin } from "./source-plugin.js";

/** Where a model or a member is declared: line and column from 0, and the doc comment above it. */
export interface Place extends Declared {
  readonly file: string;
}

export interface UserCode {
  /** The module's exports. */
  load(file: string): Promise<Readonly<Record<string, unknown>>>;
  /** Files of the user that were run: the loaded ones and all that they import. */
  files(): readonly string[];
  /** Models (`User`) and their members (`User.email`) in the files that were run. */
  declared(): ReadonlyMap<string, Place>;
  /** These files have changed. */
  forget(files: Iterable<string>): void;
}

/** By file; of the whole process, because compiled modules report through a global function. */
const reports = new Map<string, ModuleReport>();

const VIRTUAL: Readonly<Record<string, unknown>> = { tenon: { ...tenon }, "tenon/config": { ...config } };

export function createUserCode(root: string, tsconfig: string | null): UserCode {
  return new LoadedCode(root, tsconfig);
}

class LoadedCode implements UserCode {
  readonly #root: string;
  readonly #jiti: ReturnType<typeof createJiti>;
  readonly #entries = new Set<string>();
  /** Files that a file imports, as its report resolved. */
  readonly #edges = new Map<ModuleReport, readonly string[]>();

  constructor(root: string, tsconfig: string | null) {
    this.#root = root;
    const own = tsconfig ?? join(root, "tsconfig.json");
    this.#jiti = createJiti(join(root, "tenon.config.ts"), {
      interopDefault: false,
      fsCache: cacheFolder(root),
      moduleCache: true,
      transformOptions: { babel: { plugins: [sourcePlugin] } },
      tsconfigPaths: existsSync(own) ? own : false,
      virtualModules: VIRTUAL,
    });
    Object.defineProperty(globalThis, REPORT, { configurable: true, value: report });
    // Whatever ran before, in this process, ran for somebody else.
    for (const file of reports.keys()) this.#evict(file);
  }

  async load(file: string): Promise<Readonly<Record<string, unknown>>> {
    this.#entries.add(file);
    try {
      return await this.#jiti.import<Readonly<Record<string, unknown>>>(file);
    } catch (error) {
      throw loadFailed(error, file, this.#root);
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

  #imports(file: string): readonly string[] {
    const found = reports.get(file);
    if (found === undefined) return [];
    const known = this.#edges.get(found);
    if (known !== undefined) return known;
    const edges: string[] = [];
    for (const specifier of found.imports ?? []) {
      if (Object.hasOwn(VIRTUAL, specifier) || specifier.startsWith("node:")) continue;
      const target = this.#jiti.esmResolve(specifier, { parentURL: file, try: true });
      if (target === undefined) continue;
      const path = target.startsWith("file:") ? fileURLToPath(target) : target;
      if (existsSync(path)) edges.push(path);
    }
    this.#edges.set(found, edges);
    return edges;
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
