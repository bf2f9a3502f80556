import { describe, expect, test } from "vitest";
import { parseAggregate, parseGroupBy, shapeAggregateRow } from "../../src/query/parse-aggregate.js";
import { problem } from "./errors.js";
import { shop, User } from "./shop.js";

const aggregate = (args: unknown) => parseAggregate(shop, User, args);
const groupBy = (args: unknown) => parseGroupBy(shop, User, args);
const by = (name: string, direction = "asc", nulls = direction === "asc" ? "first" : "last") => ({
  key: { kind: "path", path: [name] },
  direction,
  nulls,
});
const compare = (name: string, op: string, value: unknown) => ({ kind: "compare", path: [name], op, value });

describe("aggregate", () => {
  test("measures in a fixed order, each once", () => {
    const query = aggregate({ max: ["name", "address.city"], sum: ["age", "age"], count: true, where: { id: 1 } });
    expect(query.measures).toEqual([
      { as: "$count", fn: "count", path: null },
      { as: "$sum.age", fn: "sum", path: ["age"] },
      { as: "$max.name", fn: "max", path: ["name"] },
      { as: "$max.address.city", fn: "max", path: ["address", "city"] },
    ]);
    expect(query).toMatchObject({ where: compare("id", "eq", 1), groupBy: [], having: null, orderBy: [], limit: null });
  });

  test("rows as the user gets them", () => {
    const query = aggregate({ count: true, sum: ["age"], min: ["age", "name"] });
    const row = shapeAggregateRow(query, { $count: 2, "$sum.age": 5, "$min.age": null, "$min.name": "a" });
    expect(row).toEqual({ count: 2, sum: { age: 5 }, min: { age: null, name: "a" } });
    expect(Object.isFrozen(row) && Object.isFrozen(row.min)).toBe(true);
  });

  const refused: [unknown, RegExp][] = [
    [{}, /^QUERY.INVALID_VALUE \| User aggregate asks for nothing/],
    [{ count: false }, /asks for nothing/],
    [{ count: 1 }, /^QUERY.INVALID_VALUE \| User: count must be true, not 1/],
    [
      { sum: ["name"] },
      /^QUERY.INVALID_VALUE \| User: sum cannot take name, which is of type string \| name a number or bigint field/,
    ],
    [{ max: ["tags"] }, /max cannot take tags, which is of type array/],
    [{ avg: ["aeg"] }, /^QUERY.UNKNOWN_FIELD \| User: avg\[0\] names an unknown field.*did you mean "age"/],
    [{ avg: "age" }, /avg must be a list of field names/],
    [{ by: ["role"], count: true }, /^QUERY.UNKNOWN_ARGUMENT \| User takes no argument "by"/],
    [{ count: true, where: undefined }, /^QUERY.UNDEFINED_VALUE/],
  ];
  test.each(refused)("refuses %o", (args, message) => expect(problem(() => aggregate(args))).toMatch(message));
});

describe("groupBy", () => {
  test("groups, having, a total order", () => {
    const query = groupBy({
      by: ["role", "address.city"],
      count: true,
      sum: ["age", "balance"],
      having: {
        count: { $gt: 3 },
        sum: { balance: 5 },
        $or: [{ role: "admin" }, { "address.city": null }],
        $not: { sum: { age: 1.5 } },
      },
      orderBy: [{ sum: { age: "desc" } }, { "address.city": { direction: "asc", nulls: "last" } }],
      limit: 5,
      offset: 1,
    });
    expect(query.groupBy).toEqual([["role"], ["address", "city"]]);
    expect(query.having).toEqual({
      kind: "and",
      filters: [
        compare("$count", "gt", 3),
        compare("$sum.balance", "eq", 5n),
        { kind: "or", filters: [compare("role", "eq", "admin"), compare("address.city", "eq", null)] },
        { kind: "not", filter: compare("$sum.age", "eq", 1.5) },
      ],
    });
    expect(query.orderBy).toEqual([by("$sum.age", "desc"), by("address.city", "asc", "last"), by("role")]);
    expect([query.limit, query.offset]).toEqual([5, 1]);
    const row = shapeAggregateRow(query, {
      role: "admin",
      "address.city": null,
      $count: 4,
      "$sum.age": 1,
      "$sum.balance": 5n,
    });
    expect(row).toEqual({ role: "admin", "address.city": null, count: 4, sum: { age: 1, balance: 5n } });
  });

  test("groups alone are allowed", () => {
    expect(groupBy({ by: ["role"] })).toMatchObject({ measures: [], orderBy: [by("role")], having: null });
    expect(groupBy({ by: ["role"], having: {} }).having).toBe(null);
  });

  const refused: [unknown, RegExp][] = [
    [{}, /^QUERY.UNDEFINED_VALUE \| User: by is undefined/],
    [{ by: [] }, /^QUERY.INVALID_VALUE \| User: by is an empty list/],
    [{ by: ["rle"] }, /did you mean "role"/],
    [
      { by: ["role"], having: { count: 1 } },
      /^QUERY.UNKNOWN_FIELD \| User: having.count names "count", which is neither grouped by nor a measure/,
    ],
    [
      { by: ["role"], sum: ["age"], having: { sum: { aeg: 1 } } },
      /having.sum has no sum of "aeg" \| did you mean "age"/,
    ],
    [{ by: ["role"], sum: ["age"], having: { sum: 1 } }, /having.sum must be an object such as \{ age: … \}/],
    [{ by: ["role"], count: true, having: { count: "1" } }, /having.count must be a finite number/],
    [{ by: ["role"], having: { role: undefined } }, /^QUERY.UNDEFINED_VALUE \| User: having.role/],
    [{ by: ["role"], having: { $or: {} } }, /having.\$or must be an array/],
    [{ by: ["role"], orderBy: { name: "asc" } }, /orderBy.name names "name", which is neither/],
    [{ by: ["role"], orderBy: {} }, /orderBy must name exactly one column/],
    [{ by: ["role"], count: true, orderBy: { count: "asc", role: "asc" } }, /orderBy must name exactly one column/],
    [{ by: ["tags"], orderBy: { tags: "asc" } }, /orderBy.tags cannot be ordered by/],
    [{ by: ["role"], limit: -1 }, /limit must be a whole number/],
    [{ by: ["role"], select: ["id"] }, /^QUERY.UNKNOWN_ARGUMENT/],
  ];
  test.each(refused)("refuses %o", (args, message) => expect(problem(() => groupBy(args))).toMatch(message));
});
