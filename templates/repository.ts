/** The repository of a model: the calls in args form. */
import type { FieldType, ModelMeta } from "../src/schema/model.js";
import { updateManyName } from "./input.js";
import { fieldOf } from "./naming.js";
import type { Scope } from "./scope.js";
import { aliasText, heritage, interfaceText, type Member, methodText, propertyKey } from "./text.js";
import { rowOptions, unique, valueOptions } from "./types.js";

interface Value {
  readonly path: string;
  readonly type: FieldType;
  readonly options: readonly string[];
}

/** Values inside nested objects, by dotted path; the fields themselves come first. */
function valuesOf(
  model: ModelMeta,
  scope: Scope,
): { readonly own: readonly Value[]; readonly nested: readonly Value[] } {
  const nested: Value[] = [];
  const walk = (type: FieldType, path: string): void => {
    if (type.kind !== "object") return;
    for (const property of type.properties) {
      const inner = `${path}.${property.name}`;
      const options = unique([...valueOptions(property.type, scope), "null"]);
      nested.push({ path: inner, type: property.type, options });
      walk(property.type, inner);
    }
  };
  const own = model.fields.map((field) => ({ path: field.name, type: field.type, options: rowOptions(field, scope) }));
  for (const field of model.fields) walk(field.type, field.name);
  return { own, nested };
}

const NUMERIC: ReadonlySet<FieldType["kind"]> = new Set(["int", "float", "bigint"] as const);
const COMPARABLE: ReadonlySet<FieldType["kind"]> = new Set(["string", "int", "float", "bigint", "date"] as const);

/** What can be measured and grouped by: paths and their values. */
export function renderValues(model: ModelMeta, scope: Scope): string {
  const { own, nested } = valuesOf(model, scope);
  const all = [...own, ...nested];
  const paths = (kinds: ReadonlySet<FieldType["kind"]>): readonly string[] => {
    const found = all.filter((value) => kinds.has(value.type.kind)).map((value) => JSON.stringify(value.path));
    return found.length === 0 ? ["never"] : found;
  };
  const blocks = [
    aliasText(`${model.name}Number`, paths(NUMERIC)),
    aliasText(`${model.name}Comparable`, paths(COMPARABLE)),
  ];
  if (nested.length === 0) return blocks.join("\n");
  const members = nested.map((value): Member => ({ name: value.path, type: value.options }));
  return [interfaceText(`${model.name}Values extends ${model.name}`, members, "Values by path."), "", ...blocks].join(
    "\n",
  );
}

export function valuesName(model: ModelMeta): string {
  return model.fields.some((field) => field.type.kind === "object") ? `${model.name}Values` : model.name;
}

export function renderFind(model: ModelMeta, scope: Scope): string {
  const { name } = model;
  return interfaceText(`${name}Find<P, S, O>`, [
    { name: "where", optional: true, type: [`${name}Where`] },
    { name: "orderBy", optional: true, type: [`${name}OrderBy`, `readonly ${name}OrderBy[]`] },
    { name: "limit", optional: true, type: ["number"] },
    { name: "offset", optional: true, type: ["number"] },
    {
      name: "after",
      optional: true,
      type: [`${scope.global("Partial")}<${name}>`],
      description: "Rows after this one: the values of the order's fields and of the key.",
    },
    { name: "distinct", optional: true, type: [`readonly (keyof ${valuesName(model)})[]`] },
    { name: "select", optional: true, type: ["readonly S[]"] },
    { name: "omit", optional: true, type: ["readonly O[]"] },
    { name: "populate", optional: true, type: ["readonly P[]"] },
    { name: "signal", optional: true, type: [scope.global("AbortSignal"), "undefined"] },
  ]);
}

