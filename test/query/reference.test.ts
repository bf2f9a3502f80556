/** The reference interpreter against answers worked out by hand: it is what every engine is measured by. */
import { describe, expect, test } from "vitest";
import type { FindQuery } from "../../src/query/ir.js";
import { parseAggregate, parseGroupBy } from "../../src/query/parse-aggregate.js";
import { parseFind } from "../../src/query/parse-find.js";
import { type ReferenceData, referenceCount, referenceFind } from "../../src/query/reference.js";
import { referenceAggregate } from "../../src/query/reference-aggregate.js";
import type { Doc } from "../../src/schema/model.js";
import { int, nullable, schemaOf, string } from "../support/schema.js";
import { model, shop } from "./shop.js";

const user = (id: number, more: Doc = {}): Doc => ({
  id,
  email: `u${id}@x`,
  role: "member",
  active: true,
  tags: [],
  lines: [],
  scores: {},
  ...more,
});

const tables: Record<string, readonly Doc[]> = {
  User: [
    user(1, { name: "Ann", age: 30, role: "admin", balance: 5n, tags: ["a", "b"], address: { city: "Oslo" } }),
    user(2, {
      name: "bob",
      age: 20,
      bossId: 1,
      tags: ["b"],
      lines: [{ sku: "x", qty: 5 }],
      address: { city: "Rome", zip: "1" },
    }),
    user(3, { name: null, age: 20, bossId: 1, balance: 7n }),
    user(4, {
      bossId: 2,
      lines: [
        { sku: "x", qty: 1 },
        { sku: "y", qty: 9 },
      ],
    }),
  ],
  Profile: [{ id: 1, userId: 2, bio: "B" }],
  Post: [
    { id: 1, title: "p1", views: 10, authorId: 1 },
    { id: 2, title: "p2", views: 30, authorId: 1 },
    { id: 3, title: "p3", views: 20, authorId: 1 },
    { id: 4, title: "p4", views: 5, authorId: 2 },
  ],
  Comment: [
    { id: 1, postId: 1, text: "c1" },
    { id: 2, postId: 1, text: "c2" },
    { id: 3, postId: 4, text: "c3" },
  ],
  Label: [{ name: "l1" }, { name: "l2" }],
  PostLabel: [
    { postId: 1, labelName: "l2" },
    { postId: 1, labelName: "l1" },
    { postId: 2, labelName: "l1" },
    { postId: 1, labelName: "l1" },
  ],
};
const data: ReferenceData = { schema: shop, docs: (name) => tables[name] ?? [] };

const find = (args: unknown, name = "User", more: Partial<FindQuery> = {}) =>
  referenceFind(data, { ...parseFind(shop, model(name), args), ...more });
const ids = (args: unknown, name = "User") => find(args, name).map((row) => row.id);

describe("filters", () => {
  const cases: [unknown, number[]][] = [
    [{}, [1, 2, 3, 4]],
    [{ name: null }, [3, 4]],
    [{ age: { $ne: 20 } }, [1, 4]],
    [{ age: { $not: { $gt: 20 } } }, [2, 3, 4]],
    [{ age: { $nin: [20] } }, [1, 4]],
    [{ age: { $in: [30, null] } }, [1, 4]],
    [{ name: { $gt: "Z" } }, [2]],
    [{ name: { $regex: /^A/i } }, [1]],
    [{ balance: { $gte: 6 } }, [3]],
    [{ address: { city: { $endsWith: "o" } } }, [1]],
    [{ address: { zip: null } }, [1, 3, 4]],
    [{ address: { $eq: { city: "Oslo" } } }, [1]],
    [{ tags: { $contains: "b" } }, [1, 2]],
    [{ tags: { $every: "b" } }, [2, 3, 4]],
    [{ tags: { $none: "a" } }, [2, 3, 4]],
    [{ tags: ["a", "b"] }, [1]],
    [{ lines: { $some: { sku: "x", qty: { $gt: 3 } } } }, [2]],
    [{ lines: { $every: { sku: "x" } } }, [1, 2, 3]],
    [{ posts: { some: { views: { $gt: 25 } } } }, [1]],
    [{ posts: { every: { views: { $lt: 10 } } } }, [2, 3, 4]],
    [{ posts: { none: {} } }, [3, 4]],
    [{ posts: { some: { comments: { none: {} } } } }, [1]],
    [{ boss: null }, [1]],
    [{ boss: { isNot: { name: "Ann" } } }, [1, 4]],
    [{ boss: { name: "Ann" } }, [2, 3]],
    [{ boss: { boss: { id: 1 } } }, [4]],
    [{ team: { some: { profile: { bio: "B" } } } }, [1]],
    [{ profile: null }, [1, 3, 4]],
    [{ $or: [{ id: 4 }, { role: "admin" }] }, [1, 4]],
    [{ $or: [] }, []],
    [{ $not: {} }, []],
    [{ $where: (row: Doc) => row.name === null }, [3, 4]],
  ];
  test.each(cases)("%o", (where, expected) => {
    expect(ids({ where })).toEqual(expected);
    expect(referenceCount(data, "User", parseFind(shop, model("User"), { where }).where)).toBe(expected.length);
  });

  test("through a many-to-many relation", () => {
    expect(ids({ where: { labels: { some: { name: "l1" } } } }, "Post")).toEqual([1, 2]);
    expect(ids({ where: { labels: { every: { name: "l1" } } } }, "Post")).toEqual([2, 3, 4]);
  });
});

