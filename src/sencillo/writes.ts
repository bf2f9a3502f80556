/**
 * The operations that change something. Each checks and computes everything first, the user's functions included, and only
 * then stages: one that fails has changed nothing, also when its error is caught and the transaction goes on.
 */
import type { Doc, Json } from "../schema/model.js";
import type { Key } from "../storage/store.js";
import { DocumentNotFoundError, IndexNotFoundError, ValidationError } from "./errors.js";
import { bucketKey, bucketNo, docKey, idKey, indexKey, indexText, laterKey, spaces } from "./keys.js";
import { isTooLong } from "./names.js";
import { collectionOf, type ReadSettings, selectSorted } from "./reads.js";
import { type CollectionRecord, type Located, NEW_RECORD } from "./record.js";
import type { Steps } from "./steps.js";
import type { Dynamic, EnsureIndexInstructions, Instructions } from "./types.js";
import { detached, toStored } from "./values.js";
import type { Work } from "./work.js";

export interface WriteSettings extends ReadSettings {
  readonly stableIds: boolean;
}

interface Incoming {
  readonly data: unknown;
  readonly bucket: string;
}

const NO_DATA = "CREATE ERROR: no data given";

export function* create(work: Work, instructions: Instructions): Steps<Dynamic> {
  const item = incoming(instructions.data, instructions.index);
  return (yield* insert(work, collectionOf(instructions), [item]))[0];
}

export function* createMany(work: Work, instructions: Instructions): Steps<Dynamic[]> {
  const { data, index } = instructions;
  if (data === undefined || data === null || typeof data[Symbol.iterator] !== "function") {
    throw new ValidationError("data is not iterable: createMany needs a list of documents");
  }
  const items = [...(data as Iterable<unknown>)].map((each) => incoming(each, index));
  return items.length === 0 ? [] : yield* insert(work, collectionOf(instructions), items);
}

function incoming(data: unknown, index: unknown): Incoming {
  if (!data) throw new ValidationError(NO_DATA);
  return { data, bucket: bucketFor(index, data) ?? "default" };
}

/** The bucket that an `index` option names; null: it names none. */
function bucketFor(index: unknown, data: unknown): string | null {
  if (typeof index === "string") return index;
  return typeof index === "function" ? String(index(data)) : null;
}

function* insert(work: Work, collection: string, items: readonly Incoming[]): Steps<Dynamic[]> {
  refuseLong(collection, items);
  let record: CollectionRecord = (yield* work.stored(collection)) ?? NEW_RECORD;
  let { inserted } = record;
  const docs = items.map(({ data }) => toStored(data, ++inserted));
  record = { ...record, dropped: false, inserted, total: record.total + docs.length };
  const buckets = bucketsFor(work, collection, record, items);
  for (let i = 0; i < docs.length; i++) {
    const doc = docs[i]!;
    const no = buckets.numbers.get(items[i]!.bucket)!;
    const key = docKey(doc._id)!;
    work.set(spaces.docs(collection, no), key, doc);
    work.set(spaces.ids(collection), key, Object.freeze({ b: no }));
    addToIndexes(work, collection, record.fields, doc);
  }
  work.setRecord(collection, { ...record, next: buckets.next });
  return docs.map(detached);
}

function refuseLong(collection: string, items: readonly { readonly bucket: string }[]): void {
  const long = isTooLong(collection) ? collection : items.find(({ bucket }) => isTooLong(bucket))?.bucket;
  if (long === undefined) return;
  throw new ValidationError(`A collection or index cannot have the name "${long.slice(0, 40)}…": it is too long`);
}

/** The numbers of the buckets of these items; those that do not exist yet are made. */
function bucketsFor(
  work: Work,
  collection: string,
  record: CollectionRecord,
  items: readonly { readonly bucket: string }[],
): { readonly numbers: ReadonlyMap<string, string>; readonly next: number } {
  const numbers = new Map<string, string>();
  let { next } = record;
  for (const { bucket } of items) {
    if (numbers.has(bucket)) continue;
    let no = work.bucketNo(collection, bucket);
    if (no === null) {
      no = bucketNo(bucket, next);
      if (no.startsWith("n")) next++;
      work.set(spaces.meta(collection), bucketKey(bucket), Object.freeze({ no }));
    }
    numbers.set(bucket, no);
  }
  return { numbers, next };
}

