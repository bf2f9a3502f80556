/**
 * Copies what is intact of a damaged `file()` database into a new one, and lists what is not. The files of the damaged one
 * are only read. What the data file holds is changed by every intact commit of the journal that is newer, in order.
 */
import { ConfigError, CorruptionError } from "../../base/errors.js";
import type { Doc, Json, Schema } from "../../schema/model.js";
import { file } from "../../storage/file/file.js";
import { pathsOf } from "../../storage/file/file-persistence.js";
import type { Files } from "../../storage/files/files.js";
import { nodeFiles } from "../../storage/files/node.js";
import { type Damage, salvageData, salvageJournal, unpackedBytes } from "../../storage/salvage.js";
import type { Key, Mutation, StoredValue } from "../../storage/store.js";
import { createCatalog, META_SPACE } from "./catalog.js";
import { generationMutation } from "./registry-match.js";
import { EMPTY_REGISTRY, type RegistryState, registryFromText, registryToText } from "./registry-text.js";
import { verifyDatabase } from "./verify.js";

export interface RepairReport {
  readonly path: string;
  readonly out: string;
  /** Documents copied, by collection. */
  readonly documents: Readonly<Record<string, number>>;
  /** The original was damaged: single documents of a file whose checksum failed may have changed without a trace. */
  readonly suspect: boolean;
  readonly damage: readonly Damage[];
  /** Documents that were read and left out, with the reason. */
  readonly left: readonly string[];
}

/** `schema`: for a database whose registry is lost. */
export async function repairDatabase(
  path: string,
  out: string,
  options: { readonly schema?: Schema | undefined; readonly files?: Files | undefined } = {},
): Promise<RepairReport> {
  const files = options.files ?? nodeFiles;
  const paths = pathsOf(path);
  const target = pathsOf(out);
  for (const each of [target.data, target.journal, target.registry]) {
    if ((await files.size(each)) === null) continue;
    throw new ConfigError("CONFIG.INVALID", `${each} exists already`, {
      fix: "name a new file: nothing is overwritten",
    });
  }
  const { damage: found } = await verifyDatabase(path, files);
  const damage = [...found];
  const registry = await readRegistry(paths.registry, files);
  const state = registry ?? (options.schema === undefined ? null : { ...EMPTY_REGISTRY, schema: options.schema });
  if (state?.schema == null) {
    throw new CorruptionError(
      "CORRUPTION.FORMAT",
      `${paths.registry} cannot be read, so nobody knows which fields are the keys`,
      {
        meta: { file: paths.registry, what: "the schema is lost" },
        fix: "restore that file from a backup (the schema changes rarely), then repair",
      },
    );
  }
  // A change that was under way had not been acknowledged; documents are read by the schema before it.
  const catalog = createCatalog(state.schema);
  const spaces = new Map(catalog.spaces.map((space) => [space.id, space]));
  const contents = new Map<string, Map<Key, StoredValue>>();
  const left: string[] = [];
  const put = (id: string, doc: Json): void => {
    const space = spaces.get(id);
    if (space === undefined || space.kind !== "docs")
      return void left.push(`a document of "${id}", which no model names`);
    try {
      entries(id).set(space.keyOf(doc as Doc), Object.freeze(doc) as Doc);
    } catch {
      left.push(`a document of "${id}" without its key`);
    }
  };
  const entries = (id: string): Map<Key, StoredValue> => {
    const known = contents.get(id) ?? new Map<Key, StoredValue>();
    contents.set(id, known);
    return known;
  };
  const data = await files.read(paths.data);
  let sequence = 0;
  if (data !== null) {
    const salvaged = salvageData(paths.data, await unpackedBytes(paths.data, data, damage), damage);
    ({ sequence } = salvaged);
    for (const [key, value] of salvaged.meta) entries(META_SPACE).set(key, value as StoredValue);
    for (const [name, docs] of salvaged.collections) for (const doc of docs) put(name, doc);
  }
  const journal = await files.read(paths.journal);
  if (journal !== null) {
    let expected = sequence + 1;
    for (const commit of salvageJournal(paths.journal, Buffer.from(journal), damage)) {
      if (commit.sequence < expected) continue;
      if (commit.sequence > expected) {
        const lost =
          expected === commit.sequence - 1 ? `commit ${expected}` : `commits ${expected} to ${commit.sequence - 1}`;
        damage.push({ file: paths.journal, offset: null, what: `${lost} cannot be read` });
      }
      expected = commit.sequence + 1;
      for (const [id, puts, deletes] of commit.groups) {
        if (id === META_SPACE)
          for (const [key, value] of puts as [Key, Json][]) entries(id).set(key, value as StoredValue);
        else for (const doc of puts) put(id, doc);
        for (const key of deletes) entries(id).delete(key);
      }
    }
  }
  const documents = await write(out, files, state, catalog, contents);
  return { path, out, documents, suspect: damage.length > 0, damage, left };
}

async function readRegistry(path: string, files: Files): Promise<RegistryState | null> {
  const bytes = await files.read(path);
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
  files: Files,
  state: RegistryState,
  catalog: ReturnType<typeof createCatalog>,
  contents: ReadonlyMap<string, ReadonlyMap<Key, StoredValue>>,
): Promise<Record<string, number>> {
  const documents: Record<string, number> = Object.create(null) as Record<string, number>;
  const store = file(out, { files });
  await store.open(catalog.spaces.filter((space) => space.kind !== "index").map((space) => ({ ...space, derive: [] })));
  try {
    const batch: Mutation[] = [];
    for (const space of catalog.spaces) {
      if (space.kind === "index") continue;
      const found = contents.get(space.id) ?? new Map<Key, StoredValue>();
      for (const [key, value] of found)
        if (key !== "registry" || space.kind !== "meta") batch.push({ space: space.id, key, value });
      if (space.kind === "docs") documents[space.id] = found.size;
    }
    const { database, generation } = state;
    if (generation > 0) batch.push(generationMutation(database, generation));
    await store.commit(batch);
    if (generation > 0) await store.writeRegistry(registryToText({ ...state, pending: null }));
  } finally {
    await store.close();
  }
  return documents;
}
