/** Nested writes inside updates: every operation across every kind of relation. */
import { describe, expect, test } from "vitest";
import { NotFoundError, UniqueViolationError, ValidationError } from "../../src/index.js";
import { type Db, issuePaths, openDb, rejection } from "./support.js";

/** Two users; the first owns two posts with a comment each, a profile, a passport, two labels, and manages the second. */
async function seeded(): Promise<Db> {
  const db = await openDb();
  await db.users.create({
    data: {
      email: "u1@x.de",
      posts: { create: [{ title: "a", comments: { create: { text: "c" } } }, { title: "b" }] },
      profile: { create: { bio: "one" } },
      passport: { create: { number: "P-1" } },
      labels: { create: [{ name: "red", $through: { weight: 2 } }, { name: "blue" }] },
    },
  });
  await db.users.create({
    data: { email: "u2@x.de", manager: { connect: { id: 1 } }, posts: { create: { title: "z" } } },
  });
  return db;
}

const change = (db: Db, data: object, populate: string[] = [], id = 1) =>
  db.users.update({ where: { id }, data, populate });
const titles = async (db: Db, authorId: number | null) =>
  (await db.posts.findMany({ where: { authorId }, orderBy: { title: "asc" } })).map((post) => post.title);
const names = async (db: Db, id: number) =>
  ((await db.users.findByIdOrThrow(id, { populate: ["labels"] })).labels as { name: string }[])
    .map((label) => label.name)
    .sort();

describe("hasMany", () => {
  test("create", async () => {
    await using db = await seeded();
    await change(db, { posts: { create: [{ title: "c" }, { title: "d" }] } });
    expect(await titles(db, 1)).toEqual(["a", "b", "c", "d"]);
  });

  test("connect, also of what is connected already", async () => {
    await using db = await seeded();
    await change(db, { posts: { connect: [{ title: "z" }, { title: "a" }] } });
    expect(await titles(db, 1)).toEqual(["a", "b", "z"]);
  });

  test("connectOrCreate", async () => {
    await using db = await seeded();
    const item = (title: string) => ({ where: { title }, create: { title } });
    await change(db, { posts: { connectOrCreate: [item("z"), item("new")] } });
    expect(await titles(db, 1)).toEqual(["a", "b", "new", "z"]);
  });

  test("disconnect; what is not connected is left alone without an error", async () => {
    await using db = await seeded();
    await change(db, { posts: { disconnect: [{ title: "a" }, { title: "z" }, { title: "nowhere" }] } });
    expect([await titles(db, 1), await titles(db, 2), await titles(db, null)]).toEqual([["b"], ["z"], ["a"]]);
  });

  test("set leaves exactly these; an empty list leaves none", async () => {
    await using db = await seeded();
    await change(db, { posts: { set: [{ title: "b" }, { title: "z" }] } });
    expect([await titles(db, 1), await titles(db, null)]).toEqual([["b", "z"], ["a"]]);
    await change(db, { posts: { set: [] } });
    expect(await titles(db, 1)).toEqual([]);
  });

  test("set of a missing record is an error and changes nothing", async () => {
    await using db = await seeded();
    const error = await rejection(change(db, { posts: { set: [{ title: "b" }, { id: 99 }] } }), NotFoundError);
    expect(error.message).toContain("data.posts.set.1");
    expect(await titles(db, 1)).toEqual(["a", "b"]);
  });

  test("update reaches related rows only, at any depth", async () => {
    await using db = await seeded();
    const data = { views: { $inc: 3 }, comments: { update: { where: { id: 1 }, data: { text: "edited" } } } };
    await change(db, { posts: { update: { where: { title: "a" }, data } } });
    expect(await db.posts.findUnique({ where: { title: "a" }, populate: ["comments"] })).toMatchObject({
      views: 3,
      comments: [{ text: "edited" }],
    });
    const foreign = change(db, { posts: { update: [{ where: { title: "z" }, data: { views: 1 } }] } });
    const error = await rejection(foreign, NotFoundError);
    expect(error.message).toContain('No related Post matches {"title":"z"} (data.posts.update.0)');
  });

  test("updateMany and deleteMany", async () => {
    await using db = await seeded();
    await change(db, { posts: { updateMany: { where: { title: { $gte: "a" } }, data: { views: 7 } } } });
    expect((await db.posts.findMany({ orderBy: { title: "asc" } })).map((post) => post.views)).toEqual([7, 7, 0]);
    await change(db, { posts: { deleteMany: [{ title: "a" }, { title: "z" }] } });
    expect((await db.posts.findMany({ orderBy: { title: "asc" } })).map((post) => post.title)).toEqual(["b", "z"]);
  });

  test("upsert", async () => {
    await using db = await seeded();
    const item = (title: string) => ({
      where: { title },
      create: { title, views: 1 },
      update: { views: { $inc: 10 } },
    });
    await change(db, { posts: { upsert: [item("a"), item("new")] } });
    expect(
      await db.posts.findMany({ where: { authorId: 1 }, orderBy: { title: "asc" }, select: ["title", "views"] }),
    ).toEqual([
      { title: "a", views: 10 },
      { title: "b", views: 0 },
      { title: "new", views: 1 },
    ]);
    // A row of somebody else is not "related": creating it again meets the unique index.
    await rejection(change(db, { posts: { upsert: item("z") } }), UniqueViolationError);
  });

  test("delete", async () => {
    await using db = await seeded();
    await change(db, { posts: { delete: { title: "a" } } });
    expect([await titles(db, 1), await db.comments.count()]).toEqual([["b"], 0]);
    await rejection(change(db, { posts: { delete: { title: "z" } } }), NotFoundError);
    expect(await db.posts.count()).toBe(2);
  });

  test.each(["disconnect", "set"])("%s is refused where the foreign key is required", async (operation) => {
    await using db = await seeded();
    const call = db.posts.update({ where: { id: 1 }, data: { comments: { [operation]: [{ id: 1 }] } } });
    const error = await rejection(call, ValidationError);
    expect(issuePaths(error)).toEqual([`comments.${operation}`]);
    expect(error.message).toContain("Comment.postId");
  });
});

