/** Looks at the files of a database without changing or locking them: what they hold, and what is damaged. */
import { ConfigError } from "../../base/errors.js";
import type { Files } from "../../storage/files/files.js";
import { nodeFiles } from "../../storage/files/node.js";
import { add, type Damage, noted } from "../../storage/salvage.js";
import { docsSpaces } from "./admin.js";
import { createCatalog, META_SPACE } from "./catalog.js";
import { type Collections, DatabaseFiles, storeAt } from "./database-files.js";
import { checkRegistryMatches, databaseOf } from "./registry-match.js";
import { EMPTY_REGISTRY, type RegistryState, registryFromText } from "./registry-text.js";

export interface VerifyReport {
  readonly path: string;
  readonly ok: boolean;
  /** Size in bytes of each file, null where there is none. */
  readonly files: Readonly<Record<string, number | null>>;
  /** Number of documents by collection; empty when the database cannot be opened. */
  readonly documents: Readonly<Record<string, number>>;
  readonly damage: readonly Damage[];
}

/** A writer may change the schema while somebody looks. */
const ATTEMPTS = 5;

/** `path`: the JSON file of a `file()` database, or the folder of a `folder()` or `shards()` one. */
export async function verifyDatabase(path: string, files: Files = nodeFiles): Promise<VerifyReport> {
  const database = await DatabaseFiles.at(path, files);
  for (let attempt = 1; ; attempt++) {
    const before = await textOf(database);
    const report = await look(database, before);
    if (report.ok || attempt === ATTEMPTS || before === (await textOf(database))) return report;
  }
}

async function textOf({ registry, files }: DatabaseFiles): Promise<string | null> {
  const bytes = await files.read(registry);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

async function look(database: DatabaseFiles, text: string | null): Promise<VerifyReport> {
  const { path, files } = database;
  const sizes: Record<string, number | null> = Object.create(null) as Record<string, number | null>;
  for (const each of database.main) sizes[each] = await files.size(each);
  if (Object.values(sizes).every((size) => size === null)) {
    throw new ConfigError("CONFIG.NOT_FOUND", `There is no database at ${path}`, {
      fix: "name its JSON file, or its folder",
      meta: { path },
    });
  }
  const damage: Damage[] = [];
  let registry: RegistryState = EMPTY_REGISTRY;
  let documents: Record<string, number> = Object.create(null) as Record<string, number>;
  try {
    if (text !== null) registry = registryFromText(text);
    documents = await contents(database, registry);
  } catch (error) {
    const found: Damage[] = [];
    noted(found, error, path);
    for (const one of found) add(damage, one.file === "registry.json" ? { ...one, file: database.registry } : one);
  }
  // Opening stops at the first damage; here all of it is wanted, and the names of all files.
  const owner = { database: registry.database, databaseOf };
  const scratch: Damage[] = [];
  try {
    const left = await database.salvage(collectionsOf(registry), owner, damage.length === 0 ? scratch : damage);
    for (const each of left.files) sizes[each] = await files.size(each);
  } catch (error) {
    const found: Damage[] = [];
    // A disk that fails is no damage, and nothing to be silent about.
    noted(found, error, path);
    if (damage.length > 0) for (const one of found) add(damage, one);
  }
  return { path, ok: damage.length === 0, files: sizes, documents, damage };
}

export function collectionsOf({ schema, pending }: RegistryState): Collections {
  const models = [...(pending?.target.models.values() ?? []), ...(schema?.models.values() ?? [])];
  return new Map(models.map(({ collection, partitionBy }) => [collection, partitionBy ?? null]));
}

/** Reads every document; what cannot be opened, or does not go together, throws. */
async function contents(database: DatabaseFiles, registry: RegistryState): Promise<Record<string, number>> {
  const catalog = createCatalog(registry.schema ?? { hash: "", models: new Map() });
  const { pending } = registry;
  const spaces = pending === null ? catalog.spaces : docsSpaces(catalog, createCatalog(pending.target));
  const layout = await database.layout(collectionsOf(registry));
  const store = storeAt(database.path, layout, database.files, true);
  const documents: Record<string, number> = Object.create(null) as Record<string, number>;
  await store.open(spaces);
  try {
    await checkRegistryMatches(store, registry);
    const snapshot = store.snapshot();
    for (const { id, kind } of spaces) {
      if (kind !== "docs" || id === META_SPACE) continue;
      documents[id] = 0;
      for await (const { keys } of snapshot.scan(id, { anyOrder: true }, 1024)) documents[id] += keys.length;
    }
    snapshot[Symbol.dispose]();
  } finally {
    await store.close();
  }
  return documents;
}
