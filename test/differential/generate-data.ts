/** Random data of creates and updates, with nested writes of every kind over every kind of relation. */
import { type Args, big, KEYS, LINKED, SHAPES, text } from "./call-shapes.js";
import type { Collection } from "./client-models.js";
import { where } from "./generate-where.js";
import type { Random } from "./random.js";

/** `from`: the relation by which this row is reached, whose way back is filled already. */
export function createData(random: Random, on: Collection, depth: number, from: Collection | null): Args {
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

export function updateData(random: Random, on: Collection, depth: number): Args {
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
