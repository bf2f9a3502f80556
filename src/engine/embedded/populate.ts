/**
 * Related rows, counts and fields for rows that are picked already. One batch per relation for all parents together, in
 * the view of the parents. Rows without either are handed out as they are stored: no copy.
 */
import { putOwn } from "../../query/document.js";
import type { Doc, Json } from "../../schema/model.js";
import { arrange, ignored, matching } from "./find.js";
import type { ChildPlan, CountPlan, SelectionPlan } from "./selection-plan.js";
import type { ReadContext } from "./view.js";

/** One more property of every row: its name, and its value for the i-th row. */
interface Column {
  readonly name: string;
  value(row: number): Json;
}

export async function shape(context: ReadContext, plan: SelectionPlan, rows: readonly Doc[]): Promise<readonly Doc[]> {
  plan.actual.returned += rows.length;
  if (plan.children.length === 0 && plan.counts.length === 0) {
    return Object.freeze(plan.selection.fields === null ? rows : rows.map(plan.project));
  }
  const columns: Column[] = [];
  for (const child of plan.children) columns.push(await relatedColumn(context, child, rows));
  for (const count of plan.counts) columns.push(await countColumn(context, count, rows));
  const shaped = new Array<Doc>(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row: Record<string, Json> = { ...plan.project(rows[i]!) };
    for (const column of columns) putOwn(row, column.name, column.value(i));
    shaped[i] = Object.freeze(row);
  }
  return Object.freeze(shaped);
}

const EMPTY: readonly Doc[] = Object.freeze([]);

async function relatedColumn(context: ReadContext, plan: ChildPlan, parents: readonly Doc[]): Promise<Column> {
  const loaded = await plan.link.load(context, parents, plan.actual, plan.linkOptions);
  const picked = await pick(context, plan, loaded.groups);
  const flat: Doc[] = [];
  for (const group of picked) for (const doc of group) flat.push(doc);
  const shaped = await shape(context, plan, flat);
  const one = plan.relation.arity === "one";
  let next = 0;
  const values: Json[] = picked.map((group) => {
    const first = next;
    next += group.length;
    return one ? (shaped[first] ?? null) : Object.freeze(shaped.slice(first, next));
  });
  if (one) {
    picked.forEach((group, i) => {
      if (group.length === 0) values[i] = null;
    });
  }
  const none = one ? null : EMPTY;
  return {
    name: plan.relation.name,
    value: (row) => {
      const group = loaded.of[row]!;
      return group < 0 ? none : values[group]!;
    },
  };
}

/** What the selection keeps of each group. */
async function pick(
  context: ReadContext,
  plan: ChildPlan,
  groups: readonly (readonly Doc[])[],
): Promise<readonly (readonly Doc[])[]> {
  const { offset, limit, distinct } = plan.selection;
  let kept = groups;
  if (plan.filter !== null) {
    const found = new Set(await matching(context, plan.filter, groups.flat(), ignored));
    kept = groups.map((group) => group.filter((doc) => found.has(doc)));
  }
  const untouched = plan.sort === null && plan.after === null && distinct === null && offset === 0 && limit === null;
  if (untouched) return kept;
  const arranged: (readonly Doc[])[] = [];
  for (const group of kept) arranged.push(await arrange(context, plan, group));
  return arranged;
}

async function countColumn(context: ReadContext, plan: CountPlan, parents: readonly Doc[]): Promise<Column> {
  const { of, groups } = await plan.count.of(context, parents, plan.actual);
  return {
    name: plan.node.as,
    value: (row) => {
      const group = of[row]!;
      return group < 0 ? 0 : groups[group]!.matching;
    },
  };
}
