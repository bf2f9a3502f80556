/** The repository of a model: the calls in args form. */
import type { FieldType, ModelMeta } from "../src/schema/model.js";
import { fieldOf } from "./fields.js";
import { updateManyName } from "./input.js";
import type { Scope } from "./scope.js";
import { heritage, interfaceText, type Member, methodText, propertyKey } from "./text.js";
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

/** What lies inside the objects of a row, by path. */
export function renderValues(model: ModelMeta, scope: Scope): string {
  const { nested } = valuesOf(model, scope);
  if (nested.length === 0) return "";
  const members = nested.map((value): Member => ({ name: value.path, type: value.options }));
  return interfaceText(`${model.name}Values extends ${model.name}`, members, "Values by path.");
}

export function valuesName(model: ModelMeta): string {
  return model.fields.some((field) => field.type.kind === "object") ? `${model.name}Values` : model.name;
}

/** The types of a model as the shared interfaces ask for them, by name. */
export function renderTypes(model: ModelMeta, scope: Scope): string {
  const { name } = model;
  const next = model.relations
    .map((relation) => ({ relation, target: scope.target(relation.target) }))
    .filter(({ target }) => target.relations.length > 0)
    .map(({ relation, target }) => `${propertyKey(relation.name)}: ${scope.of(target, "Types")}`);
  const { own, nested } = valuesOf(model, scope);
  const paths = (kinds: ReadonlySet<FieldType["kind"]>): readonly string[] => {
    const found = [...own, ...nested].filter((value) => kinds.has(value.type.kind));
    return found.length === 0 ? ["never"] : found.map((value) => JSON.stringify(value.path));
  };
  const types: readonly (readonly [string, string | readonly string[]])[] = [
    ["row", name],
    ["key", keyType(model, scope)],
    ["values", valuesName(model)],
    ["number", paths(NUMERIC)],
    ["comparable", paths(COMPARABLE)],
    ["relations", model.relations.length === 0 ? "unknown" : `${name}Relations`],
    ["next", next.length === 0 ? "{}" : `{ ${next.join("; ")} }`],
    ["path", model.relations.length === 0 ? "never" : `${name}Path`],
    ["where", `${name}Where`],
    ["unique", `${name}Unique`],
    ["orderBy", `${name}OrderBy`],
    ["create", `${name}Create`],
    ["update", `${name}Update`],
    ["updateMany", updateManyName(model)],
    ["query", `${name}Query`],
  ];
  const members = types.map(([member, type]): Member => ({ name: member, type: [type].flat() }));
  return interfaceText(`${name}Types`, members, "What calls take and give.");
}

/** The calls made most; the others are inherited (see RepositoryCalls in tenon/types). */
export function renderRepository(model: ModelMeta, scope: Scope): string {
  const { name } = model;
  const types = `${name}Types`;
  const path = model.relations.length === 0 ? "never" : `${name}Path`;
  const t = (shared: string): string => scope.shared(shared);
  const promise = (type: string): string => `${scope.global("Promise")}<${type}>`;
  const fields = `keyof ${name}`;
  const shape = [`P extends ${path} = never`, `S extends ${fields} = never`, `O extends ${fields} = never`];
  const row = `${t("Found")}<${types}, ${name}, P, S, O>`;
  const written = promise(`${t("Found")}<${types}, ${name}, P, S>`);
  const key = `${model.key.length === 1 ? "id" : "key"}: ${keyType(model, scope)}`;
  const take = (args: string, rest: string): string => `${t(args)}<${rest}>`;
  const shared = [types, name, fields, valuesName(model), `${types}["number"]`, `${types}["comparable"]`];
  const methods = [
    methodText(
      "findById",
      shape,
      [key, `args?: ${t("ShapeArgs")}<P, S, O>`],
      promise(`${row} | null`),
      "The row of this key, or null.",
    ),
    methodText(
      "findUnique",
      shape,
      [`args: ${take("UniqueArgs", `${name}Unique, P, S, O`)}`],
      promise(`${row} | null`),
      "The row of a unique filter, or null.",
    ),
    methodText(
      "findFirst",
      shape,
      [`args?: ${take("FindArgs", `${types}, P, S, O`)}`],
      promise(`${row} | null`),
      "The first match, or null.",
    ),
    methodText(
      "findMany",
      shape,
      [`args?: ${take("FindArgs", `${types}, P, S, O`)}`],
      promise(`${row}[]`),
      "All matches.",
    ),
    methodText(
      "create",
      shape.slice(0, 2),
      [`args: ${take("CreateArgs", `${name}Create, P, S`)}`],
      written,
      "Inserts a row.",
    ),
    methodText(
      "update",
      shape.slice(0, 2),
      [`args: ${take("UpdateArgs", `${name}Unique, ${name}Update, P, S`)}`],
      written,
      "Changes the row of a unique filter, or NotFoundError.",
    ),
  ];
  return [heritage(`${name}Repository`, t("RepositoryCalls"), shared), ...methods, "}"].join("\n");
}

/** `number`, or `{ a: number; b: string }` for a composite key. */
function keyType(model: ModelMeta, scope: Scope): string {
  const type = (name: string): string => rowOptions(fieldOf(model, name), scope).join(" | ");
  const [first = ""] = model.key;
  if (model.key.length === 1) return type(first);
  return `{ ${model.key.map((name) => `${propertyKey(name)}: ${type(name)}`).join("; ")} }`;
}
