/** `tenon`: declaring models, opening a client without generated code, and every error class. */
export {
  AbortedError,
  ConfigError,
  ConflictError,
  CorruptionError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  ForeignKeyViolationError,
  InternalError,
  LockedError,
  MigrationError,
  NotFoundError,
  NotSupportedError,
  QueryError,
  SchemaDriftError,
  SchemaError,
  type SchemaIssue,
  StorageError,
  TenonError,
  TransactionError,
  UniqueViolationError,
  ValidationError,
  type ValidationIssue,
} from "./base/errors.js";
export { bytes } from "./declare/bytes.js";
export {
  CreatedAt,
  Field,
  type FieldOptions,
  Id,
  type IdOptions,
  Index,
  Model,
  type ModelDecoratorOptions,
  Relation,
  UpdatedAt,
  Version,
} from "./declare/decorators.js";
export { defineModel, type ModelHandle } from "./declare/define-model.js";
export type { IndexOptions, KeyOptions, ModelOptions, TimestampOptions } from "./declare/options.js";
export { belongsTo, hasMany, hasOne, manyToMany, type RelationSpec } from "./declare/relations.js";
export type { Engine, Plan, PlanNode } from "./engine/engine.js";
export { type ClientOptions, createClient } from "./repository/client.js";
export type { AfterWrite, BeforeWrite, CommittedWrite, Hook, WriteAction } from "./repository/hooks.js";
export type {
  DynamicClient,
  DynamicTransaction,
  ManyResult,
  OpenTransaction,
  UntypedArgs,
  UntypedQuery,
  UntypedRepository,
  UntypedRow,
} from "./repository/surface.js";
export type { TransactionOptions } from "./repository/transaction.js";
export type { Doc, Json, Schema } from "./schema/model.js";
