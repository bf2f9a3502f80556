import { describe, expect, test } from "vitest";
import { QueryError } from "../../src/base/errors.js";
import type { Filter } from "../../src/query/ir.js";
import { parseWhere } from "../../src/query/parse-where.js";
import { problem } from "./errors.js";
import { shop, User } from "./shop.js";

const parse = (where: unknown) => parseWhere(shop, User, where);
const compare = (path: string, op: string, value: unknown) => ({
  kind: "compare",
  path: path === "" ? [] : path.split("."),
  op,
  value,
});
const TRUE = { kind: "and", filters: [] };
const day = new Date("2020-01-02T03:04:05Z");

describe("conditions on fields", () => {
  const cases: [string, unknown, unknown][] = [
    ["a bare value", { id: 1 }, compare("id", "eq", 1)],
    ["null", { name: null }, compare("name", "eq", null)],
    ["$eq", { id: { $eq: 1 } }, compare("id", "eq", 1)],
    ["$ne", { id: { $ne: 1 } }, compare("id", "ne", 1)],
    ["-0 as 0", { id: -0 }, compare("id", "eq", 0)],
    [
      "a range",
      { age: { $gte: 1, $lt: 5 } },
      { kind: "and", filters: [compare("age", "gte", 1), compare("age", "lt", 5)] },
    ],
    ["strings in order", { name: { $gt: "m" } }, compare("name", "gt", "m")],
    ["a date", { born: { $lte: day } }, compare("born", "lte", day)],
    ["a bigint", { balance: { $gt: 5n } }, compare("balance", "gt", 5n)],
    ["a number for a bigint field", { balance: 5 }, compare("balance", "eq", 5n)],
    ["bytes", { photo: Uint8Array.of(1) }, compare("photo", "eq", Uint8Array.of(1))],
    ["$in", { role: { $in: ["admin", null] } }, { kind: "in", path: ["role"], values: ["admin", null] }],
    ["$in of bigints", { balance: { $in: [1, 2n] } }, { kind: "in", path: ["balance"], values: [1n, 2n] }],
    ["an empty $in", { id: { $in: [] } }, { kind: "in", path: ["id"], values: [] }],
    ["$nin", { id: { $nin: [1] } }, { kind: "not", filter: { kind: "in", path: ["id"], values: [1] } }],
    ["$exists true", { name: { $exists: true } }, compare("name", "ne", null)],
    ["$exists false", { name: { $exists: false } }, compare("name", "eq", null)],
    ["$contains", { name: { $contains: "x" } }, { kind: "text", path: ["name"], op: "contains", value: "x" }],
    ["$startsWith", { name: { $startsWith: "x" } }, { kind: "text", path: ["name"], op: "startsWith", value: "x" }],
    ["$endsWith", { name: { $endsWith: "x" } }, { kind: "text", path: ["name"], op: "endsWith", value: "x" }],
    ["$regex by text", { name: { $regex: "^a" } }, { kind: "regex", path: ["name"], source: "^a", flags: "" }],
    ["$regex by RegExp", { name: { $regex: /^a/gim } }, { kind: "regex", path: ["name"], source: "^a", flags: "im" }],
    ["$not of operators", { age: { $not: { $gt: 3 } } }, { kind: "not", filter: compare("age", "gt", 3) }],
    ["$not of a value", { age: { $not: 3 } }, { kind: "not", filter: compare("age", "eq", 3) }],
  ];
  test.each(cases)("%s", (_name, where, filter) => expect(parse(where)).toEqual(filter));

  test("several keys are ANDed; none is no filter", () => {
    expect(parse({ id: 1, name: "x" })).toEqual({
      kind: "and",
      filters: [compare("id", "eq", 1), compare("name", "eq", "x")],
    });
    expect(parse({})).toBe(null);
    expect(parse(Object.create(null))).toBe(null);
  });

  test("a very long $in is no trouble", () => {
    const values = Array.from({ length: 200_000 }, (_, index) => index);
    expect(parse({ id: { $in: values } })).toEqual({ kind: "in", path: ["id"], values });
  });
});

