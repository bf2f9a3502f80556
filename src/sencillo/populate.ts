/** `populate`: replaces a value by the document that it refers to; one pass per rule, whatever the number of parents. */
import type { Doc } from "../schema/model.js";
import { ValidationError } from "./errors.js";
import { indexText, spaces } from "./keys.js";
import type { Steps } from "./steps.js";
import type { Populate } from "./types.js";
import { detached, put } from "./values.js";
import type { Work } from "./work.js";

type Row = Record<string, unknown>;

/** More values than this: one scan costs less than a look-up each. */
const FEW = 1000;

export function* populate(work: Work, rows: readonly Row[], rules: readonly Populate[]): Steps<void> {
  if (!Array.isArray(rules)) {
    throw new ValidationError("populate is not iterable: it must be a list of { field, collection, targetField }");
  }
  for (const rule of rules as readonly Populate[]) {
    const collection = String(rule.collection);
    const targetField = rule.targetField ?? "_id";
    const wanted = new Set<unknown>();
    for (const row of rows) if (refers(row, rule.field)) wanted.add(row[rule.field]);
    if (wanted.size === 0 || (yield* work.record(collection)) === null) continue;
    const related = yield* relatedDocs(work, collection, targetField, wanted);
    for (const row of rows) {
      if (!refers(row, rule.field)) continue;
      const target = related.get(row[rule.field]);
      // A copy each, so that no two results share what their receiver may change.
      if (target !== undefined) put(row, rule.field, detached(target));
    }
  }
}

/** Nothing, 0, "" and lists refer to nothing. */
function refers(row: Row, field: string): boolean {
  if (!Object.hasOwn(row, field)) return false;
  const value = row[field];
  return Boolean(value) && typeof value !== "object";
}

/** The first document per value, in the order of buckets and positions. */
function* relatedDocs(
  work: Work,
  collection: string,
  field: string,
  wanted: ReadonlySet<unknown>,
): Steps<Map<unknown, Doc>> {
  const related = new Map<unknown, Doc>();
  const record = yield* work.require(collection);
  if (field === "_id" && !record.odd) {
    for (const id of wanted) {
      const located = work.locateNow(collection, id) ?? (yield* work.locate(collection, id));
      if (located !== null) related.set(id, located.doc);
    }
    return related;
  }
  if (record.fields.includes(field) && !record.odd && wanted.size <= FEW) {
    for (const value of wanted) {
      const text = indexText(value);
      const located = text === null ? [] : yield* work.byText(collection, field, text);
      const matching = located.filter(({ doc }) => doc[field] === value);
      matching.sort((a, b) => (a.no < b.no || (a.no === b.no && a.key < b.key) ? -1 : 1));
      if (matching[0] !== undefined) related.set(value, matching[0].doc);
    }
    return related;
  }
  for (const { no } of work.buckets(collection)) {
    const space = spaces.docs(collection, no);
    if (!work.has(space)) yield* work.ready(space);
    work.eachRun(space, (docs) => {
      for (const doc of docs) {
        if (!Object.hasOwn(doc, field)) continue;
        const value = doc[field];
        if (wanted.has(value) && !related.has(value)) related.set(value, doc);
      }
      return related.size < wanted.size;
    });
    if (related.size === wanted.size) return related;
  }
  return related;
}
