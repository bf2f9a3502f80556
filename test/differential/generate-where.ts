/** Random filters and populate paths in the form in which users write them. */
import { type Args, octets, SHAPES, text } from "./call-shapes.js";
import type { Collection } from "./client-models.js";
import type { Random } from "./random.js";

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

export function where(random: Random, on: Collection, depth: number): Args {
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
export function populate(random: Random, on: Collection): readonly string[] {
  return random.sample(Object.entries(SHAPES[on].relations), random.int(1, 2)).map(([name, [target]]) => {
    const next = Object.keys(SHAPES[target].relations);
    return random.chance(0.4) ? `${name}.${random.pick(next)}` : name;
  });
}
