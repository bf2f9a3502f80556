/**
 * From a collection's trees to its entries in a file: see collection.ts. Text of leaves that were written before is kept: of a
 * large collection a commit changes a few. A leaf is the same object for as long as nothing in it changes.
 */
import { encodeJson } from "../schema/doc-codec.js";
import type { Doc } from "../schema/model.js";
import type { Tree } from "../storage/btree.js";
import { decodeKey } from "../storage/key.js";
import type { Key } from "../storage/store.js";
import { type CollectionTrees, escapeBucket, type Order } from "./collection.js";
import { BUCKETS, RECORD_KEY } from "./keys.js";
import { eachLeaf } from "./leaves.js";
import type { CollectionRecord } from "./record.js";
import type { TextWriter } from "./text.js";

function entriesOfTree(tree: Tree<Doc>): [Key, Doc][] {
  const keys: Key[] = [];
  const values: Doc[] = [];
  tree.cursor().take(tree.size, keys, values);
  return keys.map((key, at) => [key, values[at]!]);
}

export function bucketsOf(meta: Tree<Doc>): { readonly name: string; readonly no: string }[] {
  const keys: Key[] = [];
  const values: Doc[] = [];
  meta.collect(BUCKETS, Number.POSITIVE_INFINITY, keys, values);
  const buckets = keys.map((key, at) => ({ name: key.slice(1), no: values[at]!.no as string }));
  return buckets.sort((a, b) => (a.no < b.no ? -1 : 1));
}

export function orderOf(docs: Tree<Doc> | undefined, places: Tree<Doc> | undefined): Order {
  if (docs === undefined || places === undefined || places.size === 0) return [];
  const moved = new Set(entriesOfTree(places).map(([, { k }]) => k as Key));
  return entriesOfTree(docs).flatMap(([key], at): [number, Key][] => (moved.has(key) ? [[at, key]] : []));
}

/** `"__stats":{…}` of a collection. */
export function statsText(
  meta: Tree<Doc>,
  orders: readonly (readonly [no: string, Order])[],
  shards?: Readonly<Record<string, string>>,
): string {
  const record = meta.get(RECORD_KEY) as unknown as CollectionRecord;
  const moved = orders.filter(([, order]) => order.length > 0);
  const kept = {
    next: record.next,
    moves: record.moves,
    buckets: bucketsOf(meta).map(({ name, no }) => [name, no]),
    ...(moved.length === 0 ? {} : { order: Object.fromEntries(moved) }),
    ...(record.odd ? { odd: true } : {}),
    ...(record.dropped ? { dropped: true } : {}),
    ...(shards === undefined ? {} : { shards }),
  };
  return `"__stats":${JSON.stringify({ inserted: record.inserted, total: record.total, tenon: kept })}`;
}

/** `"__secondary_indexes":{…}`, or nothing when no field is indexed. */
export function fieldsText(trees: Pick<CollectionTrees, "meta" | "indexes">, withIds: boolean): string | null {
  const { fields } = trees.meta.get(RECORD_KEY) as unknown as CollectionRecord;
  if (fields.length === 0) return null;
  const lists = new Map<string, string>(fields.map((field) => [field, ""]));
  if (withIds) {
    let last: IndexEntry | null = null;
    eachLeaf(trees.indexes, (values, keys, leaf) => {
      for (const entry of indexEntriesOf(values, keys, leaf)) {
        const list = lists.get(entry.field);
        if (list === undefined) continue;
        // Entries of one text follow each other.
        if (last?.field === entry.field && last.text === entry.text) lists.set(entry.field, `${list},${entry.id}`);
        else lists.set(entry.field, `${list}${list === "" ? "" : "],"}${entry.text}:[${entry.id}`);
        last = entry;
      }
      return true;
    });
  }
  const parts = [...lists].map(([field, list]) => `${JSON.stringify(field)}:{${list}${list === "" ? "" : "]"}}`);
  return `"__secondary_indexes":{${parts.join(",")}}`;
}

interface IndexEntry {
  readonly field: string;
  /** As JSON. */
  readonly text: string;
  readonly id: string;
}

/** Entries of leaves that were written before, taken apart. */
const indexEntriesKnown = new WeakMap<object, readonly IndexEntry[]>();

function indexEntriesOf(values: readonly Doc[], keys: readonly Key[], leaf: object): readonly IndexEntry[] {
  let entries = indexEntriesKnown.get(leaf);
  if (entries === undefined) {
    entries = keys.map((key, at) => {
      const [field, text] = decodeKey(key.slice(0, key.lastIndexOf("\0") + 1)) as [string, string];
      return { field, text: JSON.stringify(text), id: JSON.stringify(values[at]!.i) };
    });
    indexEntriesKnown.set(leaf, entries);
  }
  return entries;
}

const idTexts = new WeakMap<object, string>();

/** `"__id_map":{…}`: `_id` -> bucket, as SencilloDB has it. */
export function idMapText(trees: Pick<CollectionTrees, "meta" | "ids">): string {
  const names = new Map(bucketsOf(trees.meta).map(({ name, no }) => [no, name]));
  const parts: string[] = [];
  eachLeaf(trees.ids, (values, keys, leaf) => {
    let text = idTexts.get(leaf);
    if (text === undefined) {
      text = keys.map((key, at) => idText(key, names.get(values[at]!.b as string))).join(",");
      // A number of a bucket never gets another name while the leaf is the same.
      idTexts.set(leaf, text);
    }
    parts.push(text);
    return true;
  });
  return `"__id_map":{${parts.join(",")}}`;
}

function idText(key: Key, bucket: string | undefined): string {
  return `${JSON.stringify(key.startsWith("x") ? key : key.slice(1))}:${JSON.stringify(bucket)}`;
}

export function bucketName(name: string): string {
  return JSON.stringify(escapeBucket(name));
}

const texts = new WeakMap<object, Buffer>();
/** Most text that is kept of one tree. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** The lines between `[` and `]`. */
export async function writeDocuments(out: TextWriter, docs: Tree<Doc> | undefined): Promise<void> {
  if (docs === undefined) return;
  const leaves: { readonly leaf: object; readonly values: readonly Doc[] }[] = [];
  eachLeaf(docs, (values, _, leaf) => leaves.push({ leaf, values }) > 0);
  let bytes = 0;
  for (let i = 0; i < leaves.length; i++) {
    const { leaf, values } = leaves[i]!;
    let text = texts.get(leaf);
    if (text === undefined) {
      text = Buffer.from(values.map((doc) => encodeJson(doc)).join(",\n"), "utf8");
      if (bytes < KEPT_BYTES) texts.set(leaf, text);
    }
    bytes += text.length;
    out.append(text);
    await out.add(i < leaves.length - 1 ? ",\n" : "\n");
  }
}
