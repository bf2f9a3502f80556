/** Readers of unions and intersections. */
import type { FieldType, PropertyMeta } from "../schema/model.js";
import { type Reader, sameType, typed } from "./reading.js";
import { type AnyZod, defOf } from "./zod-types.js";

/** Options that no stored value can have. */
const NOTHING = new Set(["undefined", "void", "never"]);

function isUndefined(option: AnyZod): boolean {
  const { type } = defOf(option);
  return type === "undefined" || type === "void";
}

type EnumValue = string | number | boolean;

/**
 * Null and undefined options become flags, literal options one enum, equal options one; what is left alone stands for
 * itself.
 */
export const readUnion: Reader = (context, _schema, def, path) => {
  const given = def.options ?? [];
  const some = given.filter((option) => !NOTHING.has(defOf(option).type));
  const readings = some.map((option) => context.read(option, path));
  const flat = readings.flatMap(({ type }) => (type.kind === "union" ? type.options : [type]));
  const nullable = readings.some((reading) => reading.nullable) || flat.some((type) => type.kind === "null");
  const optional = readings.some((reading) => reading.optional) || given.some(isUndefined);
  const discriminator = def.discriminator ?? null;
  const options = mergeEnums(flat.filter((type) => type.kind !== "null"));
  const [first] = options;
  if (first === undefined) return typed({ kind: "null" }, { nullable: true, optional });
  // Anything at all makes the other options pointless.
  if (options.some((option) => option.kind === "json")) return typed({ kind: "json" }, { nullable, optional });
  if (options.length === 1) return typed(first, { nullable, optional });
  return typed({ kind: "union", options, discriminator }, { nullable, optional });
};

function mergeEnums(types: readonly FieldType[]): readonly FieldType[] {
  const out: FieldType[] = [];
  let values: EnumValue[] | null = null;
  for (const type of types) {
    if (type.kind === "enum") {
      const fresh: readonly EnumValue[] = type.values;
      if (values === null) {
        values = [];
        out.push({ kind: "enum", values });
      }
      for (const value of fresh) if (!values.includes(value)) values.push(value);
    } else if (!out.some((other) => sameType(other, type))) out.push(type);
  }
  return out;
}

/** Two objects become one with the properties of both; other types must agree. */
export const readIntersection: Reader = (context, _schema, def, path) => {
  const left = context.read(def.left as AnyZod, path);
  const right = context.read(def.right as AnyZod, path);
  const type = mergeTypes(left.type, right.type);
  if (type === null) {
    const what = `intersection of ${left.type.kind} and ${right.type.kind}`;
    return context.refuse(path, what, "intersect objects, or write the combined type");
  }
  return typed(type, {
    nullable: left.nullable && right.nullable,
    optional: left.optional && right.optional,
    meta: { ...left.meta, ...right.meta },
  });
};

function mergeTypes(a: FieldType, b: FieldType): FieldType | null {
  if (a.kind === "object" && b.kind === "object") {
    const properties: PropertyMeta[] = [...a.properties];
    for (const property of b.properties) {
      const index = properties.findIndex((other) => other.name === property.name);
      const other = properties[index];
      if (other === undefined) {
        properties.push(property);
        continue;
      }
      const type = mergeTypes(other.type, property.type);
      if (type === null) return null;
      properties[index] = {
        ...property,
        type,
        nullable: other.nullable && property.nullable,
        optional: other.optional && property.optional,
        hasDefault: other.hasDefault && property.hasDefault,
      };
    }
    const free = a.unknownKeys === "passthrough" && b.unknownKeys === "passthrough";
    const strict = a.unknownKeys === "strict" || b.unknownKeys === "strict";
    return { kind: "object", name: null, properties, unknownKeys: strict ? "strict" : free ? "passthrough" : "strip" };
  }
  if (a.kind === "json") return b;
  if (b.kind === "json" || sameType(a, b)) return a;
  if (a.kind === "string" && b.kind === "string") return { kind: "string", format: a.format ?? b.format };
  if (a.kind === "float" && b.kind === "int") return b;
  if (a.kind === "int" && b.kind === "float") return a;
  return null;
}