describe("hasOne", () => {
  test("create replaces: the former row is released, or the unique index refuses", async () => {
    await using db = await seeded();
    const user = await change(db, { profile: { create: { bio: "two" } } }, ["profile"]);
    expect(user.profile).toMatchObject({ bio: "two" });
    expect(await db.profiles.findById(1)).toMatchObject({ bio: "one", userId: null });
    await rejection(change(db, { passport: { create: { number: "P-2" } } }), UniqueViolationError);
  });

  test("connect, connectOrCreate", async () => {
    await using db = await seeded();
    await db.profiles.create({ data: { bio: "free" } });
    expect((await change(db, { profile: { connect: { id: 2 } } }, ["profile"])).profile).toMatchObject({ bio: "free" });
    const item = { where: { id: 1 }, create: { bio: "x" } };
    expect((await change(db, { profile: { connectOrCreate: item } }, ["profile"])).profile).toMatchObject({ id: 1 });
    expect(await db.profiles.count()).toBe(2);
    await rejection(change(db, { profile: { connect: { id: 77 } } }), NotFoundError);
  });

  test("disconnect", async () => {
    await using db = await seeded();
    expect((await change(db, { profile: { disconnect: true } }, ["profile"])).profile).toBeNull();
    const call = change(db, { passport: { disconnect: true } });
    expect(issuePaths(await rejection(call, ValidationError))).toEqual(["passport.disconnect"]);
  });

  test("update, with and without a condition", async () => {
    await using db = await seeded();
    expect((await change(db, { profile: { update: { data: { bio: "new" } } } }, ["profile"])).profile).toMatchObject({
      bio: "new",
    });
    await rejection(change(db, { profile: { update: { where: { bio: "old" }, data: { bio: "x" } } } }), NotFoundError);
    await rejection(change(db, { profile: { update: { data: { bio: "x" } } } }, [], 2), NotFoundError);
  });

  test("upsert", async () => {
    await using db = await seeded();
    const upsert = { create: { bio: "made" }, update: { bio: "changed" } };
    expect((await change(db, { profile: { upsert } }, ["profile"])).profile).toMatchObject({ id: 1, bio: "changed" });
    expect((await change(db, { profile: { upsert } }, ["profile"], 2)).profile).toMatchObject({
      bio: "made",
      userId: 2,
    });
  });

  test("delete", async () => {
    await using db = await seeded();
    await change(db, { profile: { delete: true } });
    expect(await db.profiles.count()).toBe(0);
    await rejection(change(db, { profile: { delete: true } }), NotFoundError);
  });
});

