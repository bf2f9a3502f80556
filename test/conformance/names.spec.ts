/** Properties of nested values may be called nearly anything: they are stored, filtered, ordered, indexed and changed as any other. */
import { describe, expect, test } from "vitest";
import { HOSTILE_PROPERTIES } from "../differential/widen.js";
import { and, asc, eq, gt, startsWith } from "../support/ir.js";
import { date, int, nullable, object, optional, schemaOf, string } from "../support/schema.js";
import { freshDatabase, type Spec } from "../support/target.js";

const odd = HOSTILE_PROPERTIES.filter((name) => name.length < 100);
const [first = "", second = ""] = odd;
const schema = schemaOf({
  Odd: {
    fields: {
      id: int,
      words: object(Object.fromEntries(odd.map((name) => [name, optional(string)]))),
      numbers: object(Object.fromEntries(odd.map((name) => [name, nullable(int)]))),
      days: object({ [first]: optional(date), [second]: optional(date) }),
    },
    indexes: [
      { on: [`words.${first}`], unique: true, name: "first" },
      { on: [`numbers.${second}`], name: "second" },
    ],
  },
});

const doc = (id: number) => ({
  id,
  words: Object.fromEntries(odd.map((name, at) => [name, `${at} of ${id}`])),
  numbers: Object.fromEntries(odd.map((name, at) => [name, at * 100 + id])),
  days: { [first]: new Date(id), [second]: new Date(-id) },
});

export const names: Spec = (target) => {
  describe("names of properties", () => {
    const db = freshDatabase(
      target,
      schema,
      async ({ insert }) => void (await insert.call(db, "Odd", [doc(1), doc(2), doc(3)])),
    );

    test("every value is found under its own name", async () => {
      expect(await db.find("Odd")).toEqual([doc(1), doc(2), doc(3)]);
      for (const [at, name] of odd.entries()) {
        const word = eq(["words", name], `${at} of 2`);
        const number = and(gt(["numbers", name], at * 100 + 1), startsWith(["words", name], `${at} of 3`));
        expect(await db.pluck("Odd", "id", { where: word }), JSON.stringify(name)).toEqual([2]);
        expect(await db.pluck("Odd", "id", { where: number }), JSON.stringify(name)).toEqual([3]);
      }
      expect(await db.pluck("Odd", "id", { where: gt(["days", second], new Date(-2)) })).toEqual([1]);
    });
    test("order, indexes, changes", async () => {
      const by = asc({ kind: "path", path: ["days", second] });
      expect(await db.pluck("Odd", "id", { orderBy: [by] })).toEqual([3, 2, 1]);
      await expect(db.insert("Odd", [{ ...doc(4), words: { [first]: "0 of 1" } }])).rejects.toMatchObject({
        code: "UNIQUE.VIOLATION",
      });
      for (const name of odd) {
        const change = { path: ["numbers", name], op: "inc", value: 1 } as const;
        await db.engine.write(db.q.update("Odd", eq("id", 1), [change]));
      }
      const raised = Object.fromEntries(odd.map((name, at) => [name, at * 100 + 2]));
      expect((await db.find("Odd", { where: eq("id", 1) }))[0]).toEqual({ ...doc(1), numbers: raised });
    });
  });
};
