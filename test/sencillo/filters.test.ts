/** Filters (22 to 30): each operator over every kind of value, and what SencilloDB let through. */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { QueryError } from "../../src/index.js";
import { type Dynamic, SencilloDB } from "../../src/sencillo.js";
import { caught, tempDir } from "./support.js";

let db: SencilloDB;
const values = [1, 2, 3, null, "1", "b", true, [], ["x"], {}, { p: 1 }, "2024-02-03T04:05:06.007Z"];

beforeAll(async () => {
  db = new SencilloDB({ file: join(tempDir(), "db.json") });
  await db.transaction((tx) => tx.createMany({ data: [...values.map((v) => ({ v })), {}] }));
});

const matching = async (condition: unknown): Promise<unknown[]> =>
  (await db.transaction((tx) => tx.findMany({ filter: { v: condition } }))).map((doc: Dynamic) => doc.v);

describe.each([
  ["1", 1, [1]],
  ["'1'", "1", ["1"]],
  ["null", null, [null]],
  ["undefined matches missing", undefined, [undefined]],
  ["a list by its JSON", ["x"], [["x"]]],
  ["an empty list", [], [[]]],
  ["an object by its JSON", { p: 1 }, [{ p: 1 }]],
  ["an empty object", {}, [{}]],
  ["a date as it is stored", new Date("2024-02-03T04:05:06.007Z"), ["2024-02-03T04:05:06.007Z"]],
  ["a RegExp", /^b/, ["b"]],
  ["$eq", { $eq: 2 }, [2]],
  ["$eq of a list", { $eq: ["x"] }, [["x"]]],
  ["$ne matches missing", { $ne: 1 }, [...values.slice(1), undefined]],
  ["$gt", { $gt: 1 }, [2, 3]],
  ["$gte counts null as 0", { $gte: 0 }, [1, 2, 3, null, "1", true]],
  ["$lt as JavaScript does", { $lt: 2 }, [1, null, "1", true]],
  ["$lt of text", { $lt: "2" }, [1, null, "1", true]],
  ["$lte", { $lte: 1 }, [1, null, "1", true]],
  ["$gt of a date", { $gt: new Date("2024-01-01") }, ["b", "2024-02-03T04:05:06.007Z"]],
  ["$in", { $in: [1, "b", null] }, [1, null, "b"]],
  ["$in with a list", { $in: [["x"]] }, [["x"]]],
  ["$nin", { $nin: [1, 2, 3, null, "1", "b", true] }, [[], ["x"], {}, { p: 1 }, "2024-02-03T04:05:06.007Z", undefined]],
  ["$regex text", { $regex: "^B" }, []],
  ["$regex with flags", { $regex: /^B/gi }, ["b"]],
  ["several are ANDed", { $gt: 1, $lt: 3 }, [2]],
])("%s", (_, condition, expected) => {
  test("matches", async () => expect(await matching(condition)).toEqual(expected));
});

// Defect 31.
describe("what matched everything, or silently nothing", () => {
  test.each([
    ["an unknown operator", { $foo: 1 }, "QUERY.UNKNOWN_OPERATOR"],
    ["one beside a known one", { $gt: 1, $exists: true }, "QUERY.UNKNOWN_OPERATOR"],
    ["an operator beside a name", { $gt: 1, p: 1 }, "QUERY.UNKNOWN_OPERATOR"],
    ["a name of Object.prototype", { $toString: 1 }, "QUERY.UNKNOWN_OPERATOR"],
    ["$in without a list", { $in: 5 }, "QUERY.INVALID_VALUE"],
    ["$regex without an expression", { $regex: 5 }, "QUERY.INVALID_VALUE"],
    ["$regex that is none", { $regex: "(" }, "QUERY.INVALID_VALUE"],
  ])("%s is refused", async (_, condition, code) => {
    const error = await caught(matching(condition));
    expect(error).toBeInstanceOf(QueryError);
    expect(error.code).toBe(code);
    expect(error.message).toContain("v");
  });
  test("a field is the document's own only", async () => {
    const find = (filter: Dynamic) => db.transaction((tx) => tx.findMany({ filter }));
    expect(await find({ constructor: Object })).toEqual([]);
    expect(await find({ toString: { $ne: 1 } })).toHaveLength(values.length + 1);
    expect((await caught(find("text"))).code).toBe("QUERY.INVALID_VALUE");
    expect((await caught(db.transaction((tx) => tx.find({ callback: 5 as Dynamic })))).code).toBe(
      "QUERY.INVALID_VALUE",
    );
  });
});

// Defect 41.
describe("$regex", () => {
  test("that would run for ever is ended", async () => {
    const slow = new SencilloDB({ file: join(tempDir(), "db.json"), regexTimeoutMs: 50 });
    await slow.transaction((tx) => tx.create({ data: { v: `${"a".repeat(60)}!` } }));
    const find = ($regex: Dynamic) => slow.transaction((tx) => tx.find({ filter: { v: { $regex } } }));
    for (const expression of ["(a+)+$", "(a|aa)*$", /^(\w+\s?)*$/, "^(a*)*\\1$"]) {
      expect((await caught(find(expression))).code).toBe("QUERY.TIMEOUT");
    }
    expect((await find("a{3,}!+$"))._id).toBe(1);
    const boom = new RangeError("mine");
    const thrown = slow.transaction((tx) =>
      tx.find({
        filter: { v: { $regex: "a+!+" } },
        callback: () => {
          throw boom;
        },
      }),
    );
    await expect(thrown).rejects.toBe(boom);
    await slow.close();
  });
});
