/** A transaction's sight of the collections, and its hand on them: reads through the view, writes into the overlay. */
import type { WriteSession } from "../engine/embedded/writer.js";
import type { Doc, Json } from "../schema/model.js";
import type { Batch, Key, Maybe } from "../storage/store.js";
import { AtHand, NOT_LOADED } from "./at-hand.js";
import { CollectionNotFoundError, IndexNotFoundError } from "./errors.js";
import { BUCKETS, bucketKey, docKey, idKey, indexPrefix, RECORD_KEY, spaces } from "./keys.js";
import type { LiveTrees } from "./live-snapshot.js";
import type { Bucket, CollectionRecord, Located } from "./record.js";

const BATCH = 512;
const ALL = {};

export class Work {
  readonly #session: WriteSession;
  /** The same without waiting, for what is in memory. */
  readonly now: AtHand;

  constructor(session: WriteSession, trees: Pick<LiveTrees, "loaded">) {
    this.#session = session;
    this.now = new AtHand(session.overlay, trees);
  }

  get overlay(): WriteSession["overlay"] {
    return this.#session.overlay;
  }

  async get(space: string, key: Key): Promise<Doc | undefined> {
    const found = this.now.find(space, key);
    if (found !== NOT_LOADED) return found;
    return (await this.#session.view.getMany(space, [key]))[0];
  }

  getMany(space: string, keys: readonly Key[]): Maybe<readonly (Doc | undefined)[]> {
    return this.#session.view.getMany(space, keys);
  }

  set(space: string, key: Key, value: Json): void {
    this.overlay.stage(space, key, value as Doc, 0);
  }

  delete(space: string, key: Key): void {
    this.overlay.stage(space, key, undefined, 0);
  }

  /** Null when there is no such collection. */
  async record(collection: string): Promise<CollectionRecord | null> {
    const record = (await this.stored(collection)) ?? null;
    return record?.dropped === true ? null : record;
  }

  /** Also the record of a dropped one. */
  async stored(collection: string): Promise<CollectionRecord | undefined> {
    return (await this.get(spaces.meta(collection), RECORD_KEY)) as CollectionRecord | undefined;
  }

  async require(collection: string): Promise<CollectionRecord> {
    const record = await this.record(collection);
    if (record === null) throw new CollectionNotFoundError(collection);
    return record;
  }

  setRecord(collection: string, record: CollectionRecord): void {
    this.set(spaces.meta(collection), RECORD_KEY, Object.freeze(record) as unknown as Doc);
  }

  async bucketNo(collection: string, bucket: string): Promise<string | null> {
    const entry = await this.get(spaces.meta(collection), bucketKey(bucket));
    return entry === undefined ? null : (entry.no as string);
  }

  async requireBucket(collection: string, bucket: unknown): Promise<Bucket> {
    const name = typeof bucket === "string" || typeof bucket === "number" ? String(bucket) : null;
    const no = name === null ? null : await this.bucketNo(collection, name);
    if (name === null || no === null) throw new IndexNotFoundError(name ?? typeof bucket);
    return { name, no };
  }

  /** In the order in which a JavaScript object lists them. */
  async buckets(collection: string): Promise<readonly Bucket[]> {
    const { keys, values } = await this.range(spaces.meta(collection), BUCKETS);
    const buckets = keys.map((key, at) => ({ name: key.slice(1), no: values[at]!.no as string }));
    return buckets.sort((a, b) => (a.no < b.no ? -1 : 1));
  }

  async range(space: string, range: { readonly gte?: string; readonly lt?: string }): Promise<Batch> {
    return (await this.#session.view.ranges(space, [range]))[0]!;
  }

  docs(collection: string, no: string): AsyncIterableIterator<Batch> {
    return this.#session.view.scan(spaces.docs(collection, no), ALL, BATCH);
  }

  async locate(collection: string, id: unknown): Promise<Located | null> {
    const key = idKey(id);
    const entry = await this.get(spaces.ids(collection), key);
    if (entry === undefined) return null;
    const no = entry.b as string;
    const usual = docKey(id);
    if (usual !== null) {
      const doc = await this.get(spaces.docs(collection, no), usual);
      if (doc !== undefined) return { no, key: usual, doc };
    }
    const place = await this.get(spaces.places(collection, no), key);
    if (place === undefined) return null;
    const doc = await this.get(spaces.docs(collection, no), place.k as string);
    return doc === undefined ? null : { no, key: place.k as string, doc };
  }

  /** Documents whose indexed field has a value of this text, by `_id`. */
  async byText(collection: string, field: string, text: string): Promise<Located[]> {
    const gte = indexPrefix(field, text);
    const { values } = await this.range(spaces.indexes(collection), { gte, lt: `${gte}\uffff` });
    const located: Located[] = [];
    for (const { i } of values) {
      const one = await this.locate(collection, i);
      if (one !== null) located.push(one);
    }
    return located;
  }
}
