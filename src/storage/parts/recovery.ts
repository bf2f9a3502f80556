/**
 * Opening a folder: manifests, then the journal, partition by partition.
 *
 * A part file holds every commit up to the number in it, never a part of one; the journal names the partition of every change.
 * So each partition is completed by itself: its file, and from the journal what comes after the file. Only partitions that
 * the journal names, or whose files were edited, are loaded; of the others the manifest tells what must be resident.
 */
import { CorruptionError } from "../../base/errors.js";
import { decodeJson } from "../../schema/doc-codec.js";
import type { Doc, Json } from "../../schema/model.js";
import { Tree, type TreeEditor } from "../btree.js";
import type { Replayed } from "../journal.js";
import { Pace } from "../pace.js";
import type { Derived, Key, Space, StoredValue } from "../store.js";
import { readHead } from "./heads.js";
import { importCollection } from "./import.js";
import type { Manifest } from "./manifest.js";
import { entriesOfLine, keysOfLine, missing, type PartDisk, type PartLine } from "./part-disk.js";
import {
  Content,
  emptySpace,
  type Part,
  type Slot,
  type SpaceVersion,
  type StoredPart,
  uniqueOf,
  type Version,
  WHOLE,
  weightOf,
} from "./version.js";

/** Changes of one partition by one commit. */
interface Replay {
  readonly sequence: number;
  readonly puts: readonly Doc[];
  readonly deletes: readonly Key[];
}

/** By space, then by partition. */
type Replays = ReadonlyMap<string, ReadonlyMap<string, readonly Replay[]>>;

export interface RecoveryContext {
  readonly disk: PartDisk;
  readonly journal: string;
  readonly top: Manifest | null;
  readonly replayed: Replayed | null;
}

export async function recover(context: RecoveryContext, spaces: readonly Space[]): Promise<Version> {
  const { top, replayed } = context;
  const meta = new Map<string, TreeEditor<StoredValue>>();
  for (const space of spaces) {
    if (space.kind === "meta") meta.set(space.id, (top?.meta ?? Tree.empty<StoredValue>()).edit());
  }
  const known = new Map(spaces.filter((space) => space.kind === "docs").map((space) => [space.id, space]));
  const replays = sortReplays(context, known, meta);
  const opened = new Map<string, SpaceVersion>();
  for (const space of known.values()) {
    opened.set(space.id, await openSpace(context, space, replays.get(space.id) ?? new Map()));
  }
  const sequence = Math.max(top?.head.sequence ?? 0, replayed === null ? 0 : replayed.base + replayed.commits.length);
  return { sequence, meta: new Map([...meta].map(([id, editor]) => [id, editor.freeze()])), spaces: opened };
}

/** The journal's commits by partition; those of meta spaces are applied at once. */
function sortReplays(
  { top, replayed, journal }: RecoveryContext,
  spaces: ReadonlyMap<string, Space>,
  meta: ReadonlyMap<string, TreeEditor<StoredValue>>,
): Replays {
  const replays = new Map<string, Map<string, Replay[]>>();
  for (const { sequence, text } of replayed?.commits ?? []) {
    for (const [id, puts, deletes, partition] of decodeJson(text) as unknown as [string, Json[], Key[], string?][]) {
      const editor = meta.get(id);
      if (editor !== undefined) {
        if (sequence <= (top?.head.sequence ?? 0)) continue;
        for (const [key, value] of puts as unknown as [Key, StoredValue][]) editor.set(key, value);
        for (const key of deletes) editor.delete(key);
        continue;
      }
      if (!spaces.has(id)) {
        throw new CorruptionError("CORRUPTION.FORMAT", `${journal} holds changes of "${id}", which no model names`, {
          meta: { file: journal, what: `unknown collection ${id}` },
          fix: "open the database once with the models it was last used with, so that the journal is folded in",
        });
      }
      let ofSpace = replays.get(id);
      if (ofSpace === undefined) {
        ofSpace = new Map();
        replays.set(id, ofSpace);
      }
      const name = partition ?? WHOLE;
      const list = ofSpace.get(name);
      const replay: Replay = { sequence, puts: puts as Doc[], deletes };
      if (list === undefined) ofSpace.set(name, [replay]);
      else list.push(replay);
    }
  }
  return replays;
}

