/** Each defect that was found in SencilloDB, by its number in docs/sencillo.md: ours does not have it. See also the other files. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { CorruptionError, LockedError, TransactionError } from "../../src/index.js";
import {
  createResourceManager,
  DatabaseNotLoadedError,
  type Dynamic,
  quickTx,
  SencilloDB,
  ValidationError,
} from "../../src/sencillo.js";
import { all, caught, open, reopen, tempDir } from "./support.js";

const fileIn = (dir: string) => join(dir, "db.json");

describe("what cannot be stored (1, 36)", () => {
  const circle: Dynamic = { name: "o" };
  circle.self = { inside: [circle] };
  test.each([
    ["a circle", circle],
    ["NaN", { n: Number.NaN }],
    ["Infinity", { a: [Number.POSITIVE_INFINITY] }],
    ["a function", { f: () => 1 }],
    ["a symbol", { s: Symbol("x") }],
    ["a Map", { m: new Map() }],
    ["a Set", { m: new Set() }],
    ["a Promise", { p: Promise.resolve(1) }],
    ["an Error", { e: new RangeError("x") }],
    ["an invalid date", { d: new Date(Number.NaN) }],
    ["a RegExp", { r: /x/ }],
  ])("%s is refused before anything is written", async (_, data) => {
    const file = fileIn(tempDir());
    const db = open({ file });
    await quickTx(db)("create", { collection: "c", data: { kept: true } });
    const before = readFileSync(file, "utf8");
    const error = await caught(quickTx(db)("create", { collection: "c", data }));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toContain("cannot be stored");
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(await all(db, "c")).toEqual([{ kept: true, _id: 1 }]);
  });
  test("memory, file and log agree", async () => {
    const data = {
      d: new Date(5),
      u: undefined,
      list: [undefined, 1n],
      z: -0,
      bytes: Buffer.from("ab"),
      j: { toJSON: () => "j" },
    };
    for (const aof of [false, true]) {
      const config = { file: fileIn(tempDir()), aof };
      let db = open(config);
      const made = await quickTx(db)("create", { data });
      expect(made).toEqual({
        d: "1970-01-01T00:00:00.005Z",
        list: [null, 1n],
        z: 0,
        bytes: new Uint8Array([97, 98]),
        j: "j",
        _id: 1,
      });
      db = await reopen(db, config);
      expect(await all(db, "default")).toEqual([made]);
      await db.compact();
      db = await reopen(db, config);
      expect(await all(db, "default")).toEqual([made]);
    }
  });
});

describe("our log", () => {
  const config = () => ({ file: fileIn(tempDir()), aof: true });
  const write = async (db: SencilloDB, n: number) =>
    db.transaction(async (tx) => {
      await tx.create({ collection: "a", data: { n } });
      await tx.create({ collection: "b", data: { n } });
    });

  test("wherever it is torn, a transaction is there as a whole or not at all; what comes next is kept (3, 4)", async () => {
    const options = config();
    const db = open(options);
    await write(db, 1);
    const whole = statSync(`${options.file}.aof`).size;
    await write(db, 2);
    await db.close();
    const log = readFileSync(`${options.file}.aof`);
    for (let cut = whole; cut < log.length; cut += 7) {
      writeFileSync(`${options.file}.aof`, log.subarray(0, cut));
      let torn = open(options);
      expect(await all(torn, "a")).toHaveLength(1);
      expect(await all(torn, "b")).toHaveLength(1);
      expect((await quickTx(torn)("create", { collection: "a", data: { n: 3 } }))._id).toBe(2);
      torn = await reopen(torn, options);
      expect((await all(torn, "a")).map((doc: Dynamic) => doc.n)).toEqual([1, 3]);
      await torn.close();
    }
  });
  test("damage in its middle is refused, with the place (5)", async () => {
    const options = config();
    const db = open(options);
    for (let n = 0; n < 5; n++) await write(db, n);
    await db.close();
    const log = readFileSync(`${options.file}.aof`);
    log[120] = log[120]! ^ 4;
    writeFileSync(`${options.file}.aof`, log);
    const error = await caught(all(open(options), "a"));
    expect(error).toBeInstanceOf(CorruptionError);
    expect(error.meta.offset).toBeGreaterThan(0);
  });
  test("compact() killed after any of its steps: nothing twice, nothing lost (6)", async () => {
    const options = config();
    let db = open(options);
    for (let n = 0; n < 3; n++) await write(db, n);
    await db.close();
    const [data, log] = [readFileSync(options.file), readFileSync(`${options.file}.aof`)];
    db = open(options);
    await db.compact();
    await db.close();
    const after = readFileSync(options.file);
    const expected = [0, 1, 2];
    const script = `
      import { applyTogether } from ${JSON.stringify(resolve("src/sencillo/intent.ts"))};
      import { nodeFiles } from ${JSON.stringify(resolve("src/storage/files/node.ts"))};
      import { readFileSync } from "node:fs";
      const [file, steps, after] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
      let done = 0;
      const apply = async ({ path, bytes }) => {
        if (done++ === steps) process.kill(process.pid, "SIGKILL");
        if (bytes === null) await nodeFiles.remove(path); else await nodeFiles.replace(path, [bytes]);
      };
      await applyTogether(nodeFiles, file + ".intent", [{ path: file, bytes: readFileSync(after) }, { path: file + ".aof", bytes: null }], apply);
      process.kill(process.pid, "SIGKILL");`;
    const dir = tempDir();
    writeFileSync(join(dir, "kill.mts"), script);
    writeFileSync(join(dir, "after"), after);
    for (let steps = 0; steps <= 2; steps++) {
      writeFileSync(options.file, data);
      writeFileSync(`${options.file}.aof`, log);
      const args = ["--import", "tsx", join(dir, "kill.mts"), options.file, String(steps), join(dir, "after")];
      expect(spawnSync(process.execPath, args, { timeout: 60_000 }).signal).toBe("SIGKILL");
      db = open(options);
      expect((await all(db, "a")).map((doc: Dynamic) => doc.n)).toEqual(expected);
      await db.close();
      expect(existsSync(`${options.file}.intent`)).toBe(false);
    }
  });
  test("holds results: functions, later changes of the data and failed operations play no part (7, 8)", async () => {
    const options = config();
    let db = open(options);
    const data = { v: 1 };
    await db.transaction(async (tx) => {
      await tx.create({ collection: "c", data, index: (d: Dynamic) => `bucket${d.v}` });
      data.v = 999;
      await tx.destroy({ collection: "c", _id: 7 }).catch(() => {});
      await tx.createMany({ collection: "c", data: [{ v: 2 }, null] }).catch(() => {});
      await tx.create({ collection: "c", data: { v: 3 } });
      await tx.rewriteCollection({
        collection: "c",
        sort: (a: Dynamic, b: Dynamic) => b.v - a.v,
        index: (d: Dynamic) => `b${d.v}`,
      });
    });
    db = await reopen(db, options);
    expect(await all(db, "c", "b1")).toEqual([{ v: 1, _id: 2 }]);
    expect(await all(db, "c", "b3")).toEqual([{ v: 3, _id: 1 }]);
  });
  test("of a folder is read again; opening without aof folds it (2, 10)", async () => {
    const folder = join(tempDir(), "data");
    let db = open({ folder, aof: true });
    await write(db, 1);
    db = await reopen(db, { folder, aof: true });
    expect(await all(db, "a")).toHaveLength(1);
    db = await reopen(db, { folder });
    expect(await all(db, "a")).toHaveLength(1);
    expect(existsSync(join(folder, "log.aof"))).toBe(false);
    expect(JSON.parse(readFileSync(join(folder, "a.json"), "utf8")).default).toHaveLength(1);
  });
});

describe("several files", () => {
  test("change together: a second write that fails leaves the first undone after opening anew (12)", async () => {
    const folder = join(tempDir(), "data");
    const db = open({ folder });
    await quickTx(db)("create", { collection: "a", data: { n: 1 } });
    // A folder where the second file should go.
    mkdirSync(join(folder, "b.json"));
    const error = await caught(
      db.transaction(async (tx) => {
        await tx.create({ collection: "a", data: { n: 2 } });
        await tx.create({ collection: "b", data: { n: 2 } });
      }),
    );
    expect(error.code).toBe("STORAGE.IO");
    expect((await all(db, "a")).map((doc: Dynamic) => doc.n)).toEqual([1]);
  });
  test("dropCollection of a transaction that throws keeps the file (13)", async () => {
    const folder = join(tempDir(), "data");
    const db = open({ folder });
    await quickTx(db)("create", { collection: "a", data: {} });
    await caught(
      db.transaction(async (tx) => {
        await tx.dropCollection({ collection: "a" });
        expect(existsSync(join(folder, "a.json"))).toBe(true);
        throw new RangeError("no");
      }),
    );
    expect(await all(db, "a")).toHaveLength(1);
    await quickTx(db)("dropCollection", { collection: "a" });
    expect(existsSync(join(folder, "a.json"))).toBe(false);
  });
  test.each([[false], [true]])(
    "forgetting never writes what is not committed; sharding %s (14, 23, 43)",
    async (sharding) => {
      const config = { folder: join(tempDir(), "data"), sharding, maxCacheSize: 1 };
      let db = open(config);
      await quickTx(db)("createMany", {
        collection: "a",
        index: (d: Dynamic) => d.g,
        data: [{ g: "x" }, { g: "y" }, { g: "z" }],
      });
      await caught(
        db.transaction(async (tx) => {
          for (const name of ["a", "b", "c", "d"])
            await tx.create({ collection: name, index: "new", data: { g: name } });
          await tx.find({ collection: "none" }).catch(() => {});
          expect(await tx.findMany({ collection: "a" })).toHaveLength(4);
          throw new RangeError("no");
        }),
      );
      expect(await all(db, "a")).toHaveLength(3);
      db = await reopen(db, config);
      expect(await all(db, "a")).toHaveLength(3);
      expect(
        (readdirSync(config.folder, { recursive: true }) as string[]).filter((name) => /^[bcd]/.test(name)),
      ).toEqual([]);
      expect((await quickTx(db)("create", { collection: "a", data: {} }))._id).toBe(4);
    },
  );
});

describe("transactions", () => {
  test("operations at the same time on a collection not yet loaded are all kept (15)", async () => {
    const folder = join(tempDir(), "data");
    let db = open({ folder });
    await quickTx(db)("create", { collection: "c", data: {} });
    db = await reopen(db, { folder });
    const made = await db.transaction((tx) =>
      Promise.all([1, 2, 3].map((n) => tx.create({ collection: "c", data: { n } }))),
    );
    expect(made.map((doc: Dynamic) => doc._id)).toEqual([2, 3, 4]);
    expect(await all(db, "c")).toHaveLength(4);
  });
  test("an operation that was not awaited is part of it; after the end there is none; alone it is saved (16)", async () => {
    const file = fileIn(tempDir());
    let db = open({ file });
    let late: Dynamic;
    await db.transaction((tx) => {
      late = tx;
      void tx.create({ data: { n: 1 } });
    });
    expect(await all(db, "default")).toHaveLength(1);
    const error = await caught(late.create({ data: { n: 2 } }));
    expect(error).toBeInstanceOf(TransactionError);
    expect(error.code).toBe("TRANSACTION.CLOSED");
    await db.create({ data: { n: 3 } });
    db = await reopen(db, { file });
    expect((await db.findMany({})).map((doc: Dynamic) => doc.n)).toEqual([1, 3]);
  });
  test("nested ones are savepoints (32)", async () => {
    const db = open({ file: fileIn(tempDir()) });
    await db.transaction(async (tx) => {
      await tx.create({ data: { n: 1 } });
      await caught(
        db.transaction(async (inner) => {
          await inner.create({ data: { n: 2 } });
          expect(await inner.findMany({})).toHaveLength(2);
          throw new RangeError("no");
        }),
      );
      await quickTx(db)("create", { data: { n: 3 } });
      await db.create({ data: { n: 4 } });
      const refused = await caught(db.transaction(() => tx.create({ data: { n: 5 } })));
      expect(refused.code).toBe("TRANSACTION.CHILD_OPEN");
      void db.transaction(async (inner) => {
        await new Promise((done) => setTimeout(done, 5));
        await inner.create({ data: { n: 6 } });
      });
      await tx.create({ data: { n: 7 } });
    });
    expect((await all(db, "default")).map((doc: Dynamic) => doc.n)).toEqual([1, 3, 4, 6, 7]);
  });
  test("createMany is whole or nothing, also when its error is caught (39)", async () => {
    const db = open({ file: fileIn(tempDir()) });
    await db.transaction(async (tx) => {
      await tx.create({ data: { n: 0 } });
      const error = await caught(tx.createMany({ data: [{ n: 1 }, null, { n: 2 }] }));
      expect(error.message).toBe("CREATE ERROR: no data given");
      expect((await tx.create({ data: { n: 3 } }))._id).toBe(2);
    });
    expect((await all(db, "default")).map((doc: Dynamic) => doc.n)).toEqual([0, 3]);
  });
  test("nothing is printed (33), and reads write nothing (46)", async () => {
    const spies = (["log", "error", "warn"] as const).map((name) => vi.spyOn(console, name));
    const file = fileIn(tempDir());
    const db = open({ file });
    await quickTx(db)("create", { data: {} });
    const before = statSync(file, { bigint: true }).mtimeNs;
    await caught(db.transaction(() => Promise.reject(new RangeError("x"))));
    await all(db, "default");
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(before);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

describe("two objects, two processes (17)", () => {
  test("objects of one process share what is open", async () => {
    const file = fileIn(tempDir());
    const [one, two] = [open({ file }), open({ file })];
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => quickTx(n % 2 === 0 ? one : two)("create", { data: { n } })),
    );
    expect(await all(one, "default")).toHaveLength(40);
    await one.close();
    expect(new Set((await all(two, "default")).map((doc: Dynamic) => doc._id)).size).toBe(40);
    await caught(all(one, "default")).then((error) => expect(error).toBeInstanceOf(DatabaseNotLoadedError));
  });
  test("an object made after the file was removed begins anew", async () => {
    const file = fileIn(tempDir());
    await quickTx(open({ file, aof: true }))("create", { data: {} });
    rmSync(file);
    rmSync(`${file}.aof`);
    const db = open({ file, aof: true });
    expect((await quickTx(db)("create", { data: {} }))._id).toBe(1);
  });
  test("another process is kept out while the first lives, and takes over when it is dead", async () => {
    const dir = tempDir();
    const file = fileIn(dir);
    const db = open({ file });
    await quickTx(db)("create", { data: { n: 1 } });
    const script = join(dir, "other.mts");
    const module = JSON.stringify(resolve("src/sencillo.ts"));
    writeFileSync(
      script,
      `import { SencilloDB } from ${module};
       const db = new SencilloDB({ file: ${JSON.stringify(file)} });
       try { await db.create({ data: { n: 2 } }); console.log("written"); process.kill(process.pid, "SIGKILL"); }
       catch (error) { console.log(error.code); }`,
    );
    const other = () =>
      spawnSync(process.execPath, ["--import", "tsx", script], { encoding: "utf8", timeout: 60_000 }).stdout.trim();
    expect(other()).toBe("LOCKED.PROCESS");
    await db.close();
    expect(other()).toBe("written");
    const again = open({ file });
    expect((await all(again, "default")).map((doc: Dynamic) => doc.n)).toEqual([1, 2]);
    expect(LockedError).toBeDefined();
  });
});

describe("hooks (18, 54)", () => {
  test("a rollback loses nothing and loads nothing", async () => {
    let text = "";
    let loads = 0;
    const saveHook = async (json: string): Promise<void> => {
      text = json;
    };
    const file = fileIn(tempDir());
    for (const loadHook of [undefined, async () => (++loads > 0 ? text : "")]) {
      const db = open({ file, saveHook, loadHook });
      await quickTx(db)("create", { collection: "c", data: { n: 1 } });
      await caught(db.transaction(() => Promise.reject(new RangeError("no"))));
      await quickTx(db)("create", { collection: "c", data: { n: 2 } });
      const saved = JSON.parse(text);
      expect(Object.keys(saved)).toEqual(["c"]);
      expect(saved.c.default.slice(-2).map((doc: Dynamic) => doc.n)).toEqual([1, 2]);
      expect(text).not.toContain("\n");
      await db.close();
    }
    expect(loads).toBe(1);
  });
  test("a hook that fails rejects the transaction, and the next one reads again", async () => {
    let text = '{"c":{"A":[{"n":1,"_id":1}]}}';
    let broken = true;
    const db = open({
      loadHook: () => text,
      saveHook: async (json) => {
        if (broken) throw new RangeError("offline");
        text = json;
      },
    });
    expect((await caught(quickTx(db)("create", { collection: "c", data: { n: 2 } }))).message).toBe("offline");
    broken = false;
    expect(await all(db, "c")).toEqual([{ n: 1, _id: 1 }]);
    expect((await quickTx(db)("create", { collection: "c", data: { n: 3 } }))._id).toBe(2);
    expect(JSON.parse(text).c.default).toEqual([{ n: 3, _id: 2 }]);
  });
});

describe("shards (20, 21, 22, 24)", () => {
  test("update and destroy find documents of shards that are not loaded", async () => {
    const config = { folder: join(tempDir(), "data"), sharding: true };
    let db = open(config);
    await quickTx(db)("createMany", {
      collection: "c",
      index: (d: Dynamic) => d.g,
      data: [{ g: "x.json" }, { g: "a::b" }, { g: "z.gz" }],
    });
    db = await reopen(db, config);
    expect(await quickTx(db)("update", { collection: "c", _id: 2, data: { g: 2 } })).toEqual({ g: 2, _id: 2 });
    expect(await quickTx(db)("destroy", { collection: "c", _id: 3 })).toEqual({ g: "z.gz", _id: 3 });
    await quickTx(db)("dropIndex", { collection: "c", index: "x.json" });
    db = await reopen(db, config);
    expect(await all(db, "c")).toEqual([{ g: 2, _id: 2 }]);
    await quickTx(db)("rewriteCollection", { collection: "c", index: "new" });
    db = await reopen(db, config);
    expect(await all(db, "c")).toEqual([{ g: 2, _id: 1 }]);
    expect(readdirSync(join(config.folder, "c")).sort()).toEqual(["meta.json", "shard_new.json"]);
  });
  test("only the shards that are needed are read (44, 47)", async () => {
    const config = { folder: join(tempDir(), "data"), sharding: true };
    let db = open(config);
    await quickTx(db)("ensureIndex", { collection: "c", field: "k" } as Dynamic);
    await quickTx(db)("createMany", {
      collection: "c",
      index: (d: Dynamic) => d.g,
      data: [
        { g: "x", k: 1 },
        { g: "y", k: 2 },
      ],
    });
    db = await reopen(db, config);
    const shard = join(config.folder, "c", "shard_y.json");
    const text = readFileSync(shard, "utf8");
    writeFileSync(shard, text.replace("2", "3"));
    expect(await all(db, "c", "x")).toHaveLength(1);
    expect(await quickTx(db)("find", { collection: "c", filter: { k: 1 } })).toEqual({ g: "x", k: 1, _id: 1 });
    expect((await quickTx(db)("update", { collection: "c", _id: 1, data: { k: 1 } }))._id).toBe(1);
    // The damaged one is noticed as soon as it is read.
    expect((await caught(all(db, "c", "y"))).code).toBe("CORRUPTION.CHECKSUM");
  });
});

describe("secondary indexes (25, 26, 27, 28, 29)", () => {
  test("heed the bucket, tell values apart and forget what is gone", async () => {
    const file = fileIn(tempDir());
    let db = open({ file });
    const run = (...args: Parameters<ReturnType<typeof quickTx>>) => quickTx(db)(...args);
    await run("ensureIndex", { collection: "c", field: "k" } as Dynamic);
    const data = [
      { k: "x" },
      { k: [1, 2] },
      { k: "1,2" },
      { k: 1 },
      { k: "1" },
      { k: new Date(0) },
      {},
      { k: "undefined" },
      { k: { a: 1 } },
    ];
    await run("createMany", { collection: "c", index: "A", data });
    await run("create", { collection: "c", index: "B", data: { k: "x" } });
    const ids = async (k: unknown, index?: string) =>
      (await run("findMany", { collection: "c", filter: { k }, index })).map((doc: Dynamic) => doc._id);
    const check = async () => {
      expect(await ids("x", "B")).toEqual([10]);
      expect((await run("find", { collection: "c", filter: { k: "x" }, index: "B" }))._id).toBe(10);
      expect((await caught(ids("x", "C"))).message).toBe("Index 'C' not found");
      expect([await ids([1, 2]), await ids("1,2"), await ids(1), await ids("1")]).toEqual([[2], [3], [4], [5]]);
      expect([await ids(undefined), await ids("undefined"), await ids({ a: 1 })]).toEqual([[7], [8], [9]]);
      expect(await ids(new Date(0))).toEqual([6]);
    };
    await check();
    db = await reopen(db, { file });
    await check();
    await run("destroy", { collection: "c", _id: 6 });
    expect(await ids(new Date(0))).toEqual([]);
    await run("rewriteCollection", { collection: "c" });
    let looked = 0;
    await run("findMany", { collection: "c", filter: { k: 1 }, callback: () => ++looked > 0 });
    expect(looked).toBe(1);
    expect(JSON.parse(readFileSync(file, "utf8")).c.__secondary_indexes).toEqual({ k: {} });
  });
});

describe("results (30)", () => {
  test("belong to their receiver, data to its giver", async () => {
    const db = open({ file: fileIn(tempDir()) });
    const data = { tags: ["a"], by: 1 };
    const made = await quickTx(db)("create", { collection: "c", data });
    const expected = { tags: ["a"], by: 1, _id: 1 };
    data.tags.push("given");
    made.tags.push("made");
    const populate = [{ field: "by", collection: "c" }];
    for (const found of [await quickTx(db)("find", { collection: "c" }), ...(await all(db, "c"))]) {
      found.tags.push("found");
      found.extra = true;
    }
    const rows = await quickTx(db)("findMany", { collection: "c", populate });
    rows[0].by.tags.push("populated");
    const updated = await quickTx(db)("update", { collection: "c", _id: 1, data: { tags: ["a"], by: 1 } });
    updated.tags.push("updated");
    expect(await all(db, "c")).toEqual([expected]);
    await quickTx(db)("findMany", {
      collection: "c",
      callback: (doc) => {
        expect(Object.isFrozen(doc)).toBe(true);
        return true;
      },
    });
  });
});

describe("names (34, 35)", () => {
  const NAMES = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "__stats",
    "__id_map",
    "__secondary_indexes",
    "$tenon",
    "$checksum",
    "",
    "..",
    "../evil",
    "/etc/x",
    "a/b\\c",
    "CON:*?",
    "ü 💡",
    "a%2Fb",
    ".hidden",
    "x.",
  ];
  test.each([
    ["file", (dir: string) => ({ file: fileIn(dir) })],
    ["folder", (dir: string) => ({ folder: join(dir, "in", "data") })],
    ["shards", (dir: string) => ({ folder: join(dir, "in", "data"), sharding: true })],
    ["log", (dir: string) => ({ folder: join(dir, "in", "data"), aof: true })],
  ])("any name is one of a collection, a bucket, a field, a value: %s", async (_, configOf) => {
    const dir = tempDir();
    const config = configOf(dir);
    let db = open(config);
    for (const name of NAMES) {
      await db.transaction(async (tx) => {
        await tx.ensureIndex({ collection: name, field: name });
        await tx.create({
          collection: name,
          index: name,
          data: JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(name)}}`),
        });
      });
    }
    const check = async () => {
      for (const name of NAMES) {
        const filter = JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(name)}}`);
        const found = await quickTx(db)("find", { collection: name, index: name, filter });
        expect(Object.entries(found), name).toEqual([
          [name, name],
          ["_id", 1],
        ]);
        expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
      }
    };
    await check();
    db = await reopen(db, config);
    await check();
    await db.compact();
    db = await reopen(db, config);
    await check();
    expect((Object.prototype as Dynamic).__secondary_indexes).toBeUndefined();
    expect(readdirSync(dir)).toEqual("folder" in config ? ["in"] : expect.any(Array));
    if ("folder" in config) expect(readdirSync(join(dir, "in"))).toEqual(["data"]);
  });
  test("a stored __proto__ is data", async () => {
    const file = fileIn(tempDir());
    writeFileSync(file, '{"c":{"A":[{"__proto__":{"admin":true},"_id":1}]}}');
    const found = await quickTx(open({ file }))("find", { collection: "c" });
    expect(found.admin).toBeUndefined();
    expect(Object.hasOwn(found, "__proto__")).toBe(true);
  });
  test("a name that no file system takes is refused", async () => {
    const db = open({ folder: join(tempDir(), "data") });
    expect(await caught(quickTx(db)("create", { collection: "x".repeat(300), data: {} }))).toBeInstanceOf(
      ValidationError,
    );
  });
});

describe("the rest", () => {
  test("damaged data is never served (37)", async () => {
    const file = fileIn(tempDir());
    const db = open({ file });
    await quickTx(db)("createMany", {
      collection: "c",
      data: Array.from({ length: 5 }, (_, n) => ({ n, text: "abc" })),
    });
    await db.close();
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = flipped[at]! ^ (1 << (at % 8));
      writeFileSync(file, flipped);
      const again = open({ file });
      expect(await caught(all(again, "c")), `byte ${at}`).toBeInstanceOf(CorruptionError);
      await again.close();
    }
    writeFileSync(file, bytes);
    truncateSync(file, bytes.length - 1);
    expect(await caught(all(open({ file }), "c"))).toBeInstanceOf(CorruptionError);
  });
  test("a folder that is gone when it should be written rejects (37)", async () => {
    const dir = tempDir();
    const db = open({ folder: join(dir, "data"), compression: true });
    await quickTx(db)("create", { collection: "c", data: {} });
    rmSync(join(dir, "data"), { recursive: true });
    expect((await caught(quickTx(db)("create", { collection: "c", data: {} }))).code).toBe("STORAGE.IO");
  });
  test("resource managers reject, take null as a value of no type, and work detached (38, 56, 57)", async () => {
    const db = open({ file: fileIn(tempDir()) });
    const index = (data: Dynamic) => data.name[0];
    const { execute, validate } = createResourceManager({
      schema: [
        ["name", String],
        ["age", Number],
      ],
      db,
      index,
      collection: "u",
    });
    expect(validate({ name: "a", age: 1, more: true })).toBe(true);
    const problem = (data: unknown) => caught(execute("create", { data }));
    expect((await problem({ name: "a" })).message).toBe(
      "RESOURE VALIDATION ERROR: age missing in some of the data presented",
    );
    expect((await problem({ name: "a", age: "1" })).message).toBe(
      `RESOURE VALIDATION ERROR: age is not of type ${String(Number)}`,
    );
    for (const data of [{ name: null, age: 1 }, { name: "a", age: Number.NaN }, null, undefined]) {
      expect(await problem(data)).toBeInstanceOf(ValidationError);
    }
    await execute("createMany", {
      data: [
        { name: "Ada", age: 1 },
        { name: "Bob", age: 2 },
      ],
    });
    await execute("update", { _id: 1, data: { name: "Zoe", age: 3 } });
    expect(await all(db, "u", "Z")).toEqual([{ name: "Zoe", age: 3, _id: 1 }]);
    expect(await execute("findMany", {})).toHaveLength(2);
    expect(await execute("destroy", { _id: 1 })).toEqual({ name: "Zoe", age: 3, _id: 1 });
    expect(() => createResourceManager({ schema: [] })).toThrow(DatabaseNotLoadedError);
  });
  test("with stableIds no _id is used twice (40)", async () => {
    const config = { file: fileIn(tempDir()), stableIds: true };
    let db = open(config);
    await quickTx(db)("createMany", { collection: "c", data: [{ n: 2 }, { n: 1 }] });
    await quickTx(db)("rewriteCollection", { collection: "c", sort: (a, b) => a.n - b.n, index: "s" });
    expect(await quickTx(db)("find", { collection: "c" })).toEqual({ n: 1, _id: 2 });
    db = await reopen(db, config);
    expect(await quickTx(db)("find", { collection: "c", index: "s" })).toEqual({ n: 1, _id: 2 });
    await quickTx(db)("dropCollection", { collection: "c" });
    expect((await caught(all(db, "c"))).message).toBe("Collection 'c' not found");
    db = await reopen(db, config);
    expect(await quickTx(db)("create", { collection: "c", data: {} })).toEqual({ _id: 3 });
  });
  test("options that do not exist are refused", async () => {
    expect((await caught(() => new SencilloDB({ files: "x" } as Dynamic))).code).toBe("CONFIG.INVALID");
    expect((await caught(() => new SencilloDB({ sharding: true }))).message).toContain("Sharding requires folder mode");
  });
  test("commits are synced: data, its folder, and the log (11)", () => {
    const dir = tempDir();
    const script = join(dir, "sync.mts");
    const module = JSON.stringify(resolve("src/sencillo.ts"));
    const calls = join(dir, "calls");
    writeFileSync(
      script,
      `import fs from "node:fs"; import fsp from "node:fs/promises"; import { syncBuiltinESMExports } from "node:module";
       const seen = (name) => fs.appendFileSync(${JSON.stringify(calls)}, name + "\\n");
       for (const name of ["fdatasync", "fdatasyncSync"]) { const real = fs[name]; fs[name] = (...args) => { seen(name); return real(...args); }; }
       const open = fsp.open; fsp.open = async (...args) => { const handle = await open(...args); const sync = handle.sync.bind(handle);
         handle.sync = () => { seen("sync"); return sync(); }; return handle; };
       syncBuiltinESMExports();
       const { SencilloDB } = await import(${module});
       for (const aof of [false, true]) {
         const db = new SencilloDB({ file: ${JSON.stringify(join(dir, "db"))} + aof + ".json", aof });
         await db.find({}).catch(() => {});
         await db.create({ data: {} }); seen("first"); await db.create({ data: {} }); seen("end");
       }`,
    );
    execFileSync(process.execPath, ["--import", "tsx", script], { timeout: 60_000 });
    const [, plain, , log] = readFileSync(calls, "utf8").split(/first\n|end\n/);
    expect(plain).toMatch(/fdatasync/);
    expect(plain).toMatch(/sync\n/);
    expect(log).toMatch(/fdatasync/);
    appendFileSync(calls, "");
  });
});
