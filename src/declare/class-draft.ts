/** From what decorators wrote down to a ModelDraft: the class becomes a zod object and options, as `defineModel` takes them. */
import { z } from "zod";
import { invariant } from "../base/assert.js";
import type { DraftIssue, ModelDraft } from "../schema/draft.js";
import type { SourceLocation } from "../schema/model.js";
import { buildDraft, completeObject } from "./build-draft.js";
import { bytes } from "./bytes.js";
import { checkOptions } from "./check-options.js";
import { type ClassRecord, type MemberRecord, recordsOf } from "./class-record.js";
import type { IndexOptions, ModelOptions } from "./options.js";
import type { RelationSpec } from "./relations.js";
import { type AnyZod, isZod, withMeta } from "./zod-types.js";

/** The draft of a class with @Model; fields, relations and indexes of its base classes are included. */
export function draftOfClass(type: object): ModelDraft {
  const records = recordsOf(type);
  const own = records.at(-1)?.model;
  invariant(own !== undefined && own !== null, "a class is read as a model without @Model");
  const members = new Map<string, MemberRecord>();
  for (const record of records) for (const [name, member] of record.members) members.set(name, member);

  const shape: Record<string, AnyZod> = {};
  const issues: DraftIssue[] = records.flatMap((record) => record.issues);
  const fieldLocations = new Map<string, SourceLocation>();
  for (const [name, member] of members) {
    if (member.location !== null) fieldLocations.set(name, member.location);
    const schema = schemaOf(own.name, name, member, issues);
    if (schema !== null) Object.defineProperty(shape, name, { value: schema, enumerable: true });
  }
  const declared = checkOptions(own.name, own.options);
  issues.push(...declared.issues);
  const options = optionsOf(own.name, declared.options, records, members, issues);
  const object = completeObject(z.object(shape as z.ZodRawShape), options);
  return buildDraft({ name: own.name, object, options, location: own.location, fieldLocations, issues });
}

const ROLE_SCHEMA = { createdAt: () => z.date(), updatedAt: () => z.date(), version: () => z.int() } as const;
const ID_SCHEMA = { increment: () => z.int(), uuid7: () => z.uuidv7(), ulid: () => z.ulid(), given: () => z.string() };
const SIMPLE = new Map<unknown, () => AnyZod>([
  [String, () => z.string()],
  [Number, () => z.number()],
  [Boolean, () => z.boolean()],
  [Date, () => z.date()],
  [BigInt, () => z.bigint()],
  [Uint8Array, () => bytes()],
]);

/** The schema of a field; null for a relation and for what is wrong. */
function schemaOf(model: string, name: string, member: MemberRecord, issues: DraftIssue[]): AnyZod | null {
  const report = (message: string, fix: string) => {
    issues.push({ member: name, message, fix, location: member.location });
    return null;
  };
  const isField = member.field !== undefined || member.id !== undefined || member.role !== undefined;
  if (member.relation !== undefined) {
    if (isField)
      report(
        `\`${name}\` of ${model} is both a field and a relation`,
        "keep @Relation, and declare the foreign key apart",
      );
    return null;
  }
  if (!isField) return report(`\`${name}\` of ${model} has @Index, but is no field`, "add @Field(…)");
  const given = member.field?.type ?? member.id?.type;
  const options = { ...member.id?.options, ...member.field?.options };
  const base =
    given === undefined ? inferred(model, name, member, report) : explicit(model, name, given, member, report);
  return base === null ? null : wrap(base, options);
}

type Report = (message: string, fix: string) => null;

function explicit(model: string, name: string, given: unknown, member: MemberRecord, report: Report): AnyZod | null {
  if (isZod(given)) return given;
  // A key that counts is a whole number.
  if (given === Number && member.id !== undefined) return z.int();
  const simple = SIMPLE.get(given);
  if (simple !== undefined) return simple();
  return report(
    `\`${name}\` of ${model} has no type that can be stored`,
    `use String, Number, Boolean, Date, BigInt, Uint8Array or a zod schema`,
  );
}

