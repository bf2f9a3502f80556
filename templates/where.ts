/** What a query may ask of a model: the filter, the filters that name one row, and the order. */
import type { FieldType, ModelMeta, Path } from "../src/schema/model.js";
import { fieldOf } from "./fields.js";
import type { Scope } from "./scope.js";
import { aliasText, interfaceText, type Member, propertyKey } from "./text.js";
import { filterOptions, unique, valueOptions } from "./types.js";

export function renderWhere(model: ModelMeta, scope: Scope): string {
  const name = `${model.name}Where`;
  const members: Member[] = model.fields.map((field) => ({
    name: field.name,
    optional: true,
    type: unique(filterOptions(field.type, field.nullable || field.optional, scope)),
  }));
  for (const relation of model.relations) {
    const where = scope.of(scope.target(relation.target), "Where");
    const type =
      relation.arity === "many"
        ? [`${scope.shared("ToManyFilter")}<${where}>`]
        : [where, `${scope.shared("ToOneFilter")}<${where}>`, ...(relation.nullable ? ["null"] : [])];
    members.push({ name: relation.name, optional: true, type });
  }
  members.push(
    { name: "$and", optional: true, type: [`readonly ${name}[]`] },
    { name: "$or", optional: true, type: [`readonly ${name}[]`] },
    { name: "$not", optional: true, type: [name] },
    {
      name: "$where",
      optional: true,
      type: [`(row: ${model.name}) => boolean`],
      description: "A test in code.",
    },
  );
  return interfaceText(name, members);
}

/** A filter that fixes the key or a unique index; it may ask more. */
export function renderUnique(model: ModelMeta, scope: Scope): string {
  const paths: (readonly Path[])[] = [model.key.map((name) => [name])];
  for (const index of model.indexes) if (index.unique) paths.push(index.paths);
  const options = unique(paths.map((each) => `{ ${each.map((path) => fixed(model, path, scope)).join("; ")} }`));
  const doc = "Names at most one row.";
  if (options.length === 1) return aliasText(`${model.name}Unique`, [`${model.name}Where & ${options[0]}`], doc);
  return `${aliasText(`${model.name}Key`, options)}\n${aliasText(`${model.name}Unique`, [`${model.name}Where & ${model.name}Key`], doc)}`;
}

/** `email: string`, `address: { city: string }`. */
function fixed(model: ModelMeta, path: Path, scope: Scope): string {
  const [first = "", ...rest] = path;
  let type: FieldType = fieldOf(model, first).type;
  for (const step of rest) {
    const property: FieldType | undefined =
      type.kind === "object" ? type.properties.find((candidate) => candidate.name === step)?.type : undefined;
    if (property !== undefined) type = property;
  }
  let text = valueOptions(type, scope).join(" | ");
  for (const step of [...rest].reverse()) text = `{ ${propertyKey(step)}: ${text} }`;
  return `${propertyKey(first)}: ${text}`;
}

export function renderOrderBy(model: ModelMeta, scope: Scope): string {
  const members: Member[] = [];
  for (const field of model.fields) {
    const options = orderOptions(field.type, scope);
    if (options !== null) members.push({ name: field.name, optional: true, type: options });
  }
  for (const relation of model.relations) {
    const type =
      relation.arity === "one" ? scope.of(scope.target(relation.target), "OrderBy") : scope.shared("CountOrder");
    members.push({ name: relation.name, optional: true, type: [type] });
  }
  return interfaceText(`${model.name}OrderBy`, members, "One key; an array for several.");
}

const ORDERABLE: ReadonlySet<FieldType["kind"]> = new Set([
  "string",
  "int",
  "float",
  "bigint",
  "boolean",
  "date",
  "bytes",
  "enum",
] as const);

/** How a value is ordered by; null when it cannot be. */
export function orderOptions(type: FieldType, scope: Scope): readonly string[] | null {
  if (ORDERABLE.has(type.kind)) return [scope.shared("SortOrder")];
  if (type.kind !== "object" || !hasOrder(type)) return null;
  const named = scope.naming.named(type);
  return named === null ? null : [scope.own(`${named.name}OrderBy`, named.file)];
}

/** Whether anything inside the type can be ordered by. */
export function hasOrder(type: FieldType): boolean {
  if (ORDERABLE.has(type.kind)) return true;
  return type.kind === "object" && type.properties.some((property) => hasOrder(property.type));
}
