/**
 * Random calls as users write them: find arguments, nested writes of every kind over every kind of relation, upserts, atomic
 * changes, transactions with savepoints. A key that the database makes is named by a Ref, for the row that a run met as its n-th.
 */
import { type Args, SHAPES, TEAMS } from "./call-shapes.js";
import type { Collection } from "./client-models.js";
import { createData, updateData } from "./generate-data.js";
import { populate, where } from "./generate-where.js";
import type { Random } from "./random.js";
export type Call =
  | {
      readonly do: "call";
      readonly on: Collection;
      readonly method: string;
      readonly args: readonly unknown[];
      readonly recover: boolean;
    }
  | { readonly do: "begin" | "commit" | "rollback" };

export const WRITES: ReadonlySet<string> = new Set([
  "create",
  "createMany",
  "update",
  "updateMany",
  "upsert",
  "delete",
  "deleteMany",
]);

function findArgs(random: Random, on: Collection): Args {
  const args: Args = {};
  const { ordered, fields } = SHAPES[on];
  if (random.chance(0.8)) args.where = where(random, on, 2);
  if (random.chance(0.6))
    args.orderBy = random.sample(ordered, random.int(1, 2)).map((name) => ({ [name]: random.pick(["asc", "desc"]) }));
  if (random.chance(0.3)) args.limit = random.int(0, 4);
  if (random.chance(0.15)) args.offset = random.int(0, 2);
  if (random.chance(0.1)) args.distinct = [random.pick(ordered)];
  if (random.chance(0.4)) args.populate = populate(random, on);
  if (random.chance(0.2)) args.select = random.sample(Object.keys(fields), 2);
  return args;
}

function returned(random: Random, on: Collection): Args {
  return random.chance(0.4) ? { populate: populate(random, on) } : {};
}

function collection(random: Random): Collection {
  return random.pick<Collection>([
    "people",
    "people",
    "people",
    "cards",
    "notes",
    "notes",
    "remarks",
    "teams",
    "memberships",
  ]);
}

function write(random: Random, on: Collection): readonly [string, unknown] {
  const { unique } = SHAPES[on];
  return random.weighted<readonly [string, unknown]>([
    [5, () => ["create", { data: createData(random, on, 2, null), ...returned(random, on) }]],
    [
      1,
      () => [
        "createMany",
        {
          data: random.list(1, 3, () => createData(random, on, 0, null)),
          skipDuplicates: random.chance(0.4),
          returning: true,
        },
      ],
    ],
    [5, () => ["update", { where: unique(random), data: updateData(random, on, 2), ...returned(random, on) }]],
    [
      1.5,
      () => [
        "updateMany",
        { where: where(random, on, 1), data: updateData(random, on, 0), returning: random.chance(0.5) },
      ],
    ],
    [
      3,
      () => [
        "upsert",
        {
          where: unique(random),
          create: createData(random, on, 1, null),
          update: updateData(random, on, 1),
          ...returned(random, on),
        },
      ],
    ],
    [1, () => ["delete", { where: unique(random) }]],
    [0.25, () => ["deleteMany", { where: where(random, on, 1) }]],
  ]);
}

function read(random: Random, on: Collection): readonly [string, unknown] {
  const { ordered, unique } = SHAPES[on];
  const numeric = { people: "age", notes: "amount", teams: "size", memberships: "weight" }[on as string];
  return random.weighted<readonly [string, unknown]>([
    [6, () => ["findMany", findArgs(random, on)]],
    [1, () => ["findFirst", findArgs(random, on)]],
    [1, () => ["findUnique", { where: unique(random), ...returned(random, on) }]],
    [1, () => ["count", where(random, on, 2)]],
    [0.5, () => ["exists", where(random, on, 1)]],
    [
      numeric === undefined ? 0 : 1,
      () => [
        "groupBy",
        {
          by: [random.pick(ordered)],
          count: true,
          sum: [numeric],
          max: [numeric],
          ...(random.chance(0.4) ? { having: { count: { $gte: 2 } } } : {}),
        },
      ],
    ],
    [
      numeric === undefined ? 0 : 0.5,
      () => ["aggregate", { where: where(random, on, 1), count: true, sum: [numeric], min: [numeric] }],
    ],
  ]);
}

/** Explicit keys of people begin here, and so do those that a database counts up after them. */
export const FIRST_PERSON = 1_000_000;

/** `explicit`: a person brings the key, so that engines agree on it whatever was refused before. */
export function randomCalls(random: Random, count: number, explicit: boolean): readonly Call[] {
  const call = (on: Collection, [method, args]: readonly [string, unknown], recover: boolean): Call => ({
    do: "call",
    on,
    method,
    args: [args],
    recover,
  });
  const calls: Call[] = [
    call("people", ["create", { data: { id: FIRST_PERSON, email: "first@x", name: "first", bossId: null } }], false),
    ...TEAMS.slice(0, 2).map((name) => call("teams", ["create", { data: { name } }], false)),
  ];
  while (calls.length < count) {
    const on = collection(random);
    calls.push(
      random.weighted<Call>([
        [6, () => call(on, write(random, on), random.chance(0.8))],
        [5, () => call(on, read(random, on), false)],
        [0.8, () => ({ do: "begin" })],
        [0.6, () => ({ do: "commit" })],
        [0.3, () => ({ do: "rollback" })],
      ]),
    );
  }
  return explicit ? calls.map(withKeys()) : calls;
}

function withKeys(): (call: Call) => Call {
  let next = FIRST_PERSON + 1;
  const visit = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array)
      return value;
    if (Array.isArray(value)) return value.map(visit);
    const entries = Object.entries(value).map(([name, inner]) => [name, visit(inner)] as const);
    // A new person is told by what it must have.
    const person = "email" in value && "name" in value && !("id" in value);
    return Object.fromEntries(
      person && typeof value.email === "string" ? [["id", next++] as const, ...entries] : entries,
    );
  };
  return (call) =>
    call.do === "call" && ["create", "createMany", "upsert", "update"].includes(call.method)
      ? { ...call, args: visit(call.args) as readonly unknown[] }
      : call;
}
