/** The operations, their results and errors, as SencilloDB has them. The numbers are the features of docs/sencillo.md. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { TenonError } from "../../src/index.js";
import {
  CollectionNotFoundError,
  DatabaseNotLoadedError,
  DocumentNotFoundError,
  type Dynamic,
  IndexNotFoundError,
  quickTx,
  type SencilloDB,
  SencilloDBError,
  ValidationError,
} from "../../src/sencillo.js";
import { all, caught, open, reopen, tempDir } from "./support.js";

let file: string;
let db: SencilloDB;
beforeEach(() => {
  file = join(tempDir(), "db.json");
  db = open({ file });
});

const stored = (): Dynamic => JSON.parse(readFileSync(file, "utf8"));
const run: ReturnType<typeof quickTx> = (operation, instructions) => quickTx(db)(operation, instructions);

describe("create (1, 2, 5, 7)", () => {
  test("gives the document its _id, in the default collection and bucket", async () => {
    expect(await run("create", { data: { a: 1, _id: 99 } })).toEqual({ a: 1, _id: 1 });
    expect(await run("create", { data: { a: 2 } })).toEqual({ a: 2, _id: 2 });
    expect(stored().default.default).toEqual([
      { a: 1, _id: 1 },
      { a: 2, _id: 2 },
    ]);
  });
  test.each([[undefined], [null], [0], [""], [false]])("refuses %s", async (data) => {
    const error = await caught(run("create", { data }));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toBe("CREATE ERROR: no data given");
    expect(error.name).toBe("ValidationError");
  });
  test("spreads what is no object", async () => {
    expect(await run("create", { data: "ab" })).toEqual({ 0: "a", 1: "b", _id: 1 });
    expect(await run("create", { data: 5 })).toEqual({ _id: 2 });
    expect(await run("create", { data: ["x"] })).toEqual({ 0: "x", _id: 3 });
  });
  test("index: text, a function, or nothing else (3, 4)", async () => {
    const index = async (index: Dynamic) => {
      const made = await run("create", { collection: "c", data: { k: "v" }, index });
      return Object.entries(stored().c).find(
        ([, docs]) => Array.isArray(docs) && docs.some((doc) => doc._id === made._id),
      )?.[0];
    };
    expect(await index("A")).toBe("A");
    expect(await index("")).toBe("");
    expect(await index((data: Dynamic) => data.k)).toBe("v");
    expect(await index(() => 7)).toBe("7");
    expect(await index(() => undefined)).toBe("undefined");
    for (const nothing of [5, true, null, {}, { new: "x" }]) expect(await index(nothing)).toBe("default");
  });
});

describe("createMany (13)", () => {
  test("gives all of them, each in its bucket", async () => {
    const made = await run("createMany", {
      collection: "c",
      data: [{ g: "x" }, { g: "y" }],
      index: (d: Dynamic) => d.g,
    });
    expect(made).toEqual([
      { g: "x", _id: 1 },
      { g: "y", _id: 2 },
    ]);
    expect(stored().c.x).toEqual([made[0]]);
  });
  test("an empty list makes no collection; no list is refused", async () => {
    expect(await run("createMany", { collection: "c", data: [] })).toEqual([]);
    expect(await caught(run("find", { collection: "c" }))).toBeInstanceOf(CollectionNotFoundError);
    expect((await caught(run("createMany", { collection: "c" }))).message).toContain("data is not iterable");
  });
});

describe("update (8, 9)", () => {
  beforeEach(() => run("createMany", { collection: "c", index: "A", data: [{ n: 1, old: true }, { n: 2 }, { n: 3 }] }));

  test("replaces the document where it is", async () => {
    expect(await run("update", { collection: "c", _id: 1, data: { n: 10, _id: 5 } })).toEqual({ n: 10, _id: 1 });
    expect(stored().c.A.map((doc: Dynamic) => doc.n)).toEqual([10, 2, 3]);
    expect(await run("update", { collection: "c", _id: 1 })).toEqual({ _id: 1 });
  });
  test.each([
    ["text", "B"],
    ["a function", () => "B"],
    ["{ new }", { new: "B" }],
    ["{ current, new }, current wrong", { current: "no", new: "B" }],
    ["{ new: function }", { current: "A", new: () => "B" }],
  ])("moves it to another bucket: %s", async (_, index) => {
    await run("update", { collection: "c", _id: 1, data: { n: 1 }, index: index as string });
    await run("update", { collection: "c", _id: 2, data: { n: 2 }, index: "B" });
    await run("create", { collection: "c", data: { n: 4 }, index: "B" });
    expect(stored().c.B.map((doc: Dynamic) => doc._id)).toEqual([1, 2, 4]);
    await run("update", { collection: "c", _id: 1, data: { n: 1 }, index: "A" });
    expect(stored().c.A.map((doc: Dynamic) => doc._id)).toEqual([3, 1]);
    expect(await run("find", { collection: "c", index: "A" })).toEqual({ n: 3, _id: 3 });
    expect(await run("findMany", { collection: "c", index: "A" })).toEqual([
      { n: 1, _id: 1 },
      { n: 3, _id: 3 },
    ]);
    db = await reopen(db, { file });
    expect(await run("find", { collection: "c", index: "A" })).toEqual({ n: 3, _id: 3 });
    expect((await run("update", { collection: "c", _id: 1, data: { n: 11 } }))._id).toBe(1);
    expect(stored().c.A.map((doc: Dynamic) => doc.n)).toEqual([3, 11]);
  });
  test("an emptied bucket stays", async () => {
    for (const _id of [1, 2, 3]) await run("update", { collection: "c", _id, data: {}, index: "B" });
    expect(await run("findMany", { collection: "c", index: "A" })).toEqual([]);
    expect(stored().c.A).toEqual([]);
  });
  test("its errors", async () => {
    expect((await caught(run("update", { collection: "c", data: {} }))).message).toBe("UPDATE ERROR: no _id given");
    const none = await caught(run("update", { collection: "no", _id: 1, data: {} }));
    expect(none).toBeInstanceOf(CollectionNotFoundError);
    expect(none.message).toBe("Collection 'no' not found");
    const missing = await caught(run("update", { collection: "c", _id: 9, data: {} }));
    expect(missing).toBeInstanceOf(DocumentNotFoundError);
    expect(missing.message).toBe("Document with _id '9' not found");
    expect(await caught(run("update", { collection: "c", _id: "1" as unknown as number }))).toBeInstanceOf(
      DocumentNotFoundError,
    );
  });
});

describe("destroy (10)", () => {
  test("gives what is gone; its _id is not used again", async () => {
    await run("createMany", { data: [{ a: 1 }, { a: 2 }] });
    expect(await run("destroy", { _id: 2 })).toEqual({ a: 2, _id: 2 });
    expect(await run("create", { data: {} })).toEqual({ _id: 3 });
    expect((await caught(run("destroy", {}))).message).toBe("DESTROY ERROR: no _id given");
    expect(await caught(run("destroy", { _id: 2 }))).toBeInstanceOf(DocumentNotFoundError);
    expect(await caught(run("destroy", { collection: "no", _id: 2 }))).toBeInstanceOf(CollectionNotFoundError);
  });
});

describe("find, findMany (11, 12, 21, 31, 32)", () => {
  beforeEach(async () => {
    await run("createMany", { index: "b", data: [{ n: 1 }, { n: 2 }] });
    await run("createMany", { index: "2", data: [{ n: 3 }] });
    await run("createMany", { index: "10", data: [{ n: 4 }] });
  });
  test("find takes buckets as JavaScript lists them, then their order", async () => {
    expect(await run("find", {})).toEqual({ n: 3, _id: 3 });
    expect(await run("find", { filter: { n: { $ne: 3 } } })).toEqual({ n: 4, _id: 4 });
    expect(await run("find", { index: "b" })).toEqual({ n: 1, _id: 1 });
    expect(await run("find", { filter: { n: 99 } })).toBeUndefined();
  });
  test("findMany goes by _id, or by the sort function", async () => {
    expect((await run("findMany", {})).map((doc: Dynamic) => doc._id)).toEqual([1, 2, 3, 4]);
    const sorted = await run("findMany", { sort: (a, b) => b.n - a.n });
    expect(sorted.map((doc: Dynamic) => doc.n)).toEqual([4, 3, 2, 1]);
  });
  test("the filter comes first, then the callback gets what is left, alone", async () => {
    const seen: unknown[] = [];
    const found = await run("findMany", {
      filter: { n: { $gt: 1 } },
      callback: (...args: [Dynamic]) => {
        seen.push(args.length, args[0].n);
        return args[0].n !== 3;
      },
    });
    expect(found.map((doc: Dynamic) => doc.n)).toEqual([2, 4]);
    expect(seen).toEqual([1, 3, 1, 4, 1, 2]);
  });
  test("errors name the collection or the bucket", async () => {
    expect((await caught(run("find", { collection: "no" }))).message).toBe("Collection 'no' not found");
    const error = await caught(run("findMany", { index: "no" }));
    expect(error).toBeInstanceOf(IndexNotFoundError);
    expect(error.message).toBe("Index 'no' not found");
    expect(await caught(run("find", { index: "__stats" }))).toBeInstanceOf(IndexNotFoundError);
  });
});

describe("dropCollection, dropIndex, __stats (6, 14, 15)", () => {
  test("__stats: the measured sequence", async () => {
    const stats = () => {
      const { inserted, total } = stored().c.__stats;
      return [inserted, total];
    };
    for (let i = 0; i < 3; i++) await run("create", { collection: "c", data: {}, index: i < 2 ? "A" : "B" });
    expect(stats()).toEqual([3, 3]);
    await run("destroy", { collection: "c", _id: 1 });
    expect(stats()).toEqual([3, 2]);
    await run("create", { collection: "c", data: {}, index: "A" });
    expect(stats()).toEqual([4, 3]);
    await run("dropIndex", { collection: "c", index: "A" });
    expect(stats()).toEqual([4, 1]);
    await run("rewriteCollection", { collection: "c" });
    expect(stats()).toEqual([1, 1]);
  });
  test("dropCollection begins the count anew", async () => {
    await run("create", { collection: "c", data: {} });
    expect(await run("dropCollection", { collection: "c" })).toBeUndefined();
    expect(stored().c).toBeUndefined();
    expect(await run("create", { collection: "c", data: {} })).toEqual({ _id: 1 });
    expect(await caught(run("dropCollection", { collection: "no" }))).toBeInstanceOf(CollectionNotFoundError);
    expect(await caught(run("dropIndex", { collection: "c", index: "no" }))).toBeInstanceOf(IndexNotFoundError);
  });
});

describe("rewriteCollection (16)", () => {
  test("gives new _ids in the sorted order, and new buckets", async () => {
    await run("createMany", { collection: "c", data: [{ n: 1 }, { n: 3 }, { n: 2 }] });
    await run("rewriteCollection", { collection: "c", sort: (a, b) => b.n - a.n, index: (d: Dynamic) => `n${d.n}` });
    expect(await all(db, "c")).toEqual([
      { n: 3, _id: 1 },
      { n: 2, _id: 2 },
      { n: 1, _id: 3 },
    ]);
    expect(stored().c.n2).toEqual([{ n: 2, _id: 2 }]);
    await run("rewriteCollection", { collection: "c" });
    expect(stored().c.default).toHaveLength(3);
    expect(stored().c.n2).toBeUndefined();
  });
});

describe("ensureIndex (17, 18, 19)", () => {
  test("makes the collection, may be asked again, and is kept up to date", async () => {
    await run("ensureIndex", { collection: "c", field: "k" } as Dynamic);
    await run("ensureIndex", { collection: "c", field: "k" } as Dynamic);
    await run("createMany", {
      collection: "c",
      data: [{ k: "a" }, { k: "b" }, { k: "a" }],
      index: (d: Dynamic) => d.k,
    });
    const ids = async (k: unknown) =>
      (await run("findMany", { collection: "c", filter: { k } })).map((d: Dynamic) => d._id);
    expect(await ids("a")).toEqual([1, 3]);
    await run("update", { collection: "c", _id: 1, data: { k: "b" } });
    expect([await ids("a"), await ids("b")]).toEqual([[3], [1, 2]]);
    await run("destroy", { collection: "c", _id: 2 });
    expect(await ids({ $eq: "b" })).toEqual([1]);
    await run("dropIndex", { collection: "c", index: "a" });
    expect([await ids("a"), await ids("b")]).toEqual([[], []]);
    expect((await caught(run("ensureIndex", { field: "k" } as Dynamic))).message).toBe(
      "Collection 'default' not found",
    );
  });
  test("is used: documents without the value are not looked at (20, 60)", async () => {
    await run("createMany", { collection: "c", data: Array.from({ length: 50 }, (_, n) => ({ k: n % 10, n })) });
    const looked = async (filter: Dynamic) => {
      let count = 0;
      await run("findMany", { collection: "c", filter, callback: () => ++count > 0 });
      return count;
    };
    const callsPerFilter = async () => {
      let seen = 0;
      const counted = new Proxy(
        { $in: [3] },
        { get: (target, name) => (name === "$in" ? target.$in : Reflect.get(target, name)) },
      );
      await run("findMany", { collection: "c", filter: { k: 3, n: { $gte: 0 } }, callback: () => ++seen > 0 });
      return [seen, Object.keys(counted)];
    };
    expect(await looked({ k: 3 })).toBe(5);
    await run("ensureIndex", { collection: "c", field: "k" } as Dynamic);
    expect(await looked({ k: 3 })).toBe(5);
    expect(await callsPerFilter()).toEqual([5, ["$in"]]);
    expect(await looked({ _id: 7 })).toBe(1);
  });
});

describe("populate (33, 34, 35)", () => {
  beforeEach(async () => {
    await run("createMany", { collection: "users", data: [{ name: "Ada" }, { name: "Bob" }] });
    await run("createMany", {
      collection: "posts",
      data: [
        { by: 1, editor: "Bob" },
        { by: 9, editor: "no" },
        { by: "1", editor: "" },
        { by: [1], editor: null },
        { by: 0 },
        {},
      ],
    });
  });
  test("by _id and by targetField; what refers to nothing stays as it is", async () => {
    const found = await run("findMany", {
      collection: "posts",
      populate: [
        { field: "by", collection: "users" },
        { field: "editor", collection: "users", targetField: "name" },
      ],
    });
    const [ada, bob] = await all(db, "users");
    expect(found).toEqual([
      { by: ada, editor: bob, _id: 1 },
      { by: 9, editor: "no", _id: 2 },
      { by: "1", editor: "", _id: 3 },
      { by: [1], editor: null, _id: 4 },
      { by: 0, _id: 5 },
      { _id: 6 },
    ]);
    expect(stored().posts.default[0]).toEqual({ by: 1, editor: "Bob", _id: 1 });
  });
  test("the same through a secondary index, with find, and with a missing collection", async () => {
    await run("ensureIndex", { collection: "users", field: "name" } as Dynamic);
    const rules = [
      { field: "editor", collection: "users", targetField: "name" },
      { field: "by", collection: "no" },
    ];
    expect(await run("find", { collection: "posts", populate: rules })).toEqual({
      by: 1,
      editor: { name: "Bob", _id: 2 },
      _id: 1,
    });
    expect((await caught(run("find", { collection: "posts", populate: {} as Dynamic }))).message).toContain(
      "not iterable",
    );
  });
});

describe("errors (58)", () => {
  test("are SencilloDB's and Tenon's", async () => {
    const error = await caught(run("find", { collection: "x" }));
    expect(error).toBeInstanceOf(SencilloDBError);
    expect(error).toBeInstanceOf(TenonError);
    expect(error).toMatchObject({
      name: "CollectionNotFoundError",
      code: "NOT_FOUND.RECORD",
      meta: { collection: "x" },
    });
    await db.close();
    const closed = await caught(run("find", { collection: "x" }));
    expect(closed).toBeInstanceOf(DatabaseNotLoadedError);
    expect(closed.message).toBe("Database not loaded");
    expect(new DatabaseNotLoadedError().code).toBe("STORAGE.CLOSED");
  });
  test("quickTx names an unknown operation (55)", async () => {
    expect((await caught(run("delete" as "destroy", {}))).message).toContain("tx[operation] is not a function");
    expect((await caught(run("constructor" as "destroy", {}))).message).toContain("tx[operation] is not a function");
  });
});

describe("transactions (36 to 39, 61)", () => {
  test("the constructor makes the file, as {}", () => expect(readFileSync(file, "utf8")).toBe("{}"));
  test("give the callback's value, and keep nothing when it throws", async () => {
    expect(await db.transaction(() => 5)).toBe(5);
    expect(await db.transaction(async (tx) => (await tx.create({ data: {} }))._id)).toBe(1);
    const thrown = { any: "thing" };
    await expect(db.transaction(() => Promise.reject(thrown))).rejects.toBe(thrown);
    await expect(
      db.transaction(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
  });
  test("run one after the other", async () => {
    await run("create", { collection: "c", data: { n: 0 } });
    await Promise.all(
      Array.from({ length: 20 }, () =>
        db.transaction(async (tx) => {
          const { n } = await tx.find({ collection: "c" });
          await new Promise((resolve) => setTimeout(resolve, 1));
          await tx.update({ collection: "c", _id: 1, data: { n: n + 1 } });
        }),
      ),
    );
    expect((await run("find", { collection: "c" })).n).toBe(20);
  });
  test("a log holds operations and data; compact() folds it into the file (49, 50, 51)", async () => {
    const config = { file: join(tempDir(), "log.json"), aof: true };
    db = open(config);
    await run("create", { collection: "c", data: { name: "Ada" } });
    const log = readFileSync(`${config.file}.aof`, "utf8");
    expect(log).toContain("create");
    expect(log).toContain("Ada");
    expect(readFileSync(config.file, "utf8")).toBe("{}");
    await db.compact();
    expect(existsSync(`${config.file}.aof`)).toBe(false);
    expect(JSON.parse(readFileSync(config.file, "utf8")).c.default).toEqual([{ name: "Ada", _id: 1 }]);
    await run("create", { collection: "c", data: { name: "Bob" } });
    db = await reopen(db, config);
    expect(await all(db, "c")).toHaveLength(2);
  });
});
