/** Random operations, restarts and compactions in random modes against a plain model: same answers, errors and `_id`s. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dynamic, SencilloConfig, SencilloDB, Transaction } from "../../src/sencillo.js";
import { caught, modes, open, reopen, tempDir } from "./support.js";

interface Model {
  inserted: number;
  /** In the order of their buckets' arrays. */
  readonly buckets: Map<string, Dynamic[]>;
}
type Models = Map<string, Model>;

const bucket = fc.constantFrom("a", "b", "7", "__stats");
const op = fc.record({
  kind: fc.constantFrom(
    "create",
    "create",
    "many",
    "update",
    "move",
    "destroy",
    "dropIndex",
    "drop",
    "rewrite",
    "index",
  ),
  collection: fc.constantFrom("c", "d"),
  bucket,
  n: fc.nat(4),
  pick: fc.nat(5),
});
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never;
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ ops: fc.array(op, { minLength: 1, maxLength: 4 }), fail: fc.integer({ min: 0, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.constant("reopen" as const) },
  { weight: 1, arbitrary: fc.constant("compact" as const) },
);

const where = (model: Model, id: number) => [...model.buckets].find(([, docs]) => docs.some((doc) => doc._id === id));

function insert(models: Models, collection: string, name: string, data: Dynamic): void {
  const model = models.get(collection) ?? { inserted: 0, buckets: new Map() };
  models.set(collection, model);
  model.buckets.set(name, [...(model.buckets.get(name) ?? []), { ...data, _id: ++model.inserted }]);
}

/** Does the operation to the model; false: it must fail. */
function expected(models: Models, { kind, collection, bucket: name, n, pick }: Op): boolean {
  const model = models.get(collection);
  if (kind === "create") insert(models, collection, name, { n });
  else if (kind === "many") for (const each of [n, n + 1]) insert(models, collection, name, { n: each });
  else if (kind === "index") models.set(collection, model ?? { inserted: 0, buckets: new Map() });
  else if (model === undefined) return false;
  else if (kind === "drop") models.delete(collection);
  else if (kind === "dropIndex") return model.buckets.delete(name);
  else if (kind === "rewrite") {
    const docs = [...model.buckets.values()].flat().sort((x, y) => y.n - x.n || x._id - y._id);
    models.set(collection, { inserted: 0, buckets: new Map() });
    for (const doc of docs) insert(models, collection, `r${doc.n % 2}`, { n: doc.n });
  } else {
    const found = where(model, pick + 1);
    if (found === undefined) return false;
    const [at, docs] = found;
    const next = { n, _id: pick + 1 };
    if (kind === "update" || (kind === "move" && at === name))
      docs[docs.findIndex((doc) => doc._id === pick + 1)] = next;
    else {
      model.buckets.set(
        at,
        docs.filter((doc) => doc._id !== pick + 1),
      );
      if (kind === "move") model.buckets.set(name, [...(model.buckets.get(name) ?? []), next]);
    }
  }
  return true;
}

function real(tx: Transaction, { kind, collection, bucket: index, n, pick }: Op): Promise<unknown> {
  if (kind === "create") return tx.create({ collection, index, data: { n } });
  if (kind === "many") return tx.createMany({ collection, index: () => index, data: [{ n }, { n: n + 1 }] });
  if (kind === "index") return tx.ensureIndex({ collection, field: "n" });
  if (kind === "drop") return tx.dropCollection({ collection });
  if (kind === "dropIndex") return tx.dropIndex({ collection, index });
  if (kind === "update") return tx.update({ collection, _id: pick + 1, data: { n } });
  if (kind === "move") return tx.update({ collection, _id: pick + 1, data: { n }, index: { new: index } });
  if (kind === "destroy") return tx.destroy({ collection, _id: pick + 1 });
  return tx.rewriteCollection({
    collection,
    index: (doc: Dynamic) => `r${doc.n % 2}`,
    sort: (a: Dynamic, b: Dynamic) => b.n - a.n,
  });
}

async function compare(db: SencilloDB, models: Models): Promise<void> {
  await db.transaction(async (tx) => {
    for (const collection of ["c", "d"]) {
      const model = models.get(collection);
      if (model === undefined) {
        expect((await caught(tx.find({ collection }))).name).toBe("CollectionNotFoundError");
        continue;
      }
      const docs = [...model.buckets.values()].flat().sort((a, b) => a._id - b._id);
      expect(await tx.findMany({ collection })).toEqual(docs);
      for (const n of [0, 3]) {
        expect(await tx.findMany({ collection, filter: { n } })).toEqual(docs.filter((doc) => doc.n === n));
      }
      for (const [index, list] of model.buckets) {
        expect(await tx.find({ collection, index })).toEqual(list[0]);
        expect(await tx.find({ collection, index, filter: { n: 3 } })).toEqual(list.find((doc) => doc.n === 3));
      }
    }
  });
}

async function play(
  config: SencilloConfig,
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
): Promise<void> {
  let db = open(config);
  let models: Models = new Map();
  for (const each of steps) {
    if (each === "reopen") db = await reopen(db, config);
    else if (each === "compact") await db.compact();
    else {
      const staged: Models = structuredClone(models);
      const run = db.transaction(async (tx) => {
        for (const one of each.ops) {
          if (expected(staged, one)) await real(tx, one);
          else await caught(real(tx, one));
        }
        if (each.fail === 0) throw new RangeError("rolled back");
      });
      if (each.fail === 0) await caught(run);
      else {
        await run;
        models = staged;
      }
    }
    await compare(db, models);
  }
  await compare(await reopen(db, config), models);
}

describe.each(modes())("%s", (_, configOf) => {
  test("does what the model does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => play(configOf(tempDir()), steps)),
      { numRuns: Number(process.env.SENCILLO_RUNS ?? 8), verbose: 1 },
    );
  });
});
