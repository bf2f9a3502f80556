/** Nested writes inside creates: every operation across every kind of relation. */
import { describe, expect, test } from "vitest";
import { NotFoundError, UniqueViolationError, ValidationError } from "../../src/index.js";
import { issuePaths, openDb, rejection } from "./support.js";

const person = (n: number) => ({ email: `u${n}@x.de` });

describe("belongsTo", () => {
  test("create makes the parent first and sets the foreign key", async () => {
    await using db = await openDb();
    const post = await db.posts.create({ data: { title: "t", author: { create: person(1) } }, populate: ["author"] });
    expect(post).toMatchObject({ authorId: 1, author: { id: 1, email: "u1@x.de" } });
  });

  test("connect takes any unique filter", async () => {
    await using db = await openDb();
    await db.users.createMany({ data: [person(1), person(2)] });
    const post = await db.posts.create({ data: { title: "t", author: { connect: { email: "u2@x.de" } } } });
    expect(post.authorId).toBe(2);
  });

  test("connect of a missing record names the place and writes nothing", async () => {
    await using db = await openDb();
    const error = await rejection(
      db.posts.create({ data: { title: "t", author: { connect: { id: 99 } } } }),
      NotFoundError,
    );
    expect(error.message).toContain('No User matches {"id":99} (data.author.connect)');
    expect(error.meta).toMatchObject({ model: "User", path: ["author", "connect"] });
    expect(await db.posts.count()).toBe(0);
  });

  test("connectOrCreate connects the second time", async () => {
    await using db = await openDb();
    const author = { connectOrCreate: { where: { email: "u1@x.de" }, create: person(1) } };
    const a = await db.posts.create({ data: { title: "a", author } });
    const b = await db.posts.create({ data: { title: "b", author } });
    expect([a.authorId, b.authorId]).toEqual([1, 1]);
    expect(await db.users.count()).toBe(1);
  });

  test("a required parent is created at any depth", async () => {
    await using db = await openDb();
    const comment = await db.comments.create({
      data: {
        text: "x",
        post: { create: { title: "t", author: { create: { ...person(1), manager: { create: person(2) } } } } },
      },
      populate: ["post.author.manager"],
    });
    expect(comment).toMatchObject({
      post: { title: "t", author: { email: "u1@x.de", manager: { email: "u2@x.de" } } },
    });
  });
});

describe("hasOne", () => {
  test("create, connect, connectOrCreate", async () => {
    await using db = await openDb();
    const a = await db.users.create({
      data: { ...person(1), profile: { create: { bio: "x" } } },
      populate: ["profile"],
    });
    expect(a.profile).toMatchObject({ bio: "x", userId: 1 });
    const b = await db.users.create({ data: { ...person(2), profile: { connect: { id: 1 } } }, populate: ["profile"] });
    expect(b.profile).toMatchObject({ id: 1, userId: 2 });
    const c = await db.users.create({
      data: { ...person(3), profile: { connectOrCreate: { where: { id: 7 }, create: { bio: "new" } } } },
      populate: ["profile"],
    });
    expect(c.profile).toMatchObject({ bio: "new", userId: 3 });
    expect(await db.profiles.count()).toBe(2);
  });

  test("a list is refused", async () => {
    await using db = await openDb();
    const call = db.users.create({ data: { ...person(1), profile: { create: [{ bio: "x" }] } } });
    expect(issuePaths(await rejection(call, ValidationError))).toEqual(["profile"]);
  });
});

describe("hasMany", () => {
  test("create one, create several, keep their order", async () => {
    await using db = await openDb();
    const one = await db.users.create({
      data: { ...person(1), posts: { create: { title: "solo" } } },
      populate: ["posts"],
    });
    expect(one.posts).toMatchObject([{ title: "solo", authorId: 1 }]);
    const titles = Array.from({ length: 50 }, (_, index) => ({ title: `p${index}` }));
    const two = await db.users.create({ data: { ...person(2), posts: { create: titles } }, populate: ["posts"] });
    expect((two.posts as { title: string }[]).map((post) => post.title)).toEqual(titles.map((post) => post.title));
  });

  test("connect takes rows over from another owner", async () => {
    await using db = await openDb();
    await db.users.create({ data: { ...person(1), posts: { create: [{ title: "a" }, { title: "b" }] } } });
    await db.users.create({ data: { ...person(2), posts: { connect: [{ title: "a" }, { id: 2 }] } } });
    expect(await db.posts.findMany({ select: ["id", "authorId"] })).toEqual([
      { id: 1, authorId: 2 },
      { id: 2, authorId: 2 },
    ]);
  });

  test("connectOrCreate in a list", async () => {
    await using db = await openDb();
    await db.posts.create({ data: { title: "a" } });
    const posts = {
      connectOrCreate: ["a", "b"].map((title) => ({ where: { title }, create: { title, views: 5 } })),
    };
    const user = await db.users.create({ data: { ...person(1), posts }, populate: ["posts"] });
    expect(user.posts).toMatchObject([
      { title: "a", views: 0, authorId: 1 },
      { title: "b", views: 5, authorId: 1 },
    ]);
  });

  test("a foreign key in nested data is refused, as it is set by the relation", async () => {
    await using db = await openDb();
    const call = db.users.create({ data: { ...person(1), posts: { create: [{ title: "a", authorId: 7 }] } } });
    expect(issuePaths(await rejection(call, ValidationError))).toEqual(["posts.0.authorId"]);
  });

  test("a failing child rolls everything back", async () => {
    await using db = await openDb();
    const call = db.users.create({ data: { ...person(1), posts: { create: [{ title: "a" }, { title: "a" }] } } });
    await rejection(call, UniqueViolationError);
    expect([await db.users.count(), await db.posts.count()]).toEqual([0, 0]);
  });
});

