/**
 * The files of a database in a folder.
 *
 *   folder   <collection>.json[.gz]                             one file per collection, listed in tenon.json
 *   shards   <collection>/shard_<partition>.json[.gz]           listed in <collection>/meta.json, those in tenon.json
 *   both     tenon.json tenon.journal registry.json tenon.lock
 *
 * A checkpoint writes changed files, then the manifests that list them, then removes what is no longer listed. Every file
 * says which commits it holds, so whatever a crash leaves is completed by the journal: see recovery.ts.
 */
import { dirname, join } from "node:path";
import { CorruptionError } from "../../base/errors.js";
import { decodeJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import type { Tree } from "../btree.js";
import { docsTree } from "../docs-tree.js";
import type { Files } from "../files/files.js";
import type { Derived, Key, Space, StoredValue } from "../store.js";
import { keyForm, keyOfForm, type Manifest, readManifest, writeManifest } from "./manifest.js";
import { fileName, freeName } from "./names.js";
import { readPart, writePart } from "./part-file.js";
import { type Slot, type SpaceVersion, type StoredPart, uniqueOf } from "./version.js";

export type LayoutKind = "folder" | "shards";

export interface DiskSettings {
  readonly folder: string;
  readonly layout: LayoutKind;
  readonly compression: boolean;
  readonly files: Files;
}

/** A collection as its files are. */
export interface OnDisk {
  readonly collection: string;
  readonly slots: Map<string, Slot>;
  partitionBy: string | null;
  /** Every commit up to this one is in the files that are listed. */
  sequence: number;
  /** Whether the manifest no longer says what the files are. */
  stale: boolean;
  /** shards: it has a meta.json, so that whatever else lies beside it is no part of it, even when it lists nothing. */
  listed: boolean;
}

export interface PartLine {
  readonly collection: string;
  readonly partition: string;
  readonly file: string;
  readonly sequence: number;
  readonly count: number;
  readonly bytes: number;
  readonly text: number;
  /** Split spaces: the keys of the documents, and their entries in the unique indexes. */
  readonly keys?: readonly Json[];
  readonly unique?: { readonly [index: string]: readonly Json[] };
}

/** In the tenon.json of shards: the list of a collection. */
export interface ListLine {
  readonly collection: string;
  readonly file: string;
  readonly sequence: number;
}

export class PartDisk {
  readonly settings: DiskSettings;
  /** Number of the database. */
  store = 0;
  readonly collections = new Map<string, OnDisk>();
  /** Lines about collections that no model names. */
  readonly #others = new Map<string, Buffer[]>();
  /** Files that nothing lists any more, to be removed once the manifests say so. */
  readonly #obsolete = new Set<string>();
  /** Files that were about to be removed when a crash came: not there any more for whoever looks. See leftovers.ts. */
  leftovers: ReadonlySet<string> = new Set();

  constructor(settings: DiskSettings) {
    this.settings = settings;
  }

  get files(): Files {
    return this.settings.files;
  }

  path(...names: string[]): string {
    return join(this.settings.folder, ...names);
  }

  get manifest(): string {
    return this.path("tenon.json");
  }

  /** Remembers what the top manifest lists. */
  use(top: Manifest): void {
    for (const line of top.lines) {
      const { collection } = JSON.parse(line.toString("utf8")) as { collection: string };
      const known = this.#others.get(collection);
      if (known === undefined) this.#others.set(collection, [line]);
      else known.push(line);
    }
  }

  /** Names of the files in a directory of this folder. */
  async names(dir: string): Promise<readonly string[]> {
    const names = await this.files.list(this.path(dir));
    return this.leftovers.size === 0 ? names : names.filter((name) => !this.leftovers.has(join(dir, name)));
  }

  isListed(collection: string): boolean {
    return this.#others.has(collection);
  }

  get listed(): readonly string[] {
    return [...this.#others.keys()];
  }

  /** Lines about collections that no model names. */
  get unnamed(): readonly Buffer[] {
    return [...this.#others.values()].flat();
  }

  /** What the files of the collections that a model names hold, as far as they were looked at. */
  *known(): Generator<{ readonly file: string; readonly sequence: number }, void, undefined> {
    for (const { collection, slots, sequence, listed } of this.collections.values()) {
      if (listed && this.settings.layout === "shards") yield { file: this.#metaOf(collection), sequence };
      for (const { stored } of slots.values()) if (stored !== null) yield stored;
    }
  }

  /** The listed files of a collection; from now on it is one that a model names. `lines` goes through every line. */
  async take(collection: string, topSequence: number, line: (part: PartLine, slot: Slot) => void): Promise<OnDisk> {
    const lines = this.#others.get(collection) ?? [];
    const found: OnDisk = { ...unlisted(collection), sequence: topSequence, listed: lines.length > 0 };
    this.#others.delete(collection);
    this.collections.set(collection, found);
    let parts: readonly Buffer[] = lines;
    if (this.settings.layout === "shards" && lines[0] !== undefined) {
      const listed = JSON.parse(lines[0].toString("utf8")) as ListLine;
      const meta = await readManifest(this.files, this.path(listed.file));
      if (meta === null) throw missing(this.path(listed.file), "it is missing");
      if (meta.head.sequence < listed.sequence) {
        throw missing(this.path(listed.file), `it ends with commit ${meta.head.sequence}, not ${listed.sequence}`);
      }
      if (meta.head.store !== this.store) throw missing(this.path(listed.file), "it belongs to another database");
      // A crash before tenon.json was written: only this one knows what was to be removed then.
      if (meta.head.sequence > listed.sequence) for (const file of meta.head.removing ?? []) this.#obsolete.add(file);
      found.sequence = meta.head.sequence;
      found.partitionBy = meta.head.partitionBy ?? null;
      parts = meta.lines;
    }
    for (const text of parts) {
      const part = decodeJson(text.toString("utf8")) as unknown as PartLine;
      const { file, sequence, count, bytes } = part;
      const stored: StoredPart = { file, sequence, count, bytes, text: part.text, line: text };
      const slot: Slot = { space: collection, name: part.partition, stored };
      found.slots.set(part.partition, slot);
      this.#obsolete.delete(file);
      line(part, slot);
    }
    return found;
  }

  slot(collection: string, partition: string): Slot {
    const onDisk = this.#onDisk(collection);
    let slot = onDisk.slots.get(partition);
    if (slot === undefined) {
      slot = { space: collection, name: partition, stored: null };
      onDisk.slots.set(partition, slot);
    }
    return slot;
  }

  /** The documents of a slot's file, and whether the file is still the one that the manifest tells of. */
  async load(
    space: Space,
    slot: Slot,
  ): Promise<{ docs: Tree<StoredValue>; sequence: number; text: number; asListed: boolean; foreign: boolean }> {
    const stored = slot.stored!;
    const path = this.path(stored.file);
    const content = await readPart(this.files, path, space.id);
    if (content === null) throw missing(path, "it is missing");
    if (content.store !== 0 && content.store !== this.store) throw missing(path, "it belongs to another database");
    const sequence = content.foreign ? stored.sequence : content.sequence;
    if (sequence < stored.sequence) {
      throw missing(path, `it ends with commit ${sequence}, but commit ${stored.sequence} was written to it`);
    }
    const docs = await docsTree(space, content.docs, path);
    const asListed = !content.foreign && sequence === stored.sequence && docs.size === stored.count;
    return { docs, sequence, text: content.text, asListed, foreign: content.foreign };
  }

  /** Makes `docs` what the slot's file holds. */
  async write(space: SpaceVersion, slot: Slot, docs: Tree<StoredValue>, sequence: number): Promise<void> {
    const onDisk = this.#onDisk(slot.space);
    onDisk.slots.set(slot.name, slot);
    const old = slot.stored;
    if (docs.size === 0 && space.partition !== null) {
      if (old !== null) this.#obsolete.add(old.file);
      slot.stored = null;
      onDisk.stale = true;
      return;
    }
    const file = this.#fileOf(slot, old);
    const path = this.path(file);
    if (this.settings.layout === "shards") await this.files.makeDir(this.path(fileName(slot.space)));
    const { compression } = this.settings;
    const { store } = this;
    const { text } = await writePart(this.files, path, slot.space, { sequence, store, docs, compression });
    const bytes = (await this.files.size(path)) ?? 0;
    if (old !== null && old.file !== file) this.#obsolete.add(old.file);
    this.#obsolete.delete(file);
    const line = lineOf(
      { collection: slot.space, partition: slot.name, file, sequence, count: docs.size, bytes, text },
      space,
      docs,
    );
    slot.stored = { file, sequence, count: docs.size, bytes, text, line };
    onDisk.stale = true;
  }

  /** The line of a stored slot made anew: what the manifest keeps about it has changed, or the file was edited. */
  relist(
    space: SpaceVersion,
    slot: Slot,
    docs: Tree<StoredValue>,
    found: { sequence: number; text: number; bytes: number },
  ): void {
    const { file } = slot.stored!;
    const { sequence, text, bytes } = found;
    const line = lineOf(
      { collection: slot.space, partition: slot.name, file, sequence, count: docs.size, bytes, text },
      space,
      docs,
    );
    slot.stored = { file, sequence, count: docs.size, bytes, text, line };
    this.#onDisk(slot.space).stale = true;
  }

  /** Whether a manifest no longer says what the files are. */
  get stale(): boolean {
    return [...this.collections.values()].some((collection) => collection.stale);
  }

  /** Forgets a collection; its files go with the next manifests. */
  drop(collection: string): void {
    const onDisk = this.collections.get(collection);
    if (onDisk === undefined) return;
    for (const { stored } of onDisk.slots.values()) if (stored !== null) this.#obsolete.add(stored.file);
    if (this.settings.layout === "shards") this.#obsolete.add(this.#metaOf(collection));
    this.collections.delete(collection);
  }

  obsolete(file: string): void {
    this.#obsolete.add(file);
  }

  /** Writes the manifests and removes what they no longer list. */
  async list(sequence: number, meta: Tree<StoredValue> | null): Promise<void> {
    const { layout } = this.settings;
    const { store } = this;
    const lines: Buffer[] = [];
    for (const onDisk of this.collections.values()) {
      const { collection, partitionBy } = onDisk;
      const parts = [...onDisk.slots.values()].flatMap(({ stored }) => (stored === null ? [] : [stored.line]));
      if (layout === "folder") lines.push(...parts);
      else if (onDisk.listed || onDisk.stale) {
        const file = this.#metaOf(collection);
        this.#obsolete.delete(file);
        if (onDisk.stale) {
          await this.files.makeDir(this.path(fileName(collection)));
          const removing = [...this.#obsolete].filter((name) => dirname(name) === dirname(file));
          const head = { sequence, store, layout, partitionBy, ...(removing.length > 0 ? { removing } : {}) };
          await writeManifest(this.files, this.path(file), head, null, parts);
          onDisk.sequence = sequence;
          onDisk.listed = true;
        }
        const line: ListLine = { collection, file, sequence: onDisk.sequence };
        lines.push(Buffer.from(JSON.stringify(line)));
      }
      onDisk.stale = false;
    }
    for (const others of this.#others.values()) lines.push(...others);
    const removing = [...this.#obsolete];
    const head = { sequence, store, layout, ...(removing.length > 0 ? { removing } : {}) };
    await writeManifest(this.files, this.manifest, head, meta, lines);
    for (const onDisk of this.collections.values()) if (layout === "folder") onDisk.sequence = sequence;
    for (const file of removing) {
      await this.files.remove(this.path(file));
      this.#obsolete.delete(file);
    }
  }

  #metaOf(collection: string): string {
    return join(fileName(collection), "meta.json");
  }

  #onDisk(collection: string): OnDisk {
    let onDisk = this.collections.get(collection);
    if (onDisk === undefined) {
      onDisk = unlisted(collection);
      this.collections.set(collection, onDisk);
    }
    return onDisk;
  }

  /** The file keeps its name; its ending follows the option. */
  #fileOf(slot: Slot, old: StoredPart | null): string {
    const ending = this.settings.compression ? ".json.gz" : ".json";
    if (old !== null) return old.file.replace(/\.json(\.gz)?$/, ending);
    const folder = this.settings.layout === "folder";
    const taken = new Set<string>();
    const peers = folder ? this.collections.values() : [this.#onDisk(slot.space)];
    for (const { slots } of peers) {
      for (const { stored } of slots.values()) {
        if (stored !== null) taken.add(stored.file.replace(/\.json(\.gz)?$/, "").toLowerCase());
      }
    }
    for (const file of this.#obsolete) taken.add(file.replace(/\.json(\.gz)?$/, "").toLowerCase());
    const name = folder ? fileName(slot.space) : join(fileName(slot.space), `shard_${fileName(slot.name)}`);
    return `${freeName(name, taken)}${ending}`;
  }
}

function unlisted(collection: string): OnDisk {
  return { collection, slots: new Map(), partitionBy: null, sequence: 0, stale: false, listed: false };
}

export function missing(path: string, what: string): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path} is not as it was written: ${what}`, {
    meta: { file: path, what },
    fix: "put the file back; to give its documents up, restore a backup or run `tenon db repair`",
  });
}

function lineOf(part: Omit<PartLine, "keys" | "unique">, space: SpaceVersion, docs: Tree<StoredValue>): Buffer {
  const head = JSON.stringify(part);
  if (space.partition === null) return Buffer.from(head);
  const keys: Key[] = [];
  const values: StoredValue[] = [];
  docs.cursor().take(docs.size, keys, values);
  const indexes = uniqueOf(space.space).map((derived) => {
    const entries = keys.map((key, i) => derived.keys(values[i]!, key).map((entry) => keyForm(prefixOf(entry, key))));
    return `${JSON.stringify(derived.space)}:[${entries.map((of) => `[${of.join(",")}]`).join(",")}]`;
  });
  return Buffer.from(`${head.slice(0, -1)},"keys":[${keys.map(keyForm).join(",")}],"unique":{${indexes.join(",")}}}`);
}

function prefixOf(entry: Key, key: Key): Key {
  return entry.slice(0, entry.length - key.length);
}

/** The keys that a line tells, and the entries of a unique index; null when it does not know that index. */
export function keysOfLine(line: PartLine): readonly Key[] {
  return (line.keys ?? []).map(keyOfForm);
}

export function entriesOfLine(
  line: PartLine,
  keys: readonly Key[],
  derived: Derived,
): readonly (readonly Key[])[] | null {
  const unique = line.unique ?? {};
  if (!Object.hasOwn(unique, derived.space)) return null;
  return unique[derived.space]!.map((prefixes, i) =>
    (prefixes as Json[]).map((prefix) => keyOfForm(prefix) + keys[i]!),
  );
}
