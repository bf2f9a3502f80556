/**
 * Random calls as users write them: find arguments, nested writes of every kind over every kind of relation, upserts, atomic
 * changes, transactions with savepoints. A key that the database makes is named by a Ref, for the row that a run met as its n-th.
 */
import type { Collection } from "./client-models.js";
import type { Random } from "./random.js";

type Args = Record<string, unknown>;

/** The n-th key of the kind that the run has met. */
export interface Ref {
  readonly $met: "person" | "card" | "note";
  readonly n: number;
}

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

const TEXTS = ["", "a", "b", "ab", "é", "😀", "'", '"', "\\", "%", "_", "x y"];
const EMAILS = ["a@x", "b@x", "c@x", "d@x", "e@x", "'; drop table people;--"];
const TEAMS = ["red", "blue", "green", "O'Hara"];
const NUMBERS = [-1, 0, 1, 2, 3, 10];
const BIGS = [-(2n ** 70n), -1n, 0n, 5n, 2n ** 64n];
const DATES = [-1, 0, 1000, 1e12];

/** A field's values, and how filters compare them. */
type Make = (random: Random) => unknown;

interface Shape {
  readonly fields: Readonly<Record<string, Make>>;
  /** Fields that a create may leave out. */
  readonly loose: readonly string[];
  readonly relations: Readonly<
    Record<string, readonly [target: Collection, many: boolean, loose: boolean, back: readonly string[]]>
  >;
  readonly unique: (random: Random) => Args;
  readonly ordered: readonly string[];
}

const ref = (random: Random, $met: Ref["$met"]): Ref => ({ $met, n: random.int(0, 12) });
const text: Make = (random) => random.pick(TEXTS);
const number: Make = (random) => random.pick(NUMBERS);
const big: Make = (random) => random.pick(BIGS);
const date: Make = (random) => new Date(random.pick(DATES));
const octets: Make = (random) => new Uint8Array(random.list(0, 2, () => random.int(0, 255)));
const orNull =
  (make: Make): Make =>
  (random) =>
    random.chance(0.25) ? null : make(random);

function home(random: Random): unknown {
  const result: Args = { city: text(random), since: orNull(date)(random) };
  if (random.chance(0.5)) result["zip code"] = text(random);
  if (random.chance(0.4)) result.debt = big(random);
  if (random.chance(0.3)) result.key = octets(random);
  return result;
}

const SHAPES: Readonly<Record<Collection, Shape>> = {
  people: {
    fields: {
      email: (random) => random.pick(EMAILS),
      name: text,
      age: orNull((random) => random.int(random.chance(0.1) ? -1 : 0, 5)),
      score: (random) => random.pick([-0.5, 0, 0.25, 1e10]),
      tags: (random) => random.list(0, 3, () => text(random)),
      home,
    },
    loose: ["age", "score", "tags", "home"],
    relations: {
      boss: ["people", false, true, ["bossId"]],
      reports: ["people", true, true, []],
      card: ["cards", false, false, []],
      notes: ["notes", true, true, []],
      teams: ["teams", true, true, []],
    },
    unique: (random) => (random.chance(0.5) ? { id: ref(random, "person") } : { email: random.pick(EMAILS) }),
    ordered: ["name", "age", "score", "email"],
  },
  cards: {
    fields: { text, data: orNull(octets) },
    loose: ["data"],
    relations: { person: ["people", false, false, ["personId"]] },
    unique: (random) => (random.chance(0.5) ? { id: ref(random, "card") } : { personId: ref(random, "person") }),
    ordered: ["text", "data"],
  },
  notes: {
    fields: { title: text, rank: orNull((random) => random.int(-3, 6)), amount: big, at: orNull(date) },
    loose: ["rank", "at"],
    relations: { owner: ["people", false, true, ["ownerId"]], remarks: ["remarks", true, false, []] },
    unique: (random) => (random.chance(0.5) ? { id: ref(random, "note") } : { rank: random.int(-3, 6) }),
    ordered: ["title", "rank", "amount", "at"],
  },
  remarks: {
    fields: { line: (random) => random.int(1, 4), text },
    loose: [],
    relations: { note: ["notes", false, false, ["noteId"]] },
    unique: (random) => ({ noteId: ref(random, "note"), line: random.int(1, 4) }),
    ordered: ["line", "text"],
  },
  teams: {
    fields: { name: (random) => random.pick(TEAMS), size: number },
    loose: ["size"],
    relations: { members: ["people", true, true, []] },
    unique: (random) => ({ name: random.pick(TEAMS) }),
    ordered: ["name", "size"],
  },
  memberships: {
    fields: { role: (random) => random.pick(["lead", "member"]), weight: number },
    loose: ["role", "weight"],
    relations: { person: ["people", false, false, ["personId"]], team: ["teams", false, false, ["teamName"]] },
    unique: (random) => ({ personId: ref(random, "person"), teamName: random.pick(TEAMS) }),
    ordered: ["weight", "role"],
  },
};

