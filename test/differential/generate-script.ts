/** A random case: a schema and a script of writes, transactions and queries. Everything follows from the seed. */
import type { AggregateQuery, Change, Filter, FindQuery, WriteCommand } from "../../src/query/ir.js";
import type { FieldMeta, ModelMeta, Schema } from "../../src/schema/model.js";
import { type SchemaSpec, schemaOf } from "../support/schema.js";
import { randomAggregate, randomFilter, randomFind } from "./generate-query.js";
import { randomSchema } from "./generate-schema.js";
import { anyValue, fieldValue, Rows, randomDoc } from "./generate-value.js";
import { Random } from "./random.js";
import { widened } from "./widen.js";

/**
 * One step. Transactions form a stack: begin pushes (a savepoint when one is open), commit and rollback pop; both do
 * nothing on an empty stack, so that any part of a script is a script. `outside`: read past the open transaction.
 */
export type Step =
  /** `recover`: when it fails inside a transaction, that transaction is rolled back at once. */
  | { readonly do: "write"; readonly command: WriteCommand; readonly recover: boolean }
  | { readonly do: "begin" | "commit" | "rollback" | "reopen" }
  | { readonly do: "find"; readonly query: FindQuery; readonly outside: boolean }
  | { readonly do: "stream"; readonly query: FindQuery; readonly batch: number }
  | { readonly do: "aggregate"; readonly query: AggregateQuery }
  | { readonly do: "count"; readonly model: string; readonly where: Filter | null }
  /** TLP: what matches, what does not match, and all rows. */
  | { readonly do: "partition"; readonly model: string; readonly where: Filter };

export interface Case {
  readonly seed: number;
  readonly spec: SchemaSpec;
  readonly steps: readonly Step[];
}

export const QUERY_STEPS: ReadonlySet<Step["do"]> = new Set(["find", "stream", "aggregate", "count", "partition"]);

/** A change inside a nested object, as `$patch` makes it. */
function nestedChange(random: Random, field: FieldMeta): Change | null {
  if (field.type.kind !== "object" || field.type.properties.length === 0) return null;
  const property = random.pick(field.type.properties);
  const path = [field.name, property.name];
  if (property.optional && random.chance(0.2)) return { path, op: "unset", value: null };
  const { kind } = property.type;
  if ((kind === "int" || kind === "float") && random.chance(0.5))
    return { path, op: random.pick(["inc", "mul"]), value: random.pick([-1, 0, 1, 2]) };
  const value = property.nullable && random.chance(0.2) ? null : anyValue(random, property.type);
  return { path, op: "set", value };
}

function randomChange(random: Random, field: FieldMeta): Change | null {
  const path = [field.name];
  if (random.wide && random.chance(0.4)) {
    const nested = nestedChange(random, field);
    if (nested !== null) return nested;
  }
  const { type } = field;
  const loose = field.nullable || field.optional;
  return random.weighted<Change | null>([
    [
      4,
      () => {
        const value = fieldValue(random, field);
        return value === undefined ? (loose ? { path, op: "unset", value: null } : null) : { path, op: "set", value };
      },
    ],
    [loose ? 1 : 0, () => ({ path, op: "unset", value: null })],
    [
      type.kind === "int" || type.kind === "float" ? 3 : 0,
      () => ({ path, op: random.pick(["inc", "mul"]), value: random.pick([-1, 0, 1, 2]) }),
    ],
    [
      type.kind === "bigint" ? 3 : 0,
      () => ({ path, op: random.pick(["inc", "mul"]), value: random.pick([-1n, 0n, 1n, 2n]) }),
    ],
    [
      type.kind === "array" ? 6 : 0,
      () => {
        const element = type.kind === "array" ? type.element : type;
        return { path, op: random.pick(["push", "pull"]), value: random.list(0, 2, () => anyValue(random, element)) };
      },
    ],
  ]);
}

/** Every value of a unique field moved at once: halfway through, two rows have the same one. */
function swappedUniques(random: Random, model: ModelMeta): WriteCommand | null {
  const numeric = model.indexes.flatMap(({ unique, paths }) =>
    unique
      ? paths.filter(
          ([name, ...rest]) =>
            rest.length === 0 &&
            !model.key.includes(name!) &&
            model.fields.some((f) => f.name === name && (f.type.kind === "int" || f.type.kind === "float")),
        )
      : [],
  );
  if (numeric.length === 0) return null;
  const path = random.pick(numeric);
  const [op, value] = random.pick([
    ["mul", -1],
    ["inc", 1],
    ["inc", -1],
  ] as const);
  return {
    kind: "update",
    model: model.name,
    where: null,
    changes: [{ path, op, value }],
    limit: null,
    returning: random.chance(0.5),
  };
}

