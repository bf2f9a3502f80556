import { describe, expect, test } from "vitest";
import type { OrderTerm } from "../../src/query/ir.js";
import {
  emptySelection,
  parseCount,
  parseFields,
  parseFind,
  parsePopulate,
  SHAPE_ARGUMENTS,
} from "../../src/query/parse-find.js";
import { completeOrder, parseAfter, parseOrderBy, parseOrderField } from "../../src/query/parse-order.js";
import { parseId, parseUnique } from "../../src/query/parse-unique.js";
import { problem } from "./errors.js";
import { model, shop, User } from "./shop.js";

const find = (args?: unknown) => parseFind(shop, User, args);
const by = (
  path: string,
  direction: "asc" | "desc" = "asc",
  nulls = direction === "asc" ? "first" : "last",
): OrderTerm => ({ key: { kind: "path", path: path.split(".") }, direction, nulls }) as OrderTerm;
const id = by("id");
/** The key goes the way of the last term. */
const down = by("id", "desc");

describe("find arguments", () => {
  test("nothing means everything by key", () => {
    const all = { ...emptySelection(User), kind: "find", model: "User", lock: "none" };
    expect(find()).toEqual(all);
    expect(find({})).toEqual(all);
    expect(find({ limit: undefined, after: null, select: undefined, signal: undefined })).toEqual(all);
    expect(emptySelection(User).orderBy).toEqual([id]);
    expect(emptySelection(model("PostLabel")).orderBy).toEqual([by("postId"), by("labelName")]);
  });

  test("everything at once", () => {
    const query = find({
      where: { id: 1 },
      orderBy: { name: "desc" },
      limit: 3,
      offset: 0,
      distinct: ["role", "address.city"],
      select: ["name", "id", "name"],
      populate: ["posts.comments", "profile", "posts"],
    });
    expect(query.where).toEqual({ kind: "compare", path: ["id"], op: "eq", value: 1 });
    expect(query.orderBy).toEqual([by("name", "desc"), down]);
    expect([query.limit, query.offset]).toEqual([3, 0]);
    expect(query.distinct).toEqual([["role"], ["address", "city"]]);
    expect(query.fields).toEqual(["id", "name"]);
    const comments = { relation: "comments", selection: emptySelection(model("Comment")) };
    expect(query.populate).toEqual([
      { relation: "posts", selection: { ...emptySelection(model("Post")), populate: [comments] } },
      { relation: "profile", selection: emptySelection(model("Profile")) },
    ]);
  });

  test("select and omit", () => {
    const names = User.fields.map((field) => field.name);
    expect(find({ select: [...names].reverse() }).fields).toBe(null);
    expect(find({ omit: [] }).fields).toBe(null);
    expect(find({ omit: ["email"] }).fields).toEqual(names.filter((name) => name !== "email"));
    expect(find({ select: [] }).fields).toEqual([]);
    expect(parseFields(shop, User, { omit: ["email"] })).toHaveLength(names.length - 1);
  });

  test("populate merges paths that begin alike, also through a cycle", () => {
    const tree = parsePopulate(shop, User, ["boss", "boss.team", "boss.posts.author"]);
    expect(tree).toHaveLength(1);
    expect(tree[0]?.selection.populate.map((node) => node.relation)).toEqual(["team", "posts"]);
    expect(tree[0]?.selection.populate[1]?.selection.populate[0]?.relation).toBe("author");
    expect(emptySelection(User).populate).toEqual([]);
  });

  const refused: [string, unknown, string][] = [
    [
      "an unknown argument",
      { wehre: {} },
      'QUERY.UNKNOWN_ARGUMENT | User takes no argument "wehre" here | did you mean "where"?',
    ],
    ["__proto__", JSON.parse('{ "__proto__": 1 }'), 'QUERY.UNKNOWN_ARGUMENT | User takes no argument "__proto__" here'],
    ["no object", [], "QUERY.INVALID_VALUE | User must be called with an object of arguments, not an array of 0"],
    ["where: undefined", { where: undefined }, "QUERY.UNDEFINED_VALUE | User: where is undefined"],
    ["a negative limit", { limit: -1 }, "QUERY.INVALID_VALUE | User: limit must be a whole number, 0 or more, not -1"],
    [
      "a fractional limit",
      { limit: 1.5 },
      "QUERY.INVALID_VALUE | User: limit must be a whole number, 0 or more, not 1.5",
    ],
    ["a limit as text", { limit: "3" }, 'QUERY.INVALID_VALUE | User: limit must be a whole number, 0 or more, not "3"'],
    ["an endless limit", { limit: Number.POSITIVE_INFINITY }, "QUERY.INVALID_VALUE | User: limit must be"],
    [
      "a null offset",
      { offset: null },
      "QUERY.INVALID_VALUE | User: offset must be a whole number, 0 or more, not null",
    ],
    [
      "select with omit",
      { select: ["id"], omit: ["name"] },
      "QUERY.INVALID_VALUE | User has both select and omit | use one of them",
    ],
    [
      "an unknown select",
      { select: ["id", "nmae"] },
      'QUERY.UNKNOWN_FIELD | User: select[1] names an unknown field: User has no "nmae" | did you mean "name"?',
    ],
    [
      "a relation in select",
      { select: ["posts"] },
      'QUERY.UNKNOWN_FIELD | User: select[0] names the relation "posts" | load it with populate: ["posts"]',
    ],
    [
      "select as text",
      { select: "id" },
      'QUERY.INVALID_VALUE | User: select must be a list of field names, not "id" | write select: ["id"]',
    ],
    [
      "an unknown omit",
      { omit: ["toString"] },
      'QUERY.UNKNOWN_FIELD | User: omit[0] names an unknown field: User has no "toString"',
    ],
    [
      "an unknown relation",
      { populate: ["posts.coments"] },
      'QUERY.UNKNOWN_RELATION | User: populate[0] names an unknown relation: Post has no relation "coments" | did you mean "comments"?',
    ],
    [
      "a field in populate",
      { populate: ["name"] },
      'QUERY.UNKNOWN_RELATION | User: populate[0] names a field where a relation belongs: "name" of User is not a relation',
    ],
    [
      "populate as an object",
      { populate: { posts: true } },
      'QUERY.INVALID_VALUE | User: populate must be a list of relation paths, not an object | write populate: ["posts", "posts.comments"]',
    ],
    ["an empty path", { populate: [""] }, "QUERY.UNKNOWN_RELATION | User: populate[0] names an unknown relation"],
    [
      "an unknown distinct",
      { distinct: ["address.town"] },
      'QUERY.UNKNOWN_FIELD | User: distinct[0] names an unknown field: User has no "address.town"',
    ],
    ["an empty distinct", { distinct: [] }, "QUERY.INVALID_VALUE | User: distinct is an empty list"],
    [
      "an order by a dotted path",
      { orderBy: { "address.city": "asc" } },
      'QUERY.UNKNOWN_FIELD | User: orderBy names an unknown field: User has no "address.city" | write nested objects: { address: { city: … } }',
    ],
    [
      "an unknown order",
      { orderBy: { nmae: "asc" } },
      'QUERY.UNKNOWN_FIELD | User: orderBy names an unknown field: User has no "nmae" | did you mean "name"?',
    ],
    [
      "an unknown direction",
      { orderBy: [{ name: "up" }] },
      'QUERY.INVALID_VALUE | User: orderBy[0].name must be "asc" or "desc", not "up"',
    ],
    [
      "an undefined direction",
      { orderBy: { name: undefined } },
      "QUERY.UNDEFINED_VALUE | User: orderBy.name is undefined",
    ],
    [
      "unknown nulls",
      { orderBy: { name: { direction: "asc", nulls: "top" } } },
      'QUERY.INVALID_VALUE | User: orderBy.name.nulls must be "first" or "last", not "top"',
    ],
    [
      "an unknown order option",
      { orderBy: { name: { dir: "asc" } } },
      'QUERY.UNKNOWN_ARGUMENT | User: orderBy.name has an unknown key "dir"',
    ],
    [
      "two keys in one order",
      { orderBy: { name: "asc", age: "asc" } },
      "QUERY.INVALID_VALUE | User: orderBy has 2 keys, which have no order among them | write a list with one key per object: [{ name: … }, { age: … }]",
    ],
    ["an empty order", { orderBy: {} }, "QUERY.INVALID_VALUE | User: orderBy is an empty object"],
    [
      "an order of lists",
      { orderBy: { tags: "asc" } },
      "QUERY.INVALID_VALUE | User: orderBy.tags cannot be ordered by: it is of type array",
    ],
    [
      "an order of an unknown property",
      { orderBy: { address: { town: "asc" } } },
      "QUERY.UNKNOWN_FIELD | User: orderBy.address.town is an unknown property",
    ],
    [
      "an order of a list of rows",
      { orderBy: { posts: { views: "asc" } } },
      'QUERY.UNKNOWN_OPERATOR | User: orderBy.posts has "views" | a list of Post is ordered by { $count: "desc" } only',
    ],
    [
      "a cursor that is no row",
      { after: 5 },
      "QUERY.INVALID_CURSOR | User: after must be a row, not 5 | pass an object such as { id }",
    ],
    [
      "a cursor without the key",
      { after: { name: "x" }, orderBy: { name: "asc" } },
      'QUERY.INVALID_CURSOR | User: after has no "id", by which the rows are ordered',
    ],
    [
      "a cursor without a required field",
      { after: { id: 1 }, orderBy: { email: "asc" } },
      'QUERY.INVALID_CURSOR | User: after has no "email"',
    ],
    [
      "a cursor of another type",
      { after: { id: "1" } },
      'QUERY.INVALID_VALUE | User: after.id must be a finite number, not "1"',
    ],
    [
      "a cursor for counts",
      { after: { id: 1 }, orderBy: { posts: { $count: "asc" } } },
      'QUERY.INVALID_CURSOR | User: after cannot continue an order by the number of "posts"',
    ],
  ];
  test.each(refused)("%s is refused", (_name, args, message) => {
    const found = problem(() => find(args));
    expect(found.slice(0, message.length)).toBe(message);
  });

  test("a call may allow fewer arguments", () => {
    expect(problem(() => parseFind(shop, User, { limit: 1 }, SHAPE_ARGUMENTS))).toMatch(
      /^QUERY.UNKNOWN_ARGUMENT \| User takes no argument "limit" here/,
    );
    expect(parseFind(shop, User, { select: ["id"] }, SHAPE_ARGUMENTS).fields).toEqual(["id"]);
  });

  test("inherited arguments do not count", () => {
    expect(parseCount(shop, User, "limit", 3)).toBe(3);
    expect(problem(() => find(Object.create({ limit: 1 })))).toMatch(/^QUERY.INVALID_VALUE/);
  });
});