export function renderRepository(model: ModelMeta, scope: Scope): string {
  const { name } = model;
  const own = (suffix: string): string => `${name}${suffix}`;
  const t = (shared: string): string => scope.shared(shared);
  const promise = (type: string): string => `${scope.global("Promise")}<${type}>`;
  const fields = `keyof ${name}`;
  const shape = [`P extends ${own("Path")} = never`, `S extends ${fields} = ${fields}`, `O extends ${fields} = never`];
  const row = `${own("Row")}<P, S, O>`;
  const find = `args?: ${own("Find")}<P, S, O>`;
  const uniqueArgs = `args: ${t("UniqueArgs")}<${own("Unique")}, P, S, O>`;
  const methods: string[] = [];
  const method = (
    call: string,
    types: readonly string[],
    parameters: readonly string[],
    result: string,
    doc: string,
  ): void => {
    methods.push(methodText(call, types, parameters, result, doc));
  };
  const byKey = [keyParameter(model, scope), `args?: ${t("ShapeArgs")}<P, S, O>`];
  method("findById", shape, byKey, promise(`${row} | null`), "The row of this key, or null.");
  method("findByIdOrThrow", shape, byKey, promise(row), "The row of this key, or NotFoundError.");
  method("findUnique", shape, [uniqueArgs], promise(`${row} | null`), "The row that a unique filter names, or null.");
  method("findUniqueOrThrow", shape, [uniqueArgs], promise(row), "The same, or NotFoundError.");
  method("findFirst", shape, [find], promise(`${row} | null`), "The first row that matches, or null.");
  method("findFirstOrThrow", shape, [find], promise(row), "The same, or NotFoundError.");
  method("findMany", shape, [find], promise(`${row}[]`), "All rows that match.");
  method(
    "stream",
    shape,
    [find, `options?: ${t("StreamOptions")}`],
    `${scope.global("AsyncIterable")}<${row}>`,
    "The same rows one by one, from one snapshot.",
  );
  const update = own("Update");
  const written = shape.slice(0, 2);
  const result = `${own("Row")}<P, S>`;
  method("create", written, [`args: ${t("CreateArgs")}<${own("Create")}, P, S>`], promise(result), "Inserts a row.");
  method(
    "update",
    written,
    [`args: ${t("UpdateArgs")}<${own("Unique")}, ${update}, P, S>`],
    promise(result),
    "Changes the row that a unique filter names, or NotFoundError.",
  );
  method(
    "upsert",
    written,
    [`args: ${t("UpsertArgs")}<${own("Unique")}, ${own("Create")}, ${update}, P, S>`],
    promise(result),
    "Changes the row that a unique filter names, or inserts it.",
  );
  method(
    "delete",
    written,
    [`args: ${t("DeleteArgs")}<${own("Unique")}, P, S>`],
    promise(result),
    "Deletes the row that a unique filter names, or NotFoundError.",
  );
  const values = valuesName(model);
  const number = own("Number");
  const comparable = own("Comparable");
  const measures = [
    "C extends boolean = false",
    `S extends ${number} = never`,
    `A extends ${number} = never`,
    `N extends ${comparable} = never`,
    `X extends ${comparable} = never`,
  ];
  method(
    "aggregate",
    measures,
    [`args: ${t("AggregateArgs")}<${own("Where")}, C, S, A, N, X>`],
    promise(`${t("AggregateRow")}<${values}, C, S, A, N, X>`),
    "Count, sums, averages and extremes over the rows that match.",
  );
  method(
    "groupBy",
    [`B extends keyof ${values}`, ...measures],
    [`args: ${t("GroupByArgs")}<${own("Where")}, ${values}, ${number}, ${comparable}, B, C, S, A, N, X>`],
    promise(`${t("GroupRow")}<${values}, B, C, S, A, N, X>[]`),
    "The same for each group of rows.",
  );
  method(
    "explain",
    [],
    [`args?: ${own("Find")}<${own("Path")}, ${fields}, ${fields}>`, `options?: ${t("ExplainOptions")}`],
    promise(t("Plan")),
    "How findMany would answer.",
  );
  const shared = [name, own("Where"), own("Create"), updateManyName(model), own("Query")];
  const head = heritage(`${name}Repository`, t("RepositoryCalls"), shared);
  return [head, ...methods, "}"].join("\n");
}

/** `id: number`, or `key: { a: number; b: string }` for a composite key. */
function keyParameter(model: ModelMeta, scope: Scope): string {
  const parts = model.key.map((name) => `${propertyKey(name)}: ${rowOptions(fieldOf(model, name), scope).join(" | ")}`);
  return model.key.length === 1
    ? `id: ${(parts[0] ?? "").slice(propertyKey(model.key[0] ?? "").length + 2)}`
    : `key: { ${parts.join("; ")} }`;
}