describe("nested values", () => {
  const cases: [string, unknown, unknown][] = [
    ["a property", { address: { city: "Paris" } }, compare("address.city", "eq", "Paris")],
    ["operators of a property", { address: { zip: { $exists: false } } }, compare("address.zip", "eq", null)],
    ["two levels", { address: { geo: { lat: { $gt: 1.5 } } } }, compare("address.geo.lat", "gt", 1.5)],
    ["the whole object", { address: { $eq: { city: "Paris" } } }, compare("address", "eq", { city: "Paris" })],
    ["no object", { address: null }, compare("address", "eq", null)],
    ["a record's key", { scores: { math: { $gt: 3 } } }, compare("scores.math", "gt", 3)],
    [
      "a record's odd key",
      JSON.parse('{ "scores": { "__proto__": 3 } }'),
      { kind: "compare", path: ["scores", "__proto__"], op: "eq", value: 3 },
    ],
    ["a property of one option", { shape: { radius: { $gt: 1 } } }, compare("shape.radius", "gt", 1)],
    ["the discriminator", { shape: { kind: "square" } }, compare("shape.kind", "eq", "square")],
    ["json by keys", { meta: { a: { b: [1] } } }, compare("meta.a.b", "eq", [1])],
    ["json by operators", { meta: { a: { $gte: "x" } } }, compare("meta.a", "gte", "x")],
    ["json equal to anything", { meta: { $eq: { a: [day, 1n] } } }, compare("meta", "eq", { a: [day, 1n] })],
    ["a tuple", { point: [1, 2] }, compare("point", "eq", [1, 2])],
  ];
  test.each(cases)("%s", (_name, where, filter) => expect(parse(where)).toEqual(filter));
});

describe("lists", () => {
  const element = (path: string, quantifier: string, filter: unknown) => ({
    kind: "element",
    path: [path],
    quantifier,
    filter,
  });
  const cases: [string, unknown, unknown][] = [
    ["an element equals", { tags: { $contains: "x" } }, element("tags", "some", compare("", "eq", "x"))],
    ["$some of a value", { tags: { $some: "x" } }, element("tags", "some", compare("", "eq", "x"))],
    ["$every of operators", { tags: { $every: { $ne: "x" } } }, element("tags", "every", compare("", "ne", "x"))],
    ["$none", { tags: { $none: "x" } }, element("tags", "none", compare("", "eq", "x"))],
    ["any element at all", { tags: { $some: {} } }, element("tags", "some", TRUE)],
    [
      "properties of elements",
      { lines: { $some: { qty: { $gt: 3 } } } },
      element("lines", "some", compare("qty", "gt", 3)),
    ],
    [
      "elements as a whole",
      { lines: { $contains: { sku: "a", qty: 1 } } },
      element("lines", "some", compare("", "eq", { sku: "a", qty: 1 })),
    ],
    ["the whole list", { tags: ["a"] }, compare("tags", "eq", ["a"])],
    ["not the whole list", { tags: { $ne: [] } }, compare("tags", "ne", [])],
    [
      "text or list: either",
      { title: { $contains: "x" } },
      {
        kind: "or",
        filters: [
          { kind: "text", path: ["title"], op: "contains", value: "x" },
          element("title", "some", compare("", "eq", "x")),
        ],
      },
    ],
  ];
  test.each(cases)("%s", (_name, where, filter) => expect(parse(where)).toEqual(filter));
});

