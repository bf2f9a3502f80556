/**
 * The value of a relation in write data: an object of operations.
 *   to-many: create connect connectOrCreate disconnect set update updateMany upsert delete deleteMany, each taking one or a list
 *   to-one:  create connect connectOrCreate disconnect: true, update: { where?, data }, upsert: { where?, create, update }, delete: true
 * A create knows only the first three. Across manyToMany, `$through: {…}` inside what is created or connected is the
 * payload of the through row.
 */
import { invariant } from "../base/assert.js";
import { suggestion } from "../base/suggest.js";
import type { ModelMeta, RelationMeta } from "../schema/model.js";
import {
  addIssue,
  clearing,
  type DataContext,
  isDataObject,
  parseCreate,
  parseUpdate,
  type RelationSpot,
} from "./parse-data.js";
import { describeValue } from "./parse-data-value.js";
import type {
  ConnectOrCreateItem,
  CreateNode,
  DataPath,
  RelationWrite,
  Target,
  UpdateItem,
  UpsertItem,
} from "./write-plan.js";

const IN_CREATE = ["create", "connect", "connectOrCreate"] as const;
const TO_ONE = [...IN_CREATE, "disconnect", "update", "upsert", "delete"] as const;
const TO_MANY = [...TO_ONE, "set", "updateMany", "deleteMany"] as const;
type Operation = (typeof TO_MANY)[number];

interface Spot extends RelationSpot {
  readonly context: DataContext;
  readonly target: ModelMeta;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function parseRelationWrite(context: DataContext, at: RelationSpot, value: unknown): RelationWrite | null {
  const { relation, path, mode } = at;
  const target = context.schema.models.get(relation.target);
  invariant(target !== undefined, `relation ${relation.name} has no target`);
  const fail = (message: string, code: string, where: DataPath = path): null => {
    addIssue(context, where, message, code);
    return null;
  };
  if (mode === "many") return fail("relations cannot be written by updateMany; use update", "invalid_operation");
  if (!isDataObject(value))
    return fail(
      `expected operations such as { create: {…} } or { connect: {…} }, received ${describeValue(value)}`,
      "invalid_type",
    );
  const spot: Spot = { ...at, context, target };
  const write: Mutable<RelationWrite> = {
    relation,
    target,
    path,
    disconnect: [],
    delete: [],
    deleteMany: [],
    set: null,
    update: [],
    updateMany: [],
    upsert: [],
    create: [],
    connectOrCreate: [],
    connect: [],
  };
  const allowed: readonly string[] = mode === "create" ? IN_CREATE : relation.arity === "one" ? TO_ONE : TO_MANY;
  let operations = 0;
  for (const name of Object.keys(value)) {
    const operand = value[name];
    if (operand === undefined) continue;
    if (!allowed.includes(name)) {
      const why = (TO_MANY as readonly string[]).includes(name)
        ? `"${name}" does not exist ${mode === "create" ? "in a create" : "on a to-one relation"}; use one of: ${allowed.join(", ")}`
        : `unknown operation "${name}"; ${suggestion(name, allowed)}`;
      fail(why, "unknown_operation", [...path, name]);
      continue;
    }
    operations += 1;
    HANDLERS[name as Operation](spot, operand, write, name === "create" ? path : [...path, name]);
  }
  if (relation.arity === "one" && operations > 1)
    fail("a to-one relation takes one operation at a time", "invalid_operation");
  return write;
}

type Handler = (spot: Spot, operand: unknown, write: Mutable<RelationWrite>, at: DataPath) => void;

const HANDLERS: { readonly [K in Operation]: Handler } = {
  create: (spot, operand, write, at) => {
    write.create = each(spot, operand, at, (item, path) => createNode(spot, item, path));
  },
  connect: (spot, operand, write, at) => {
    write.connect = each(spot, operand, at, (item, path) => targetOf(spot, item, path, true));
  },
  connectOrCreate: (spot, operand, write, at) => {
    write.connectOrCreate = each(spot, operand, at, (item, path) => connectOrCreate(spot, item, path));
  },
  disconnect: (spot, operand, write, at) => {
    refuseFixedKey(spot, "disconnect", at);
    write.disconnect = targetsOrAll(spot, operand, at);
  },
  delete: (spot, operand, write, at) => {
    // The row that holds the key must let go of it before its target can be deleted.
    if (spot.relation.kind === "belongsTo") refuseFixedKey(spot, "delete", at);
    write.delete = targetsOrAll(spot, operand, at);
  },
  set: (spot, operand, write, at) => {
    refuseFixedKey(spot, "set", at);
    write.set = each(spot, operand, at, (item, path) => targetOf(spot, item, path, true));
  },
  update: (spot, operand, write, at) => {
    write.update = each(spot, operand, at, (item, path) => updateItem(spot, item, path, "update"));
  },
  updateMany: (spot, operand, write, at) => {
    write.updateMany = each(spot, operand, at, (item, path) => updateItem(spot, item, path, "many"));
  },
  upsert: (spot, operand, write, at) => {
    write.upsert = each(spot, operand, at, (item, path) => upsertItem(spot, item, path));
  },
  deleteMany: (spot, operand, write, at) => {
    write.deleteMany = each(spot, operand, at, (item, path) => ({
      where: spot.context.where(spot.target, item, path),
    }));
  },
};

/** One or a list; paths of a list carry the index. */
function each<T>(
  spot: Spot,
  operand: unknown,
  at: DataPath,
  parse: (item: unknown, path: DataPath) => T | null,
): readonly T[] {
  if (!Array.isArray(operand)) {
    const parsed = parse(operand, at);
    return parsed === null ? [] : [parsed];
  }
  if (spot.relation.arity === "one") {
    addIssue(spot.context, at, "expected one object, received array (a to-one relation)", "invalid_type");
    return [];
  }
  return operand.map((item, index) => parse(item, [...at, index])).filter((item) => item !== null);
}

/** Foreign keys that the relation sets on rows of the target. */
function ownedBy(relation: RelationMeta): ReadonlySet<string> {
  return new Set(relation.kind === "hasOne" || relation.kind === "hasMany" ? relation.to : []);
}

function createNode(spot: Spot, item: unknown, path: DataPath): CreateNode {
  const { rest, through } = takeThrough(spot, item, path);
  return { ...parseCreate(spot.context, spot.target, rest, path, ownedBy(spot.relation)), through };
}

function targetOf(spot: Spot, item: unknown, path: DataPath, linking: boolean): Target {
  const { rest, through } = linking ? takeThrough(spot, item, path) : { rest: item, through: null };
  return { ...spot.context.unique(spot.target, rest, path), path, shown: rest, through };
}

/** Takes `$through` out; every new link of a manyToMany has a through row, with or without payload. */
function takeThrough(spot: Spot, item: unknown, path: DataPath): { rest: unknown; through: CreateNode | null } {
  const link = spot.relation.through;
  const given = isDataObject(item) && Object.hasOwn(item, "$through") ? item.$through : undefined;
  const rest = given === undefined ? item : without(item as Record<string, unknown>, "$through");
  if (link === null) {
    if (given !== undefined)
      addIssue(spot.context, [...path, "$through"], "only manyToMany relations have a through row", "unknown_field");
    return { rest, through: null };
  }
  const model = spot.context.schema.models.get(link.model);
  invariant(model !== undefined, `through model ${link.model} is missing`);
  const owned = new Set([...link.from, ...link.to]);
  return { rest, through: parseCreate(spot.context, model, given ?? {}, [...path, "$through"], owned) };
}

function without(item: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).filter(([key]) => key !== name));
}

