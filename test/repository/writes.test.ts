/** Create, update, upsert, delete and their bulk forms on one model. */
import { describe, expect, test } from "vitest";
import { ConflictError, NotFoundError, QueryError, UniqueViolationError, ValidationError } from "../../src/index.js";
import { issuePaths, openDb, rejection } from "./support.js";

const at = (ms: number) => () => ms;

describe("create", () => {
  test("fills defaults, key, timestamps and version, in field order", async () => {
    await using db = await openDb({ clock: at(1000) });
    const row = await db.users.create({ data: { email: "a@x.de" } });
    expect(row).toEqual({
      id: 1,
      email: "a@x.de",
      name: null,
      role: "member",
      age: 0,
      score: 0,
      tags: [],
      address: null,
      managerId: null,
      createdAt: new Date(1000),
      updatedAt: new Date(1000),
      rev: 1,
    });
    expect(Object.isFrozen(row)).toBe(true);
    expect(await db.users.findById(1)).toEqual(row);
  });

  test("keeps what is given: timestamps, key", async () => {
    await using db = await openDb();
    const row = await db.users.create({ data: { id: 10, email: "a@x.de", createdAt: new Date(5) } });
    expect(row).toMatchObject({ id: 10, createdAt: new Date(5) });
    expect(await db.users.create({ data: { email: "b@x.de" } })).toMatchObject({ id: 11 });
  });

  test("undefined means not given", async () => {
    await using db = await openDb();
    const row = await db.users.create({
      data: { email: "a@x.de", role: undefined, nick: undefined, posts: undefined },
    });
    expect(row.role).toBe("member");
    expect("nick" in row).toBe(false);
  });

  test("generates uuid7 and ulid keys in order", async () => {
    await using db = await openDb();
    const ids: unknown[] = [];
    for (const name of ["a", "b", "c"]) ids.push((await db.labels.create({ data: { name } })).id);
    expect([...ids].sort()).toEqual(ids);
    const span = await db.spans.create({ data: { from: 1, to: 2 } });
    expect(span.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test("select, omit", async () => {
    await using db = await openDb();
    expect(await db.users.create({ data: { email: "a@x.de" }, select: ["email", "id"] })).toEqual({
      id: 1,
      email: "a@x.de",
    });
    expect(await db.labels.create({ data: { name: "x" }, omit: ["id"] })).toEqual({ name: "x", color: "grey" });
  });

  test("a unique value used twice", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de" } });
    const error = await rejection(db.users.create({ data: { email: "a@x.de" } }), UniqueViolationError);
    expect(error.meta).toMatchObject({ model: "User", fields: ["email"] });
  });

  test("an instance of a class is data, a map or a promise is not", async () => {
    await using db = await openDb();
    class Draft {
      email = "a@x.de";
      posts = { create: { title: "t" } };
    }
    expect(await db.users.create({ data: new Draft() as object })).toMatchObject({ email: "a@x.de" });
    expect(await db.posts.count()).toBe(1);
    for (const data of [new Map([["email", "b@x.de"]]), Promise.resolve({ email: "b@x.de" }), "email", null])
      await rejection(db.users.create({ data }), ValidationError);
  });

  test("the data is neither changed nor kept", async () => {
    await using db = await openDb();
    const data = { email: "a@x.de", tags: ["a"], address: { city: "x" }, createdAt: new Date(5) };
    const before = structuredClone(data);
    await db.users.create({ data });
    expect(data).toEqual(before);
    data.tags.push("b");
    data.address.city = "y";
    data.createdAt.setTime(9);
    expect(await db.users.findById(1)).toMatchObject({ tags: ["a"], address: { city: "x" }, createdAt: new Date(5) });
  });

  test("object rules", async () => {
    await using db = await openDb();
    expect(issuePaths(await rejection(db.spans.create({ data: { from: 3, to: 2 } }), ValidationError))).toEqual([
      "from",
    ]);
  });
});

describe("createMany", () => {
  test("returns a count, with returning the rows", async () => {
    await using db = await openDb();
    const data = [1, 2, 3].map((n) => ({ email: `u${n}@x.de` }));
    expect(await db.users.createMany({ data })).toEqual({ count: 3 });
    const more = await db.users.createMany({ data: [{ email: "u4@x.de" }], returning: true });
    expect(more).toMatchObject({ count: 1, rows: [{ id: 4 }] });
    expect(await db.users.createMany({ data: [] })).toEqual({ count: 0 });
    expect(await db.users.createMany({ data: [], returning: true })).toEqual({ count: 0, rows: [] });
  });

  test("skipDuplicates leaves out what exists, earlier rows of the call included", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de" } });
    const data = ["a", "b", "b"].map((name) => ({ email: `${name}@x.de` }));
    expect(await db.users.createMany({ data, skipDuplicates: true, returning: true })).toMatchObject({
      count: 1,
      rows: [{ email: "b@x.de" }],
    });
    await rejection(db.users.createMany({ data: [{ email: "c@x.de" }, { email: "a@x.de" }] }), UniqueViolationError);
    expect(await db.users.count()).toBe(2);
  });

  test("all issues of all rows, with their index", async () => {
    await using db = await openDb();
    const call = db.users.createMany({ data: [{ email: "a@x.de" }, { email: "no" }, { emial: "x", age: -1 }, 7] });
    expect(issuePaths(await rejection(call, ValidationError)).sort()).toEqual([
      "1.email",
      "2.age",
      "2.email",
      "2.emial",
      "3",
      "3.email",
    ]);
    expect(await db.users.count()).toBe(0);
  });
});

describe("update", () => {
  test("changes fields, updatedAt and version", async () => {
    let now = 1000;
    await using db = await openDb({ clock: () => now });
    await db.users.create({ data: { email: "a@x.de" } });
    now = 2000;
    const row = await db.users.update({ where: { id: 1 }, data: { name: "A", role: undefined } });
    expect(row).toMatchObject({
      name: "A",
      role: "member",
      rev: 2,
      updatedAt: new Date(2000),
      createdAt: new Date(1000),
    });
  });

  test("atomic operators", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de", age: 10, score: 2, tags: ["a"], nick: "n" } });
    const row = await db.users.update({
      where: { email: "a@x.de" },
      data: {
        age: { $inc: 5 },
        score: { $mul: 1.5 },
        tags: { $push: ["b", "c"] },
        nick: { $unset: true },
        name: { $set: "S" },
      },
    });
    expect(row).toMatchObject({ age: 15, score: 3, tags: ["a", "b", "c"], name: "S" });
    expect("nick" in row).toBe(false);
    const again = await db.users.update({ where: { id: 1 }, data: { tags: { $pull: "a" }, name: { $unset: true } } });
    expect(again).toMatchObject({ tags: ["b", "c"], name: null });
    expect((await db.users.update({ where: { id: 1 }, data: { tags: { $push: "d" } } })).tags).toEqual(["b", "c", "d"]);
  });

  test("nested objects: replaced whole, patched, changed atomically", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de", address: { city: "Paris", zip: "75" } } });
    const set = (address: unknown) => db.users.update({ where: { id: 1 }, data: { address } });
    expect((await set({ $patch: { city: "Rome", visits: { $inc: 2 } } })).address).toEqual({
      city: "Rome",
      zip: "75",
      visits: 2,
    });
    expect((await set({ $patch: { zip: { $unset: true }, city: undefined } })).address).toEqual({
      city: "Rome",
      visits: 2,
    });
    expect((await set({ city: "Oslo" })).address).toEqual({ city: "Oslo", visits: 0 });
    expect((await set(null)).address).toBeNull();
  });

  test("the result of an atomic change is validated, and rolled back when it does not fit", async () => {
    await using db = await openDb();
    await db.users.create({
      data: { email: "a@x.de", age: 149, address: { city: "x", visits: 9 }, tags: ["1", "2", "3", "4", "5"] },
    });
    const set = (data: object) => rejection(db.users.update({ where: { id: 1 }, data }), ValidationError);
    expect(issuePaths(await set({ age: { $inc: 2 } }))).toEqual(["age"]);
    expect(issuePaths(await set({ tags: { $push: "6" } }))).toEqual(["tags"]);
    expect(issuePaths(await set({ address: { $patch: { visits: { $inc: 1 } } } }))).toEqual(["address.visits"]);
    expect(await db.users.findById(1)).toMatchObject({ age: 149, rev: 1 });
    // Inside a transaction only the failed call is undone.
    await db.transaction(async (tx) => {
      await tx.users.update({ where: { id: 1 }, data: { name: "kept" } });
      await rejection(tx.users.update({ where: { id: 1 }, data: { age: { $inc: 2 } } }), ValidationError);
    });
    expect(await db.users.findById(1)).toMatchObject({ name: "kept", age: 149, rev: 2 });
  });

  test("object rules hold after an update of one field", async () => {
    await using db = await openDb();
    const { id } = await db.spans.create({ data: { from: 1, to: 2 } });
    expect(issuePaths(await rejection(db.spans.update({ where: { id }, data: { from: 5 } }), ValidationError))).toEqual(
      ["from"],
    );
    expect(await db.spans.findById(id)).toMatchObject({ from: 1 });
    expect(await db.spans.update({ where: { id }, data: { from: 5, to: 6 } })).toMatchObject({ from: 5, to: 6 });
  });

  test("wrong operators and operands, all in one error", async () => {
    await using db = await openDb();
    const call = db.users.update({
      where: { id: 1 },
      data: {
        id: 2,
        rev: 9,
        email: { $inc: 1 },
        age: { $inc: "x" },
        score: { $icn: 1 },
        tags: { $push: 5 },
        name: { $set: 1, $unset: true },
        role: "king",
        address: { $patch: { cty: "x", visits: { $inc: 0.5 } } },
        managerId: { $push: 1 },
        nope: 1,
      },
    });
    const error = await rejection(call, ValidationError);
    expect(issuePaths(error).sort()).toEqual([
      "address.$patch.cty",
      "address.$patch.visits.$inc",
      "age.$inc",
      "email.$inc",
      "id",
      "managerId.$push",
      "name",
      "nope",
      "rev",
      "role",
      "score.$icn",
      "tags.$push",
    ]);
    expect(error.message).toContain('did you mean "$inc"?');
    expect(error.message).toContain('did you mean "city"?');
  });

  test("a missing record", async () => {
    await using db = await openDb();
    const error = await rejection(db.users.update({ where: { id: 5 }, data: { name: "x" } }), NotFoundError);
    expect(error.message).toContain('No User matches {"id":5}');
  });

  test("no data still counts as an update; a model without stamps is only found", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de", labels: { create: { name: "l" } } } });
    expect(await db.users.update({ where: { id: 1 }, data: {} })).toMatchObject({ rev: 2 });
    expect(await db.labels.update({ where: { name: "l" }, data: {} })).toMatchObject({ name: "l" });
    await rejection(db.labels.update({ where: { name: "none" }, data: {} }), NotFoundError);
  });
});