describe("belongsTo", () => {
  const boss = (db: Db, manager: object, id = 2) =>
    db.users.update({ where: { id }, data: { manager }, populate: ["manager"] });

  test("create, connect, connectOrCreate", async () => {
    await using db = await seeded();
    expect((await boss(db, { create: { email: "u3@x.de" } })).manager).toMatchObject({ id: 3 });
    expect((await boss(db, { connect: { email: "u1@x.de" } })).manager).toMatchObject({ id: 1 });
    const item = { where: { email: "u3@x.de" }, create: { email: "u3@x.de" } };
    expect((await boss(db, { connectOrCreate: item })).manager).toMatchObject({ id: 3 });
    await rejection(boss(db, { connect: { id: 99 } }), NotFoundError);
  });

  test("disconnect, where the foreign key may be empty", async () => {
    await using db = await seeded();
    expect(await boss(db, { disconnect: true })).toMatchObject({ managerId: null, manager: null });
    const call = db.comments.update({ where: { id: 1 }, data: { post: { disconnect: true } } });
    expect(issuePaths(await rejection(call, ValidationError))).toEqual(["post.disconnect"]);
  });

  test("update and upsert", async () => {
    await using db = await seeded();
    expect((await boss(db, { update: { data: { name: "Boss" } } })).manager).toMatchObject({ name: "Boss", rev: 2 });
    await rejection(boss(db, { update: { data: { name: "x" } } }, 1), NotFoundError);
    const upsert = { create: { email: "u9@x.de" }, update: { name: "Again" } };
    expect((await boss(db, { upsert })).manager).toMatchObject({ id: 1, name: "Again" });
    expect((await boss(db, { upsert }, 1)).manager).toMatchObject({ email: "u9@x.de" });
  });

  test("delete lets go first", async () => {
    await using db = await seeded();
    await db.posts.update({ where: { title: "z" }, data: { author: { delete: true } } });
    expect(await db.users.findById(2)).toBeNull();
    expect(await db.posts.findUnique({ where: { title: "z" } })).toMatchObject({ authorId: null });
    await rejection(db.posts.update({ where: { title: "z" }, data: { author: { delete: true } } }), NotFoundError);
  });

  test.each(["set", "updateMany", "deleteMany"])("%s does not exist on a to-one relation", async (operation) => {
    await using db = await seeded();
    const error = await rejection(boss(db, { [operation]: {} }), ValidationError);
    expect(issuePaths(error)).toEqual([`manager.${operation}`]);
  });
});