describe("relations", () => {
  const related = (relation: string, quantifier: string, filter: unknown) => ({
    kind: "related",
    relation,
    quantifier,
    filter,
  });
  const cases: [string, unknown, unknown][] = [
    ["some", { posts: { some: { views: 3 } } }, related("posts", "some", compare("views", "eq", 3))],
    ["some at all", { posts: { some: {} } }, related("posts", "some", TRUE)],
    [
      "none and every",
      { posts: { none: { views: 3 }, every: {} } },
      { kind: "and", filters: [related("posts", "none", compare("views", "eq", 3)), related("posts", "every", TRUE)] },
    ],
    [
      "nested",
      { posts: { some: { comments: { none: {} } } } },
      related("posts", "some", related("comments", "none", TRUE)),
    ],
    ["is", { boss: { is: { name: "x" } } }, related("boss", "some", compare("name", "eq", "x"))],
    ["directly", { boss: { name: "x" } }, related("boss", "some", compare("name", "eq", "x"))],
    ["null", { boss: null }, related("boss", "none", TRUE)],
    ["is null", { boss: { is: null } }, related("boss", "none", TRUE)],
    ["isNot null", { boss: { isNot: null } }, { kind: "not", filter: related("boss", "none", TRUE) }],
    [
      "isNot",
      { profile: { isNot: { bio: "x" } } },
      { kind: "not", filter: related("profile", "some", compare("bio", "eq", "x")) },
    ],
  ];
  test.each(cases)("%s", (_name, where, filter) => expect(parse(where)).toEqual(filter));
});

describe("logic", () => {
  test("$and, $or, $not", () => {
    const [a, b] = [compare("id", "eq", 1), compare("id", "eq", 2)];
    expect(parse({ $and: [{ id: 1 }, { id: 2 }] })).toEqual({ kind: "and", filters: [a, b] });
    expect(parse({ $or: [{ id: 1 }, { id: 2 }] })).toEqual({ kind: "or", filters: [a, b] });
    expect(parse({ $or: [{ id: 1 }] })).toEqual(a);
    expect(parse({ $not: { id: 1 } })).toEqual({ kind: "not", filter: a });
    expect(parse({ $and: [] })).toBe(null);
    expect(parse({ $or: [] })).toEqual({ kind: "or", filters: [] });
    expect(parse({ $or: [{ id: 1 }, {}] })).toBe(null);
    expect(parse({ $not: {} })).toEqual({ kind: "or", filters: [] });
  });

  test("a callback", () => {
    const callback = () => true;
    expect(parse({ $where: callback })).toEqual({ kind: "callback", test: callback } satisfies Filter);
    expect(parse({ posts: { some: { $where: callback } } })).toMatchObject({ filter: { kind: "callback" } });
  });
});

test("an operand keeps a key called __proto__ as data", () => {
  const filter = parse({ meta: { $eq: JSON.parse('{ "__proto__": { "x": 1 } }') } }) as unknown as { value: object };
  expect(Object.keys(filter.value)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(filter.value)).toBe(Object.prototype);
});

test("a query does not change with the values that it was made of", () => {
  const [born, photo, list] = [new Date(5), Uint8Array.of(1), [1]];
  const filter = parse({ born, photo, id: { $in: list }, meta: { $eq: { list } } });
  const before = structuredClone(filter);
  born.setTime(9);
  photo[0] = 9;
  list.push(9);
  expect(filter).toEqual(before);
});