const KEYS: Readonly<Record<string, Make>> = {
  bossId: (random) => ref(random, "person"),
  personId: (random) => ref(random, "person"),
  ownerId: (random) => ref(random, "person"),
  noteId: (random) => ref(random, "note"),
  teamName: (random) => random.pick(TEAMS),
};

const LINKED = new Set(["teams", "members"]);

/** `from`: the relation by which this row is reached, whose way back is filled already. */
function createData(random: Random, on: Collection, depth: number, from: Collection | null): Args {
  const { fields, loose, relations } = SHAPES[on];
  const data: Args = {};
  for (const [name, make] of Object.entries(fields))
    if (!loose.includes(name) || random.chance(0.7)) data[name] = make(random);
  for (const [name, [target, many, free, keys]] of Object.entries(relations)) {
    if (keys.length > 0 && target === from) continue;
    const nested = depth > 0 && random.chance(keys.length > 0 && !free ? 0.5 : 0.25);
    if (nested) data[name] = nestedCreate(random, on, name, target, many, depth - 1);
    else if (keys.length > 0 && (!free || random.chance(0.4))) for (const key of keys) data[key] = KEYS[key]!(random);
  }
  return data;
}

function someOf(random: Random, many: boolean, make: () => unknown): unknown {
  return many && random.chance(0.6) ? random.list(1, 2, make) : make();
}

function linkData(random: Random, relation: string, data: Args): Args {
  return LINKED.has(relation) && random.chance(0.4)
    ? { ...data, $through: { role: "lead", weight: random.int(1, 5) } }
    : data;
}

function nestedCreate(
  random: Random,
  on: Collection,
  relation: string,
  target: Collection,
  many: boolean,
  depth: number,
): Args {
  const created = () => linkData(random, relation, createData(random, target, depth, on));
  const operations: Args = {};
  const chosen = many
    ? random.sample(["create", "connect", "connectOrCreate"], random.int(1, 2))
    : [random.pick(["create", "connect", "connectOrCreate"])];
  for (const operation of chosen) {
    if (operation === "create") operations.create = someOf(random, many, created);
    if (operation === "connect")
      operations.connect = someOf(random, many, () => linkData(random, relation, SHAPES[target].unique(random)));
    if (operation === "connectOrCreate")
      operations.connectOrCreate = someOf(random, many, () => ({
        where: SHAPES[target].unique(random),
        create: created(),
      }));
  }
  return operations;
}

function nestedUpdate(
  random: Random,
  on: Collection,
  relation: string,
  target: Collection,
  many: boolean,
  free: boolean,
  depth: number,
): Args {
  const { unique } = SHAPES[target];
  const one: Record<string, () => unknown> = {
    disconnect: () => true,
    update: () =>
      random.chance(0.5)
        ? { where: where(random, target, 0), data: updateData(random, target, depth) }
        : { data: updateData(random, target, depth) },
    upsert: () => ({ create: createData(random, target, depth, on), update: updateData(random, target, depth) }),
    delete: () => true,
  };
  const list: Record<string, () => unknown> = {
    disconnect: () => someOf(random, true, () => unique(random)),
    set: () => random.list(0, 2, () => unique(random)),
    update: () => someOf(random, true, () => ({ where: unique(random), data: updateData(random, target, depth) })),
    updateMany: () => ({ where: where(random, target, 0), data: updateData(random, target, 0) }),
    upsert: () =>
      someOf(random, true, () => ({
        where: unique(random),
        create: createData(random, target, depth, on),
        update: updateData(random, target, depth),
      })),
    delete: () => someOf(random, true, () => unique(random)),
    deleteMany: () => where(random, target, 0),
  };
  const possible = Object.entries(many ? list : one).filter(
    ([name]) => free || (name !== "disconnect" && name !== "set"),
  );
  const made = Object.fromEntries(
    random.sample(possible, many ? random.int(1, 2) : 1).map(([name, make]) => [name, make()]),
  );
  return random.chance(0.3) && many ? { ...nestedCreate(random, on, relation, target, many, depth), ...made } : made;
}

