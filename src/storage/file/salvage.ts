/** What is left of the files of a damaged `file()` database. */
import { CorruptionError } from "../../base/errors.js";
import type { Json } from "../../schema/model.js";
import type { Files } from "../files/files.js";
import { readJson } from "../json/read.js";
import { WHOLE } from "../parts/version.js";
import {
  add,
  type Damage,
  journalHead,
  noted,
  type Ownership,
  type Salvaged,
  type SalvagedData,
  salvageData,
  salvageJournal,
  storeOf,
  unpackedBytes,
} from "../salvage.js";
import type { Key } from "../store.js";

import { pathsOf } from "./file-persistence.js";
import { fileSource } from "./source.js";

/** `collections`: those that models name. */
export async function salvageFile(
  path: string,
  files: Files,
  collections: ReadonlyMap<string, string | null>,
  owner: Ownership,
  damage: Damage[],
): Promise<Salvaged> {
  const paths = pathsOf(path);
  const journal = await journalHead(paths.journal, files, damage);
  const data = await read(paths.data, files, [...collections.keys()], damage);
  const store = storeOf(
    data?.isWhole === true ? { file: paths.data, store: data.store, database: owner.databaseOf(data.meta) } : null,
    journal === null ? null : { file: paths.journal, store: journal.store, database: "" },
    owner,
    paths.registry,
  );
  const isOurs = data !== null && (!data.isWhole || data.store === 0 || store === 0 || data.store === store);
  if (data !== null && !isOurs)
    add(damage, { file: paths.data, offset: null, what: "it belongs to another database: left out" });
  // A number that may be wrong must not hide a commit: those of the journal can be applied again.
  const base = !isOurs ? 0 : data.isWhole ? data.sequence : Math.min(data.sequence, journal?.base ?? data.sequence);
  const commits =
    journal === null ? [] : salvageJournal(paths.journal, journal.bytes, store, Math.max(base, journal.base), damage);
  const parts = [...(isOurs ? data.collections : [])].map(([collection, docs]) => ({
    file: paths.data,
    collection,
    partition: WHOLE,
    sequence: base,
    docs,
    keys: null,
    isSuspect: !data!.isWhole,
  }));
  const present = [paths.data, paths.journal, paths.registry];
  return { meta: isOurs ? data.meta : [], parts, base, bases: new Map(), commits, files: present };
}

type Read = SalvagedData & { readonly isWhole: boolean };

async function read(
  path: string,
  files: Files,
  collections: readonly string[],
  damage: Damage[],
): Promise<Read | null> {
  const size = await files.size(path);
  if (size === null) return null;
  try {
    const content = await readJson(fileSource(files, path), { path, wanted: new Set(collections) });
    const documents = content.documents as ReadonlyMap<string, readonly Json[]>;
    return {
      ...content,
      collections: documents,
      meta: content.meta as readonly (readonly [Key, Json])[],
      isWhole: true,
    };
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    noted(damage, error, path);
  }
  const bytes = (await files.read(path)) ?? new Uint8Array(0);
  return { ...salvageData(path, await unpackedBytes(path, bytes, damage), damage), isWhole: false };
}
