/**
 * An engine that splits every table that can be split: models get `partitionBy` on their way in, and lose it on their way
 * out, so that the suite, which knows nothing of it, runs on hash partitions. What can be split: a model of whose key a field
 * is part of every unique index (elsewhere values could not be kept unique).
 */
import type { SchemaAdmin } from "../../src/engine/admin.js";
import type { Engine } from "../../src/engine/engine.js";
import { schemaHash } from "../../src/schema/json.js";
import type { ModelMeta, Schema } from "../../src/schema/model.js";

export interface Split {
  /** Models that were split, and those that could not be. */
  readonly split: Set<string>;
  readonly whole: Set<string>;
}

/** The field by which the model can be split, if any. */
export function splittingField(model: ModelMeta): string | null {
  const uniques = model.indexes.filter(({ unique }) => unique);
  const holds = (field: string) =>
    uniques.every(({ paths }) => paths.some((path) => path.length === 1 && path[0] === field));
  return model.key.find(holds) ?? null;
}

export function partitioned(engine: Engine, seen: Split): Engine {
  const originals = new Map<string, Schema>();
  const splitModel = (model: ModelMeta): ModelMeta => {
    const partitionBy = splittingField(model);
    (partitionBy === null ? seen.whole : seen.split).add(`${model.name}(${model.key.join()})`);
    return { ...model, partitionBy };
  };
  const splitSchema = (schema: Schema): Schema => {
    const models = new Map([...schema.models].map(([name, model]) => [name, splitModel(model)] as const));
    const hash = schemaHash(models);
    originals.set(hash, schema);
    return { hash, models };
  };
  const wholeSchema = (schema: Schema): Schema => {
    const models = new Map([...schema.models].map(([name, model]) => [name, { ...model, partitionBy: null }] as const));
    return originals.get(schema.hash) ?? { hash: schemaHash(models), models };
  };
  const { admin } = engine;
  const splitAdmin: SchemaAdmin = {
    inspect: async (options) => {
      const found = await admin.inspect(options);
      return found === null ? null : wholeSchema(found);
    },
    apply: (ops, target, options) =>
      admin.apply(
        ops.map((op) => (op.kind === "createModel" ? { ...op, model: splitModel(op.model) } : op)),
        splitSchema(target),
        options,
      ),
    history: () => admin.history(),
    record: (entry) => admin.record(entry),
    exclusive: (work, options) => admin.exclusive(work, options),
  };
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === "admin") return splitAdmin;
      if (name === "open")
        return (schema: Schema, ...rest: readonly []) => target.open(splitSchema(schema), ...(rest as readonly []));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
