/**
 * From drafts to a Schema, in passes: names -> fields -> keys -> relations -> inverses -> indexes -> checks. Every pass
 * reports every mistake it finds and skips what an earlier mistake makes meaningless, so one mistake is one issue.
 */
import { deepFreeze } from "../base/assert.js";
import { SchemaError } from "../base/errors.js";
import type { ModelDraft } from "./draft.js";
import { schemaHash } from "./json.js";
import type { ModelMeta, Schema, SourceLocation } from "./model.js";
import { checkCycles, checkPartitions } from "./passes/checks.js";
import { type Building, ResolveContext } from "./passes/context.js";
import { resolveFields } from "./passes/fields.js";
import { resolveIndexes } from "./passes/indexes.js";
import { resolveInverses } from "./passes/inverses.js";
import { resolveKeys } from "./passes/keys.js";
import { resolveNames } from "./passes/names.js";
import { resolveRelations } from "./passes/relations.js";
import type { ModelValidator } from "./validator.js";

export interface ResolvedModels {
  readonly schema: Schema;
  /** By model name. */
  readonly validators: ReadonlyMap<string, ModelValidator>;
  /** By model name; only where the place is known. */
  readonly locations: ReadonlyMap<string, SourceLocation>;
}

export function resolveDrafts(drafts: readonly ModelDraft[]): ResolvedModels {
  const context = new ResolveContext(drafts);
  resolveNames(context);
  resolveFields(context);
  resolveKeys(context);
  resolveRelations(context);
  resolveInverses(context);
  resolveIndexes(context);
  checkPartitions(context);
  checkCycles(context);
  if (context.issues.length > 0) throw new SchemaError(context.issues);

  const models = new Map<string, ModelMeta>();
  const validators = new Map<string, ModelValidator>();
  const locations = new Map<string, SourceLocation>();
  for (const [name, building] of context.models) {
    const model = deepFreeze(toModel(building));
    models.set(name, model);
    validators.set(name, building.draft.validator(model));
    if (building.draft.location !== null) locations.set(name, building.draft.location);
  }
  return { schema: Object.freeze({ hash: schemaHash(models), models }), validators, locations };
}

function toModel(building: Building): ModelMeta {
  const { draft } = building;
  return {
    name: draft.name,
    collection: building.collection,
    key: building.key,
    keyGeneration: building.keyGeneration,
    fields: building.resolvedFields,
    // In declared order, though belongsTo is resolved first.
    relations: draft.relations.flatMap((relation) => building.relations.get(relation.name)?.meta ?? []),
    indexes: building.indexes,
    partitionBy: draft.partitionBy,
    description: draft.description,
  };
}