describe("version", () => {
  test("a stale version is a conflict, a missing record is not", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de" } });
    expect(await db.users.update({ where: { id: 1, rev: 1 }, data: { name: "first" } })).toMatchObject({ rev: 2 });
    const error = await rejection(
      db.users.update({ where: { id: 1, rev: 1 }, data: { name: "second" } }),
      ConflictError,
    );
    expect(error.code).toBe("CONFLICT.VERSION");
    expect(error.retryable).toBe(false);
    expect(error.meta).toMatchObject({ model: "User", current: 2 });
    await rejection(db.users.update({ where: { id: 9, rev: 1 }, data: { name: "x" } }), NotFoundError);
    await rejection(db.users.update({ where: { id: 1, name: "other" }, data: { name: "x" } }), NotFoundError);
  });

  test("holds for delete, upsert and updates with relations", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de" } });
    await db.users.update({ where: { id: 1 }, data: { name: "x" } });
    const where = { id: 1, rev: 1 };
    await rejection(db.users.delete({ where }), ConflictError);
    await rejection(db.users.upsert({ where, create: { email: "b@x.de" }, update: {} }), ConflictError);
    await rejection(db.users.update({ where, data: { posts: { create: { title: "t" } } } }), ConflictError);
    expect([await db.users.count(), await db.posts.count()]).toEqual([1, 0]);
  });
});

