/**
 * What is left of a damaged database in a folder. An intact manifest is believed: what it does not list was removed, or is of
 * others. Where it is damaged, every file that lies at the place of the collection's files is taken, if it has the
 * database's number. A file that is damaged itself is brought up to date from the whole journal, whatever number it shows.
 */
import { join } from "node:path";
import { isPlainObject } from "../../base/plain.js";
import type { Json } from "../../schema/model.js";
import type { Files } from "../files/files.js";
import {
  add,
  type Damage,
  journalHead,
  noted,
  type Ownership,
  parsed,
  type Salvaged,
  type SalvagedPart,
  salvageData,
  salvageJournal,
  storeOf,
  unpackedBytes,
} from "../salvage.js";
import type { Key } from "../store.js";
import { keyOfForm, type Manifest, readManifest } from "./manifest.js";
import { fileName } from "./names.js";
import { keysOfLine, type LayoutKind, type PartLine } from "./part-disk.js";
import { readPart } from "./part-file.js";
import { WHOLE } from "./version.js";

interface Listing {
  readonly isWhole: boolean;
  readonly sequence: number;
  /** 0: not known. */
  readonly store: number;
  readonly layout: LayoutKind | null;
  readonly partitionBy: string | null;
  readonly meta: readonly (readonly [Key, Json])[];
  readonly lines: readonly Json[];
}

/** `collections`: those that models name, and the fields that they are split by. */
export async function salvageFolder(
  folder: string,
  files: Files,
  collections: ReadonlyMap<string, string | null>,
  owner: Ownership,
  damage: Damage[],
): Promise<Salvaged> {
  const paths = {
    top: join(folder, "tenon.json"),
    journal: join(folder, "tenon.journal"),
    registry: join(folder, "registry.json"),
  };
  const journal = await journalHead(paths.journal, files, damage);
  const found = await listing(paths.top, files, damage);
  const claim =
    found?.isWhole === true ? { file: paths.top, store: found.store, database: owner.databaseOf(found.meta) } : null;
  const store = storeOf(
    claim,
    journal === null ? null : { file: paths.journal, store: journal.store, database: "" },
    owner,
    paths.registry,
  );
  const isOurs = claim === null || store === 0 || claim.store === store;
  if (!isOurs) add(damage, { file: paths.top, offset: null, what: "it belongs to another database: left out" });
  const top = isOurs ? found : null;
  const search = new Search(folder, files, store, damage);
  const layout = await layoutOf(folder, files, [...collections.keys()]);
  for (const [collection, splitBy] of collections) await search.collection(collection, splitBy, layout, top);
  const base = top?.isWhole === true ? top.sequence : 0;
  const commits =
    journal === null ? [] : salvageJournal(paths.journal, journal.bytes, store, Math.max(base, journal.base), damage);
  return {
    meta: top?.meta ?? [],
    parts: search.parts,
    base,
    bases: search.bases,
    commits,
    files: [paths.top, paths.journal, paths.registry, ...search.files],
  };
}

/** What a folder is a database of; a manifest says so, or the files show it. */
export async function layoutOf(folder: string, files: Files, collections: readonly string[]): Promise<LayoutKind> {
  const top = await listing(join(folder, "tenon.json"), files, []);
  if (top?.layout != null) return top.layout;
  for (const collection of collections) {
    const names = await files.list(join(folder, fileName(collection)));
    if (names.some((name) => name === "meta.json" || SHARD.test(name))) return "shards";
  }
  const journal = await journalHead(join(folder, "tenon.journal"), files, []);
  const commits = journal === null ? [] : salvageJournal("", journal.bytes, journal.store, 0, []);
  const split = commits.some(({ groups }) => groups.some(([, , , name]) => name !== undefined && name !== "default"));
  return split ? "shards" : "folder";
}

const SHARD = /^shard_.*\.json(\.gz)?$/s;

class Search {
  readonly parts: SalvagedPart[] = [];
  readonly bases = new Map<string, number>();
  readonly files: string[] = [];
  readonly #folder: string;
  readonly #disk: Files;
  readonly #store: number;
  readonly #damage: Damage[];

  constructor(folder: string, disk: Files, store: number, damage: Damage[]) {
    this.#folder = folder;
    this.#disk = disk;
    this.#store = store;
    this.#damage = damage;
  }

