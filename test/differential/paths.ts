/** The paths inside a model at which filters and orders can look, with the type that is found there. */
import type { FieldType, ModelMeta, Path } from "../../src/schema/model.js";

export interface TypedPath {
  readonly path: Path;
  readonly type: FieldType;
}

const SCALARS = new Set(["string", "int", "float", "bigint", "boolean", "date", "bytes", "enum"]);

export function isScalarKind(kind: FieldType["kind"]): boolean {
  return SCALARS.has(kind);
}

/** Everything below a value of this type; free JSON is probed at a few names. */
export function typedPaths(type: FieldType): readonly TypedPath[] {
  if (type.kind === "object") {
    return type.properties.flatMap((property) => [
      { path: [property.name], type: property.type },
      ...typedPaths(property.type).map((inner) => ({ path: [property.name, ...inner.path], type: inner.type })),
    ]);
  }
  if (type.kind === "record") return ["a", "toString"].map((name) => ({ path: [name], type: type.value }));
  if (type.kind === "json") return [["a"], ["a", "b"], ["__proto__"], ["constructor"]].map((path) => ({ path, type }));
  return [];
}

const cache = new WeakMap<ModelMeta, readonly TypedPath[]>();

/** Every path of a model, fields included. */
export function scalarsOf(model: ModelMeta): readonly TypedPath[] {
  let paths = cache.get(model);
  if (paths === undefined) {
    const whole: FieldType = {
      kind: "object",
      name: null,
      unknownKeys: "strip",
      properties: model.fields.map(({ name, type, nullable, optional }) => ({
        name,
        type,
        nullable,
        optional,
        hasDefault: false,
        description: null,
      })),
    };
    paths = typedPaths(whole);
    cache.set(model, paths);
  }
  return paths;
}
