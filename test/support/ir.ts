/** Query IR in short form for tests: `q.find("User", { where: gt("age", 3), orderBy: [desc("age")] })`. */
import type {
  AggregateQuery,
  Change,
  CompareOp,
  CountNode,
  Filter,
  FindQuery,
  Measure,
  MeasureFn,
  OrderKey,
  OrderTerm,
  PopulateNode,
  Quantifier,
  Selection,
  WriteCommand,
} from "../../src/query/ir.js";
import type { Doc, Json, Path, Schema } from "../../src/schema/model.js";

/** `"a.b"` -> ["a", "b"]; `""` is the array element itself; an array is taken as it is. */
export function pathOf(path: string | Path): Path {
  if (typeof path !== "string") return path;
  return path === "" ? [] : path.split(".");
}

const compare =
  (op: CompareOp) =>
  (path: string | Path, value: Json): Filter => ({ kind: "compare", path: pathOf(path), op, value });
export const eq = compare("eq");
export const ne = compare("ne");
export const gt = compare("gt");
export const gte = compare("gte");
export const lt = compare("lt");
export const lte = compare("lte");
export const and = (...filters: readonly Filter[]): Filter => ({ kind: "and", filters });
export const or = (...filters: readonly Filter[]): Filter => ({ kind: "or", filters });
export const not = (filter: Filter): Filter => ({ kind: "not", filter });
export const isIn = (path: string | Path, ...values: readonly Json[]): Filter => ({
  kind: "in",
  path: pathOf(path),
  values,
});
const text =
  (op: "contains" | "startsWith" | "endsWith") =>
  (path: string | Path, value: string): Filter => ({ kind: "text", path: pathOf(path), op, value });
export const contains = text("contains");
export const startsWith = text("startsWith");
export const endsWith = text("endsWith");
export const regex = (path: string | Path, source: string, flags = ""): Filter => ({
  kind: "regex",
  path: pathOf(path),
  source,
  flags,
});
const element =
  (quantifier: Quantifier) =>
  (path: string | Path, filter: Filter): Filter => ({ kind: "element", path: pathOf(path), quantifier, filter });
export const anyElement = element("some");
export const everyElement = element("every");
export const noElement = element("none");
const related =
  (quantifier: Quantifier) =>
  (relation: string, filter: Filter = and()): Filter => ({ kind: "related", relation, quantifier, filter });
export const some = related("some");
export const every = related("every");
export const none = related("none");
export const where = (test: (doc: Doc) => boolean): Filter => ({ kind: "callback", test });

const keyOf = (key: string | OrderKey): OrderKey =>
  typeof key === "string" ? { kind: "path", path: pathOf(key) } : key;
export const asc = (key: string | OrderKey, nulls: "first" | "last" = "first"): OrderTerm => ({
  key: keyOf(key),
  direction: "asc",
  nulls,
});
export const desc = (key: string | OrderKey, nulls: "first" | "last" = "last"): OrderTerm => ({
  key: keyOf(key),
  direction: "desc",
  nulls,
});
export const byRelated = (relation: string, key: string | OrderKey): OrderKey => ({
  kind: "related",
  relation,
  key: keyOf(key),
});
export const byCount = (relation: string, filter: Filter | null = null): OrderKey => ({
  kind: "count",
  relation,
  where: filter,
});

export interface SelectionSpec {
  readonly where?: Filter | null;
  readonly orderBy?: readonly OrderTerm[];
  readonly after?: readonly Json[] | null;
  readonly offset?: number;
  readonly limit?: number | null;
  readonly distinct?: readonly string[];
  /** In any order; the query has them in model order, as from the parser. */
  readonly fields?: readonly string[];
  /** Relation -> its selection. */
  readonly populate?: Readonly<Record<string, SelectionSpec>>;
  /** Name of the count -> relation, or relation and filter. */
  readonly counts?: Readonly<Record<string, string | { readonly relation: string; readonly where: Filter }>>;
}

export interface AggregateSpec {
  readonly where?: Filter | null;
  readonly groupBy?: readonly string[];
  /** Name -> `count`, or `sum:views`. */
  readonly measures: Readonly<Record<string, string>>;
  readonly having?: Filter | null;
  readonly orderBy?: readonly OrderTerm[];
  readonly offset?: number;
  readonly limit?: number | null;
}

