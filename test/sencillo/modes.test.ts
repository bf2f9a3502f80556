/** The same work in every mode gives the same answers, before and after a restart, and after compact(). */
import { describe, expect, test } from "vitest";
import type { Dynamic, SencilloDB, Transaction } from "../../src/sencillo.js";
import { modes, open, reopen, tempDir } from "./support.js";

const initial = (user: Dynamic): string => user.name[0];

async function fill(db: SencilloDB): Promise<void> {
  await db.transaction(async (tx: Transaction) => {
    await tx.ensureIndex({ collection: "users", field: "email" });
    await tx.createMany({
      collection: "users",
      index: initial,
      data: [
        { name: "Ada", email: "ada@x", age: 36, big: 12345678901234567890n, bytes: new Uint8Array([0, 255]) },
        { name: "Bob", email: "bob@x", age: 20 },
        { name: "Alan", email: "alan@x", age: 41, $set: { $date: 1 } },
        { name: "Cleo", email: "cleo@x", age: null },
      ],
    });
    await tx.create({ collection: "posts", data: { title: "one", author: 1 } });
  });
  await db.transaction((tx) =>
    tx.update({ collection: "users", _id: 1, index: { new: "B" }, data: { name: "Zoe", email: "ada@x" } }),
  );
  await db.transaction((tx) => tx.destroy({ collection: "users", _id: 4 }));
  await db.transaction((tx) => tx.update({ collection: "users", _id: 2, data: { name: "Bea", email: "bea@x" } }));
}

async function answers(db: SencilloDB): Promise<unknown> {
  return db.transaction(async (tx: Transaction) => ({
    all: await tx.findMany({ collection: "users" }),
    b: await tx.findMany({ collection: "users", index: "B", sort: (a: Dynamic, b: Dynamic) => b._id - a._id }),
    first: await tx.find({ collection: "users", index: "B" }),
    empty: await tx.findMany({ collection: "users", index: "C" }),
    byIndex: await tx.find({ collection: "users", filter: { email: "bea@x" } }),
    gone: await tx.findMany({ collection: "users", filter: { email: "bob@x" } }),
    post: await tx.find({ collection: "posts", populate: [{ field: "author", collection: "users" }] }),
  }));
}

const zoe = { name: "Zoe", email: "ada@x", _id: 1 };
const bea = { name: "Bea", email: "bea@x", _id: 2 };
const alan = { name: "Alan", email: "alan@x", age: 41, $set: { $date: 1 }, _id: 3 };
const EXPECTED = {
  all: [zoe, bea, alan],
  b: [bea, zoe],
  first: bea,
  empty: [],
  byIndex: bea,
  gone: [],
  post: { title: "one", author: zoe, _id: 1 },
};

describe.each(modes())("%s", (_, configOf) => {
  test("answers are the same after a restart, compact() and another restart", async () => {
    const config = configOf(tempDir());
    let db = open(config);
    await fill(db);
    expect(await answers(db)).toEqual(EXPECTED);
    db = await reopen(db, config);
    expect(await answers(db)).toEqual(EXPECTED);
    await db.compact();
    expect(await answers(db)).toEqual(EXPECTED);
    db = await reopen(db, config);
    expect(await answers(db)).toEqual(EXPECTED);
    const next = await db.transaction((tx) => tx.create({ collection: "users", data: { name: "New" } }));
    expect(next._id).toBe(5);
  });

  test("bigint, bytes and names with $ are exact after a restart", async () => {
    const config = configOf(tempDir());
    let db = open(config);
    const doc = { big: 2n ** 70n, bytes: new Uint8Array([1, 2, 0]), $date: 5, $$x: { $bigint: "no" }, "": [null] };
    await db.transaction((tx) => tx.create({ collection: "$c", index: "$i", data: doc }));
    db = await reopen(db, config);
    expect(await db.transaction((tx) => tx.find({ collection: "$c", index: "$i" }))).toEqual({ ...doc, _id: 1 });
  });

  test("drop, rewrite and dropIndex stay after a restart", async () => {
    const config = configOf(tempDir());
    let db = open(config);
    await fill(db);
    await db.transaction((tx) => tx.dropCollection({ collection: "posts" }));
    await db.transaction((tx) =>
      tx.rewriteCollection({
        collection: "users",
        index: (user: Dynamic) => user.name,
        sort: (a: Dynamic, b: Dynamic) => b._id - a._id,
      }),
    );
    await db.transaction((tx) => tx.dropIndex({ collection: "users", index: "Zoe" }));
    db = await reopen(db, config);
    await db.transaction(async (tx) => {
      expect(await tx.findMany({ collection: "users" })).toEqual([
        { ...alan, _id: 1 },
        { ...bea, _id: 2 },
      ]);
      expect(await tx.find({ collection: "users", filter: { email: "bea@x" } })).toEqual({ ...bea, _id: 2 });
      await expect(tx.find({ collection: "users", index: "Zoe" })).rejects.toThrow("Index 'Zoe' not found");
      await expect(tx.find({ collection: "users", index: "B" })).rejects.toThrow("Index 'B' not found");
      await expect(tx.find({ collection: "posts" })).rejects.toThrow("Collection 'posts' not found");
      expect((await tx.create({ collection: "posts", data: {} }))._id).toBe(1);
    });
  });

  test("a transaction that throws leaves nothing, on the disk neither", async () => {
    const config = configOf(tempDir());
    let db = open(config);
    await fill(db);
    const boom = new RangeError("boom");
    await expect(
      db.transaction(async (tx) => {
        await tx.create({ collection: "users", data: { name: "no" } });
        await tx.dropCollection({ collection: "posts" });
        await tx.dropIndex({ collection: "users", index: "A" });
        throw boom;
      }),
    ).rejects.toBe(boom);
    expect(await answers(db)).toEqual(EXPECTED);
    db = await reopen(db, config);
    expect(await answers(db)).toEqual(EXPECTED);
  });
});
