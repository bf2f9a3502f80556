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

const RECORD = ["a", "toString"];
const JSON_PATHS = [["a"], ["a", "b"], ["__proto__"], ["constructor"]];

/** Everything below a value of this type; free JSON is probed at a few names. */
export function typedPaths(type: FieldType, wide = false): readonly TypedPath[] {
  if (type.kind === "object") {
    return type.properties.flatMap((property) => [
      { path: [property.name], type: property.type },
      ...typedPaths(property.type, wide).map((inner) => ({ path: [property.name, ...inner.path], type: inner.type })),
    ]);
  }
  if (type.kind === "record")
    return (wide ? [...RECORD, 'a"b', "\\", "1"] : RECORD).map((name) => ({ path: [name], type: type.value }));
  if (type.kind === "union") {
    // Where the options differ the first one's type gives the values to compare with.
    const inner = type.options.flatMap((option) => typedPaths(option, wide));
    return inner.filter(({ path }, at) => inner.findIndex((other) => other.path.join() === path.join()) === at);
  }
  if (type.kind === "json")
    return (wide ? [...JSON_PATHS, ['a"b'], ["a'b"], ["a\\"]] : JSON_PATHS).map((path) => ({ path, type }));
  return [];
}

const caches = [new WeakMap<ModelMeta, readonly TypedPath[]>(), new WeakMap<ModelMeta, readonly TypedPath[]>()];

/** Every path of a model, fields included. */
export function scalarsOf(model: ModelMeta, wide: boolean): readonly TypedPath[] {
  const cache = caches[wide ? 1 : 0]!;
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
    paths = typedPaths(whole, wide);
    cache.set(model, paths);
  }
  return paths;
}
