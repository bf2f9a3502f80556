/**
 * Copies what is intact of a damaged database into a new one of the same storage, and lists what is not. The files of the
 * damaged one are only read. What its data files hold is changed by every intact commit of the journal that is newer, in order.
 */
import { ConfigError, CorruptionError } from "../../base/errors.js";
import type { Schema } from "../../schema/model.js";
import type { Files } from "../../storage/files/files.js";
import { nodeFiles } from "../../storage/files/node.js";
import { add, type Damage } from "../../storage/salvage.js";
import type { Mutation } from "../../storage/store.js";
import { type Catalog, createCatalog, META_SPACE } from "./catalog.js";
import { DatabaseFiles, filesInTheWay, type Layout, storeAt } from "./database-files.js";
import { checkRecord, databaseOf, generationMutation, RECORD } from "./registry-match.js";
import { EMPTY_REGISTRY, type RegistryState, registryFromText, registryToText } from "./registry-text.js";
import { type Contents, contentsOf } from "./repair-contents.js";
import { collectionsOf, verifyDatabase } from "./verify.js";

export interface RepairReport {
  readonly path: string;
  readonly out: string;
  /** Which storage the copy is to be opened with. */
  readonly layout: Layout;
  /** Documents copied, by collection. */
  readonly documents: Readonly<Record<string, number>>;
  /** The original was damaged: single documents of a file whose checksum failed may have changed without a trace. */
  readonly suspect: boolean;
  readonly damage: readonly Damage[];
  /** Documents that were read and left out, with the reason. */
  readonly left: readonly string[];
}

/** Documents that are written by one commit. */
const TOGETHER = 5000;

/** `path`, `out`: JSON files, or folders, as the storage is. `schema`: for a database whose registry is lost. */
export async function repairDatabase(
  path: string,
  out: string,
  options: { readonly schema?: Schema | undefined; readonly files?: Files | undefined } = {},
): Promise<RepairReport> {
  const files = options.files ?? nodeFiles;
  const database = await DatabaseFiles.at(path, files);
  const registry = await readRegistry(database);
  const state = registry ?? (options.schema === undefined ? null : { ...EMPTY_REGISTRY, schema: options.schema });
  const layout = await database.layout(state === null ? new Map() : collectionsOf(state));
  const [inTheWay] = await filesInTheWay(out, layout, files);
  if (inTheWay !== undefined) {
    throw new ConfigError("CONFIG.INVALID", `${inTheWay} exists already`, {
      fix: layout === "file" ? "name a new file: nothing is overwritten" : "name a new folder: nothing is overwritten",
    });
  }
  const { damage: found } = await verifyDatabase(path, files);
  if (state?.schema == null) {
    throw new CorruptionError(
      "CORRUPTION.FORMAT",
      `${database.registry} cannot be read, so nobody knows which fields are the keys`,
      {
        meta: { file: database.registry, what: "the schema is lost" },
        fix: "restore that file from a backup (the schema changes rarely), then repair",
      },
    );
  }
  // A change that was under way had not been acknowledged; documents are read by the schema before it.
  const catalog = createCatalog(state.schema);
  const damage: Damage[] = [];
  for (const one of found) add(damage, one);
  const rest: Damage[] = [];
  const owner = { database: state.database, databaseOf };
  const salvaged = await database.salvage(collectionsOf(state), owner, rest);
  // An opening that found nothing wrong vouches for every file.
  if (found.length > 0) for (const one of rest) add(damage, one);
  const contents = contentsOf(salvaged, catalog);
  if (registry !== null) checkRecord(contents.spaces.get(META_SPACE)?.get(RECORD), state, path);
  const documents = await write(out, layout, files, state, catalog, contents);
  return { path, out, layout, documents, suspect: damage.length > 0, damage, left: contents.left };
}

async function readRegistry({ registry, files }: DatabaseFiles): Promise<RegistryState | null> {
  const bytes = await files.read(registry);
  if (bytes === null) return null;
  try {
    return registryFromText(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof CorruptionError) return null;
    throw error;
  }
}

async function write(
  out: string,
  layout: Layout,
  files: Files,
  state: RegistryState,
  catalog: Catalog,
  contents: Contents,
): Promise<Record<string, number>> {
  const documents: Record<string, number> = Object.create(null) as Record<string, number>;
  const { database, generation } = state;
  const store = storeAt(out, layout, files, false);
  await store.open(catalog.spaces.filter(({ kind }) => kind !== "index").map((space) => ({ ...space, derive: [] })));
  try {
    let batch: Mutation[] = generation > 0 ? [generationMutation(database, generation)] : [];
    const flush = async (): Promise<void> => {
      const full = batch;
      batch = [];
      await store.commit(full);
    };
    for (const { id, kind } of catalog.spaces) {
      if (kind === "index") continue;
      const found = contents.spaces.get(id) ?? new Map();
      if (kind === "docs") documents[id] = found.size;
      for (const [key, value] of found) {
        if (kind !== "meta" || key !== RECORD) batch.push({ space: id, key, value });
        if (batch.length === TOGETHER) await flush();
      }
    }
    await flush();
    if (generation > 0) await store.writeRegistry(registryToText({ ...state, pending: null }));
  } finally {
    await store.close();
  }
  return documents;
}