/** A space from its files and what the journal has beyond them. */
export async function openSpace(
  { disk, top }: Pick<RecoveryContext, "disk" | "top">,
  space: Space,
  replays: ReadonlyMap<string, readonly Replay[]>,
): Promise<SpaceVersion> {
  const partition = disk.settings.layout === "shards" ? (space.partition ?? null) : null;
  const empty = emptySpace(space, partition);
  const resident = new Resident(empty);
  const parts = new Map<string, Part>();
  const unlisted: Slot[] = [];
  const lines: { readonly line: PartLine; readonly slot: Slot }[] = [];
  const listed = disk.isListed(space.id);
  const onDisk = await disk.take(space.id, top?.head.sequence ?? 0, (line, slot) => lines.push({ line, slot }));
  if (!listed) await importCollection(disk, space, partition, parts);
  const resplit = onDisk.partitionBy !== (partition?.field ?? null) && lines.length > 0;
  onDisk.partitionBy = partition?.field ?? null;
  const pace = new Pace();
  for (const { line, slot } of lines) {
    const { stored } = slot;
    if (stored === null) continue;
    const asListed = !replays.has(slot.name) && !resplit && (await isAsListed(disk, stored));
    if (asListed && resident.addLine(line, slot.name)) {
      const content = new Content(null, stored.count, weightOf(stored.text, stored.count), true);
      parts.set(slot.name, { slot, content });
    } else unlisted.push(slot);
    if (pace.due()) await pace.turn();
  }
  for (const slot of unlisted) parts.set(slot.name, await loadPart(disk, empty, slot, replays.get(slot.name) ?? []));
  for (const [name, replay] of replays) {
    const part = parts.get(name) ?? { slot: disk.slot(space.id, name), content: Content.empty() };
    const from = part.slot.stored?.sequence ?? onDisk.sequence;
    parts.set(name, { slot: part.slot, content: replayedContent(space, part.content, replay, from) });
  }
  const open = resplit ? split(disk, empty, parts) : parts;
  for (const [name, { content }] of open) {
    if (content.docs !== null) await resident.addDocs(content.docs, name);
  }
  if (partition === null && !open.has(WHOLE))
    open.set(WHOLE, { slot: disk.slot(space.id, WHOLE), content: Content.empty() });
  const names = [...open.keys()].sort((a, b) => (a < b ? -1 : 1));
  return {
    ...empty,
    ...resident.freeze(),
    parts: Tree.fromSorted(
      names,
      names.map((name) => open.get(name)!),
    ),
  };
}

/** As far as its size and its first line tell. */
async function isAsListed(disk: PartDisk, stored: StoredPart): Promise<boolean> {
  const path = disk.path(stored.file);
  const head = await readHead(disk.files, path);
  if (head === null) throw missing(path, "it is missing");
  const isOurs = head.store === 0 || head.store === disk.store;
  return isOurs && head.bytes === stored.bytes && head.sequence === stored.sequence;
}

/** A partition from its file; what the manifest says about it is made anew when the file is another one by now. */
async function loadPart(disk: PartDisk, space: SpaceVersion, slot: Slot, replays: readonly Replay[]): Promise<Part> {
  const path = disk.path(slot.stored!.file);
  const { docs, sequence, text, foreign } = await disk.load(space.space, slot);
  if (foreign && replays.some((replay) => replay.sequence > sequence)) {
    throw missing(path, "it was edited by hand, and the journal has commits to it that would be lost");
  }
  const bytes = (await disk.files.size(path)) ?? 0;
  disk.relist(space, slot, docs, { sequence, text, bytes });
  return { slot, content: new Content(docs, docs.size, weightOf(text, docs.size), !foreign) };
}

