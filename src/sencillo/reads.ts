/** `find` and `findMany`: by `_id`, by a secondary index, or bucket by bucket; then copies, then populate. */
import type { Doc } from "../schema/model.js";
import { candidates } from "./columns.js";
import { type Matcher, matcherOf } from "./filter.js";
import { spaces } from "./keys.js";
import { populate } from "./populate.js";
import type { CollectionRecord, Located } from "./record.js";
import { watched } from "./regex-guard.js";
import type { Steps } from "./steps.js";
import type { Dynamic, Instructions } from "./types.js";
import { detached } from "./values.js";
import type { Work } from "./work.js";

export interface ReadSettings {
  readonly regexTimeoutMs: number;
}

export const collectionOf = (instructions: { readonly collection?: string | undefined }): string =>
  instructions.collection === undefined ? "default" : String(instructions.collection);

export function* find(work: Work, instructions: Instructions, settings: ReadSettings): Steps<Dynamic> {
  const found = yield* select(work, instructions, settings, true);
  if (found.length === 0) return undefined;
  found.length = 1;
  return (yield* delivered(work, found, instructions))[0];
}

export function* findMany(work: Work, instructions: Instructions, settings: ReadSettings): Steps<Dynamic[]> {
  const found = yield* selectSorted(work, instructions, settings);
  return yield* delivered(work, found, instructions);
}

function* delivered(work: Work, docs: readonly Doc[], instructions: Instructions): Steps<Dynamic[]> {
  const copies = docs.map((doc) => detached(doc) as Record<string, unknown>);
  if (instructions.populate !== undefined && instructions.populate !== null) {
    yield* populate(work, copies, instructions.populate);
  }
  return copies;
}

/** The stored documents themselves, by `_id` or as `sort` says. */
export function* selectSorted(work: Work, instructions: Instructions, settings: ReadSettings): Steps<Doc[]> {
  const found = yield* select(work, instructions, settings, false);
  if (typeof instructions.sort === "function") {
    // Equal ones stay in the order of their `_id`.
    return byId(found).sort(instructions.sort);
  }
  return byId(found);
}

function byId(docs: Doc[]): Doc[] {
  for (let i = 1; i < docs.length; i++) {
    if ((docs[i - 1]!._id as number) <= (docs[i]!._id as number)) continue;
    return docs.sort((a, b) => (a._id as number) - (b._id as number));
  }
  return docs;
}

/** Collects what matches, a run of documents at a time; false: no more is wanted. */
function collector(matcher: Matcher, settings: ReadSettings, onlyFirst: boolean) {
  const found: Doc[] = [];
  const run = (docs: readonly Doc[]): boolean => {
    for (let i = 0; i < docs.length; i++) {
      const doc = docs[i]!;
      if (!matcher.matches(doc)) continue;
      found.push(doc);
      if (onlyFirst) return false;
    }
    return true;
  };
  if (!matcher.risky) return { found, test: run };
  const test = (docs: readonly Doc[]): boolean => {
    for (let at = 0; at < docs.length; at += BATCH) {
      let more = true;
      watched(settings.regexTimeoutMs, () => {
        more = run(docs.slice(at, at + BATCH));
      });
      if (!more) return false;
    }
    return true;
  };
  return { found, test };
}

const named = ({ index }: Instructions) => (index === undefined || index === null ? null : index);

/** Documents that a `$regex` may take its time for. */
const BATCH = 512;

function* select(work: Work, instructions: Instructions, settings: ReadSettings, onlyFirst: boolean): Steps<Doc[]> {
  const collection = collectionOf(instructions);
  const matcher = matcherOf(instructions.filter, instructions.callback);
  const record = yield* work.require(collection);
  const index = named(instructions);
  const bucket = index === null ? null : work.requireBucket(collection, index);
  const { found, test } = collector(matcher, settings, onlyFirst);
  const by = lookup(record, matcher);
  if (by !== null) {
    test(inBucket(yield* known(work, collection, by), bucket?.no, onlyFirst));
    return found;
  }
  // Objects and lists are compared by their text.
  const equal = matcher.equalities.filter(({ value }) => typeof value !== "object" || value === null);
  for (const { no } of bucket === null ? work.buckets(collection) : [bucket]) {
    const space = spaces.docs(collection, no);
    if (!work.has(space)) yield* work.ready(space);
    const tree = record.odd ? null : work.unchanged(space);
    const few = tree === null ? null : candidates(tree, equal, matcher.ranges);
    if (few === null) work.eachRun(space, test);
    else test(few);
    if (onlyFirst && found.length > 0) return found;
  }
  return found;
}

type Equality = Matcher["equalities"][number];

/** The documents that an `_id` or an index knows to have a value. */
function* known(work: Work, collection: string, { field, text, value }: Equality): Steps<readonly Located[]> {
  if (field !== "_id") return yield* work.byText(collection, field, text);
  const one = yield* work.locate(collection, value);
  return one === null ? [] : [one];
}

function inBucket(located: readonly Located[], no: string | undefined, inOrder: boolean): Doc[] {
  const here = no === undefined ? located.slice() : located.filter((each) => each.no === no);
  if (inOrder && here.length > 1) here.sort((a, b) => (a.no < b.no || (a.no === b.no && a.key < b.key) ? -1 : 1));
  return here.map(({ doc }) => doc);
}

/** The equality of the filter that something knows the documents of; null: scan. */
function lookup(record: CollectionRecord, matcher: Matcher): Equality | null {
  if (record.odd || matcher.equalities.length === 0) return null;
  return (
    matcher.equalities.find(({ field, value }) => field === "_id" && typeof value === "number") ??
    matcher.equalities.find(({ field }) => field !== "_id" && record.fields.includes(field)) ??
    null
  );
}
