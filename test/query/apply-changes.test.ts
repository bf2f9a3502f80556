import { describe, expect, test } from "vitest";
import { applyChanges } from "../../src/query/apply-changes.js";
import type { Change } from "../../src/query/ir.js";
import type { Doc, Json } from "../../src/schema/model.js";
import { array, bigint, float, int, json, nullable, object, optional, schemaOf, string } from "../support/schema.js";
import { ownObject } from "./arbitrary.js";
import { problem } from "./errors.js";

const model = schemaOf({
  M: {
    fields: {
      id: int,
      n: int,
      f: nullable(float),
      big: nullable(bigint),
      note: optional(string),
      title: nullable(string),
      tags: nullable(array(string)),
      place: optional(object({ city: string, geo: optional(object({ lat: int })) })),
      any: nullable(json),
    },
  },
}).models.get("M")!;
const base: Doc = { id: 1, n: 5, f: null, big: null, title: null, tags: null, any: null };
const change = (path: string, op: Change["op"], value: Json = null): Change => ({ path: path.split("."), op, value });
const apply = (doc: Doc, ...changes: Change[]) => applyChanges(model, { ...base, ...doc }, changes);

describe("changes", () => {
  const cases: [string, Doc, Change[], Doc][] = [
    ["set", {}, [change("n", "set", 7)], { n: 7 }],
    ["set null", { title: "x" }, [change("title", "set", null)], { title: null }],
    ["set null of an optional field", { note: "x" }, [change("note", "set", null)], {}],
    ["unset a nullable field", { title: "x" }, [change("title", "unset")], { title: null }],
    ["unset an optional field", { note: "x" }, [change("note", "unset")], {}],
    ["inc", {}, [change("n", "inc", 3)], { n: 8 }],
    ["inc from null", {}, [change("f", "inc", 1.5)], { f: 1.5 }],
    ["inc a bigint from null", {}, [change("big", "inc", 2n ** 64n)], { big: 2n ** 64n }],
    ["mul", {}, [change("n", "mul", -2)], { n: -10 }],
    ["mul from null", {}, [change("f", "mul", -2)], { f: 0 }],
    ["mul a bigint", { big: 3n }, [change("big", "mul", 4n)], { big: 12n }],
    ["push", { tags: ["a"] }, [change("tags", "push", ["b", "c"])], { tags: ["a", "b", "c"] }],
    ["push on null", {}, [change("tags", "push", ["b"])], { tags: ["b"] }],
    ["pull", { tags: ["a", "b", "a"] }, [change("tags", "pull", ["a", "x"])], { tags: ["b"] }],
    ["pull from null", {}, [change("tags", "pull", ["a"])], { tags: null }],
    [
      "pull deeply equal",
      { any: [{ a: 1, b: [new Date(1)] }, 1] },
      [change("any", "pull", [{ b: [new Date(1)], a: 1 }])],
      { any: [1] },
    ],
    ["several of one field, in order", {}, [change("n", "inc", 1), change("n", "mul", 10)], { n: 60 }],
    [
      "a nested property",
      { place: { city: "a", geo: { lat: 1 } } },
      [change("place.city", "set", "b")],
      { place: { city: "b", geo: { lat: 1 } } },
    ],
    ["through what is missing", {}, [change("place.geo.lat", "set", 2)], { place: { geo: { lat: 2 } } }],
    ["inc in json", { any: { a: { b: 1 } } }, [change("any.a.b", "inc", 1)], { any: { a: { b: 2 } } }],
    [
      "unset a nested property",
      { place: { city: "a", geo: { lat: 1 } } },
      [change("place.geo", "unset")],
      { place: { city: "a" } },
    ],
    ["unset below nothing", {}, [change("any.a.b", "unset")], { any: null }],
  ];
  test.each(cases)("%s", (_name, doc, changes, expected) => {
    const before: Doc = { ...base, ...doc };
    const copy = structuredClone(before);
    const result = applyChanges(model, before, changes);
    const { note: _note, place: _place, ...rest } = { note: null, place: null, ...before };
    expect(result).toEqual({ ...rest, ...expected });
    expect(before).toEqual(copy);
    expect(Object.isFrozen(result)).toBe(true);
  });

  test("a field that was absent takes its place in the order", () => {
    const names = Object.keys(apply({}, change("place.city", "set", "x"), change("note", "set", "y")));
    expect(names).toEqual(model.fields.map((field) => field.name));
  });

  test("results are frozen inside and never -0", () => {
    const row = apply(
      { tags: ["a"] },
      change("tags", "push", ["b"]),
      change("n", "mul", 0),
      change("n", "mul", -1),
      change("any", "set", { a: [1] }),
    );
    expect(Object.is(row.n, 0)).toBe(true);
    expect(Object.isFrozen(row.tags) && Object.isFrozen(row.any)).toBe(true);
  });

  test("names that objects inherit are names like others", () => {
    const row = apply(
      { any: ownObject([["x", 1]]) },
      change("any.__proto__", "set", { polluted: true }),
      change("any.constructor", "set", 1),
    );
    expect(Object.keys(row.any as Doc)).toEqual(["x", "__proto__", "constructor"]);
    expect(Object.getPrototypeOf(row.any)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });
});

describe("refused", () => {
  const cases: [string, Doc, Change, RegExp][] = [
    ["the key", {}, change("id", "inc", 1), /^QUERY.INVALID_VALUE \| M.id: \$inc cannot change a key/],
    ["an unknown field", {}, change("nn", "set", 1), /^QUERY.UNKNOWN_FIELD \| M has no field "nn" to change/],
    ["an inherited name", {}, change("toString", "set", 1), /^QUERY.UNKNOWN_FIELD/],
    ["emptying a required field", {}, change("n", "unset"), /\$unset cannot empty a required field/],
    ["setting a required field to null", {}, change("n", "set", null), /\$set cannot empty a required field/],
    [
      "leaving the exact integers",
      { n: Number.MAX_SAFE_INTEGER },
      change("n", "inc", 1),
      /\$inc gives 9007199254740992, which is no exact integer/,
    ],
    ["a fraction in an int", {}, change("n", "mul", 0.5), /gives 2.5, which is no exact integer/],
    ["leaving the finite numbers", { f: 1e308 }, change("f", "mul", 10), /\$mul gives Infinity/],
    ["number and bigint", { big: 1n }, change("big", "inc", 1), /\$inc by a number cannot change 1n \| pass a bigint/],
    ["bigint and number", {}, change("n", "inc", 1n), /\$inc by a bigint cannot change 5/],
    ["inc of text", { title: "x" }, change("title", "inc", 1), /\$inc by a number cannot change "x"/],
    ["inc by text", {}, change("n", "inc", "1"), /\$inc needs a number, not "1"/],
    [
      "push on no list",
      { any: {} },
      change("any", "push", [1]),
      /\$push needs a list in the record; it holds an object/,
    ],
    ["pull from no list", { any: "x" }, change("any", "pull", [1]), /\$pull needs a list in the record/],
    ["push of no list", {}, change("tags", "push", "x"), /\$push needs a list, not "x"/],
    [
      "a path through a scalar",
      { any: 5 },
      change("any.a", "set", 1),
      /\$set leads through any, which holds 5 \| set any as a whole/,
    ],
    [
      "a path through a list",
      { any: { a: [1] } },
      change("any.a.0", "set", 1),
      /leads through any.a, which holds an array of 1/,
    ],
  ];
  test.each(cases)("%s", (_name, doc, one, message) => expect(problem(() => apply(doc, one))).toMatch(message));
});
