/**
 * A selection prepared for execution: the access path or the link that brings its rows, compiled filter and order, and
 * the same for everything that it populates. One object is executed and explained, so that explain cannot lie.
 */
import { compileFilter, type DocTest } from "../../query/evaluate.js";
import type { CountNode, Filter, PopulateNode, Selection } from "../../query/ir.js";
import { compileAfter, compileOrder, type DocComparator } from "../../query/order.js";
import { compileProjection } from "../../query/project.js";
import { allOf, collectKinds, conjuncts, isTrue } from "../../query/visit.js";
import type { Doc, RelationMeta } from "../../schema/model.js";
import type { AccessPlan } from "./access-plan.js";
import type { Catalog, Collection } from "./catalog.js";
import { type Link, type LinkOptions, linkOf } from "./links.js";
import { direction } from "./order-plan.js";
import { needsSize, planAccess } from "./planner.js";
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

/** Plans the reading of a collection. Asks for its size only when the answer can matter. */
export async function planRoot(context: ReadContext, collection: Collection, selection: Selection): Promise<RootPlan> {
  const size = needsSize(collection, selection.where) ? await context.view.size(collection.space) : null;
  const { limit, offset, distinct } = selection;
  const access = planAccess(
    collection,
    {
      where: selection.where,
      orderBy: selection.orderBy,
      after: distinct === null ? selection.after : null,
      need: limit === null || distinct !== null ? null : offset + limit,
    },
    size,
  );
  const { catalog } = context;
  // Written out, not spread: this is made for every query, and spreading costs more than all the rest.
  return {
    collection,
    selection,
    access,
    filter: access.residual === null ? null : filterSteps(catalog, collection, access.residual),
    sort: access.ordered ? null : sortSteps(catalog, collection, selection),
    after: selection.after === null || access.afterBound ? null : compileAfter(selection.orderBy, selection.after),
    project: compileProjection(selection.fields),
    children: planChildren(catalog, collection, selection),
    counts: planCounts(catalog, collection, selection),
    actual: { read: 0, returned: 0 },
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

function sortSteps(catalog: Catalog, collection: Collection, selection: Selection): SortSteps | null {
  if (selection.orderBy.length === 0) return null;
  const reads = new RelatedReads(catalog, collection);
  return { compare: compileOrder(selection.orderBy, reads.readKey), reads };
}

const NONE: readonly never[] = [];

function planChildren(catalog: Catalog, collection: Collection, { populate }: Selection): readonly ChildPlan[] {
  return populate.length === 0 ? NONE : populate.map((node) => planChild(catalog, collection, node));
}

function planCounts(catalog: Catalog, collection: Collection, { counts }: Selection): readonly CountPlan[] {
  return counts.length === 0 ? NONE : counts.map((node) => planCount(catalog, collection, node));
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
    collection: link.target,
    selection,
    filter: filterSteps(catalog, link.target, selection.where),
    sort: way === null ? sortSteps(catalog, link.target, selection) : null,
    after: selection.after === null ? null : compileAfter(selection.orderBy, selection.after),
    project: compileProjection(selection.fields),
    children: planChildren(catalog, link.target, selection),
    counts: planCounts(catalog, link.target, selection),
    actual: { read: 0, returned: 0 },
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