test("null refers to nothing, not even to a row that holds null there", () => {
  const codes = schemaOf({
    Country: {
      fields: { id: int, code: nullable(string) },
      indexes: [{ on: ["code"], unique: true }],
      relations: { cities: { kind: "hasMany", target: "City", to: ["code"] } },
    },
    City: {
      fields: { id: int, code: nullable(string) },
      relations: { country: { kind: "belongsTo", target: "Country", from: ["code"], to: ["code"] } },
    },
  });
  const rows: Record<string, readonly Doc[]> = {
    Country: [{ id: 1, code: null }, { id: 2, code: "x" }, { id: 3 }],
    City: [{ id: 1, code: null }, { id: 2, code: "x" }, { id: 3 }],
  };
  const world: ReferenceData = { schema: codes, docs: (name) => rows[name] ?? [] };
  const of = (name: string, args: unknown) => referenceFind(world, parseFind(codes, codes.models.get(name)!, args));
  expect(of("Country", { populate: ["cities"] }).map((row) => (row.cities as Doc[]).length)).toEqual([0, 1, 0]);
  expect(of("City", { where: { country: null } }).map((row) => row.id)).toEqual([1, 3]);
});

describe("order and slices", () => {
  const cases: [string, unknown, number[]][] = [
    ["nulls first ascending", { orderBy: { name: "asc" } }, [3, 4, 1, 2]],
    ["nulls last descending", { orderBy: { name: "desc" } }, [2, 1, 4, 3]],
    ["nulls as told", { orderBy: { name: { direction: "asc", nulls: "last" } } }, [1, 2, 3, 4]],
    ["several terms", { orderBy: [{ age: "desc" }, { id: "desc" }] }, [1, 3, 2, 4]],
    ["nested", { orderBy: { address: { city: "desc" } } }, [2, 1, 4, 3]],
    ["a related row", { orderBy: { boss: { name: "desc" } } }, [4, 3, 2, 1]],
    ["a count", { orderBy: { posts: { $count: "desc" } } }, [1, 2, 4, 3]],
    ["a related row's count", { orderBy: { boss: { posts: { $count: "asc" } } } }, [1, 4, 2, 3]],
    ["limit and offset", { limit: 2, offset: 1 }, [2, 3]],
    ["limit 0", { limit: 0 }, []],
    ["after", { after: { id: 2 } }, [3, 4]],
    ["after, then offset, then limit", { after: { id: 1 }, offset: 1, limit: 1 }, [3]],
    ["after among equals", { orderBy: { age: "asc" }, after: { age: 20, id: 2 } }, [3, 1]],
    ["after null", { orderBy: { name: "asc" }, after: { id: 3 } }, [4, 1, 2]],
    ["after a row that is gone", { after: { id: 2.5 } }, [3, 4]],
    ["distinct keeps the first", { distinct: ["age"] }, [1, 2, 4]],
    ["distinct in order", { distinct: ["age"], orderBy: { id: "desc" } }, [4, 3, 1]],
    ["distinct before after and limit", { distinct: ["age"], after: { id: 1 }, limit: 1 }, [2]],
  ];
  test.each(cases)("%s", (_name, args, expected) => expect(ids(args)).toEqual(expected));
});