describe("mistakes", () => {
  const refused: [string, unknown, string][] = [
    [
      "unknown field",
      { emial: "x" },
      'QUERY.UNKNOWN_FIELD | User: where.emial names an unknown field: User has no "emial" | did you mean "email"?',
    ],
    [
      "a dotted path",
      { "address.geo.lat": 1 },
      'QUERY.UNKNOWN_FIELD | User: where.address.geo.lat names an unknown field: User has no "address.geo.lat" | write nested objects: { address: { geo: { lat: … } } }',
    ],
    [
      "unknown field of a relation",
      { posts: { some: { titel: "x" } } },
      'QUERY.UNKNOWN_FIELD | User: where.posts.some.titel names an unknown field: Post has no "titel" | did you mean "title"?',
    ],
    [
      "inherited names",
      { constructor: 1 },
      'QUERY.UNKNOWN_FIELD | User: where.constructor names an unknown field: User has no "constructor" | ',
    ],
    ["__proto__", JSON.parse('{ "__proto__": { "id": 1 } }'), "QUERY.UNKNOWN_FIELD | User: where.__proto__ names"],
    [
      "unknown property",
      { address: { citty: "x" } },
      'QUERY.UNKNOWN_FIELD | User: where.address.citty is an unknown property: there is no "citty" | did you mean "city"?',
    ],
    [
      "unknown property of a union",
      { shape: { size: 1 } },
      'QUERY.UNKNOWN_FIELD | User: where.shape.size is an unknown property: there is no "size" | did you mean "side"?',
    ],
    [
      "unknown property of an element",
      { lines: { $some: { quantity: 1 } } },
      "QUERY.UNKNOWN_FIELD | User: where.lines.$some.quantity is an unknown property",
    ],
    [
      "unknown operator",
      { age: { $gtt: 1 } },
      'QUERY.UNKNOWN_OPERATOR | User: where.age.$gtt is no operator | did you mean "$gt"?',
    ],
    [
      "an operator without $",
      { age: { gte: 1 } },
      'QUERY.UNKNOWN_OPERATOR | User: where.age.gte is no operator: a field of type int takes a value or operators | did you mean "$gte"?',
    ],
    [
      "an operator of another type",
      { age: { $contains: "1" } },
      "QUERY.UNKNOWN_OPERATOR | User: where.age.$contains does not apply to a field of type int",
    ],
    [
      "order of booleans",
      { active: { $gt: false } },
      "QUERY.UNKNOWN_OPERATOR | User: where.active.$gt does not apply to a field of type boolean",
    ],
    [
      "unknown logic",
      { $nor: [] },
      'QUERY.UNKNOWN_OPERATOR | User: where.$nor is no operator of a where | did you mean "$or"?',
    ],
    [
      "undefined field",
      { id: undefined },
      "QUERY.UNDEFINED_VALUE | User: where.id is undefined | leave the key out, or write null",
    ],
    ["undefined operand", { id: { $in: undefined } }, "QUERY.UNDEFINED_VALUE | User: where.id.$in is undefined"],
    [
      "undefined element",
      { id: { $in: [1, undefined] } },
      "QUERY.UNDEFINED_VALUE | User: where.id.$in[1] is undefined",
    ],
    ["undefined branch", { $or: [{ id: 1 }, undefined] }, "QUERY.UNDEFINED_VALUE | User: where.$or[1] is undefined"],
    ["undefined relation", { boss: undefined }, "QUERY.UNDEFINED_VALUE | User: where.boss is undefined"],
    [
      "undefined quantifier",
      { posts: { some: undefined } },
      "QUERY.UNDEFINED_VALUE | User: where.posts.some is undefined",
    ],
    [
      "undefined inside json",
      { meta: { $eq: { a: undefined } } },
      "QUERY.UNDEFINED_VALUE | User: where.meta.$eq.a is undefined",
    ],
    ["undefined $where", { $where: undefined }, "QUERY.UNDEFINED_VALUE | User: where.$where is undefined"],
    ["undefined as a whole", undefined, "QUERY.UNDEFINED_VALUE | User: where is undefined"],
    [
      "wrong type",
      { id: "1" },
      'QUERY.INVALID_VALUE | User: where.id must be a finite number, not "1" | pass a finite number',
    ],
    [
      "bigint for int",
      { id: 1n },
      "QUERY.INVALID_VALUE | User: where.id must be a finite number, not 1n | pass a number: Number(value)",
    ],
    ["NaN", { id: Number.NaN }, "QUERY.INVALID_VALUE | User: where.id must be a finite number, not NaN"],
    ["a fraction for bigint", { balance: 1.5 }, "QUERY.INVALID_VALUE | User: where.balance must be a bigint, not 1.5"],
    [
      "text for a date",
      { born: "2020-01-01" },
      'QUERY.INVALID_VALUE | User: where.born must be a Date, not "2020-01-01" | pass a Date: new Date("2020-01-01")',
    ],
    [
      "an invalid date",
      { born: new Date("x") },
      "QUERY.INVALID_VALUE | User: where.born must be a Date, not an invalid Date | pass a valid Date",
    ],
    [
      "not in the enum",
      { role: "admn" },
      'QUERY.INVALID_VALUE | User: where.role must be one of "admin" | "member", not "admn" | did you mean "admin"?',
    ],
    [
      "an order of null",
      { age: { $gt: null } },
      "QUERY.INVALID_VALUE | User: where.age.$gt must be a value that can be ordered, not null | null and lists have no order",
    ],
    [
      "a bare element",
      { tags: "x" },
      'QUERY.INVALID_VALUE | User: where.tags must be a list, not "x" | use { $contains: value }',
    ],
    [
      "a bare RegExp",
      { name: /x/ },
      "QUERY.INVALID_VALUE | User: where.name must be a value, not an object | use { $regex: pattern }",
    ],
    ["a bad pattern", { name: { $regex: "(" } }, "QUERY.INVALID_VALUE | User: where.name.$regex is no valid pattern: "],
    [
      "a bad flag",
      { name: { $regex: /a/y } },
      'QUERY.INVALID_VALUE | User: where.name.$regex has the flag "y" | use only the flags i, m, s and u',
    ],
    [
      "an empty condition",
      { age: {} },
      "QUERY.INVALID_VALUE | User: where.age is an empty object, which says nothing | leave the key out",
    ],
    [
      "a mixture",
      { address: { city: "x", $ne: null } },
      "QUERY.INVALID_VALUE | User: where.address mixes operators and properties",
    ],
    [
      "a list without quantifier",
      { posts: { title: "x" } },
      "QUERY.UNKNOWN_OPERATOR | User: where.posts.title is not some, every or none of Post | use { some: {…} }",
    ],
    [
      "null for a list",
      { posts: null },
      "QUERY.INVALID_VALUE | User: where.posts must be an object with some, every or none, not null",
    ],
    ["an empty list condition", { posts: {} }, "QUERY.INVALID_VALUE | User: where.posts is an empty object"],
    [
      "null for some",
      { posts: { some: null } },
      "QUERY.INVALID_VALUE | User: where.posts.some must be an object of Post conditions, not null",
    ],
    [
      "no array",
      { $or: { id: 1 } },
      "QUERY.INVALID_VALUE | User: where.$or must be an array of conditions, not an object | write [{ … }, { … }]",
    ],
    [
      "no function",
      { $where: "id > 1" },
      'QUERY.INVALID_VALUE | User: where.$where must be a function (row) => boolean, not "id > 1"',
    ],
    [
      "a class instance",
      { meta: { $eq: new Map() } },
      "QUERY.INVALID_VALUE | User: where.meta.$eq must be plain data, not an object",
    ],
    [
      "a where that is none",
      [{ id: 1 }],
      "QUERY.INVALID_VALUE | User: where must be an object of User conditions, not an array of 1",
    ],
  ];
  test.each(refused)("%s", (_name, where, message) => {
    const found = problem(() => parse(where));
    expect(found.slice(0, message.length)).toBe(message);
  });

  test("meta names the model, the argument and the field", () => {
    try {
      parse({ posts: { some: { titel: 1 } } });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(QueryError);
      expect((error as QueryError).meta).toEqual({
        model: "User",
        argument: "where.posts.some.titel",
        on: "Post",
        field: "titel",
      });
    }
  });

  test("cyclic and very deep filters end in an error, deep ones work", () => {
    const deep = (levels: number): unknown => {
      let filter: unknown = { id: 1 };
      for (let level = 0; level < levels; level++) filter = { $not: filter };
      return filter;
    };
    expect(parse(deep(100))).toMatchObject({ kind: "not" });
    expect(problem(() => parse(deep(10_000)))).toMatch(
      /^QUERY.INVALID_VALUE \| User: where\.\$not.*… is nested too deeply/,
    );
    const cyclic: Record<string, unknown> = {};
    cyclic.$not = cyclic;
    expect(problem(() => parse(cyclic))).toMatch(/nested too deeply/);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(problem(() => parse({ meta: { $eq: loop } }))).toMatch(/nested too deeply/);
  });

  test("a huge operand does not make a huge message", () => {
    expect(problem(() => parse({ id: "x".repeat(10_000_000) })).length).toBeLessThan(300);
    expect(problem(() => parse({ ["y".repeat(100_000)]: 1 })).length).toBeLessThan(1000);
  });
});
