/**
 * From rows to their related rows: one link per relation, prepared once. All parents are answered together, in one batch
 * per step. Parents with the same values share a group.
 */
import { valuesOf } from "../../query/document.js";
import { identityOf } from "../../query/order.js";
import type { Doc, RelationMeta } from "../../schema/model.js";
import type { Key, Range } from "../../storage/store.js";
import { AccessCursor, type Tally } from "./access.js";
import { type Catalog, type Collection, prefixReader, sequenceOn } from "./catalog.js";
import { type KeySequence, prefixRange } from "./indexes.js";
import type { ReadContext } from "./view.js";

/** For each parent the number of its group (-1: nothing can be related), for each group its rows. */
export interface Groups<T> {
  readonly of: readonly number[];
  readonly groups: readonly T[];
}

export interface LinkOptions {
  /** At most this many rows per group; the first ones in the order of the link's sequence. */
  readonly limit?: number | undefined;
  readonly reverse?: boolean | undefined;
}

export interface Link {
  readonly relation: RelationMeta;
  readonly target: Collection;
  /** Through which sequence rows of the target are found; null: all of them are read and compared. */
  readonly sequence: KeySequence | null;
  /** Whether groups come in the order of `sequence` and take LinkOptions. */
  readonly ordered: boolean;
  load(
    context: ReadContext,
    parents: readonly Doc[],
    tally: Tally,
    options?: LinkOptions,
  ): Promise<Groups<readonly Doc[]>>;
  /** How many rows are related, without reading them where possible. */
  count(context: ReadContext, parents: readonly Doc[], tally: Tally, most?: number): Promise<Groups<number>>;
}

const links = new WeakMap<Catalog, Map<RelationMeta, Link>>();

/** The link of a relation; made once per catalog. */
export function linkOf(catalog: Catalog, collection: Collection, relation: RelationMeta): Link {
  let known = links.get(catalog);
  if (known === undefined) {
    known = new Map();
    links.set(catalog, known);
  }
  let link = known.get(relation);
  if (link === undefined) {
    link = createLink(catalog, collection, relation);
    known.set(relation, link);
  }
  return link;
}

function createLink(catalog: Catalog, _collection: Collection, relation: RelationMeta): Link {
  const target = catalog.collection(relation.target);
  if (relation.through === null) return directLink(relation, target, relation.from, relation.to);
  return throughLink(catalog, relation, target, relation.through);
}

/** Numbers the distinct prefixes of the parents. */
function groupParents(
  parents: readonly Doc[],
  prefixOf: (doc: Doc) => Key | null,
): { readonly of: number[]; readonly prefixes: Key[] } {
  const of = new Array<number>(parents.length);
  const prefixes: Key[] = [];
  if (parents.length === 1) {
    const prefix = prefixOf(parents[0]!);
    of[0] = prefix === null ? -1 : 0;
    if (prefix !== null) prefixes.push(prefix);
    return { of, prefixes };
  }
  const numbers = new Map<Key, number>();
  for (let i = 0; i < parents.length; i++) {
    const prefix = prefixOf(parents[i]!);
    if (prefix === null) {
      of[i] = -1;
      continue;
    }
    let number = numbers.get(prefix);
    if (number === undefined) {
      number = prefixes.length;
      numbers.set(prefix, number);
      prefixes.push(prefix);
    }
    of[i] = number;
  }
  return { of, prefixes };
}

function rangesFor(prefixes: readonly Key[], reverse: boolean): Range[] {
  return prefixes.map((prefix) => (reverse ? { ...prefixRange(prefix), reverse } : prefixRange(prefix)));
}

