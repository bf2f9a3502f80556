/** Looks at the files of a `file()` database without changing or locking them: what they hold, and what is damaged. */
import { ConfigError, CorruptionError } from "../../base/errors.js";
import { file } from "../../storage/file/file.js";
import { pathsOf } from "../../storage/file/file-persistence.js";
import type { Files } from "../../storage/files/files.js";
import { nodeFiles } from "../../storage/files/node.js";
import type { Damage } from "../../storage/salvage.js";
import { createCatalog, META_SPACE } from "./catalog.js";
import { embedded } from "./engine.js";
import { registryFromText } from "./registry-text.js";

export interface VerifyReport {
  readonly path: string;
  readonly ok: boolean;
  /** Size in bytes of each file, null where there is none. */
  readonly files: Readonly<Record<string, number | null>>;
  /** Number of documents by collection; empty when the database cannot be opened. */
  readonly documents: Readonly<Record<string, number>>;
  readonly damage: readonly Damage[];
}

export async function verifyDatabase(path: string, files: Files = nodeFiles): Promise<VerifyReport> {
  const paths = pathsOf(path);
  const sizes: Record<string, number | null> = {};
  for (const each of [paths.data, paths.journal, paths.registry]) sizes[each] = await files.size(each);
  if (Object.values(sizes).every((size) => size === null)) {
    throw new ConfigError("CONFIG.NOT_FOUND", `There is no database at ${path}`, {
      fix: "name its JSON file",
      meta: { path },
    });
  }
  const damage: Damage[] = [];
  const documents: Record<string, number> = Object.create(null) as Record<string, number>;
  const note = (error: unknown): void => {
    if (!(error instanceof CorruptionError)) throw error;
    const { file: at, offset, what } = error.meta;
    damage.push({
      file: at === "registry.json" ? paths.registry : typeof at === "string" ? at : path,
      offset: typeof offset === "number" ? offset : null,
      what: typeof what === "string" ? what : error.message.split("\n")[0]!,
    });
  };
  const bytes = await files.read(paths.registry);
  try {
    const registry = bytes === null ? null : registryFromText(new TextDecoder().decode(bytes));
    const schema = registry?.schema ?? { hash: "", models: new Map() };
    // The engine compares the registry with the data; the store alone reads a database whose change of schema is pending.
    if (registry?.pending == null) {
      const engine = embedded({ storage: file(path, { readOnly: true, files }) });
      try {
        await engine.open(schema);
        for (const model of schema.models.values()) documents[model.collection] = await engine.count(model.name, null);
      } finally {
        await engine.close();
      }
    } else {
      const store = file(path, { readOnly: true, files });
      const { spaces } = createCatalog(schema);
      await store.open(spaces);
      const snapshot = store.snapshot();
      for (const { id, kind } of spaces)
        if (kind === "docs" && id !== META_SPACE) documents[id] = await snapshot.size(id);
      snapshot[Symbol.dispose]();
      await store.close();
    }
  } catch (error) {
    note(error);
  }
  return { path, ok: damage.length === 0, files: sizes, documents, damage };
}