function addToIndexes(work: Work, collection: string, fields: readonly string[], doc: Doc): void {
  for (const field of fields) addToIndex(work, collection, field, textOf(doc, field), doc._id);
}

function addToIndex(work: Work, collection: string, field: string, text: string | null, id: unknown): void {
  if (text !== null) work.set(spaces.indexes(collection), indexKey(field, text, id), Object.freeze({ i: id as Json }));
}

function removeFromIndexes(work: Work, collection: string, fields: readonly string[], doc: Doc): void {
  for (const field of fields) removeFromIndex(work, collection, field, textOf(doc, field), doc._id);
}

function removeFromIndex(work: Work, collection: string, field: string, text: string | null, id: unknown): void {
  if (text !== null) work.delete(spaces.indexes(collection), indexKey(field, text, id));
}

/** From one document to another with the same `_id`. */
function changeIndexes(work: Work, collection: string, fields: readonly string[], from: Doc, to: Doc): void {
  for (const field of fields) {
    const [before, after] = [textOf(from, field), textOf(to, field)];
    if (before === after) continue;
    removeFromIndex(work, collection, field, before, from._id);
    addToIndex(work, collection, field, after, to._id);
  }
}

function textOf(doc: Doc, field: string): string | null {
  return Object.hasOwn(doc, field) ? indexText(doc[field]) : null;
}

export function* update(work: Work, instructions: Instructions): Steps<Dynamic> {
  const { _id, data, index } = instructions;
  if (!_id) throw new ValidationError("UPDATE ERROR: no _id given");
  const collection = collectionOf(instructions);
  const record = yield* work.require(collection);
  const located = yield* work.locate(collection, _id);
  if (located === null) throw new DocumentNotFoundError(_id);
  const doc = toStored(data, _id);
  const bucket = targetBucket(index, data);
  if (bucket !== null) refuseLong(collection, [{ bucket }]);
  const no = bucket === null ? located.no : work.bucketNo(collection, bucket);
  changeIndexes(work, collection, record.fields, located.doc, doc);
  if (no === located.no) work.set(spaces.docs(collection, no), located.key, doc);
  else move(work, collection, record, located, bucket!, doc);
  return detached(doc);
}

/** `index` of an update: a bucket, a function, or `{ current, new }` of which `current` is not asked for. */
function targetBucket(index: unknown, data: unknown): string | null {
  if (typeof index === "object" && index !== null && "new" in index) return bucketFor(index.new, data);
  return bucketFor(index, data);
}

function move(work: Work, collection: string, record: CollectionRecord, from: Located, bucket: string, doc: Doc): void {
  const { numbers, next } = bucketsFor(work, collection, record, [{ bucket }]);
  const no = numbers.get(bucket)!;
  const moves = record.moves + 1;
  const key = laterKey(record.inserted, moves);
  const id = idKey(doc._id);
  takeOut(work, collection, from, id);
  work.set(spaces.docs(collection, no), key, doc);
  work.set(spaces.places(collection, no), id, Object.freeze({ k: key }));
  work.set(spaces.ids(collection), id, Object.freeze({ b: no }));
  work.setRecord(collection, { ...record, moves, next });
}

/** The document goes from its bucket. Only one that is not where its `_id` would put it has a place of its own. */
function takeOut(work: Work, collection: string, { no, key, doc }: Located, id: Key): void {
  work.delete(spaces.docs(collection, no), key);
  if (key !== docKey(doc._id)) work.delete(spaces.places(collection, no), id);
}

export function* destroy(work: Work, instructions: Instructions): Steps<Dynamic> {
  const { _id } = instructions;
  if (!_id) throw new ValidationError("DESTROY ERROR: no _id given");
  const collection = collectionOf(instructions);
  const record = yield* work.require(collection);
  const located = yield* work.locate(collection, _id);
  if (located === null) throw new DocumentNotFoundError(_id);
  const id = idKey(_id);
  takeOut(work, collection, located, id);
  work.delete(spaces.ids(collection), id);
  removeFromIndexes(work, collection, record.fields, located.doc);
  work.setRecord(collection, { ...record, total: record.total - 1 });
  return detached(located.doc);
}

