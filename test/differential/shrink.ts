/** Makes a failing case small: fewer steps, then simpler steps, then a simpler schema, as long as it still fails. */
import type { Filter, PopulateNode, Selection, WriteCommand } from "../../src/query/ir.js";
import type { ModelSpec, SchemaSpec } from "../support/schema.js";
import type { Case, Step } from "./generate-script.js";

/** Whether a case still shows the failure. */
export type Fails = (candidate: Case) => Promise<boolean>;

export async function shrink(subject: Case, fails: Fails, budget = 1500): Promise<Case> {
  let best = subject;
  let left = budget;
  const take = async (candidate: Case): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  let progress = true;
  while (progress && left > 0) {
    progress = await dropSteps(() => best, take);
    for (let at = 0; at < best.steps.length; at++) {
      for (let again = true; again && left > 0; ) {
        again = false;
        for (const step of simplerSteps(best.steps[at]!)) {
          again = await take({ ...best, steps: best.steps.with(at, step) });
          if (again) break;
        }
        progress ||= again;
      }
    }
    for (let again = true; again && left > 0; ) {
      again = false;
      for (const spec of simplerSchemas(best.spec)) {
        again = await take({ ...best, spec });
        if (again) break;
      }
      progress ||= again;
    }
  }
  return best;
}

async function dropSteps(current: () => Case, take: (candidate: Case) => Promise<boolean>): Promise<boolean> {
  let any = false;
  for (let size = Math.max(1, current().steps.length >> 1); size >= 1; size >>= 1) {
    for (let end = current().steps.length; end > 0; end -= size) {
      const { steps } = current();
      if (end > steps.length) continue;
      const rest = [...steps.slice(0, Math.max(0, end - size)), ...steps.slice(end)];
      if (await take({ ...current(), steps: rest })) any = true;
    }
  }
  return any;
}

function without<T>(list: readonly T[]): (readonly T[])[] {
  return list.map((_, at) => list.toSpliced(at, 1));
}

export function simplerFilters(filter: Filter | null): (Filter | null)[] {
  if (filter === null) return [];
  const inner = (child: Filter, wrap: (child: Filter) => Filter) =>
    simplerFilters(child).flatMap((simpler) => (simpler === null ? [] : [wrap(simpler)]));
  switch (filter.kind) {
    case "and":
    case "or":
      return [
        null,
        ...filter.filters,
        ...without(filter.filters).map((filters) => ({ ...filter, filters })),
        ...filter.filters.flatMap((child, at) =>
          inner(child, (c) => ({ ...filter, filters: filter.filters.with(at, c) })),
        ),
      ];
    case "not":
      return [null, filter.filter, ...inner(filter.filter, (c) => ({ ...filter, filter: c }))];
    case "element":
    case "related":
      return [
        null,
        { ...filter, filter: { kind: "and", filters: [] } },
        ...inner(filter.filter, (c) => ({ ...filter, filter: c })),
      ];
    case "in":
      return [null, ...without(filter.values).map((values) => ({ ...filter, values }))];
    default:
      return [null];
  }
}

function simplerSelections<S extends Selection>(selection: S): S[] {
  const plain: Partial<Selection>[] = [];
  if (selection.populate.length > 0) plain.push({ populate: [] });
  if (selection.counts.length > 0) plain.push({ counts: [] });
  if (selection.after !== null) plain.push({ after: null });
  if (selection.offset !== 0) plain.push({ offset: 0 });
  if (selection.limit !== null) plain.push({ limit: null });
  if (selection.distinct !== null) plain.push({ distinct: null });
  if (selection.fields !== null) plain.push({ fields: null });
  if (selection.after === null) plain.push(...without(selection.orderBy).map((orderBy) => ({ orderBy })));
  plain.push(...simplerFilters(selection.where).map((where) => ({ where })));
  plain.push(...without(selection.populate).map((populate) => ({ populate })));
  for (const [at, node] of selection.populate.entries()) {
    for (const inner of simplerSelections(node.selection)) {
      const simpler: PopulateNode = { ...node, selection: inner };
      plain.push({ populate: selection.populate.with(at, simpler) });
    }
  }
  for (const [at, count] of selection.counts.entries()) {
    for (const where of simplerFilters(count.where))
      plain.push({ counts: selection.counts.with(at, { ...count, where }) });
  }
  return plain.map((part) => ({ ...selection, ...part }));
}

function simplerCommands(command: WriteCommand): WriteCommand[] {
  if (command.kind === "insert") return without(command.docs).map((docs) => ({ ...command, docs }));
  const filters = simplerFilters(command.where).map((where) => ({ ...command, where }));
  const limits = command.limit === null ? [] : [{ ...command, limit: null }];
  if (command.kind === "delete") return [...limits, ...filters];
  return [...limits, ...filters, ...without(command.changes).map((changes) => ({ ...command, changes }))];
}

function simplerSteps(step: Step): Step[] {
  switch (step.do) {
    case "write":
      return simplerCommands(step.command).map((command) => ({ ...step, command }));
    case "find":
      return [
        ...(step.outside ? [{ ...step, outside: false }] : []),
        ...simplerSelections(step.query).map((query) => ({ ...step, query })),
      ];
    case "stream":
      return [
        { do: "find", query: step.query, outside: false },
        ...simplerSelections(step.query).map((query) => ({ ...step, query })),
      ];
    case "aggregate": {
      const { query } = step;
      return [
        ...simplerFilters(query.where).map((where) => ({ ...step, query: { ...query, where } })),
        ...without(query.measures).map((measures) => ({ ...step, query: { ...query, measures } })),
        ...(query.having === null ? [] : [{ ...step, query: { ...query, having: null } }]),
      ];
    }
    case "count":
      return simplerFilters(step.where).map((where) => ({ ...step, where }));
    case "partition":
      return simplerFilters(step.where).flatMap((where) => (where === null ? [] : [{ ...step, where }]));
    default:
      return [];
  }
}

/** Without a model that no relation names, a field, an index, or a relation. What the steps need is found out by trying. */
function simplerSchemas(spec: SchemaSpec): SchemaSpec[] {
  const schemas: SchemaSpec[] = [];
  const named = new Set(
    Object.values(spec).flatMap((model) =>
      Object.values(model.relations ?? {}).flatMap((r) =>
        r.kind === "manyToMany" ? [r.target, r.through] : [r.target],
      ),
    ),
  );
  for (const [name, model] of Object.entries(spec)) {
    const replace = (changed: ModelSpec) => schemas.push({ ...spec, [name]: changed });
    if (!named.has(name)) {
      const { [name]: _, ...rest } = spec;
      schemas.push(rest);
    }
    // Unique indexes stay: references may need them.
    for (const [at, index] of (model.indexes ?? []).entries())
      if (typeof index === "string" || index.unique !== true)
        replace({ ...model, indexes: model.indexes!.toSpliced(at, 1) });
    for (const relation of Object.keys(model.relations ?? {})) {
      const { [relation]: _, ...relations } = model.relations!;
      replace({ ...model, relations });
    }
    for (const field of Object.keys(model.fields)) {
      if ((model.key ?? ["id"]).includes(field)) continue;
      const { [field]: _, ...fields } = model.fields;
      replace({ ...model, fields });
    }
  }
  return schemas;
}