/** The link from rows with `from` to rows of `target` with equal `to`; also used backwards, from parents to the rows that refer to them. */
export function directLink(
  relation: RelationMeta,
  target: Collection,
  from: readonly string[],
  to: readonly string[],
): Link {
  const sequence = sequenceOn(target, to);
  if (sequence === null) return scanLink(relation, target, from, to);
  const prefixOf = prefixReader(sequence, to, from);
  const byKey = sequence === target.key && sequence.columns.length === to.length;
  const byFirst = to.length === 1;
  return {
    relation,
    target,
    sequence,
    ordered: true,
    async load(context, parents, tally, options = {}) {
      const { of, prefixes } = groupParents(parents, prefixOf);
      if (prefixes.length === 0) return { of, groups: [] };
      let groups: readonly (readonly Doc[])[];
      if (byKey) {
        const docs = (await context.view.getMany(target.space, prefixes)) as readonly (Doc | undefined)[];
        groups = docs.map((doc) => (doc === undefined ? [] : [doc]));
      } else {
        const all = options.limit === undefined && options.reverse !== true;
        if (all && byFirst) {
          groups = await context.view.groups(sequence.space, prefixes);
          context.check();
          for (const group of groups) tally.read += group.length;
          return { of, groups };
        }
        const batches = await context.view.ranges(
          sequence.space,
          rangesFor(prefixes, options.reverse === true),
          options.limit,
        );
        groups = batches.map((batch) => batch.values);
      }
      context.check();
      for (const group of groups) tally.read += group.length;
      return { of, groups };
    },
    async count(context, parents, tally, most) {
      if (byKey) {
        const { of, groups } = await this.load(context, parents, tally);
        return { of, groups: groups.map((group) => group.length) };
      }
      const { of, prefixes } = groupParents(parents, prefixOf);
      const batches = await context.view.ranges(sequence.space, rangesFor(prefixes, false), most);
      context.check();
      for (const batch of batches) tally.read += batch.keys.length;
      return { of, groups: batches.map((batch) => batch.keys.length) };
    },
  };
}

async function countByLoading(
  link: Link,
  context: ReadContext,
  parents: readonly Doc[],
  tally: Tally,
): Promise<Groups<number>> {
  const { of, groups } = await link.load(context, parents, tally);
  return { of, groups: groups.map((group) => group.length) };
}

/** No sequence begins with the fields: every row of the target is read once and compared by value. */
function scanLink(relation: RelationMeta, target: Collection, from: readonly string[], to: readonly string[]): Link {
  const identity = (doc: Doc, fields: readonly string[]): string | null => {
    const values = valuesOf(doc, fields);
    return values.includes(null) ? null : JSON.stringify(values.map(identityOf));
  };
  return {
    relation,
    target,
    sequence: null,
    ordered: false,
    async load(context, parents, tally) {
      const { of, prefixes } = groupParents(parents, (doc) => identity(doc, from));
      const groups: Doc[][] = prefixes.map(() => []);
      const numbers = new Map(prefixes.map((prefix, number) => [prefix, number]));
      const cursor = new AccessCursor(context, target, wholeCollection(target), tally, null);
      for (let docs = await cursor.next(); docs !== null; docs = await cursor.next()) {
        for (const doc of docs) {
          const own = identity(doc, to);
          const number = own === null ? undefined : numbers.get(own);
          if (number !== undefined) groups[number]!.push(doc);
        }
      }
      return { of, groups };
    },
    count(context, parents, tally) {
      return countByLoading(this, context, parents, tally);
    },
  };
}

function wholeCollection(collection: Collection) {
  return {
    kind: "scan",
    sequence: collection.key,
    keys: [],
    ranges: [{ anyOrder: true }],
    partitions: null,
    answered: [],
    residual: null,
    ordered: true,
    afterBound: false,
    single: false,
  } as const;
}

/** Many to many: parents -> rows of the through model -> targets, each target once per parent, in key order. */
function throughLink(
  catalog: Catalog,
  relation: RelationMeta,
  target: Collection,
  through: NonNullable<RelationMeta["through"]>,
): Link {
  const middle = catalog.collection(through.model);
  const first = directLink(relation, middle, relation.from, through.from);
  const second = directLink(relation, target, through.to, relation.to);
  return {
    relation,
    target,
    sequence: first.sequence,
    ordered: false,
    async load(context, parents, tally) {
      const { of, groups: rows } = await first.load(context, parents, tally);
      const targets = await second.load(context, rows.flat(), tally);
      let next = 0;
      const groups = rows.map((group) => {
        const byKey = new Map<Key, Doc>();
        for (let i = 0; i < group.length; i++) {
          const number = targets.of[next++]!;
          if (number < 0) continue;
          for (const doc of targets.groups[number]!) byKey.set(target.keyOf(doc), doc);
        }
        return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, doc]) => doc);
      });
      return { of, groups };
    },
    count(context, parents, tally) {
      return countByLoading(this, context, parents, tally);
    },
  };
}
