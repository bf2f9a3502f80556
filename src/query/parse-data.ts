/**
 * The data of create and update calls -> CreateNode and UpdateNode. Finds every mistake of shape (unknown names, wrong
 * operators, relation operations that do not exist) and adds them to one list; values are checked later by the model's
 * own schema. `undefined` means "not given", everywhere in data.
 */
import type { ValidationIssue } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import type { FieldMeta, ModelMeta, RelationMeta, Schema } from "../schema/model.js";
import type { Change, Filter } from "./ir.js";
import { fieldOf, membersOf } from "./members.js";
import { parseChange } from "./parse-data-change.js";
import { describeValue } from "./parse-data-value.js";
import type { CreateNode, DataPath, RelationMode, RelationWrite, Target, UpdateNode } from "./write-plan.js";

/** What parsing data needs to know, and where it reports. */
export interface DataContext {
  readonly schema: Schema;
  readonly issues: ValidationIssue[];
  /** A unique filter written inside the data (`connect`); throws QueryError. */
  readonly unique: (model: ModelMeta, where: unknown, path: DataPath) => Pick<Target, "where" | "equals">;
  /** Any filter written inside the data. */
  readonly where: (model: ModelMeta, where: unknown, path: DataPath) => Filter | null;
  /** The operations on a relation (`parse-data-relation.ts`; handed in, because the two recurse). */
  readonly relation: (context: DataContext, spot: RelationSpot, value: unknown) => RelationWrite | null;
}

/** A relation in data. */
export interface RelationSpot {
  readonly owner: ModelMeta;
  readonly relation: RelationMeta;
  readonly path: DataPath;
  readonly mode: RelationMode;
}

export function addIssue(context: DataContext, path: DataPath, message: string, code: string): void {
  context.issues.push({ path, message, code });
}

const NONE: ReadonlySet<string> = new Set();

const NO_RELATIONS: readonly RelationWrite[] = Object.freeze([]);

/** `owned`: foreign keys that the relation above sets, so that the data must not. */
export function parseCreate(
  context: DataContext,
  model: ModelMeta,
  data: unknown,
  path: DataPath,
  owned: ReadonlySet<string> = NONE,
): CreateNode {
  // The common case, and the hot one in createMany: an object of fields is taken as it is.
  if (owned.size === 0 && holdsFieldsOnly(model, data))
    return { model, path, values: data, relations: NO_RELATIONS, through: null };
  const values: Record<string, unknown> = {};
  const relations: RelationWrite[] = [];
  eachMember(context, model, data, path, {
    field: (field, value) => {
      if (owned.has(field.name)) return void ownedIssue(context, path, field.name);
      values[field.name] = value;
    },
    relation: (relation, value) => {
      const spot: RelationSpot = { owner: model, relation, path: [...path, relation.name], mode: "create" };
      addRelation(context, spot, value, relations, owned, values);
    },
  });
  return { model, path, values, relations, through: null };
}

/** Whether the data is an object of the model's fields: what is to be written is just that. */
export function holdsFieldsOnly(model: ModelMeta, data: unknown): data is Readonly<Record<string, unknown>> {
  if (!isPlainObject(data)) return false;
  const members = membersOf(model);
  // Inherited names, which a plain object has only when somebody changed Object.prototype, are left to the general way.
  for (const key in data) if (members.get(key)?.kind !== "field") return false;
  return true;
}

