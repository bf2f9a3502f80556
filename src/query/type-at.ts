/** Finding the type of a path inside a type, through objects, records and anything untyped. */
import type { FieldType, ModelMeta, Path, PropertyMeta } from "../schema/model.js";
import { membersOf } from "./members.js";

/** A type, and whether the value may be absent there. */
export interface PlaceType {
  readonly type: FieldType;
  readonly nullable: boolean;
}

export const JSON_TYPE: FieldType = { kind: "json" };
const ANYTHING: PlaceType = { type: JSON_TYPE, nullable: true };

/** The properties that a name may lead to; a string list: no such property, these exist. */
export type StepResult = { readonly found: PlaceType } | { readonly known: readonly string[] };

const PROPERTIES = new WeakMap<FieldType, ReadonlyMap<string, PropertyMeta>>();

function propertiesOf(type: Extract<FieldType, { kind: "object" }>): ReadonlyMap<string, PropertyMeta> {
  let properties = PROPERTIES.get(type);
  if (properties === undefined) {
    properties = new Map(type.properties.map((property) => [property.name, property]));
    PROPERTIES.set(type, properties);
  }
  return properties;
}

/** One step by name from a value of the type. Scalars and lists have no names. */
export function stepInto(type: FieldType, name: string): StepResult {
  switch (type.kind) {
    case "object": {
      const properties = propertiesOf(type);
      const property = properties.get(name);
      if (property !== undefined) {
        return { found: { type: property.type, nullable: property.nullable || property.optional } };
      }
      return type.unknownKeys === "passthrough" ? { found: ANYTHING } : { known: [...properties.keys()] };
    }
    case "record":
      return { found: { type: type.value, nullable: true } };
    case "json":
      return { found: ANYTHING };
    case "union":
      return stepIntoUnion(type.options, name);
    default:
      return { known: [] };
  }
}

/** Whether values of the type have named parts. */
export function hasNames(type: FieldType): boolean {
  if (type.kind === "union") return type.options.some(hasNames);
  return type.kind === "object" || type.kind === "record" || type.kind === "json";
}

function stepIntoUnion(options: readonly FieldType[], name: string): StepResult {
  const results = options.map((option) => stepInto(option, name));
  const found = results.flatMap((result) => ("found" in result ? [result.found] : []));
  if (found.length === 0) return { known: [...new Set(results.flatMap((r) => ("known" in r ? r.known : [])))] };
  const types = [...new Set(found.map((place) => place.type))];
  const nullable = found.length < options.length || found.some((place) => place.nullable);
  if (types.length === 1) return { found: { type: types[0]!, nullable } };
  return { found: { type: { kind: "union", options: types, discriminator: null }, nullable } };
}

/** The type at a path of the model; null when the path leads nowhere. */
export function placeAt(model: ModelMeta, path: Path): PlaceType | null {
  const member = membersOf(model).get(path[0] ?? "");
  if (member?.kind !== "field") return null;
  let place: PlaceType = { type: member.field.type, nullable: member.field.nullable || member.field.optional };
  for (const step of path.slice(1)) {
    const result = stepInto(place.type, step);
    if (!("found" in result)) return null;
    place = { type: result.found.type, nullable: place.nullable || result.found.nullable };
  }
  return place;
}