describe("rows", () => {
  test("in model order; nullable fields null, optional ones absent; frozen", () => {
    const [row] = find({ where: { id: 4 } });
    const names = model("User").fields.map((field) => field.name);
    expect(Object.keys(row!)).toEqual(names.filter((name) => name !== "age" && name !== "address"));
    expect([row?.name, row?.meta, row?.bossId]).toEqual([null, null, 2]);
    expect(Object.isFrozen(row)).toBe(true);
  });

  test("select, also without the fields that relations need", () => {
    expect(find({ where: { id: 2 }, select: ["name", "age"], populate: ["boss"] })).toMatchObject([
      { name: "bob", age: 20, boss: { id: 1 } },
    ]);
    expect(Object.keys(find({ select: ["age"], populate: ["posts"], limit: 1 })[0]!)).toEqual(["age", "posts"]);
  });

  test("populate: lists, one, none, nested, many-to-many each once in key order", () => {
    const [ann] = find({ where: { id: 1 }, populate: ["posts.comments", "boss", "profile", "posts.labels"] });
    const posts = ann?.posts as readonly Doc[];
    expect(posts.map((post) => post.id)).toEqual([1, 2, 3]);
    expect(posts[0]?.comments).toEqual([
      { id: 1, postId: 1, text: "c1" },
      { id: 2, postId: 1, text: "c2" },
    ]);
    expect(posts[0]?.labels).toEqual([{ name: "l1" }, { name: "l2" }]);
    expect([ann?.boss, ann?.profile]).toEqual([null, null]);
    expect(Object.keys(ann!).slice(-3)).toEqual(["posts", "boss", "profile"]);
  });

  test("options and counts per parent", () => {
    const posts = { ...parseFind(shop, model("Post"), { orderBy: { views: "desc" }, limit: 2, select: ["title"] }) };
    const where = parseFind(shop, model("Post"), { where: { views: { $gte: 10 } } }).where;
    const rows = find({ where: { id: { $in: [1, 2] } }, select: ["id"] }, "User", {
      populate: [{ relation: "posts", selection: posts }],
      counts: [
        { as: "postsCount", relation: "posts", where: null },
        { as: "seen", relation: "posts", where },
      ],
    });
    expect(rows).toEqual([
      { id: 1, posts: [{ title: "p2" }, { title: "p3" }], postsCount: 3, seen: 3 },
      { id: 2, posts: [{ title: "p4" }], postsCount: 1, seen: 0 },
    ]);
  });
});

describe("aggregates", () => {
  const aggregate = (args: unknown) => referenceAggregate(data, parseAggregate(shop, model("User"), args));
  const groupBy = (args: unknown) => referenceAggregate(data, parseGroupBy(shop, model("User"), args));

  test("over all rows", () => {
    expect(
      aggregate({
        count: true,
        sum: ["age", "balance"],
        avg: ["age", "balance"],
        min: ["name", "age"],
        max: ["name", "balance"],
      }),
    ).toEqual([
      {
        $count: 4,
        "$sum.age": 70,
        "$sum.balance": 12n,
        "$avg.age": 70 / 3,
        "$avg.balance": 6,
        "$min.name": "Ann",
        "$min.age": 20,
        "$max.name": "bob",
        "$max.balance": 7n,
      },
    ]);
  });

  test("over no rows", () => {
    expect(
      aggregate({ where: { id: 9 }, count: true, sum: ["age"], avg: ["age"], min: ["age"], max: ["age"] }),
    ).toEqual([{ $count: 0, "$sum.age": null, "$avg.age": null, "$min.age": null, "$max.age": null }]);
    expect(groupBy({ by: ["age"], where: { id: 9 }, count: true })).toEqual([]);
  });

  test("by group: null and missing are one group", () => {
    expect(groupBy({ by: ["name"], count: true })).toEqual([
      { name: null, $count: 2 },
      { name: "Ann", $count: 1 },
      { name: "bob", $count: 1 },
    ]);
    expect(groupBy({ by: ["age", "address.city"], orderBy: { "address.city": "desc" }, limit: 2 })).toEqual([
      { age: 20, "address.city": "Rome" },
      { age: 30, "address.city": "Oslo" },
    ]);
  });

  test("having, order, slice", () => {
    const args = { by: ["age"], count: true, sum: ["balance"], orderBy: { count: "desc" } };
    expect(groupBy(args).map((row) => [row.age, row.$count])).toEqual([
      [20, 2],
      [null, 1],
      [30, 1],
    ]);
    expect(groupBy({ ...args, having: { count: 1 }, offset: 1 }).map((row) => row.age)).toEqual([30]);
    expect(groupBy({ ...args, having: { sum: { balance: { $gt: 6 } } } }).map((row) => row.age)).toEqual([20]);
  });
});
