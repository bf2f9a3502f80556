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
    let before: IndexRun | null = null;
    eachLeaf(trees.indexes, (values, keys, leaf) => {
      for (const run of indexRunsOf(values, keys, leaf)) {
        const list = lists.get(run.field);
        if (list === undefined) continue;
        // The last text of one leaf may be the first of the next.
        const goesOn = before?.field === run.field && before.last === run.first;
        const more = goesOn ? `,${run.lists.slice(run.first.length + ":[".length)}` : run.lists;
        lists.set(run.field, list === "" || goesOn ? list + more : `${list}],${more}`);
        before = run;
      }
      return true;
    });
  }
  const parts = [...lists].map(([field, list]) => `${JSON.stringify(field)}:{${list}${list === "" ? "" : "]"}}`);
  return `"__secondary_indexes":{${parts.join(",")}}`;
}

/** Entries of one field in one leaf. */
interface IndexRun {
  readonly field: string;
  /** As JSON. */
  readonly first: string;
  readonly last: string;
  /** `text:[ids],text:[ids`, without the last bracket. */
  readonly lists: string;
}

/** Entries of leaves that were written before. */
const indexRunsKnown = new WeakMap<object, readonly IndexRun[]>();

function indexRunsOf(values: readonly Doc[], keys: readonly Key[], leaf: object): readonly IndexRun[] {
  let runs = indexRunsKnown.get(leaf);
  if (runs === undefined) {
    runs = runsOf(values, keys);
    indexRunsKnown.set(leaf, runs);
  }
  return runs;
}

function runsOf(values: readonly Doc[], keys: readonly Key[]): readonly IndexRun[] {
  const runs: IndexRun[] = [];
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!;
    const [field, value] = decodeKey(key.slice(0, key.lastIndexOf("\0") + 1)) as [string, string];
    const [text, id] = [JSON.stringify(value), JSON.stringify(values[at]!.i)];
    const run = runs.at(-1);
    if (run?.field !== field) runs.push({ field, first: text, last: text, lists: `${text}:[${id}` });
    else {
      const lists = run.last === text ? `${run.lists},${id}` : `${run.lists}],${text}:[${id}`;
      runs[runs.length - 1] = { field, first: run.first, last: text, lists };
    }
  }
  return runs;
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