export function* dropIndex(work: Work, instructions: Instructions): Steps<void> {
  const collection = collectionOf(instructions);
  const record = yield* work.require(collection);
  if (typeof instructions.index === "object" || typeof instructions.index === "function") {
    throw new IndexNotFoundError(typeof instructions.index);
  }
  const bucket = work.requireBucket(collection, instructions.index ?? "default");
  const docs = yield* allDocs(work, collection, bucket.no);
  for (const { key, doc } of docs) {
    work.delete(spaces.docs(collection, bucket.no), key);
    const id = idKey(doc._id);
    work.delete(spaces.places(collection, bucket.no), id);
    // Foreign files may hold one `_id` in two buckets.
    if (work.get(spaces.ids(collection), id)?.b === bucket.no) work.delete(spaces.ids(collection), id);
    removeFromIndexes(work, collection, record.fields, doc);
  }
  work.delete(spaces.meta(collection), bucketKey(bucket.name));
  work.setRecord(collection, { ...record, total: record.total - docs.length });
}

function* allDocs(work: Work, collection: string, no: string): Steps<{ key: string; doc: Doc }[]> {
  const space = spaces.docs(collection, no);
  if (!work.has(space)) yield* work.ready(space);
  const { keys, values } = work.range(space, {});
  return keys.map((key, at) => ({ key, doc: values[at] as Doc }));
}

export function* dropCollection(work: Work, instructions: Instructions, settings: WriteSettings): Steps<void> {
  const collection = collectionOf(instructions);
  const record = yield* work.require(collection);
  yield* clear(work, collection);
  if (settings.stableIds) work.setRecord(collection, { ...NEW_RECORD, inserted: record.inserted, dropped: true });
}

/** Deletes every entry that a collection has. */
function* clear(work: Work, collection: string): Steps<void> {
  const of = [spaces.meta(collection), spaces.ids(collection), spaces.indexes(collection)];
  for (const { no } of work.buckets(collection)) {
    of.push(spaces.docs(collection, no), spaces.places(collection, no));
  }
  for (const space of of) {
    if (!work.has(space)) yield* work.ready(space);
    const { keys } = work.range(space, {});
    for (const key of keys) work.delete(space, key);
  }
}

export function* rewriteCollection(work: Work, instructions: Instructions, settings: WriteSettings): Steps<void> {
  const collection = collectionOf(instructions);
  const { fields, inserted } = yield* work.require(collection);
  const { sort, index } = instructions;
  const docs = yield* selectSorted(work, sort === undefined ? { collection } : { collection, sort }, settings);
  const items = docs.map((doc) => ({ data: doc, bucket: bucketFor(index, detached(doc)) ?? "default" }));
  refuseLong(collection, items);
  yield* clear(work, collection);
  if (!settings.stableIds) {
    work.setRecord(collection, { ...NEW_RECORD, fields });
    if (items.length > 0) yield* insert(work, collection, items);
    return;
  }
  const record = { ...NEW_RECORD, fields, inserted, total: docs.length, moves: docs.length };
  const buckets = bucketsFor(work, collection, record, items);
  docs.forEach((doc, at) => {
    const no = buckets.numbers.get(items[at]!.bucket)!;
    const key = laterKey(inserted, at + 1);
    const id = idKey(doc._id);
    work.set(spaces.docs(collection, no), key, doc);
    work.set(spaces.places(collection, no), id, Object.freeze({ k: key }));
    work.set(spaces.ids(collection), id, Object.freeze({ b: no }));
    addToIndexes(work, collection, fields, doc);
  });
  work.setRecord(collection, { ...record, next: buckets.next });
}

export function* ensureIndex(work: Work, instructions: EnsureIndexInstructions): Steps<void> {
  const { field } = instructions;
  if (typeof field !== "string") throw new ValidationError("ENSURE INDEX ERROR: no field given");
  const collection = collectionOf(instructions);
  const record =
    instructions.collection === undefined
      ? yield* work.require(collection)
      : ((yield* work.record(collection)) ?? { ...((yield* work.stored(collection)) ?? NEW_RECORD), dropped: false });
  if (record.fields.includes(field)) return;
  refuseLong(collection, []);
  for (const { no } of work.buckets(collection)) {
    for (const { doc } of yield* allDocs(work, collection, no)) addToIndexes(work, collection, [field], doc);
  }
  work.setRecord(collection, { ...record, fields: [...record.fields, field] });
}