function inferred(model: string, name: string, member: MemberRecord, report: Report): AnyZod | null {
  if (member.role !== undefined) return ROLE_SCHEMA[member.role]();
  if (member.id !== undefined) {
    const { generate = "increment" } = member.id;
    const schema = ID_SCHEMA[generate];
    const expected = generate === "increment" ? Number : String;
    if (member.designType !== undefined && SIMPLE.has(member.designType) && member.designType !== expected) {
      return report(
        `key \`${name}\` of ${model} is no ${expected.name.toLowerCase()}, but @Id() makes it one`,
        'say its type: @Id(z.string()), or how it is made: @Id({ generate: "uuid7" })',
      );
    }
    return schema();
  }
  const simple = SIMPLE.get(member.designType);
  if (simple !== undefined) return simple();
  return report(`\`${name}\` of ${model} has no type`, "give @Field one, such as @Field(String) or @Field(z.email())");
}

function wrap(base: AnyZod, options: Readonly<Record<string, unknown>>): AnyZod {
  let schema = base as z.ZodType;
  if (options.nullable === true) schema = z.nullable(schema);
  if (options.optional === true) schema = z.optional(schema);
  if (options.default !== undefined) schema = z._default(schema, options.default as never);
  const meta = {
    ...(typeof options.description === "string" ? { description: options.description } : {}),
    ...(typeof options.column === "string" ? { column: options.column } : {}),
  };
  return Object.keys(meta).length === 0 ? schema : withMeta(schema, meta);
}

function optionsOf(
  model: string,
  declared: ModelOptions,
  records: readonly ClassRecord[],
  members: ReadonlyMap<string, MemberRecord>,
  issues: DraftIssue[],
): ModelOptions {
  const ids: string[] = [];
  const indexes: NonNullable<ModelOptions["indexes"]>[number][] = [];
  const relations: Record<string, RelationSpec> = { ...declared.relations };
  const roles = new Map<string, string>();
  for (const [name, member] of members) {
    if (member.id !== undefined) ids.push(name);
    for (const index of member.indexes) indexes.push({ ...index, on: name });
    if (member.relation !== undefined) relations[name] = member.relation;
    if (member.role === undefined) continue;
    const other = roles.get(member.role);
    if (other !== undefined) {
      const message = `\`${other}\` and \`${name}\` of ${model} are both its ${member.role}`;
      issues.push({ member: name, message, fix: "keep one", location: member.location });
    }
    roles.set(member.role, name);
  }
  for (const record of records) indexes.push(...(record.indexes as IndexOptions<string>[]));
  if (ids.length > 0 && declared.key !== undefined) {
    const message = `the key of ${model} is declared by @Id and by the option \`key\``;
    issues.push({ member: ids[0] as string, message, fix: "keep @Id", location: null });
  }
  const key = ids.length === 0 ? declared.key : keyOf(ids, members);
  const timestamps = timestampsOf(declared, roles);
  const version = roles.get("version") ?? declared.version;
  return {
    ...declared,
    indexes: [...indexes, ...(declared.indexes ?? [])],
    relations,
    ...(key === undefined ? {} : { key }),
    ...(timestamps === undefined ? {} : { timestamps }),
    ...(version === undefined ? {} : { version }),
  };
}

function keyOf(ids: readonly string[], members: ReadonlyMap<string, MemberRecord>): NonNullable<ModelOptions["key"]> {
  const [first] = ids as readonly [string];
  const generate = members.get(first)?.id?.generate;
  if (ids.length > 1) return ids;
  return generate === undefined ? first : { field: first, generate };
}

function timestampsOf(declared: ModelOptions, roles: ReadonlyMap<string, string>): ModelOptions["timestamps"] {
  const createdAt = roles.get("createdAt");
  const updatedAt = roles.get("updatedAt");
  if (createdAt === undefined && updatedAt === undefined) return declared.timestamps;
  const options = declared.timestamps;
  const base =
    options === true
      ? { createdAt: true, updatedAt: true }
      : { createdAt: false, updatedAt: false, ...(options || {}) };
  return { createdAt: createdAt ?? base.createdAt ?? false, updatedAt: updatedAt ?? base.updatedAt ?? false };
}
