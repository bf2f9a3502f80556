/** A model with a field of every kind: rows, filters, creates and updates of each. */
import { expectError, expectType } from "tsd";
import type { Client, Thing, ThingCreate, ThingUpdate } from "./golden-kinds/client.js";

declare const db: Client;
declare const thing: Thing;
declare const data: ThingCreate;

// rows
expectType<string>(thing.id);
expectType<string | null>(thing.nickname);
expectType<number>(thing.count);
expectType<bigint>(thing.big);
expectType<boolean>(thing.on);
expectType<Date | null>(thing.born);
expectType<Uint8Array>(thing.raw);
expectType<"s" | "m" | "l">(thing.size);
expectType<string[]>(thing.tags);
expectType<string>(thing.address.city);
expectType<number>(thing.lines.length);
expectType<Record<string, string>>(thing.names);
expectType<[string, number]>(thing.pair);
expectType<"circle" | "square">(thing.shape.kind);
expectError(thing.shape.radius);

// create: defaults and optional fields may be missing
expectType<Promise<Thing>>(db.things.create({ data }));
expectType<number | undefined>(data.count);
expectType<string | undefined>(data.id);
expectError(db.things.create({ data: {} }));
expectError(db.things.create({ data: { ...data, big: 1 } }));
expectError(db.things.create({ data: { ...data, size: "xl" } }));
expectError(db.things.create({ data: { ...data, raw: "bytes" } }));
expectError(db.things.create({ data: { ...data, pair: ["a"] } }));
expectError(db.things.create({ data: { ...data, tags: "a" } }));
expectError(db.things.create({ data: { ...data, address: { at: null } } }));

// filters
expectType<Promise<Thing[]>>(
  db.things.findMany({
    where: {
      big: { $gt: 1n },
      on: true,
      born: { $lt: new Date(0) },
      size: { $nin: ["s"] },
      tags: { $contains: "a" },
      scores: { $some: { $gt: 1 } },
      address: { city: { $startsWith: "P" } },
      lines: { $some: { sku: "x", quantity: { $gte: 1 } } },
    },
    orderBy: { big: "asc" },
  }),
);
expectError(db.things.findMany({ where: { big: { $gt: 1 } } }));
expectError(db.things.findMany({ where: { on: { $gt: true } } }));
expectError(db.things.findMany({ where: { tags: { $contains: 1 } } }));
expectError(db.things.findMany({ where: { scores: { $some: { $contains: 1 } } } }));
expectError(db.things.findMany({ where: { address: { town: "x" } } }));
expectError(db.things.findMany({ where: { lines: { $some: { skus: "x" } } } }));

// updates
const right: ThingUpdate = {
  big: { $inc: 1n },
  weight: { $unset: true },
  tags: { $push: ["a", "b"] },
  scores: { $pull: 3 },
  address: { $patch: { city: "Paris" } },
  anything: { any: ["json"] },
};
expectType<Promise<Thing>>(db.things.update({ where: { id: thing.id }, data: right }));
expectError(db.things.update({ where: { id: thing.id }, data: { big: { $inc: 1 } } }));
expectError(db.things.update({ where: { id: thing.id }, data: { on: { $inc: 1 } } }));
expectError(db.things.update({ where: { id: thing.id }, data: { tags: { $push: 1 } } }));
expectError(db.things.update({ where: { id: thing.id }, data: { address: { $patch: { town: "x" } } } }));
expectError(db.things.update({ where: { id: thing.id }, data: { size: { $unset: true } } }));

// sums of bigints are bigints
const sums = await db.things.aggregate({ sum: ["big", "count"], min: ["born"] });
expectType<bigint | null>(sums.sum.big);
expectType<number | null>(sums.sum.count);
expectType<Date | null>(sums.min.born);