describe("upsert", () => {
  test("creates, then updates", async () => {
    await using db = await openDb();
    const call = () =>
      db.users.upsert({
        where: { email: "a@x.de" },
        create: { email: "a@x.de", age: 1 },
        update: { age: { $inc: 10 } },
      });
    expect((await call()).age).toBe(1);
    expect((await call()).age).toBe(11);
  });

  test("issues of both branches, told apart", async () => {
    await using db = await openDb();
    const call = db.users.upsert({ where: { id: 1 }, create: { email: "x" }, update: { age: -1 } });
    expect(issuePaths(await rejection(call, ValidationError)).sort()).toEqual(["create.email", "update.age"]);
  });

  test("with relations and populate", async () => {
    await using db = await openDb();
    const args = {
      where: { email: "a@x.de" },
      create: { email: "a@x.de", posts: { create: { title: "first" } } },
      update: { posts: { create: { title: "second" } } },
      populate: ["posts"],
    };
    expect((await db.users.upsert(args)).posts).toHaveLength(1);
    expect((await db.users.upsert(args)).posts).toHaveLength(2);
  });

  test("runs in parallel without a unique violation", async () => {
    await using db = await openDb();
    const call = () =>
      db.users.upsert({ where: { email: "a@x.de" }, create: { email: "a@x.de" }, update: { age: { $inc: 1 } } });
    await Promise.all(Array.from({ length: 20 }, call));
    expect(await db.users.findMany({ select: ["age"] })).toEqual([{ age: 19 }]);
  });
});