function connectOrCreate(spot: Spot, item: unknown, path: DataPath): ConnectOrCreateItem | null {
  const parts = partsOf(spot, item, path, ["where", "create"], []);
  if (parts === null) return null;
  const create = createNode(spot, parts.create, [...path, "create"]);
  const target = { ...targetOf(spot, parts.where, [...path, "where"], false), path, through: create.through };
  return { target, create };
}

function updateItem(spot: Spot, item: unknown, path: DataPath, mode: "update" | "many"): UpdateItem | null {
  const unique = spot.relation.arity === "many" && mode === "update";
  const parts = partsOf(spot, item, path, unique ? ["where", "data"] : ["data"], unique ? [] : ["where"]);
  if (parts === null) return null;
  const data = parseUpdate(spot.context, spot.target, parts.data, [...path, "data"], mode, ownedBy(spot.relation));
  return { where: whereOf(spot, parts.where, [...path, "where"], unique), data, path, shown: parts.where };
}

function upsertItem(spot: Spot, item: unknown, path: DataPath): UpsertItem | null {
  const unique = spot.relation.arity === "many";
  const required = unique ? ["where", "create", "update"] : ["create", "update"];
  const parts = partsOf(spot, item, path, required, unique ? [] : ["where"]);
  if (parts === null) return null;
  const owned = ownedBy(spot.relation);
  return {
    where: whereOf(spot, parts.where, [...path, "where"], unique),
    create: createNode(spot, parts.create, [...path, "create"]),
    update: parseUpdate(spot.context, spot.target, parts.update, [...path, "update"], "update", owned),
    path,
    shown: parts.where,
  };
}

function whereOf(spot: Spot, where: unknown, path: DataPath, unique: boolean): UpdateItem["where"] {
  if (unique) return spot.context.unique(spot.target, where, path).where;
  return where === undefined ? null : spot.context.where(spot.target, where, path);
}

/** The parts of `{ where, data, … }`; null (and issues) when it is not such an object. */
function partsOf(
  spot: Spot,
  item: unknown,
  path: DataPath,
  required: readonly string[],
  optional: readonly string[],
): Record<string, unknown> | null {
  const known = [...required, ...optional];
  if (!isDataObject(item)) {
    addIssue(spot.context, path, `expected { ${known.join(", ")} }, received ${describeValue(item)}`, "invalid_type");
    return null;
  }
  const before = spot.context.issues.length;
  for (const key of Object.keys(item))
    if (!known.includes(key))
      addIssue(spot.context, [...path, key], `unknown key; ${suggestion(key, known)}`, "unknown_field");
  for (const key of required)
    if (item[key] === undefined) addIssue(spot.context, [...path, key], "required", "invalid_type");
  return spot.context.issues.length === before ? item : null;
}

function targetsOrAll(spot: Spot, operand: unknown, at: DataPath): readonly Target[] | "all" {
  if (spot.relation.arity === "many") return each(spot, operand, at, (item, path) => targetOf(spot, item, path, false));
  if (operand === true) return "all";
  addIssue(spot.context, at, `expected true, received ${describeValue(operand)}`, "invalid_type");
  return [];
}

/** Refuses operations that would clear a foreign key which cannot be empty. */
function refuseFixedKey(spot: Spot, operation: string, at: DataPath): void {
  const { relation, target, owner, context } = spot;
  if (relation.kind === "manyToMany") return;
  const [holder, fields] = relation.kind === "belongsTo" ? [owner, relation.from] : [target, relation.to];
  if (clearing(holder, fields) !== null) return;
  addIssue(
    context,
    at,
    `"${operation}" would leave ${holder.name}.${fields.join(", ")} empty, which is required; connect another record or delete this one`,
    "required",
  );
}