function measureOf(as: string, text: string): Measure {
  const [fn, path] = text.split(":") as [MeasureFn, string | undefined];
  return { as, fn, path: path === undefined ? null : pathOf(path) };
}

export const set = (path: string, value: Json): Change => ({ path: pathOf(path), op: "set", value });
export const unset = (path: string): Change => ({ path: pathOf(path), op: "unset", value: null });
export const inc = (path: string, value: number | bigint): Change => ({ path: pathOf(path), op: "inc", value });
export const mul = (path: string, value: number | bigint): Change => ({ path: pathOf(path), op: "mul", value });
export const push = (path: string, ...value: readonly Json[]): Change => ({ path: pathOf(path), op: "push", value });
export const pull = (path: string, ...value: readonly Json[]): Change => ({ path: pathOf(path), op: "pull", value });

export interface Queries {
  find(model: string, spec?: SelectionSpec): FindQuery;
  aggregate(model: string, spec: AggregateSpec): AggregateQuery;
  insert(model: string, docs: readonly Doc[], options?: { skip?: boolean; returning?: boolean }): WriteCommand;
  update(model: string, where: Filter | null, changes: readonly Change[], options?: WriteOptions): WriteCommand;
  remove(model: string, where: Filter | null, options?: WriteOptions): WriteCommand;
}

interface WriteOptions {
  readonly limit?: number | null;
  readonly returning?: boolean;
}

/** The builders of one schema: they append the key to every order, as the parser does. */
export function queries(schema: Schema): Queries {
  const select = (model: string, spec: SelectionSpec): Selection => {
    const meta = schema.models.get(model)!;
    const orderBy = [...(spec.orderBy ?? [])];
    for (const field of meta.key) {
      if (!orderBy.some(({ key }) => key.kind === "path" && key.path.length === 1 && key.path[0] === field))
        orderBy.push(asc(field));
    }
    const populate = Object.entries(spec.populate ?? {}).map(([relation, inner]): PopulateNode => {
      const target = meta.relations.find((r) => r.name === relation)!.target;
      return { relation, selection: select(target, inner) };
    });
    const counts = Object.entries(spec.counts ?? {}).map(
      ([as, count]): CountNode =>
        typeof count === "string"
          ? { as, relation: count, where: null }
          : { as, relation: count.relation, where: count.where },
    );
    return {
      where: spec.where ?? null,
      orderBy,
      after: spec.after ?? null,
      offset: spec.offset ?? 0,
      limit: spec.limit ?? null,
      distinct: spec.distinct?.map((path) => pathOf(path)) ?? null,
      fields:
        spec.fields === undefined ? null : meta.fields.map((f) => f.name).filter((name) => spec.fields!.includes(name)),
      populate,
      counts,
    };
  };
  return {
    find: (model, spec = {}) => ({ kind: "find", model, lock: "none", ...select(model, spec) }),
    aggregate: (model, spec) => ({
      kind: "aggregate",
      model,
      where: spec.where ?? null,
      groupBy: (spec.groupBy ?? []).map((path) => pathOf(path)),
      measures: Object.entries(spec.measures).map(([as, text]) => measureOf(as, text)),
      having: spec.having ?? null,
      orderBy: spec.orderBy ?? (spec.groupBy ?? []).map((path) => asc({ kind: "path", path: [path] })),
      offset: spec.offset ?? 0,
      limit: spec.limit ?? null,
    }),
    insert: (model, docs, options = {}) => ({
      kind: "insert",
      model,
      docs,
      onConflict: { kind: options.skip === true ? "skip" : "fail" },
      returning: options.returning ?? false,
    }),
    update: (model, filter, changes, options = {}) => ({
      kind: "update",
      model,
      where: filter,
      changes,
      limit: options.limit ?? null,
      returning: options.returning ?? false,
    }),
    remove: (model, filter, options = {}) => ({
      kind: "delete",
      model,
      where: filter,
      limit: options.limit ?? null,
      returning: options.returning ?? false,
    }),
  };
}