describe("delete", () => {
  test("returns the row, with its relations when asked", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de", posts: { create: { title: "t" } } } });
    const row = await db.users.delete({ where: { id: 1 }, populate: ["posts"], select: ["id"] });
    expect(row).toMatchObject({ id: 1, posts: [{ title: "t" }] });
    expect(await db.users.findById(1)).toBeNull();
    await rejection(db.users.delete({ where: { id: 1 } }), NotFoundError);
  });
});

describe("updateMany and deleteMany", () => {
  const filled = async () => {
    const db = await openDb();
    await db.users.createMany({ data: [1, 2, 3, 4].map((n) => ({ email: `u${n}@x.de`, age: n })) });
    return db;
  };

  test("count, limit, returning", async () => {
    await using db = await filled();
    expect(await db.users.updateMany({ where: { age: { $gt: 1 } }, data: { score: { $inc: 1 } } })).toEqual({
      count: 3,
    });
    const limited = await db.users.updateMany({
      where: { age: { $gt: 0 } },
      data: { name: "x" },
      limit: 2,
      returning: true,
    });
    expect(limited).toMatchObject({
      count: 2,
      rows: [
        { id: 1, name: "x" },
        { id: 2, name: "x" },
      ],
    });
    expect(await db.users.deleteMany({ where: { name: "x" }, limit: 1, returning: true })).toMatchObject({
      count: 1,
      rows: [{ id: 1 }],
    });
    expect(await db.users.deleteMany({ where: { id: 99 } })).toEqual({ count: 0 });
  });

  test.each([[{}], [{ where: {} }]])("without a filter is refused: %j", async (args) => {
    await using db = await filled();
    for (const call of [db.users.deleteMany(args), db.users.updateMany({ ...args, data: { name: "x" } })])
      expect((await rejection(call, QueryError)).code).toBe("QUERY.MISSING_WHERE");
    expect(await db.users.count()).toBe(4);
  });

  test("where: undefined is refused, { all: true } is every row", async () => {
    await using db = await filled();
    expect((await rejection(db.users.deleteMany({ where: undefined }), QueryError)).code).toBe("QUERY.UNDEFINED_VALUE");
    expect(await db.users.updateMany({ where: { all: true }, data: { name: "x" } })).toEqual({ count: 4 });
    expect(await db.users.deleteMany({ where: { all: true } })).toEqual({ count: 4 });
  });

  test("empty data changes nothing on a model without stamps, and still counts", async () => {
    await using db = await filled();
    await db.labels.createMany({ data: [{ name: "a" }, { name: "b" }] });
    expect(await db.labels.updateMany({ where: { all: true }, data: {} })).toEqual({ count: 2 });
  });

  test("relations are refused, results are validated", async () => {
    await using db = await filled();
    const nested = db.users.updateMany({ where: { id: 1 }, data: { posts: { create: { title: "x" } } } });
    expect(issuePaths(await rejection(nested, ValidationError))).toEqual(["posts"]);
    const tooOld = db.users.updateMany({ where: { all: true }, data: { age: { $inc: 147 } } });
    expect(issuePaths(await rejection(tooOld, ValidationError))).toEqual(["age"]);
    expect(await db.users.findById(1)).toMatchObject({ age: 1 });
  });
});
