/** The atomic changes of an update: set, unset, inc, mul, push, pull, on fields and inside nested objects. */
import { describe, expect, test } from "vitest";
import type { Change } from "../../src/query/ir.js";
import type { Doc } from "../../src/schema/model.js";
import { eq, inc, mul, pull, push, set, unset } from "../support/ir.js";
import { array, bigint, date, float, int, nullable, object, optional, schemaOf, string } from "../support/schema.js";
import { freshDatabase, type Spec } from "../support/target.js";

const schema = schemaOf({
  Box: {
    fields: {
      id: int,
      n: int,
      f: float,
      big: bigint,
      maybe: nullable(int),
      opt: optional(string),
      tags: array(string),
      dates: nullable(array(date)),
      nest: optional(object({ a: int, b: optional(string), deep: optional(object({ list: array(int) })) })),
    },
  },
});

const BOX: Doc = {
  id: 1,
  n: 2,
  f: 0.5,
  big: 2n ** 60n,
  maybe: null,
  opt: "here",
  tags: ["a", "b", "a"],
  dates: null,
  nest: { a: 1, b: "x", deep: { list: [1, 2, 3] } },
};

export const changes: Spec = (target) => {
  describe("changes", () => {
    const db = freshDatabase(target, schema, async (d) => {
      await d.insert("Box", [BOX]);
    });
    const changed = async (...list: readonly Change[]): Promise<Doc> => {
      const result = await db.engine.write(db.q.update("Box", eq("id", 1), list, { returning: true }));
      expect(await db.find("Box")).toEqual(result.docs);
      return result.docs[0]!;
    };

    test("set replaces whole values", async () => {
      expect(await changed(set("n", 9), set("opt", "there"), set("nest", { a: 5 }))).toEqual({
        ...BOX,
        n: 9,
        opt: "there",
        nest: { a: 5 },
      });
      expect(await changed(set("maybe", 4))).toMatchObject({ maybe: 4 });
      expect(await changed(set("maybe", null))).toMatchObject({ maybe: null });
    });
    test("unset: an optional field reads back absent, a nullable one null", async () => {
      const row = await changed(unset("opt"), unset("nest"), unset("dates"));
      expect(Object.hasOwn(row, "opt")).toBe(false);
      expect(Object.hasOwn(row, "nest")).toBe(false);
      expect(row.dates).toBeNull();
    });
    test("inc and mul on int, float and bigint", async () => {
      expect(await changed(inc("n", 3), inc("f", 0.25), inc("big", -1n))).toMatchObject({
        n: 5,
        f: 0.75,
        big: 2n ** 60n - 1n,
      });
      expect(await changed(mul("n", -2), mul("f", 4), mul("big", 4n))).toMatchObject({
        n: -10,
        f: 3,
        big: (2n ** 60n - 1n) * 4n,
      });
    });
    test("inc and mul take null as 0", async () => {
      expect(await changed(inc("maybe", 5))).toMatchObject({ maybe: 5 });
      await changed(set("maybe", null));
      expect(await changed(mul("maybe", 5))).toMatchObject({ maybe: 0 });
    });
    test("push appends all values; null counts as an empty list", async () => {
      expect(await changed(push("tags", "c", "a"))).toMatchObject({ tags: ["a", "b", "a", "c", "a"] });
      expect(await changed(push("dates", new Date(1)))).toMatchObject({ dates: [new Date(1)] });
      expect(await changed(push("tags"))).toMatchObject({ tags: ["a", "b", "a", "c", "a"] });
    });
    test("pull removes every equal element", async () => {
      expect(await changed(pull("tags", "a", "zzz"))).toMatchObject({ tags: ["b"] });
      await changed(set("dates", [new Date(1), new Date(2), new Date(1)]));
      expect(await changed(pull("dates", new Date(1)))).toMatchObject({ dates: [new Date(2)] });
    });
    test("nested paths leave their neighbours alone", async () => {
      expect(await changed(set("nest.b", "y"), inc("nest.a", 4), push("nest.deep.list", 4))).toMatchObject({
        nest: { a: 5, b: "y", deep: { list: [1, 2, 3, 4] } },
      });
      const row = await changed(unset("nest.b"), pull("nest.deep.list", 2, 4));
      expect(row.nest).toEqual({ a: 5, deep: { list: [1, 3] } });
    });
    test("several changes apply in order", async () => {
      expect(await changed(set("n", 1), inc("n", 1), mul("n", 10))).toMatchObject({ n: 20 });
      expect(await changed(pull("tags", "a"), push("tags", "a"))).toMatchObject({ tags: ["b", "a"] });
    });
    test("the old row that a reader holds does not change", async () => {
      const [before] = await db.find("Box");
      await changed(set("nest.a", 99), push("tags", "z"));
      expect(before).toEqual(BOX);
    });
  });
};