describe("manyToMany", () => {
  test("create and connect, with and without payload", async () => {
    await using db = await openDb();
    await db.labels.createMany({ data: [{ name: "old" }] });
    const user = await db.users.create({
      data: {
        ...person(1),
        labels: {
          create: [{ name: "a" }, { name: "b", $through: { weight: 4 } }],
          connect: { name: "old", $through: { weight: 9 } },
        },
      },
      populate: ["labels"],
    });
    expect((user.labels as { name: string }[]).map((label) => label.name).sort()).toEqual(["a", "b", "old"]);
    const weights = await db.userLabels.findMany({ orderBy: { weight: "asc" } });
    expect(weights.map((row) => row.weight)).toEqual([1, 4, 9]);
  });

  test("connectOrCreate takes the payload inside create", async () => {
    await using db = await openDb();
    const labels = { connectOrCreate: { where: { name: "a" }, create: { name: "a", $through: { weight: 3 } } } };
    await db.users.create({ data: { ...person(1), labels } });
    await db.users.create({ data: { ...person(2), labels } });
    expect(await db.labels.count()).toBe(1);
    expect((await db.userLabels.findMany()).map((row) => row.weight)).toEqual([3, 3]);
  });

  test("the payload is validated with its path", async () => {
    await using db = await openDb();
    const call = db.users.create({
      data: { ...person(1), labels: { create: [{ name: "", $through: { weight: 0, x: 1 } }] } },
    });
    expect(issuePaths(await rejection(call, ValidationError)).sort()).toEqual([
      "labels.0.$through.weight",
      "labels.0.$through.x",
      "labels.0.name",
    ]);
  });

  test("connecting twice in one write links once", async () => {
    await using db = await openDb();
    await db.labels.create({ data: { name: "a" } });
    await db.users.create({ data: { ...person(1), labels: { connect: [{ name: "a" }, { name: "a" }] } } });
    expect(await db.userLabels.count()).toBe(1);
  });

  test("$through on another relation is refused", async () => {
    await using db = await openDb();
    const call = db.users.create({ data: { ...person(1), posts: { create: { title: "a", $through: {} } } } });
    expect(issuePaths(await rejection(call, ValidationError))).toEqual(["posts.$through"]);
  });
});

describe("validation", () => {
  test("issues of all levels come in one error, before anything is written", async () => {
    await using db = await openDb();
    const call = db.users.create({
      data: {
        email: "no",
        nmae: "typo",
        posts: { create: [{ title: "" }, { title: "ok", comments: { create: [{ text: "" }, {}] } }] },
        manager: { create: { email: "bad", age: 200 } },
      },
    });
    const error = await rejection(call, ValidationError);
    expect(issuePaths(error).sort()).toEqual([
      "email",
      "manager.age",
      "manager.email",
      "nmae",
      "posts.0.title",
      "posts.1.comments.0.text",
      "posts.1.comments.1.text",
    ]);
    expect(error.message).toContain('did you mean "name"?');
    expect(await db.users.count()).toBe(0);
  });

  test.each(["update", "upsert", "delete", "disconnect", "set", "updateMany", "deleteMany"])(
    "%s does not exist in a create",
    async (operation) => {
      await using db = await openDb();
      const error = await rejection(
        db.users.create({ data: { ...person(1), posts: { [operation]: {} } } }),
        ValidationError,
      );
      expect(issuePaths(error)).toEqual([`posts.${operation}`]);
      expect(error.message).toContain("create, connect, connectOrCreate");
    },
  );

  test("an unknown operation gets a suggestion; two on a to-one relation are refused", async () => {
    await using db = await openDb();
    const typo = await rejection(db.users.create({ data: { ...person(1), posts: { crate: {} } } }), ValidationError);
    expect(typo.message).toContain('did you mean "create"?');
    const two = db.posts.create({ data: { title: "t", author: { create: person(1), connect: { id: 1 } } } });
    expect(issuePaths(await rejection(two, ValidationError))).toEqual(["author"]);
  });

  test("a foreign key and its relation at once are refused", async () => {
    await using db = await openDb();
    const call = db.posts.create({ data: { title: "t", authorId: 1, author: { connect: { id: 1 } } } });
    expect(issuePaths(await rejection(call, ValidationError))).toEqual(["author"]);
  });
});

test("a thousand nested children are one insert command", async () => {
  const seen: string[] = [];
  await using db = await openDb({
    hooks: [
      {
        before: (event) => {
          seen.push(`${event.model}:${event.rows.length}`);
        },
      },
    ],
  });
  const posts = Array.from({ length: 1000 }, (_, index) => ({
    title: `p${index}`,
    comments: { create: { text: "x" } },
  }));
  await db.users.create({ data: { ...person(1), posts: { create: posts } } });
  expect(seen).toEqual(["User:1", "Post:1000", "Comment:1000"]);
  expect(await db.comments.findFirst({ orderBy: { id: "desc" } })).toMatchObject({ postId: 1000 });
});

test("createMany takes nested data as well, level by level", async () => {
  await using db = await openDb();
  const result = await db.users.createMany({
    data: [1, 2].map((n) => ({ ...person(n), posts: { create: [{ title: `a${n}` }, { title: `b${n}` }] } })),
    returning: true,
  });
  expect(result.count).toBe(2);
  expect((await db.posts.findMany()).map((post) => [post.title, post.authorId])).toEqual([
    ["a1", 1],
    ["b1", 1],
    ["a2", 2],
    ["b2", 2],
  ]);
});
