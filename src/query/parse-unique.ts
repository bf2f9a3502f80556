/** A where that must name one row: it fixes the key or a unique index by equality; further conditions narrow it. */
import { isPlainObject } from "../base/plain.js";
import type { IndexMeta, Json, ModelMeta, Path, Schema } from "../schema/model.js";
import type { Filter } from "./ir.js";
import { membersOf } from "./members.js";
import { parseOperand } from "./operand.js";
import { ParseScope } from "./parse-scope.js";
import { parseWhereAt } from "./parse-where.js";
import { allOf, conjuncts } from "./visit.js";

export interface UniqueWhere {
  /** The whole filter. */
  readonly filter: Filter;
  /** What makes it unique: "key", or the name of the unique index. */
  readonly by: string;
  /** The unique index; null: the key. */
  readonly index: IndexMeta | null;
  /** The values that the key or index must have, in its order; never null. */
  readonly values: readonly Json[];
  /** The conditions beyond these, null when there are none. */
  readonly rest: Filter | null;
}

interface Unique {
  readonly index: IndexMeta | null;
  readonly paths: readonly Path[];
}

const UNIQUES = new WeakMap<ModelMeta, readonly Unique[]>();

/** The key, then the unique indexes in declared order. */
function uniquesOf(model: ModelMeta): readonly Unique[] {
  let uniques = UNIQUES.get(model);
  if (uniques === undefined) {
    const indexes = model.indexes.filter((index) => index.unique);
    uniques = [
      { index: null, paths: model.key.map((name) => [name]) },
      ...indexes.map((index) => ({ index, paths: index.paths })),
    ];
    UNIQUES.set(model, uniques);
  }
  return uniques;
}

type Fixed = Extract<Filter, { readonly kind: "compare" }>;

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

function fixes(filter: Filter, path: Path): filter is Fixed {
  return filter.kind === "compare" && filter.op === "eq" && filter.value !== null && samePath(filter.path, path);
}

function match(filter: Filter, unique: Unique): UniqueWhere | null {
  const conditions = conjuncts(filter);
  const used: Fixed[] = [];
  for (const path of unique.paths) {
    const found = conditions.find((condition): condition is Fixed => fixes(condition, path));
    if (found === undefined) return null;
    used.push(found);
  }
  const rest =
    conditions.length === used.length ? null : allOf(conditions.filter((one) => !used.includes(one as Fixed)));
  const by = unique.index === null ? "key" : unique.index.name;
  return { filter, by, index: unique.index, values: used.map((condition) => condition.value), rest };
}

/** Parses the unique where at the scope's place. */
export function parseUniqueAt(scope: ParseScope, model: ModelMeta, where: unknown): UniqueWhere {
  const filter = parseWhereAt(scope, model, where);
  if (filter !== null) {
    for (const unique of uniquesOf(model)) {
      const found = match(filter, unique);
      if (found !== null) return found;
    }
  }
  const choices = uniquesOf(model).map(({ paths }) => `{ ${paths.map((path) => path.join(".")).join(", ")} }`);
  throw scope.fail(
    "QUERY.NOT_UNIQUE",
    `does not name one ${model.name}`,
    `give a value other than null for all fields of one of: ${choices.join(", ")}`,
    { uniques: uniquesOf(model).map(({ paths }) => paths.map((path) => path.join("."))) },
  );
}

/** Throws QueryError, QUERY.NOT_UNIQUE when neither the key nor a unique index is fixed. */
export function parseUnique(schema: Schema, model: ModelMeta, where: unknown): UniqueWhere {
  return parseUniqueAt(new ParseScope(schema, model, "where"), model, where);
}

/** The argument of findById: the key's value, or an object with every field of a composite key. */
export function parseId(schema: Schema, model: ModelMeta, id: unknown): UniqueWhere {
  const scope = new ParseScope(schema, model, "id");
  const [first] = model.key;
  if (model.key.length === 1 && first !== undefined) return keyWhere(model, [keyValue(scope, model, first, id)]);
  if (!isPlainObject(id)) throw scope.wrongValue(`an object { ${model.key.join(", ")} }`, id);
  for (const name of Object.keys(id)) if (!model.key.includes(name)) throw scope.unknownField(model, name, model.key);
  const values = model.key.map((name) => {
    scope.enter(name);
    const value = keyValue(scope, model, name, Object.hasOwn(id, name) ? id[name] : undefined);
    scope.leave();
    return value;
  });
  return keyWhere(model, values);
}

function keyValue(scope: ParseScope, model: ModelMeta, name: string, value: unknown): Json {
  const member = membersOf(model).get(name);
  if (value === null || member?.kind !== "field") throw scope.wrongValue(`a value of the key ${name}`, value);
  if (isPlainObject(value)) throw scope.wrongValue(`a value of the key ${name}`, value, "pass the value itself");
  return parseOperand(scope, member.field.type, value);
}

/** The row whose key has these values. */
export function keyWhere(model: ModelMeta, values: readonly Json[]): UniqueWhere {
  const filters = model.key.map(
    (name, index): Filter => ({ kind: "compare", path: [name], op: "eq", value: values[index]! }),
  );
  const filter: Filter = filters.length === 1 ? filters[0]! : { kind: "and", filters };
  return { filter, by: "key", index: null, values, rest: null };
}