describe("order", () => {
  const parse = (orderBy: unknown) => completeOrder(User, parseOrderBy(shop, User, orderBy));
  const cases: [string, unknown, unknown][] = [
    ["ascending", { name: "asc" }, [by("name"), id]],
    ["descending", { name: "desc" }, [by("name", "desc"), down]],
    ["nulls", { name: { direction: "desc", nulls: "first" } }, [by("name", "desc", "first"), down]],
    ["direction alone", { name: { direction: "desc" } }, [by("name", "desc"), down]],
    ["several", [{ role: "asc" }, { age: "desc" }], [by("role"), by("age", "desc"), down]],
    ["none", [], [id]],
    ["the key itself", [{ id: "desc" }, { name: "asc" }], [by("id", "desc"), by("name")]],
    ["nested", { address: { geo: { lat: "desc" } } }, [by("address.geo.lat", "desc"), down]],
    [
      "a related row",
      { boss: { name: "asc" } },
      [{ ...by("name"), key: { kind: "related", relation: "boss", key: by("name").key } }, id],
    ],
    [
      "a related row's related row",
      { boss: { boss: { address: { city: "desc" } } } },
      [
        {
          ...by("x", "desc"),
          key: {
            kind: "related",
            relation: "boss",
            key: { kind: "related", relation: "boss", key: by("address.city").key },
          },
        },
        down,
      ],
    ],
    [
      "a count",
      { posts: { $count: "desc" } },
      [{ ...by("x", "desc"), key: { kind: "count", relation: "posts", where: null } }, down],
    ],
    [
      "a related row's count",
      { boss: { team: { $count: "asc" } } },
      [
        {
          ...by("x"),
          key: { kind: "related", relation: "boss", key: { kind: "count", relation: "team", where: null } },
        },
        id,
      ],
    ],
  ];
  test.each(cases)("%s", (_name, orderBy, terms) => expect(parse(orderBy)).toEqual(terms));

  test("the builder's form", () => {
    expect(parseOrderField(shop, User, "name", "desc")).toEqual(by("name", "desc"));
    expect(parseOrderField(shop, User, "address.city")).toEqual(by("address.city"));
    expect(problem(() => parseOrderField(shop, User, "nmae"))).toMatch(/did you mean "name"/);
    expect(problem(() => parseOrderField(shop, User, "name", "up"))).toMatch(/orderBy.name must be "asc" or "desc"/);
    expect(problem(() => parseOrderField(shop, User, "tags"))).toMatch(/cannot be ordered by/);
  });

  test("the cursor has a value for each term", () => {
    const terms = parse([{ address: { city: "asc" } }, { age: "desc" }]);
    expect(parseAfter(shop, User, terms, { id: 3, address: { city: "Paris" } })).toEqual(["Paris", null, 3]);
    expect(parseAfter(shop, User, terms, { id: 3 })).toEqual([null, null, 3]);
    expect(parseAfter(shop, User, [by("balance"), id], { id: 3, balance: 7 })).toEqual([7n, 3]);
  });
});