function replayedContent(space: Space, content: Content, replays: readonly Replay[], from: number): Content {
  const docs = content.docs!.edit();
  let changed = false;
  for (const { sequence, puts, deletes } of replays) {
    if (sequence <= from) continue;
    changed = true;
    for (const key of deletes) docs.delete(key);
    for (const doc of puts) docs.set(space.keyOf(doc), doc);
  }
  if (!changed) return content;
  const tree = docs.freeze();
  const perDoc = content.count === 0 ? 1000 : content.weight / content.count;
  return new Content(tree, tree.size, tree.size * perDoc, false);
}

/** The same documents by another field than the one that the files were split by. */
function split(disk: PartDisk, space: SpaceVersion, parts: ReadonlyMap<string, Part>): Map<string, Part> {
  const editors = new Map<string, TreeEditor<StoredValue>>();
  let weight = 0;
  let count = 0;
  for (const { content } of parts.values()) {
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    content.docs!.cursor().take(content.count, keys, values);
    weight += content.weight;
    count += content.count;
    for (let i = 0; i < keys.length; i++) {
      const name = space.partition?.of(values[i]!) ?? WHOLE;
      let editor = editors.get(name);
      if (editor === undefined) {
        editor = Tree.empty<StoredValue>().edit();
        editors.set(name, editor);
      }
      editor.set(keys[i]!, values[i]!);
    }
  }
  const perDoc = count === 0 ? 0 : weight / count;
  const result = new Map<string, Part>();
  for (const name of new Set([...parts.keys(), ...editors.keys()])) {
    const tree = editors.get(name)?.freeze() ?? Tree.empty<StoredValue>();
    const content = new Content(tree, tree.size, tree.size * perDoc, false);
    result.set(name, { slot: disk.slot(space.space.id, name), content });
  }
  return result;
}

/** What stays in memory of a split space: where each key is, and the entries of unique indexes. */
export class Resident {
  readonly #directory: TreeEditor<string> | null;
  readonly #uniques: ReadonlyMap<Derived, TreeEditor<Key>>;

  constructor(space: SpaceVersion) {
    this.#directory = space.directory?.edit() ?? null;
    this.#uniques = new Map(
      space.directory === null ? [] : uniqueOf(space.space).map((derived) => [derived, Tree.empty<Key>().edit()]),
    );
  }

  /** False: the line does not tell all there is to know. */
  addLine(line: PartLine, partition: string): boolean {
    if (this.#directory === null) return true;
    const keys = keysOfLine(line);
    if (keys.length !== line.count) return false;
    const entries = [...this.#uniques].map(([derived, editor]) => ({ editor, of: entriesOfLine(line, keys, derived) }));
    if (entries.some(({ of }) => of === null)) return false;
    for (const key of keys) this.#directory.set(key, partition);
    for (const { editor, of } of entries) {
      for (let i = 0; i < keys.length; i++) for (const entry of of![i] ?? []) editor.set(entry, keys[i]!);
    }
    return true;
  }

  async addDocs(docs: Tree<StoredValue>, partition: string): Promise<void> {
    if (this.#directory === null) return;
    const pace = new Pace();
    const cursor = docs.cursor();
    for (let left = docs.size; left > 0; ) {
      const keys: Key[] = [];
      const values: StoredValue[] = [];
      left -= cursor.take(512, keys, values);
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!;
        this.#directory.set(key, partition);
        for (const [derived, editor] of this.#uniques) {
          for (const entry of derived.keys(values[i]!, key)) editor.set(entry, key);
        }
      }
      if (pace.due()) await pace.turn();
    }
  }

  freeze(): Pick<SpaceVersion, "directory" | "uniques"> {
    return {
      directory: this.#directory?.freeze() ?? null,
      uniques: new Map([...this.#uniques].map(([derived, editor]) => [derived, editor.freeze()])),
    };
  }
}
