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
  if (isBare(plan)) return Object.freeze(rows);
  if (plan.children.length === 0 && plan.counts.length === 0) return Object.freeze(rows.map(plan.project));
  const columns: Column[] = [];
  for (const child of plan.children) columns.push(await relatedColumn(context, child, rows));
  for (const count of plan.counts) columns.push(await countColumn(context, count, rows));
  const shaped = new Array<Doc>(rows.length);
  const whole = plan.selection.fields === null;
  for (let i = 0; i < rows.length; i++) {
    const row: Record<string, Json> = { ...(whole ? rows[i]! : plan.project(rows[i]!)) };
    for (let c = 0; c < columns.length; c++) putOwn(row, columns[c]!.name, columns[c]!.value(i));
    shaped[i] = Object.freeze(row);
  }
  return Object.freeze(shaped);
}

const EMPTY: readonly Doc[] = Object.freeze([]);

async function relatedColumn(context: ReadContext, plan: ChildPlan, parents: readonly Doc[]): Promise<Column> {
  const loaded = await plan.link.load(context, parents, plan.actual, plan.linkOptions);
  const picked = await pick(context, plan, loaded.groups);
  const { name, arity } = plan.relation;
  if (arity === "many" && isBare(plan)) return bareColumn(plan, name, loaded.of, picked);
  const flat: Doc[] = [];
  for (const group of picked) for (const doc of group) flat.push(doc);
  const shaped = await shape(context, plan, flat);
  const one = arity === "one";
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
    name,
    value: (row) => {
      const group = loaded.of[row]!;
      return group < 0 ? none : values[group]!;
    },
  };
}

/** Whether rows are handed out as they are stored. */
function isBare(plan: SelectionPlan): boolean {
  return plan.children.length === 0 && plan.counts.length === 0 && plan.selection.fields === null;
}

/** The last level of most trees: the groups are the answer. */
function bareColumn(plan: ChildPlan, name: string, of: readonly number[], groups: readonly (readonly Doc[])[]): Column {
  for (const group of groups) {
    plan.actual.returned += group.length;
    Object.freeze(group);
  }
  return {
    name,
    value: (row) => {
      const group = of[row]!;
      return group < 0 ? EMPTY : groups[group]!;
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
