/**
 * Uniqueness and foreign keys, checked at the end of a command against the view below it and the command's own changes:
 * one batch per constraint, nothing is awaited per row. The first violation in the order of the rows is reported.
 */
import { valuesOf } from "../../query/document.js";
import { equalValues, readPath } from "../../query/semantics.js";
import { missingParent, stillReferenced, uniqueViolation } from "../../query/violations.js";
import type { Doc } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import type { Key } from "../../storage/store.js";
import type { Collection, Reference } from "./catalog.js";
import { ignored } from "./find.js";
import { type CollectionIndex, prefixRange } from "./indexes.js";
import type { KeyDuplicate } from "./insert.js";
import { directLink, type Link } from "./links.js";
import type { RowChange, RowChanges } from "./row-changes.js";
import type { ReadContext } from "./view.js";

interface ReferenceLinks {
  /** From rows that refer to the rows they refer to. */
  readonly parents: Link;
  /** And back. */
  readonly children: Link;
}

const referenceLinks = new WeakMap<Reference, ReferenceLinks>();

export function linksOf(reference: Reference): ReferenceLinks {
  let links = referenceLinks.get(reference);
  if (links === undefined) {
    const { relation, child, parent } = reference;
    links = {
      parents: directLink(relation, parent, relation.from, relation.to),
      children: directLink(relation, child, relation.to, relation.from),
    };
    referenceLinks.set(reference, links);
  }
  return links;
}

/** Throws UniqueViolationError for the first written row whose key or unique values another row has. */
export async function checkUnique(
  context: ReadContext,
  changes: RowChanges,
  duplicate: KeyDuplicate | null = null,
): Promise<void> {
  for (const [collection, rows] of changes) {
    let first: { readonly row: number; readonly index: CollectionIndex; readonly doc: Doc } | null = null;
    for (const index of collection.indexes) {
      if (!index.index.unique) continue;
      const row = await firstDuplicate(context, index, rows);
      if (row !== null && (first === null || row.row < first.row)) first = { ...row, index };
    }
    if (first !== null && (duplicate === null || first.row < duplicate.row)) {
      throw indexViolation(collection, first.index, first.doc);
    }
  }
  if (duplicate !== null) throw duplicate.error;
}

export function indexViolation(collection: Collection, index: CollectionIndex, doc: Doc) {
  return uniqueViolation(
    collection.meta,
    index.index,
    index.index.paths.map((path) => readPath(doc, path)),
  );
}

async function firstDuplicate(
  context: ReadContext,
  index: CollectionIndex,
  rows: ReadonlyMap<Key, RowChange>,
): Promise<{ readonly row: number; readonly doc: Doc } | null> {
  const prefixes: Key[] = [];
  const written: { readonly row: number; readonly doc: Doc }[] = [];
  const gone = new Set<Key>();
  const seen = new Map<Key, number>();
  let first: { readonly row: number; readonly doc: Doc } | null = null;
  let row = -1;
  for (const { key, before, after } of rows.values()) {
    row++;
    const old = before === null ? null : index.prefix(before);
    const now = after === null || index.hasNull(after) ? null : index.prefix(after);
    if (old !== null && old !== now) gone.add(old + key);
    if (now === null || after === null) continue;
    const earlier = seen.get(now);
    // Inserted rows come one after the other, so the later of two is the one too many; updated ones change together.
    const named = before === null ? row : earlier;
    if (earlier === undefined) seen.set(now, row);
    else if (first === null || named! < first.row) first = { row: named!, doc: after };
    if (now === old) continue;
    prefixes.push(now);
    written.push({ row, doc: after });
  }
  if (prefixes.length === 0) return first;
  const batches = await context.view.ranges(index.space, prefixes.map(prefixRange));
  context.check();
  for (let i = 0; i < batches.length; i++) {
    const taken = batches[i]!.keys.some((entry) => !gone.has(entry));
    if (!taken) continue;
    const here = written[i]!;
    return first === null || here.row < first.row ? here : first;
  }
  return first;
}