/** Writes favour small whole numbers, so that repeated changes of one field stay exact. */
function randomUpdate(random: Random, schema: Schema, model: ModelMeta, rows: Rows): WriteCommand {
  if (random.wide && random.chance(0.3)) {
    const swapped = swappedUniques(random, model);
    if (swapped !== null) return swapped;
  }
  const open = model.fields.filter((field) => !model.key.includes(field.name));
  const changes: Change[] = [];
  for (const field of random.sample(open, random.int(0, 2))) {
    const change = randomChange(random, field);
    if (change !== null) changes.push(change);
  }
  const reference = model.relations.find(
    (relation) => relation.kind === "belongsTo" && relation.from.every((name) => !model.key.includes(name)),
  );
  if (reference !== undefined && random.chance(0.4)) {
    const target = rows.some(random, reference.target);
    for (const [at, name] of reference.from.entries()) {
      const value = target?.[reference.to[at]!];
      if (value !== undefined && value !== null) changes.push({ path: [name], op: "set", value });
    }
  }
  return {
    kind: "update",
    model: model.name,
    where: random.chance(0.1) ? null : randomFilter(random, schema, model, 1),
    changes,
    limit: random.chance(0.2) ? random.int(0, 3) : null,
    returning: random.chance(0.5),
  };
}

function randomInsert(random: Random, schema: Schema, model: ModelMeta, rows: Rows, most: number): WriteCommand {
  const docs = random.list(1, most, () => {
    const doc = randomDoc(random, schema, model, rows);
    // A guess at the key that an increment model will assign; references to it often lead somewhere.
    const [key] = model.key;
    rows.add(
      model.name,
      model.keyGeneration === "increment" && doc[key!] === undefined ? { ...doc, [key!]: random.int(1, 30) } : doc,
    );
    return doc;
  });
  const kind = random.chance(0.45) ? "skip" : "fail";
  return { kind: "insert", model: model.name, docs, onConflict: { kind }, returning: random.chance(0.6) };
}

function randomWrite(random: Random, schema: Schema, rows: Rows): WriteCommand {
  const model = random.pick([...schema.models.values()]);
  return random.weighted<WriteCommand>([
    [4, () => randomInsert(random, schema, model, rows, 4)],
    [4, () => randomUpdate(random, schema, model, rows)],
    [
      2,
      () => ({
        kind: "delete",
        model: model.name,
        where: randomFilter(random, schema, model, 1),
        limit: random.chance(0.6) ? random.int(0, 3) : null,
        returning: random.chance(0.5),
      }),
    ],
  ]);
}

function randomRead(random: Random, schema: Schema): Step {
  const model = random.pick([...schema.models.values()]);
  return random.weighted<Step>([
    [10, () => ({ do: "find", query: randomFind(random, schema), outside: random.chance(0.2) })],
    [1, () => ({ do: "stream", query: randomFind(random, schema), batch: random.int(1, 5) })],
    [3, () => ({ do: "aggregate", query: randomAggregate(random, schema) })],
    [
      2,
      () => ({
        do: "count",
        model: model.name,
        where: random.chance(0.1) ? null : randomFilter(random, schema, model, 2),
      }),
    ],
    [1, () => ({ do: "partition", model: model.name, where: randomFilter(random, schema, model, 2) })],
  ]);
}

/** Unless a case is told otherwise. */
export const QUERIES_PER_CASE = 60;

export interface CaseOptions {
  readonly queries?: number | undefined;
  /** Hostile names, rare types, more kinds of writes. */
  readonly wide?: boolean | undefined;
}

export function randomCase(seed: number, { queries = QUERIES_PER_CASE, wide = false }: CaseOptions = {}): Case {
  const random = new Random(seed, wide);
  const spec = wide ? widened(random, randomSchema(random)) : randomSchema(random);
  const schema = schemaOf(spec);
  const rows = new Rows();
  const steps: Step[] = [];
  // Rows first, one at a time or skipping: a failing bulk insert would leave the table empty.
  for (const model of schema.models.values()) {
    for (let count = random.int(1, 12); count > 0; count--) {
      const command = randomInsert(random, schema, model, rows, 2);
      steps.push({
        do: "write",
        recover: false,
        command:
          command.kind === "insert" && random.chance(0.8) ? { ...command, onConflict: { kind: "skip" } } : command,
      });
    }
  }
  let reads = 0;
  while (reads < queries) {
    if (random.chance(0.72)) {
      steps.push(randomRead(random, schema));
      reads++;
      continue;
    }
    random.weighted<void>([
      [
        6,
        () =>
          void steps.push({ do: "write", command: randomWrite(random, schema, rows), recover: random.chance(0.85) }),
      ],
      [1.5, () => void steps.push({ do: "begin" })],
      [1, () => void steps.push({ do: "commit" })],
      [1, () => void steps.push({ do: "rollback" })],
      [0.15, () => void steps.push({ do: "reopen" })],
    ]);
  }
  return { seed, spec, steps };
}
