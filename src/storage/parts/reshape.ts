/**
 * The same documents under another set of spaces. A partition that is not in memory stays on disk, unless something of it
 * must become resident (a new unique index) or the space is split by another field now.
 */
import { Tree, type TreeEditor } from "../btree.js";
import type { Derived, Key, Partitioning, Space, StoredValue } from "../store.js";
import type { PartLoader } from "./loader.js";
import type { PartDisk } from "./part-disk.js";
import { openSpace, Resident } from "./recovery.js";
import { Content, type Part, partsOf, type SpaceVersion, uniqueOf, type Version } from "./version.js";

export interface ReshapeContext {
  readonly disk: PartDisk;
  readonly loader: PartLoader;
  /** Whether snapshots are open that may still want to read what goes. */
  readonly held: boolean;
}

export async function reshapeVersion(
  context: ReshapeContext,
  version: Version,
  spaces: readonly Space[],
): Promise<Version> {
  const { disk, loader, held } = context;
  const meta = new Map<string, Tree<StoredValue>>();
  const next = new Map<string, SpaceVersion>();
  for (const space of spaces) {
    if (space.kind === "meta") meta.set(space.id, version.meta.get(space.id) ?? Tree.empty<StoredValue>());
    if (space.kind !== "docs") continue;
    const partition = disk.settings.layout === "shards" ? (space.partition ?? null) : null;
    const old = version.spaces.get(space.id);
    if (old === undefined) next.set(space.id, await openSpace({ disk, top: null }, space, new Map()));
    else if ((old.partition?.field ?? null) === (partition?.field ?? null)) {
      next.set(space.id, await redefined(context, old, space, partition));
    } else next.set(space.id, await resplit(context, old, space, partition));
  }
  for (const old of version.spaces.values()) {
    if (next.has(old.space.id)) continue;
    // Snapshots that are open go on reading from memory what is removed from disk.
    if (held) for (const part of partsOf(old)) await keptInMemory(loader, old.space, part);
    disk.drop(old.space.id);
  }
  return { sequence: version.sequence, meta, spaces: next };
}

async function keptInMemory(loader: PartLoader, space: Space, part: Part): Promise<void> {
  part.content.docs = await loader.docs(space, part);
  part.content.superseded = true;
}

async function redefined(
  { disk, loader }: ReshapeContext,
  old: SpaceVersion,
  space: Space,
  partition: Partitioning | null,
): Promise<SpaceVersion> {
  const parts = partsOf(old);
  for (const { content } of parts) content.indexes = new Map();
  const base = { ...old, space, partition };
  if (partition === null) return base;
  const known = new Map([...old.uniques].map(([derived, tree]) => [derived.space, tree]));
  const fresh: Derived[] = [];
  const uniques = new Map<Derived, Tree<Key>>();
  for (const derived of uniqueOf(space)) {
    const tree = known.get(derived.space);
    if (tree === undefined) fresh.push(derived);
    uniques.set(derived, tree ?? Tree.empty<Key>());
  }
  if (fresh.length === 0) return { ...base, uniques };
  const editors = fresh.map((derived) => ({ derived, editor: Tree.empty<Key>().edit() }));
  for (const part of parts) {
    const docs = await loader.docs(old.space, part);
    addEntries(docs, editors);
    const { slot, content } = part;
    if (slot.stored !== null && content.clean) disk.relist(base, slot, docs, slot.stored);
  }
  for (const { derived, editor } of editors) uniques.set(derived, editor.freeze());
  return { ...base, uniques };
}

function addEntries(
  docs: Tree<StoredValue>,
  editors: readonly { readonly derived: Derived; readonly editor: TreeEditor<Key> }[],
): void {
  const keys: Key[] = [];
  const values: StoredValue[] = [];
  docs.cursor().take(docs.size, keys, values);
  for (let i = 0; i < keys.length; i++) {
    for (const { derived, editor } of editors) {
      for (const entry of derived.keys(values[i]!, keys[i]!)) editor.set(entry, keys[i]!);
    }
  }
}

/** Every document in its place by another field; all of them are in memory until the checkpoint that follows. */
async function resplit(
  { disk, loader }: ReshapeContext,
  old: SpaceVersion,
  space: Space,
  partition: Partitioning | null,
): Promise<SpaceVersion> {
  const editors = new Map<string, { readonly tree: TreeEditor<StoredValue>; weight: number }>();
  for (const part of partsOf(old)) {
    await keptInMemory(loader, old.space, part);
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    part.content.docs!.cursor().take(part.content.count, keys, values);
    const perDoc = part.content.weight / Math.max(1, part.content.count);
    editorFor(editors, part.slot.name);
    for (let i = 0; i < keys.length; i++) {
      const target = editorFor(editors, partition?.of(values[i]!) ?? "default");
      target.tree.set(keys[i]!, values[i]!);
      target.weight += perDoc;
    }
  }
  if (partition === null) editorFor(editors, "default");
  const resident = new Resident({
    ...old,
    space,
    partition,
    directory: partition === null ? null : Tree.empty<string>(),
  });
  const names = [...editors.keys()].sort((a, b) => (a < b ? -1 : 1));
  const parts: Part[] = [];
  for (const name of names) {
    const { tree, weight } = editors.get(name)!;
    const docs = tree.freeze();
    await resident.addDocs(docs, name);
    parts.push({ slot: disk.slot(space.id, name), content: new Content(docs, docs.size, weight, false) });
  }
  const onDisk = disk.collections.get(space.id);
  if (onDisk !== undefined) onDisk.partitionBy = partition?.field ?? null;
  return { space, partition, ...resident.freeze(), parts: Tree.fromSorted(names, parts) };
}

function editorFor(
  editors: Map<string, { readonly tree: TreeEditor<StoredValue>; weight: number }>,
  name: string,
): { readonly tree: TreeEditor<StoredValue>; weight: number } {
  let editor = editors.get(name);
  if (editor === undefined) {
    editor = { tree: Tree.empty<StoredValue>().edit(), weight: 0 };
    editors.set(name, editor);
  }
  return editor;
}
