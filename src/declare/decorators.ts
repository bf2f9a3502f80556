/**
 * `@Model @Field @Id @Index @Relation @CreatedAt @UpdatedAt @Version`: a model declared as a class. The same functions
 * work when called the legacy way (tsc experimentalDecorators, esbuild, jiti, Babel legacy, oxc) and the stage-3 way.
 * They only write down; `class-draft.ts` reads it when the models are collected.
 */
import type { KeyGeneration } from "../schema/model.js";
import { draftOfClass } from "./class-draft.js";
import { type Context, isContext, type MemberRecord, memberOf, recordOfClass } from "./class-record.js";
import { MODEL_DRAFT } from "./handle.js";
import { callSite } from "./location.js";
import type { FieldName, IndexOptions, ModelOptions } from "./options.js";
import type { RelationSpec } from "./relations.js";
import { type AnyZod, isZod } from "./zod-types.js";

/** Fits both call forms: `(prototype, name)` and `(undefined, context)`. */
export type MemberDecorator = (
  target: unknown,
  where: string | symbol | DecoratorContext,
  descriptor?: unknown,
) => void;
/** Fits both call forms: `(class)` and `(class, context)`. */
export type TypeDecorator = (
  target: abstract new (...args: never[]) => unknown,
  context?: ClassDecoratorContext,
) => void;

export type SimpleType =
  | StringConstructor
  | NumberConstructor
  | BooleanConstructor
  | DateConstructor
  | BigIntConstructor
  | Uint8ArrayConstructor;

/** A zod schema, or a constructor for the simple types (`Number` is a float; use `z.int()` for whole numbers). */
export type FieldSource = AnyZod | SimpleType;

export interface FieldOptions {
  readonly nullable?: boolean | undefined;
  readonly optional?: boolean | undefined;
  /** A value, or a function that makes one. */
  readonly default?: unknown;
  readonly description?: string | undefined;
  /** Name in the storage. Default: the field's. */
  readonly column?: string | undefined;
}

export interface IdOptions {
  /** Default: by the type; an int is `increment`. */
  readonly generate?: KeyGeneration | undefined;
  readonly description?: string | undefined;
  readonly column?: string | undefined;
}

export interface ModelDecoratorOptions extends ModelOptions<string> {
  /** Default: the name of the class. Give it when a minifier changes class names. */
  readonly name?: string | undefined;
}

/** Declares the class as a model. */
export function Model(options: ModelDecoratorOptions = {}): TypeDecorator {
  const location = callSite();
  return (target, where) => {
    const record = recordOfClass(target, where);
    const { name, ...rest } = options;
    const own = isContext(where) && typeof where.name === "string" ? where.name : target.name;
    record.model = { options: rest, name: name ?? own, location };
    Object.defineProperty(target, MODEL_DRAFT, { value: () => draftOfClass(target), configurable: true });
  };
}

/** Declares a field: `@Field(z.email())`, `@Field(String, { nullable: true })`. */
export function Field(type?: FieldSource, options: FieldOptions = {}): MemberDecorator {
  return onMember("Field", (member) => {
    member.field = { type, options: options as Readonly<Record<string, unknown>> };
  });
}

/** The primary key: `@Id()` is an auto-increment int. On several fields: a composite key. */
export function Id(options?: IdOptions): MemberDecorator;
export function Id(type: FieldSource, options?: IdOptions): MemberDecorator;
export function Id(first?: FieldSource | IdOptions, second?: IdOptions): MemberDecorator {
  const isType = isZod(first) || typeof first === "function";
  const options = (isType ? second : (first as IdOptions | undefined)) ?? {};
  const { generate, ...rest } = options;
  return onMember("Id", (member) => {
    member.id = { type: isType ? first : undefined, generate, options: rest };
  });
}

/** On a field: `@Index()`, `@Index({ unique: true })`. On the class: `@Index(["role", "name"], { unique: true })`. */
export function Index(options?: Omit<IndexOptions<string>, "on">): MemberDecorator;
export function Index(on: string | readonly string[], options?: Omit<IndexOptions<string>, "on">): TypeDecorator;
export function Index(
  first?: string | readonly string[] | Omit<IndexOptions<string>, "on">,
  second: Omit<IndexOptions<string>, "on"> = {},
): MemberDecorator | TypeDecorator {
  const location = callSite();
  const listed = typeof first === "string" || Array.isArray(first);
  if (!listed) {
    return onMember("Index", (member) => {
      member.indexes.push((first as Omit<IndexOptions<string>, "on"> | undefined) ?? {});
    });
  }
  const on = first as FieldName<string> | readonly FieldName<string>[];
  return ((target: unknown, where: unknown) => {
    const onClass = isContext(where) ? where.kind === "class" : where === undefined;
    if (onClass) {
      recordOfClass(target, where).indexes.push({ ...second, on });
      return;
    }
    const found = memberOf(target, where, "Index", location);
    const message = `@Index(${JSON.stringify(on)}) is on a field, but names its fields itself`;
    found?.record.issues.push({ member: null, message, fix: "put it on the class, or write @Index()", location });
  }) as TypeDecorator;
}

/** Declares a relation: `@Relation(hasMany("Post", { to: "authorId" })) posts?: Post[]`. */
export function Relation(relation: RelationSpec): MemberDecorator {
  return onMember("Relation", (member) => {
    member.relation = relation;
  });
}

/** A date, set when a row is created. */
export function CreatedAt(): MemberDecorator {
  return onMember("CreatedAt", (member) => {
    member.role = "createdAt";
  });
}

/** A date, set on every write. */
export function UpdatedAt(): MemberDecorator {
  return onMember("UpdatedAt", (member) => {
    member.role = "updatedAt";
  });
}

/** An int that counts updates, for optimistic locking. */
export function Version(): MemberDecorator {
  return onMember("Version", (member) => {
    member.role = "version";
  });
}

function onMember(decorator: string, write: (member: MemberRecord) => void): MemberDecorator {
  const location = callSite();
  return (target: unknown, where: string | symbol | DecoratorContext | Context) => {
    const found = memberOf(target, where, decorator, location);
    if (found !== null) write(found.member);
  };
}