  async collection(name: string, splitBy: string | null, layout: LayoutKind, top: Listing | null): Promise<void> {
    const lines = (top?.lines ?? []).map(asLine).filter((line) => line?.collection === name) as Partial<PartLine>[];
    const isListed = top?.isWhole === true && lines.length > 0;
    if (layout === "folder") {
      await this.#take(name, lines, isListed, () => WHOLE);
      return;
    }
    const path = join(this.#folder, fileName(name), "meta.json");
    const meta = await listing(path, this.#disk, this.#damage);
    if (meta !== null) this.files.push(path);
    else if (isListed) add(this.#damage, { file: path, offset: null, what: "it is missing" });
    const isOurs = meta !== null && (this.#store === 0 || meta.store === this.#store || !meta.isWhole);
    if (meta !== null && !isOurs)
      add(this.#damage, { file: path, offset: null, what: "it belongs to another database" });
    const isNewest = isListed && (meta?.sequence ?? 0) >= (lines[0]?.sequence ?? 0);
    if (meta?.isWhole === true && isListed && !isNewest)
      add(this.#damage, { file: path, offset: null, what: "it is an older one" });
    const isBelieved = meta?.isWhole === true && isOurs && isNewest;
    this.bases.set(name, isBelieved ? meta.sequence : 0);
    const isSplitSo = isBelieved && meta.partitionBy === splitBy;
    const listed = isOurs ? (meta.lines.map(asLine).filter((line) => line !== null) as Partial<PartLine>[]) : [];
    await this.#take(name, listed, isBelieved, (line) => (isSplitSo ? (line.partition ?? null) : null));
  }

  /** `isAll`: there are no other files than those listed. */
  async #take(
    name: string,
    lines: readonly Partial<PartLine>[],
    isAll: boolean,
    partitionOf: (line: Partial<PartLine>) => string | null,
  ): Promise<void> {
    const byFile = new Map(
      lines.flatMap((line) => (typeof line.file === "string" ? [[line.file, line] as const] : [])),
    );
    if (!isAll) for (const file of await this.#lying(name)) if (!byFile.has(file)) byFile.set(file, {});
    for (const [file, line] of byFile) {
      const part = await this.#read(name, file, line, isAll);
      if (part !== null) this.parts.push({ ...part, partition: partitionOf(line) });
    }
  }

  /** Files at the places where this collection's may be. */
  async #lying(name: string): Promise<readonly string[]> {
    const base = fileName(name);
    const whole = new Set([`${base}.json`, `${base}.json.gz`]);
    const numbered = (file: string): boolean => whole.has(file.replace(/~\d+(?=\.json)/, ""));
    const beside = (await this.#disk.list(this.#folder)).filter(numbered);
    const inside = (await this.#disk.list(join(this.#folder, base))).filter((file) => SHARD.test(file));
    return [...beside, ...inside.map((file) => join(base, file))];
  }

  async #read(
    collection: string,
    file: string,
    line: Partial<PartLine>,
    isListed: boolean,
  ): Promise<Omit<SalvagedPart, "partition"> | null> {
    const path = join(this.#folder, file);
    const damage = this.#damage;
    const bad = (what: string): void => add(damage, { file: path, offset: null, what });
    const bytes = await this.#disk.read(path);
    if (bytes === null) {
      bad("it is missing");
      return null;
    }
    this.files.push(path);
    const listed = isListed ? (line.sequence ?? 0) : 0;
    try {
      const content = await readPart(this.#disk, path, collection);
      if (content === null) return null;
      const { foreign, store, sequence } = content;
      if (store !== 0 && this.#store !== 0 && store !== this.#store) {
        bad("it belongs to another database: left out");
        return null;
      }
      const isOld = !foreign && sequence < listed;
      if (isOld) bad(`it ends with commit ${sequence}, but commit ${listed} was written to it`);
      const docs = content.docs as Json[];
      const isSuspect = isOld || !isListed;
      return { file: path, collection, sequence: foreign ? listed : sequence, docs, keys: null, isSuspect };
    } catch (error) {
      noted(damage, error, path);
    }
    const left = salvageData(path, await unpackedBytes(path, bytes, damage), damage);
    const docs = left.collections.get(collection) ?? [];
    const keys = isListed && line.keys !== undefined ? new Set(keysOfLine(line as PartLine)) : null;
    // As many commits as the manifest says are inside; those of the journal that follow can be applied again.
    return { file: path, collection, sequence: listed, docs, keys, isSuspect: true };
  }
}

function asLine(value: Json): Partial<PartLine> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Partial<PartLine>) : null;
}

/** A manifest as far as it can be read; null when there is none. */
async function listing(path: string, files: Files, damage: Damage[]): Promise<Listing | null> {
  let manifest: Manifest | null;
  try {
    manifest = await readManifest(files, path);
  } catch (error) {
    noted(damage, error, path);
    return damagedListing(Buffer.from((await files.read(path)) ?? []));
  }
  if (manifest === null) return null;
  const { head } = manifest;
  const keys: Key[] = [];
  const values: Json[] = [];
  manifest.meta.cursor().take(manifest.meta.size, keys, values as never[]);
  return {
    isWhole: true,
    sequence: head.sequence,
    store: head.store,
    layout: head.layout,
    partitionBy: head.partitionBy ?? null,
    meta: keys.map((key, i) => [key, values[i]!] as const),
    lines: manifest.lines.flatMap((line) => parsed(line.toString("utf8")) ?? []),
  };
}

function damagedListing(bytes: Buffer): Listing {
  const meta: (readonly [Key, Json])[] = [];
  const lines: Json[] = [];
  const [head = "", ...rest] = bytes.toString("utf8").split("\n");
  for (const text of rest) {
    const value = parsed(text.endsWith(",") ? text.slice(0, -1) : text);
    if (Array.isArray(value) && value.length === 2) {
      const key: unknown = keyOfForm(value[0]!);
      if (typeof key === "string" && isPlainObject(value[1])) meta.push([key, value[1] as Json]);
    } else if (typeof value === "object" && value !== null) lines.push(value);
  }
  // Half of the word is enough; a list of lists is of shards.
  const isSplit = /"sha|rds"/.test(head) || lines.some((line) => asLine(line)?.file?.endsWith("meta.json"));
  const layout = isSplit ? "shards" : /"fol|der"/.test(head) ? "folder" : null;
  return { isWhole: false, sequence: 0, store: 0, layout, partitionBy: null, meta, lines };
}