describe("manyToMany", () => {
  test("create, connect, connectOrCreate", async () => {
    await using db = await seeded();
    await db.labels.create({ data: { name: "free" } });
    const item = (name: string) => ({ where: { name }, create: { name } });
    await change(db, {
      labels: { create: { name: "new" }, connect: { name: "free" }, connectOrCreate: [item("red"), item("x")] },
    });
    expect(await names(db, 1)).toEqual(["blue", "free", "new", "red", "x"]);
    await rejection(change(db, { labels: { connect: { name: "none" } } }), NotFoundError);
  });

  test("an existing link keeps its payload", async () => {
    await using db = await seeded();
    await change(db, { labels: { connect: { name: "red", $through: { weight: 50 } } } });
    expect((await db.userLabels.findMany({ orderBy: { weight: "asc" } })).map((row) => row.weight)).toEqual([1, 2]);
  });

  test("disconnect removes the link, not the row", async () => {
    await using db = await seeded();
    await change(db, { labels: { disconnect: [{ name: "red" }, { name: "none" }] } });
    expect([await names(db, 1), await db.labels.count()]).toEqual([["blue"], 2]);
  });

  test("set", async () => {
    await using db = await seeded();
    await db.labels.create({ data: { name: "free" } });
    await change(db, { labels: { set: [{ name: "red" }, { name: "free" }] } });
    expect(await names(db, 1)).toEqual(["free", "red"]);
    expect((await db.userLabels.findMany({ orderBy: { weight: "asc" } })).map((row) => row.weight)).toEqual([1, 2]);
    await change(db, { labels: { set: [] } });
    expect(await names(db, 1)).toEqual([]);
  });

  test("update and updateMany reach linked rows only", async () => {
    await using db = await seeded();
    await db.labels.create({ data: { name: "free" } });
    await change(db, { labels: { update: { where: { name: "red" }, data: { color: "#f00" } } } });
    await change(db, { labels: { updateMany: { where: { name: { $ne: "red" } }, data: { color: "other" } } } });
    expect((await db.labels.findMany({ orderBy: { name: "asc" } })).map((label) => label.color)).toEqual([
      "other",
      "grey",
      "#f00",
    ]);
    await rejection(
      change(db, { labels: { update: { where: { name: "free" }, data: { color: "x" } } } }),
      NotFoundError,
    );
  });

  test("upsert", async () => {
    await using db = await seeded();
    const item = (name: string) => ({
      where: { name },
      create: { name, $through: { weight: 5 } },
      update: { color: "seen" },
    });
    await change(db, { labels: { upsert: [item("red"), item("new")] } });
    expect(await names(db, 1)).toEqual(["blue", "new", "red"]);
    expect((await db.labels.findUnique({ where: { name: "red" } }))?.color).toBe("seen");
    expect((await db.userLabels.findMany({ orderBy: { weight: "asc" } })).map((row) => row.weight)).toEqual([1, 2, 5]);
  });

  test("delete and deleteMany remove rows and links", async () => {
    await using db = await seeded();
    await db.labels.create({ data: { name: "free" } });
    await change(db, { labels: { delete: { name: "red" } } });
    await rejection(change(db, { labels: { delete: { name: "free" } } }), NotFoundError);
    await change(db, { labels: { deleteMany: {} } });
    expect([await db.labels.count(), await db.userLabels.count()]).toEqual([1, 0]);
  });
});

describe("what counts as an update", () => {
  test("the root's version and updatedAt move even when only relations are written", async () => {
    let now = 1000;
    await using db = await openDb({ clock: () => now });
    await db.users.create({ data: { email: "u1@x.de" } });
    now = 5000;
    const user = await change(db, { posts: { create: { title: "t" } } });
    expect(user).toMatchObject({ rev: 2, updatedAt: new Date(5000), createdAt: new Date(1000) });
  });

  test("a row connected by its foreign key counts as updated, too", async () => {
    let now = 1000;
    await using db = await openDb({ clock: () => now });
    await db.posts.create({ data: { title: "t" } });
    now = 5000;
    await db.users.create({ data: { email: "u1@x.de", posts: { connect: { title: "t" } } } });
    expect(await db.posts.findById(1)).toMatchObject({ updatedAt: new Date(5000) });
  });

  test("several relations and own fields in one update", async () => {
    await using db = await seeded();
    const user = await change(
      db,
      { name: "N", posts: { deleteMany: {} }, labels: { set: [] }, manager: { create: { email: "m@x.de" } } },
      ["posts", "labels", "manager"],
    );
    expect(user).toMatchObject({ name: "N", posts: [], labels: [], manager: { email: "m@x.de" } });
  });

  test("a late failure takes everything back", async () => {
    await using db = await seeded();
    const data = { name: "changed", profile: { delete: true }, labels: { connect: { name: "none" } } };
    await rejection(change(db, data), NotFoundError);
    expect(await db.users.findById(1)).toMatchObject({ name: null, rev: 1 });
    expect(await db.profiles.count()).toBe(1);
  });
});