/** Whether a row holds other values than before; equal dates and bytes need not be the same objects. */
function changed(fields: readonly string[], before: Doc, after: Doc): boolean {
  return fields.some((field) => !equalValues(before[field], after[field]));
}

function refersDifferently(fields: readonly string[], { before, after }: RowChange): boolean {
  if (after === null) return false;
  return before === null || changed(fields, before, after);
}

/** Throws ForeignKeyViolationError when a written row refers to nothing. */
export async function checkParents(context: ReadContext, changes: RowChanges): Promise<void> {
  for (const [collection, rows] of changes) {
    let first: { readonly row: number; readonly reference: Reference; readonly doc: Doc } | null = null;
    for (const reference of collection.references) {
      const { relation, parent } = reference;
      const written: Doc[] = [];
      const numbers: number[] = [];
      let row = -1;
      for (const change of rows.values()) {
        row++;
        if (!refersDifferently(relation.from, change)) continue;
        written.push(change.after!);
        numbers.push(row);
      }
      if (written.length === 0) continue;
      const { of, groups } = await linksOf(reference).parents.load(context, written, ignored);
      const own = changes.get(parent);
      const added = own === undefined ? null : new AddedParents(reference, own);
      for (let i = 0; i < written.length; i++) {
        if (of[i]! < 0) continue;
        const known = groups[of[i]!]!;
        if (added === null ? known.length > 0 : added.has(written[i]!, known)) continue;
        if (first === null || numbers[i]! < first.row) first = { row: numbers[i]!, reference, doc: written[i]! };
        break;
      }
    }
    if (first !== null) {
      const { relation } = first.reference;
      throw missingParent(collection.meta, relation, valuesOf(first.doc, relation.from));
    }
  }
}

/** Parents as they are after the command's own changes. */
class AddedParents {
  readonly #reference: Reference;
  readonly #changes: ReadonlyMap<Key, RowChange>;
  #values: Set<string> | null = null;

  constructor(reference: Reference, changes: ReadonlyMap<Key, RowChange>) {
    this.#reference = reference;
    this.#changes = changes;
  }

  /** Whether `child` has a parent: one of those known below the command that is still the same, or a written one. */
  has(child: Doc, known: readonly Doc[]): boolean {
    const { parent, relation } = this.#reference;
    const untouched = known.some((doc) => !this.#changes.has(parent.keyOf(doc)));
    return untouched || this.#written().has(identity(child, relation.from));
  }

  #written(): Set<string> {
    if (this.#values !== null) return this.#values;
    this.#values = new Set();
    for (const { after } of this.#changes.values()) {
      if (after !== null) this.#values.add(identity(after, this.#reference.relation.to));
    }
    return this.#values;
  }
}

function identity(doc: Doc, fields: readonly string[]): string {
  return encodeKey(valuesOf(doc, fields));
}

/** Throws ForeignKeyViolationError when a row that goes, or changes the values it is known by, leaves references behind. */
export async function checkChildren(context: ReadContext, changes: RowChanges): Promise<void> {
  for (const [collection, rows] of changes) {
    for (const reference of collection.referencedBy) {
      const { relation, child } = reference;
      const lost: Doc[] = [];
      for (const { before, after } of rows.values()) {
        if (before === null) continue;
        if (after === null || changed(relation.to, before, after)) lost.push(before);
      }
      if (lost.length === 0) continue;
      const { groups } = await linksOf(reference).children.load(context, lost, ignored);
      const ownChildren = changes.get(child);
      const added = new AddedParents(reference, rows);
      for (const doc of groups.flat()) {
        const change = ownChildren?.get(child.keyOf(doc));
        const now = change === undefined ? doc : change.after;
        // A row of the command whose reference changed was checked as a written row.
        if (now === null || (now !== doc && changed(relation.from, doc, now))) continue;
        if (added.has(now, [])) continue;
        throw stillReferenced(child.meta, relation, valuesOf(now, relation.from));
      }
    }
  }
}
