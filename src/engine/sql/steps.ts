/** Schema changes as statements, and those that are the same in every SQL database. */
import type { ModelMeta, Schema } from "../../schema/model.js";
import type { SchemaOp } from "../../schema/ops.js";
import { createIndex, type DdlDialect, indexName, notAlterable } from "./compile-ddl.js";
import { modelNamed } from "./scope.js";

/** One statement with its parameters. */
export interface Step {
  readonly text: string;
  readonly params: readonly unknown[];
}

export function plain(text: string): readonly Step[] {
  return [{ text, params: [] }];
}

/** The statements of each kind of change. */
export type StepTable = {
  readonly [K in SchemaOp["kind"]]: (op: Extract<SchemaOp, { kind: K }>, target: Schema) => readonly Step[];
};

export function tableNamed(dialect: DdlDialect, target: Schema, model: string): string {
  return dialect.quote(modelNamed(target, model).collection);
}

export function createIndexes(dialect: DdlDialect, model: ModelMeta): readonly Step[] {
  return model.indexes.flatMap((index) => plain(createIndex(dialect, model, index)));
}

export function commonSteps(
  dialect: DdlDialect,
): Pick<StepTable, "dropModel" | "dropField" | "renameField" | "createIndex" | "dropIndex" | "alterModel"> {
  const alter = (target: Schema, model: string, what: string) =>
    plain(`alter table ${tableNamed(dialect, target, model)} ${what}`);
  return {
    dropModel: () => {
      throw notAlterable("drop a model without a migration");
    },
    dropField: ({ model, field }, target) => alter(target, model, `drop column ${dialect.quote(field)}`),
    renameField: ({ model, from, to }, target) =>
      alter(target, model, `rename column ${dialect.quote(from)} to ${dialect.quote(to)}`),
    createIndex: ({ model, index }, target) => plain(createIndex(dialect, modelNamed(target, model), index)),
    dropIndex: ({ model, index }, target) =>
      plain(`drop index ${dialect.quote(indexName(modelNamed(target, model), index))}`),
    alterModel: ({ property }) => {
      if (property === "description" || property === "partitionBy") return [];
      throw notAlterable(`change ${property} of a model`);
    },
  };
}
