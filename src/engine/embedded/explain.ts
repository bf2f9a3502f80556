/** The readable form of a plan, made from the very object that is executed. */

import type { CompareOp, Filter, TextOp } from "../../query/ir.js";
import { showValue } from "../../query/violations.js";
import { collectKinds, type FilterHandlers, type FilterKind, visitFilter } from "../../query/visit.js";
import type { Path } from "../../schema/model.js";
import type { Plan, PlanNode } from "../engine.js";
import type { ChildPlan, CountPlan, RootPlan, SelectionPlan } from "./selection-plan.js";

const COMPARE: { readonly [Op in CompareOp]: string } = { eq: "=", ne: "!=", gt: ">", gte: ">=", lt: "<", lte: "<=" };
const TEXT: { readonly [Op in TextOp]: string } = {
  contains: "contains",
  startsWith: "starts with",
  endsWith: "ends with",
};
/** Values of an `in` list that are shown. */
const SHOWN = 5;

const show = (path: Path): string => (path.length === 0 ? "element" : path.join("."));

const DESCRIBE: FilterHandlers<string> = {
  and: (filter) => filter.filters.map(describeFilter).join(" and "),
  or: (filter) => `(${filter.filters.map(describeFilter).join(" or ")})`,
  not: (filter) => `not (${describeFilter(filter.filter)})`,
  compare: (filter) => `${show(filter.path)} ${COMPARE[filter.op]} ${showValue(filter.value)}`,
  in: ({ path, values }) => {
    const more = values.length > SHOWN ? `, … ${values.length} values` : "";
    return `${show(path)} in (${values.slice(0, SHOWN).map(showValue).join(", ")}${more})`;
  },
  text: (filter) => `${show(filter.path)} ${TEXT[filter.op]} ${showValue(filter.value)}`,
  regex: (filter) => `${show(filter.path)} matches /${filter.source}/${filter.flags}`,
  element: (filter) => `${filter.quantifier} of ${show(filter.path)}: (${describeFilter(filter.filter)})`,
  related: (filter) => `${filter.quantifier} of ${filter.relation}: (${describeFilter(filter.filter)})`,
  callback: () => "a callback",
};

function describeFilter(filter: Filter): string {
  return visitFilter(filter, DESCRIBE);
}

/** Kinds that only join others say nothing of their own. */
function kindsOf(filter: Filter | null): readonly FilterKind[] {
  const kinds = collectKinds(filter);
  kinds.delete("and");
  return [...kinds];
}

/** `splits`: whether the storage keeps partitions apart. */
export function explainPlan(engine: string, plan: RootPlan, analyzed: boolean, splits: boolean): Plan {
  const root = rootNode(plan, analyzed, splits);
  const indexes = new Set<string>();
  const residual = new Set<FilterKind>();
  const walk = (node: PlanNode): void => {
    if (node.index !== null) indexes.add(node.index);
    for (const kind of node.residual) residual.add(kind);
    node.children.forEach(walk);
  };
  walk(root);
  return { engine, text: render(root, 0), indexes: [...indexes], residual: [...residual], root };
}

function rootNode(plan: RootPlan, analyzed: boolean, splits: boolean): PlanNode {
  const { access } = plan;
  const cursor = access.afterBound ? ["after the cursor"] : [];
  return {
    ...common(plan, analyzed),
    access: ACCESS[access.kind](access.sequence.index === null),
    index: access.kind === "ranges" ? access.sequence.name : null,
    conditions: [...access.answered.map(describeFilter), ...cursor],
    ...(splits && access.partitions !== null ? { partitions: access.partitions } : {}),
    sort: sortOf(plan),
    relation: null,
  };
}

const ACCESS: { readonly [K in RootPlan["access"]["kind"]]: (primary: boolean) => PlanNode["access"] } = {
  keys: () => "key",
  ranges: (primary) => (primary ? "key" : "index"),
  scan: () => "scan",
  none: () => "none",
};

function sortOf(plan: RootPlan): PlanNode["sort"] {
  if (plan.sort !== null) return "memory";
  return plan.access.single || plan.access.kind === "none" || plan.selection.orderBy.length === 0 ? "none" : "index";
}

function childNode(plan: ChildPlan, analyzed: boolean): PlanNode {
  const { link, relation } = plan;
  return {
    ...common(plan, analyzed),
    ...linkAccess(link),
    sort: plan.sort !== null ? "memory" : relation.arity === "one" ? "none" : "index",
    relation: relation.name,
  };
}

function linkAccess(link: ChildPlan["link"]): Pick<PlanNode, "access" | "index" | "conditions"> {
  const { relation, sequence } = link;
  const conditions = relation.to.map((field, i) => `${field} = parent.${relation.from[i]}`);
  const through = relation.through === null ? conditions : [`through ${relation.through.model}`];
  if (sequence === null) return { access: "scan", index: null, conditions: through };
  return sequence.index === null
    ? { access: "key", index: null, conditions: through }
    : { access: "index", index: sequence.name, conditions: through };
}

function countNode(plan: CountPlan, analyzed: boolean): PlanNode {
  const { node, link, actual } = plan;
  return {
    model: link.target.meta.name,
    ...linkAccess(link),
    residual: kindsOf(node.where),
    sort: "none",
    relation: node.relation,
    sql: null,
    actual: analyzed ? { ...actual } : null,
    children: [],
  };
}

function common(
  plan: SelectionPlan,
  analyzed: boolean,
): Pick<PlanNode, "model" | "residual" | "sql" | "actual" | "children"> {
  return {
    model: plan.collection.meta.name,
    residual: kindsOf(plan.filter?.filter ?? null),
    sql: null,
    actual: analyzed ? { ...plan.actual } : null,
    children: [
      ...plan.children.map((child) => childNode(child, analyzed)),
      ...plan.counts.map((count) => countNode(count, analyzed)),
    ],
  };
}

function render(node: PlanNode, depth: number): string {
  const parts = [`${node.relation === null ? "" : `${node.relation}: `}${node.model} by ${node.access}`];
  if (node.index !== null) parts.push(`${node.index}`);
  if (node.conditions.length > 0) parts.push(`[${node.conditions.join(", ")}]`);
  if (node.partitions !== undefined) {
    parts.push(`in partition${node.partitions.length === 1 ? "" : "s"} ${node.partitions.slice(0, SHOWN).join(", ")}`);
    if (node.partitions.length > SHOWN) parts.push(`… (${node.partitions.length} in all)`);
  }
  if (node.residual.length > 0) parts.push(`then test ${node.residual.join(", ")}`);
  if (node.sort === "memory") parts.push("then sort in memory");
  if (node.actual !== null) parts.push(`(read ${node.actual.read}, returned ${node.actual.returned})`);
  return [`${"  ".repeat(depth)}${parts.join(" ")}`, ...node.children.map((child) => render(child, depth + 1))].join(
    "\n",
  );
}
