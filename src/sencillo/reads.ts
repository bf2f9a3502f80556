/** `find` and `findMany`: by `_id`, by a secondary index, or bucket by bucket; then copies, then populate. */
import type { Doc } from "../schema/model.js";
import { type Matcher, matcherOf } from "./filter.js";
import { populate } from "./populate.js";
import { watched } from "./regex-guard.js";
import type { Dynamic, Instructions } from "./types.js";
import { detached } from "./values.js";
import type { CollectionRecord, Located, Work } from "./work.js";

export interface ReadSettings {
  readonly regexTimeoutMs: number;
}

export const collectionOf = (instructions: { readonly collection?: string | undefined }): string =>
  instructions.collection === undefined ? "default" : String(instructions.collection);

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
  const found = await select(work, instructions, settings, false);
  if (!ascending(found)) found.sort((a, b) => (a._id as number) - (b._id as number));
  return typeof instructions.sort === "function" ? found.sort(instructions.sort) : found;
}

function ascending(docs: readonly Doc[]): boolean {
  for (let i = 1; i < docs.length; i++) if (!((docs[i - 1]!._id as number) <= (docs[i]!._id as number))) return false;
  return true;
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
  const named = instructions.index === undefined || instructions.index === null ? null : instructions.index;
  const bucket = named === null ? null : await work.requireBucket(collection, named);
  const found: Doc[] = [];
  const test = (docs: readonly Doc[]): void => {
    const run = (): void => {
      for (const doc of docs) {
        if (!matcher.matches(doc)) continue;
        found.push(doc);
        if (onlyFirst) return;
      }
    };
    if (matcher.risky) watched(settings.regexTimeoutMs, run);
    else run();
  };
  const candidates = await indexed(work, collection, record, matcher);
  if (candidates !== null) {
    const here = bucket === null ? candidates : candidates.filter(({ no }) => no === bucket.no);
    if (onlyFirst) here.sort((a, b) => (a.no < b.no || (a.no === b.no && a.key < b.key) ? -1 : 1));
    test(here.map(({ doc }) => doc));
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

/** The documents that one equality of the filter allows, when something knows them; null: scan. */
async function indexed(
  work: Work,
  collection: string,
  record: CollectionRecord,
  matcher: Matcher,
): Promise<Located[] | null> {
  if (record.odd) return null;
  const byId = matcher.equalities.find(({ field, value }) => field === "_id" && typeof value === "number");
  if (byId !== undefined) {
    const located = await work.locate(collection, byId.value);
    return located === null ? [] : [located];
  }
  const equality = matcher.equalities.find(({ field }) => record.fields.includes(field));
  if (equality === undefined) return null;
  return work.byText(collection, equality.field, equality.text);
}
