/** `find` and `findMany`: by `_id`, by a secondary index, or bucket by bucket; then copies, then populate. */
import type { Doc } from "../schema/model.js";
import { atHand } from "./at-hand.js";
import { type Matcher, matcherOf } from "./filter.js";
import { spaces } from "./keys.js";
import { populate } from "./populate.js";
import type { CollectionRecord, Located } from "./record.js";
import { watched } from "./regex-guard.js";
import type { Dynamic, Instructions } from "./types.js";
import { detached } from "./values.js";
import type { Work } from "./work.js";

export interface ReadSettings {
  readonly regexTimeoutMs: number;
}

export const collectionOf = (instructions: { readonly collection?: string | undefined }): string =>
  instructions.collection === undefined ? "default" : String(instructions.collection);

/** Without waiting, when everything is at hand; else null. */
export function findNow(work: Work, instructions: Instructions, settings: ReadSettings): { value: Dynamic } | null {
  if (instructions.populate !== undefined && instructions.populate !== null) return null;
  return atHand(() => {
    const found = selectNow(work, instructions, settings, true)[0];
    return found === undefined ? undefined : detached(found);
  });
}

export function findManyNow(
  work: Work,
  instructions: Instructions,
  settings: ReadSettings,
): { value: Dynamic[] } | null {
  if (instructions.populate !== undefined && instructions.populate !== null) return null;
  return atHand(() => sorted(selectNow(work, instructions, settings, false), instructions).map(detached));
}

export async function find(work: Work, instructions: Instructions, settings: ReadSettings): Promise<Dynamic> {
  const [found] = await select(work, instructions, settings, true);
  if (found === undefined) return undefined;
  return (await delivered(work, [found], instructions))[0];
}

export async function findMany(work: Work, instructions: Instructions, settings: ReadSettings): Promise<Dynamic[]> {
  const found = await selectSorted(work, instructions, settings);
  return delivered(work, found, instructions);
}

async function delivered(work: Work, docs: readonly Doc[], instructions: Instructions): Promise<Dynamic[]> {
  const copies = docs.map((doc) => detached(doc) as Record<string, unknown>);
  if (instructions.populate !== undefined && instructions.populate !== null) {
    await populate(work, copies, instructions.populate);
  }
  return copies;
}

/** The stored documents themselves, by `_id` or as `sort` says. */
export async function selectSorted(work: Work, instructions: Instructions, settings: ReadSettings): Promise<Doc[]> {
  return sorted(await select(work, instructions, settings, false), instructions);
}

function sorted(found: Doc[], instructions: Instructions): Doc[] {
  if (!ascending(found)) found.sort((a, b) => (a._id as number) - (b._id as number));
  return typeof instructions.sort === "function" ? found.sort(instructions.sort) : found;
}

function ascending(docs: readonly Doc[]): boolean {
  for (let i = 1; i < docs.length; i++) if (!((docs[i - 1]!._id as number) <= (docs[i]!._id as number))) return false;
  return true;
}

/** Collects what matches, a run of documents at a time. */
function collector(matcher: Matcher, settings: ReadSettings, onlyFirst: boolean) {
  const found: Doc[] = [];
  const run = (docs: readonly Doc[]): void => {
    for (let i = 0; i < docs.length; i++) {
      const doc = docs[i]!;
      if (!matcher.matches(doc)) continue;
      found.push(doc);
      if (onlyFirst) return;
    }
  };
  const test = matcher.risky ? (docs: readonly Doc[]) => watched(settings.regexTimeoutMs, () => run(docs)) : run;
  return { found, test };
}

const named = ({ index }: Instructions) => (index === undefined || index === null ? null : index);

const BATCH = 512;

function selectNow(work: Work, instructions: Instructions, settings: ReadSettings, onlyFirst: boolean): Doc[] {
  const { now } = work;
  const collection = collectionOf(instructions);
  const matcher = matcherOf(instructions.filter, instructions.callback);
  const record = now.require(collection);
  const index = named(instructions);
  const bucket = index === null ? null : now.requireBucket(collection, index);
  const { found, test } = collector(matcher, settings, onlyFirst);
  const by = lookup(record, matcher);
  if (by !== null) {
    const one = by.field === "_id" ? now.locate(collection, by.value) : null;
    const located = by.field === "_id" ? (one === null ? [] : [one]) : now.byText(collection, by.field, by.text);
    test(inBucket(located, bucket?.no, onlyFirst));
    return found;
  }
  // Everything must be there before the user's callback is asked for the first time.
  const trees = (bucket === null ? now.buckets(collection) : [bucket]).map(({ no }) =>
    now.tree(spaces.docs(collection, no)),
  );
  for (const tree of trees) {
    const cursor = tree.cursor();
    for (;;) {
      const docs: Doc[] = [];
      if (cursor.take(BATCH, [], docs) === 0) break;
      test(docs);
      if (onlyFirst && found.length > 0) return found;
    }
  }
  return found;
}

function inBucket(located: Located[], no: string | undefined, inOrder: boolean): Doc[] {
  const here = no === undefined ? located : located.filter((each) => each.no === no);
  if (inOrder && here.length > 1) here.sort((a, b) => (a.no < b.no || (a.no === b.no && a.key < b.key) ? -1 : 1));
  return here.map(({ doc }) => doc);
}

/** The equality of the filter that something knows the documents of; null: scan. */
function lookup(record: CollectionRecord, matcher: Matcher): Matcher["equalities"][number] | null {
  if (record.odd) return null;
  return (
    matcher.equalities.find(({ field, value }) => field === "_id" && typeof value === "number") ??
    matcher.equalities.find(({ field }) => field !== "_id" && record.fields.includes(field)) ??
    null
  );
}

async function select(
  work: Work,
  instructions: Instructions,
  settings: ReadSettings,
  onlyFirst: boolean,
): Promise<Doc[]> {
  const collection = collectionOf(instructions);
  const matcher = matcherOf(instructions.filter, instructions.callback);
  const record = await work.require(collection);
  const index = named(instructions);
  const bucket = index === null ? null : await work.requireBucket(collection, index);
  const { found, test } = collector(matcher, settings, onlyFirst);
  const by = lookup(record, matcher);
  if (by !== null) {
    const one = by.field === "_id" ? await work.locate(collection, by.value) : null;
    const located = by.field === "_id" ? (one === null ? [] : [one]) : await work.byText(collection, by.field, by.text);
    test(inBucket(located, bucket?.no, onlyFirst));
    return found;
  }
  for (const { no } of bucket === null ? await work.buckets(collection) : [bucket]) {
    for await (const batch of work.docs(collection, no)) {
      test(batch.values);
      if (onlyFirst && found.length > 0) return found;
    }
  }
  return found;
}