describe("unique filters", () => {
  const parse = (where: unknown) => parseUnique(shop, User, where);
  test("by key, by index, by a nested compound index", () => {
    expect(parse({ id: 1 })).toMatchObject({ by: "key", index: null, values: [1], rest: null });
    expect(parse({ id: { $eq: 1 } })).toMatchObject({ by: "key", values: [1] });
    expect(parse({ email: "a" })).toMatchObject({ by: "email", values: ["a"], rest: null });
    expect(parse({ name: "x", address: { city: "Paris" } })).toMatchObject({
      by: "by_place",
      values: ["Paris", "x"],
      rest: null,
    });
    expect(parse({ $and: [{ email: "a" }] })).toMatchObject({ by: "email" });
  });

  test("further conditions remain", () => {
    const found = parse({ email: "a", role: "admin", age: { $gt: 3 } });
    expect(found.rest).toEqual({
      kind: "and",
      filters: [
        { kind: "compare", path: ["role"], op: "eq", value: "admin" },
        { kind: "compare", path: ["age"], op: "gt", value: 3 },
      ],
    });
    expect(found.filter).toMatchObject({ kind: "and" });
    expect(parse({ id: 1, email: "a" })).toMatchObject({ by: "key", rest: { path: ["email"] } });
  });

  test("what fixes nothing is refused", () => {
    const fix = "give a value other than null for all fields of one of: { id }, { email }, { address.city, name }";
    for (const where of [
      {},
      { name: "x" },
      { id: null },
      { id: { $gt: 1 } },
      { $or: [{ id: 1 }, { id: 2 }] },
      { id: { $in: [1] } },
    ]) {
      expect(problem(() => parse(where))).toBe(`QUERY.NOT_UNIQUE | User: where does not name one User | ${fix}`);
    }
    expect(problem(() => parse({ id: undefined }))).toMatch(/^QUERY.UNDEFINED_VALUE/);
    expect(problem(() => parse(undefined))).toMatch(/^QUERY.UNDEFINED_VALUE/);
  });

  test("findById", () => {
    expect(parseId(shop, User, 7)).toMatchObject({
      by: "key",
      values: [7],
      filter: { path: ["id"], op: "eq", value: 7 },
    });
    const link = model("PostLabel");
    expect(parseId(shop, link, { labelName: "x", postId: 1 })).toMatchObject({
      values: [1, "x"],
      filter: { kind: "and" },
    });
    expect(problem(() => parseId(shop, link, { postId: 1 }))).toMatch(
      /^QUERY.UNDEFINED_VALUE \| PostLabel: id.labelName is undefined/,
    );
    expect(problem(() => parseId(shop, link, { postId: 1, labelName: "x", z: 1 }))).toMatch(
      /^QUERY.UNKNOWN_FIELD \| PostLabel: id/,
    );
    expect(problem(() => parseId(shop, link, 1))).toMatch(/must be an object \{ postId, labelName \}/);
    for (const wrong of ["7", null, { id: 7 }, Number.NaN, [7]]) {
      expect(problem(() => parseId(shop, User, wrong))).toMatch(/^QUERY.INVALID_VALUE \| User: id must be/);
    }
    expect(problem(() => parseId(shop, User, undefined))).toMatch(/^QUERY.UNDEFINED_VALUE \| User: id is undefined/);
  });
});