export function parseUpdate(
  context: DataContext,
  model: ModelMeta,
  data: unknown,
  path: DataPath,
  mode: Exclude<RelationMode, "create"> = "update",
  owned: ReadonlySet<string> = NONE,
): UpdateNode {
  const sets: { field: string; value: unknown }[] = [];
  const changes: Change[] = [];
  const checked: string[] = [];
  const relations: RelationWrite[] = [];
  const touched: Record<string, unknown> = {};
  eachMember(context, model, data, path, {
    field: (field, value) => {
      const at = [...path, field.name];
      const refusal = owned.has(field.name) ? "is set by the relation" : whyFixed(model, field);
      if (refusal !== null) return void addIssue(context, at, refusal, "read_only");
      touched[field.name] = value;
      const parsed = parseChange({ ...field, path: [field.name] }, value, at, (where, message, code) =>
        addIssue(context, where, message, code),
      );
      if (parsed.set !== null) {
        if (parsed.set.value !== undefined) sets.push({ field: field.name, value: parsed.set.value });
        return;
      }
      changes.push(...parsed.changes);
      if (parsed.changes.some(needsCheck)) checked.push(field.name);
    },
    relation: (relation, value) =>
      addRelation(
        context,
        { owner: model, relation, path: [...path, relation.name], mode },
        value,
        relations,
        owned,
        touched,
      ),
  });
  return { model, path, sets, changes, checked, relations };
}

/** Unsetting, or setting null where that is allowed, needs no second look; arithmetic, lists and patches do. */
function needsCheck(change: Change): boolean {
  return change.path.length > 1 || (change.op !== "unset" && change.op !== "set");
}

interface Visitor {
  field(field: FieldMeta, value: unknown): void;
  relation(relation: RelationMeta, value: unknown): void;
}

function eachMember(context: DataContext, model: ModelMeta, data: unknown, path: DataPath, visitor: Visitor): void {
  if (!isDataObject(data)) {
    const received = data === undefined ? "nothing" : describeValue(data);
    return void addIssue(
      context,
      path,
      `expected an object with the data of ${model.name}, received ${received}`,
      "invalid_type",
    );
  }
  const members = membersOf(model);
  for (const key of Object.keys(data)) {
    const value = data[key];
    const member = members.get(key);
    if (member === undefined) {
      addIssue(
        context,
        [...path, key],
        `unknown field of ${model.name}; ${suggestion(key, members.keys())}`,
        "unknown_field",
      );
    } else if (value !== undefined) {
      if (member.kind === "field") visitor.field(member.field, value);
      else visitor.relation(member.relation, value);
    }
  }
}

/** A plain object, or an instance of a user's class (decorated models); never a list, date, map or bytes. */
export function isDataObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  if (isPlainObject(value)) return true;
  return (
    Object.prototype.toString.call(value) === "[object Object]" && !(Symbol.iterator in value) && !("then" in value)
  );
}

function addRelation(
  context: DataContext,
  spot: RelationSpot,
  value: unknown,
  into: RelationWrite[],
  owned: ReadonlySet<string>,
  given: Readonly<Record<string, unknown>>,
): void {
  const { relation, path } = spot;
  if (relation.kind === "belongsTo") {
    if (relation.from.some((name) => owned.has(name)))
      return void ownedIssue(context, path.slice(0, -1), relation.name);
    const twice = relation.from.find((name) => Object.hasOwn(given, name));
    if (twice !== undefined)
      return void addIssue(context, path, `sets ${twice}, which the data gives as well; give one of them`, "conflict");
  }
  const write = context.relation(context, spot, value);
  if (write !== null) into.push(write);
}

function ownedIssue(context: DataContext, path: DataPath, name: string): void {
  addIssue(context, [...path, name], "is set by the relation that this is written through; leave it out", "read_only");
}

/** Why an update may not set the field; null when it may. */
function whyFixed(model: ModelMeta, field: FieldMeta): string | null {
  if (model.key.includes(field.name)) return "is part of the key and cannot be changed; create another record";
  if (field.role === "version") return 'is counted by Tenon; to check it, put it in "where"';
  return null;
}

/** How a foreign key is cleared: null where declared nullable, absent where optional; null when it cannot be. */
export function clearing(model: ModelMeta, fields: readonly string[]): readonly Change[] | null {
  const changes: Change[] = [];
  for (const name of fields) {
    const field = fieldOf(model, name);
    if (field.nullable) changes.push({ path: [name], op: "set", value: null });
    else if (field.optional) changes.push({ path: [name], op: "unset", value: null });
    else return null;
  }
  return changes;
}