const ATOMIC: Readonly<Record<string, (random: Random) => unknown>> = {
  age: (random) => ({ [random.pick(["$inc", "$mul"])]: random.int(0, 2) }),
  rank: (random) => ({ [random.pick(["$inc", "$mul"])]: random.pick([-1, 1]) }),
  size: (random) => ({ $inc: random.int(-1, 2) }),
  weight: (random) => ({ $mul: 2, ...(random.chance(0.1) ? { $inc: 1 } : {}) }),
  amount: (random) => ({ $inc: big(random) }),
  score: (random) => ({ $mul: random.pick([0.5, 2]) }),
  tags: (random) =>
    random.chance(0.5)
      ? { $push: random.chance(0.5) ? text(random) : random.list(0, 2, () => text(random)) }
      : { $pull: text(random) },
  home: (random) => ({
    $patch: random.pick<Args>([
      { city: text(random) },
      { debt: { $inc: 1n } },
      { "zip code": text(random), since: null },
    ]),
  }),
};

const UNSETTABLE = new Set(["score", "home"]);

function updateData(random: Random, on: Collection, depth: number): Args {
  const { fields, relations } = SHAPES[on];
  const data: Args = {};
  for (const name of random.sample(Object.keys(fields), random.int(0, 2))) {
    if (on === "remarks" && name === "line") continue;
    if (on === "teams" && name === "name") continue;
    const atomic = ATOMIC[name];
    if (UNSETTABLE.has(name) && random.chance(0.2)) data[name] = { $unset: true };
    else data[name] = atomic !== undefined && random.chance(0.5) ? atomic(random) : fields[name]!(random);
  }
  if (depth <= 0) return data;
  for (const [name, [target, many, free]] of random.sample(Object.entries(relations), random.chance(0.5) ? 1 : 0)) {
    const create = random.chance(0.35);
    data[name] = create
      ? nestedCreate(random, on, name, target, many, depth - 1)
      : nestedUpdate(random, on, name, target, many, free, depth - 1);
  }
  return data;
}

function condition(random: Random, on: Collection): Args {
  const { fields } = SHAPES[on];
  const name = random.pick(Object.keys(fields));
  if (name === "home") {
    return {
      home: random.pick<Args>([
        { city: text(random) },
        { "zip code": { $exists: random.chance(0.5) } },
        { debt: { $gte: 0n } },
        { since: null },
        { key: octets(random) },
      ]),
    };
  }
  if (name === "tags")
    return {
      tags: random.pick<unknown>([
        { $contains: text(random) },
        { $some: { $startsWith: "a" } },
        { $every: "a" },
        { $none: text(random) },
      ]),
    };
  const value = () => fields[name]!(random);
  const single = value();
  return random.weighted<Args>([
    [3, () => ({ [name]: single })],
    [1, () => ({ [name]: { $ne: value() } })],
    [2, () => ({ [name]: { [random.pick(["$gt", "$gte", "$lt", "$lte"])]: single ?? fields[name]!(random) ?? 0 } })],
    [1, () => ({ [name]: { [random.pick(["$in", "$nin"])]: random.list(0, 3, value) } })],
    [
      typeof single === "string" && name !== "role" ? 2 : 0,
      () => ({ [name]: { [random.pick(["$contains", "$startsWith", "$endsWith"])]: text(random) } }),
    ],
    [
      typeof single === "string" && name !== "role" ? 0.5 : 0,
      () => ({ [name]: { $regex: random.pick(["^a", "b$", "."]) } }),
    ],
    [1, () => ({ [name]: { $not: { $in: [single] } } })],
  ]);
}

function where(random: Random, on: Collection, depth: number): Args {
  const { relations, unique } = SHAPES[on];
  if (depth <= 0) return random.chance(0.2) ? unique(random) : condition(random, on);
  return random.weighted<Args>([
    [4, () => condition(random, on)],
    [1, () => unique(random)],
    [1.5, () => ({ $and: random.list(1, 2, () => where(random, on, depth - 1)) })],
    [1.5, () => ({ $or: random.list(1, 2, () => where(random, on, depth - 1)) })],
    [1, () => ({ $not: where(random, on, depth - 1) })],
    [
      3,
      () => {
        const [name, [target, many]] = random.pick(Object.entries(relations));
        const inner = random.chance(0.2) ? {} : where(random, target, depth - 1);
        return { [name]: { [many ? random.pick(["some", "every", "none"]) : random.pick(["is", "isNot"])]: inner } };
      },
    ],
  ]);
}

/** Dotted paths of relations. */
function populate(random: Random, on: Collection): readonly string[] {
  return random.sample(Object.entries(SHAPES[on].relations), random.int(1, 2)).map(([name, [target]]) => {
    const next = Object.keys(SHAPES[target].relations);
    return random.chance(0.4) ? `${name}.${random.pick(next)}` : name;
  });
}

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
