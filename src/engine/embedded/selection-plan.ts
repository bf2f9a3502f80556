/**
 * A selection prepared for execution: the access path or the link that brings its rows, compiled filter and order, and
 * the same for everything that it populates. One object is executed and explained, so that explain cannot lie.
 */
import { compileFilter, type DocTest } from "../../query/evaluate.js";
import type { CountNode, Filter, FindQuery, PopulateNode, Selection } from "../../query/ir.js";
import { compileAfter, compileOrder, type DocComparator } from "../../query/order.js";
import { compileProjection } from "../../query/project.js";
import { allOf, collectKinds, conjuncts, isTrue } from "../../query/visit.js";
import type { Doc, RelationMeta } from "../../schema/model.js";
import type { AccessPlan } from "./access-plan.js";
import type { Catalog, Collection } from "./catalog.js";
import { type Link, type LinkOptions, linkOf } from "./links.js";
import { direction } from "./order-plan.js";
import { isPointQuery, planAccess } from "./planner.js";
import { RelatedCount, RelatedReads } from "./related-tests.js";
import type { ReadContext } from "./view.js";

/** How rows are tested: first what a row alone can answer, then what needs related rows. */
export interface FilterSteps {
  readonly filter: Filter;
  readonly own: DocTest | null;
  readonly related: { readonly test: DocTest; readonly reads: RelatedReads } | null;
}

/** How rows are put in order; `reads` must have loaded every row before `compare` sees it. */
export interface SortSteps {
  readonly compare: DocComparator;
  readonly reads: RelatedReads;
}

export interface SelectionPlan {
  readonly collection: Collection;
  readonly selection: Selection;
  readonly filter: FilterSteps | null;
  /** Null: rows come in order. */
  readonly sort: SortSteps | null;
  /** Null: there is no cursor, or the access path starts behind it. */
  readonly after: ((doc: Doc) => boolean) | null;
  readonly project: (doc: Doc) => Doc;
  readonly children: readonly ChildPlan[];
  readonly counts: readonly CountPlan[];
  /** Rows that the access path or link delivered, and rows that were returned. */
  readonly actual: { read: number; returned: number };
}

export interface RootPlan extends SelectionPlan {
  readonly access: AccessPlan;
}

export interface ChildPlan extends SelectionPlan {
  readonly relation: RelationMeta;
  readonly link: Link;
  readonly linkOptions: LinkOptions;
}

export interface CountPlan {
  readonly node: CountNode;
  readonly link: Link;
  readonly count: RelatedCount;
  readonly actual: { read: number; returned: number };
}

/** Plans a find. Asks for the size of the collection only when the answer can matter. */
export async function planFind(context: ReadContext, query: FindQuery): Promise<RootPlan> {
  const collection = context.catalog.collection(query.model);
  return planRoot(context, collection, query);
}

export async function planRoot(context: ReadContext, collection: Collection, selection: Selection): Promise<RootPlan> {
  const size =
    collection.sequences.length === 1 || isPointQuery(collection, selection.where)
      ? null
      : await context.view.size(collection.space);
  const access = planAccess(
    collection,
    {
      where: selection.where,
      orderBy: selection.orderBy,
      after: selection.distinct === null ? selection.after : null,
      need: selection.limit === null || selection.distinct !== null ? null : selection.offset + selection.limit,
    },
    size,
  );
  return {
    ...prepare(context.catalog, collection, selection, access.residual, access.ordered, access.afterBound),
    access,
  };
}

export function filterSteps(catalog: Catalog, collection: Collection, where: Filter | null): FilterSteps | null {
  if (where === null || isTrue(where)) return null;
  const parts = conjuncts(where);
  const needsRelated = parts.filter((part) => collectKinds(part).has("related"));
  if (needsRelated.length === 0) return { filter: where, own: compileFilter(where), related: null };
  const own = allOf(parts.filter((part) => !needsRelated.includes(part)));
  const reads = new RelatedReads(catalog, collection);
  return {
    filter: where,
    own: own === null ? null : compileFilter(own),
    related: { test: compileFilter(allOf(needsRelated), reads), reads },
  };
}

function sortSteps(catalog: Catalog, collection: Collection, selection: Selection): SortSteps {
  const reads = new RelatedReads(catalog, collection);
  return { compare: compileOrder(selection.orderBy, reads.readKey), reads };
}

const NONE: readonly never[] = [];

function prepare(
  catalog: Catalog,
  collection: Collection,
  selection: Selection,
  residual: Filter | null,
  ordered: boolean,
  afterBound: boolean,
): SelectionPlan {
  return {
    collection,
    selection,
    filter: residual === null ? null : filterSteps(catalog, collection, residual),
    sort: ordered || selection.orderBy.length === 0 ? null : sortSteps(catalog, collection, selection),
    after: selection.after === null || afterBound ? null : compileAfter(selection.orderBy, selection.after),
    project: compileProjection(selection.fields),
    children:
      selection.populate.length === 0 ? NONE : selection.populate.map((node) => planChild(catalog, collection, node)),
    counts: selection.counts.length === 0 ? NONE : selection.counts.map((node) => planCount(catalog, collection, node)),
    actual: { read: 0, returned: 0 },
  };
}

function planChild(catalog: Catalog, parent: Collection, node: PopulateNode): ChildPlan {
  const relation = parent.relations.get(node.relation)!;
  const link = linkOf(catalog, parent, relation);
  const { selection } = node;
  const fixed = { has: (column: string) => relation.through === null && relation.to.includes(column) };
  const way =
    link.ordered && link.sequence !== null ? direction(link.target, link.sequence, fixed, selection.orderBy) : null;
  // The link may stop at the limit when nothing between it and the limit takes rows away.
  const whole = selection.where === null && selection.after === null && selection.distinct === null;
  const limited = way !== null && whole && selection.limit !== null;
  return {
    ...prepare(catalog, link.target, selection, selection.where, way !== null, false),
    relation,
    link,
    linkOptions: {
      reverse: way === "reverse",
      limit: limited ? selection.offset + (selection.limit as number) : undefined,
    },
  };
}

function planCount(catalog: Catalog, parent: Collection, node: CountNode): CountPlan {
  const link = linkOf(catalog, parent, parent.relations.get(node.relation)!);
  return { node, link, count: new RelatedCount(catalog, link, node.where), actual: { read: 0, returned: 0 } };
}
