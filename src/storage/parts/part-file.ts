/**
 * The file of one partition: a data file (json/format.ts) with one collection. Files of others are read, too: SencilloDB's
 * collection object `{ "__stats": …, bucket: [ … ] }`, its bare array of a shard, and `{ collection: … }`.
 */
import { isPlainObject } from "../../base/plain.js";
import { reviveJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import type { Tree } from "../btree.js";
import { compressed, fileSource } from "../file/source.js";
import type { Files } from "../files/files.js";
import { documentsOf, parseForeign } from "../json/foreign.js";
import { format } from "../json/format.js";
import { readOwnJson } from "../json/read.js";
import { writeJson } from "../json/write.js";
import { paced } from "../pace.js";
import type { StoredValue } from "../store.js";

export interface PartContent {
  /** 0 when it was made by others. */
  readonly sequence: number;
  readonly foreign: boolean;
  /** Number of the database that wrote it; 0: none. */
  readonly store: number;
  readonly docs: readonly unknown[];
  /** Characters of the text; an estimate for files of others. */
  readonly text: number;
}

/** Null: there is no such file. */
export async function readPart(
  files: Files,
  path: string,
  collection: string,
  atOnce?: number,
): Promise<PartContent | null> {
  const size = await files.size(path);
  if (size === null) return null;
  let text = 0;
  const plain = fileSource(files, path);
  async function* source() {
    text = 0;
    for await (const piece of plain()) {
      text += piece.length;
      yield piece;
    }
  }
  const content = await readOwnJson(source, { path, wanted: new Set([collection]) });
  if (content !== null) {
    const { sequence, store } = content;
    return { sequence, foreign: false, store, docs: content.documents.get(collection) ?? [], text };
  }
  const root = await parseForeign(source, { path, wanted: new Set(), ...(atOnce === undefined ? {} : { atOnce }) });
  const named = isPlainObject(root) && Object.hasOwn(root, collection) && !Object.hasOwn(root, "__stats");
  // Ours with a damaged first and last line would pass for a file by others, which has nothing else beside the collection.
  if (named && Object.keys(root as object).length > 1)
    throw format(
      path,
      0,
      `beside "${collection}" it holds what belongs to no collection`,
      "restore a backup or run `tenon db repair`; a file of your own holds nothing but the collection",
    );
  const docs = documentsOf(named ? (root as Record<string, unknown>)[collection] : root, path, collection);
  return { sequence: 0, foreign: true, store: 0, docs: docs.map((doc) => reviveJson(doc as Json, false)), text };
}

export interface Written {
  /** Characters of the text. */
  readonly text: number;
}

export async function writePart(
  files: Files,
  path: string,
  collection: string,
  part: {
    readonly sequence: number;
    readonly store: number;
    readonly docs: Tree<StoredValue>;
    readonly compression: boolean;
  },
): Promise<Written> {
  let text = 0;
  function* counted() {
    const { sequence, store, docs } = part;
    const collections = [{ name: collection, inserted: 0, docs }];
    for (const piece of writeJson({ sequence, store, meta: null, collections, others: new Map() })) {
      text += piece.length;
      yield piece;
    }
  }
  await files.replace(path, part.compression ? compressed(counted()) : paced(counted()));
  return { text };
}
