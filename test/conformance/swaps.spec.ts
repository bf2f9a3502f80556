/** Unique values are looked at when the command has ended: rows of one update may take them from each other, in any order. */
import { describe, expect, test } from "vitest";
import { UniqueViolationError } from "../../src/base/errors.js";
import type { Doc } from "../../src/schema/model.js";
import { gte, inc, isIn, mul, set } from "../support/ir.js";
import { bigint, float, int, nullable, object, schemaOf, string } from "../support/schema.js";
import { freshDatabase, rejects, type Spec, wholeState } from "../support/target.js";

const schema = schemaOf({
  Seat: {
    fields: {
      id: int,
      place: int,
      height: float,
      number: bigint,
      loose: nullable(int),
      room: string,
      spot: int,
      at: object({ x: int }),
    },
    indexes: [
      { on: ["place"], unique: true },
      { on: ["height"], unique: true },
      { on: ["number"], unique: true },
      { on: ["loose"], unique: true },
      { on: ["room", "spot"], unique: true },
      { on: ["at.x"], unique: true },
    ],
  },
});

const seat = (id: number, value: number): Doc => ({
  id,
  place: value,
  height: value,
  number: BigInt(value),
  loose: value,
  room: "a",
  spot: value,
  at: { x: value },
});

/** Two pairs that trade their values when these are multiplied by -1, and one row that keeps its own. */
const SEATS = [seat(1, 1), seat(2, -1), seat(3, 7), seat(4, -7), seat(5, 0)];
const NUMBERS = ["place", "height", "loose", "spot", "at.x"];

export const swaps: Spec = (target) => {
  describe("unique values moved at once", () => {
    const db = freshDatabase(target, schema, async (d) => {
      await d.insert("Seat", SEATS);
    });

    test("rows that trade values with each other, one field at a time", async () => {
      for (const name of NUMBERS) {
        const [field, inner] = name.split(".") as [string, string | undefined];
        const read = (row: Doc) => {
          const value = row[field] as number | { readonly x: number };
          return typeof value === "object" ? value[inner as "x"] : value;
        };
        const before = await db.find("Seat");
        const result = await db.engine.write(db.q.update("Seat", null, [mul(name, -1)], { returning: true }));
        expect(result.count).toBe(5);
        expect(result.docs.map(read).map((value) => value + 0)).toEqual(before.map((row) => 0 - read(row)));
        expect(await db.find("Seat")).toEqual(result.docs);
      }
    });
    test("bigint values, and all fields together", async () => {
      await db.engine.write(db.q.update("Seat", null, [mul("number", -1n)]));
      expect(await db.pluck("Seat", "number")).toEqual([-1n, 1n, -7n, 7n, 0n]);
      await db.engine.write(db.q.update("Seat", null, [...NUMBERS.map((name) => mul(name, -1)), mul("number", -1n)]));
      expect(await db.pluck("Seat", "place")).toEqual([-1, 1, -7, 7, 0].map((value) => expect.closeTo(value)));
      expect(await db.pluck("Seat", "number")).toEqual([1n, -1n, 7n, -7n, 0n]);
    });
    test("a chain: each row takes the value that the next one gives up", async () => {
      await db.engine.write(db.q.update("Seat", null, [set("room", "b")]));
      for (const id of [2, 3, 4, 5]) await db.engine.write(db.q.update("Seat", isIn("id", id), [set("place", id)]));
      await db.engine.write(db.q.update("Seat", null, [inc("place", 1)]));
      expect(await db.pluck("Seat", "place")).toEqual([2, 3, 4, 5, 6]);
      await db.engine.write(db.q.update("Seat", null, [inc("place", -1)]));
      expect(await db.pluck("Seat", "place")).toEqual([1, 2, 3, 4, 5]);
    });
    test("a row outside of the update keeps its value: a violation, and nothing has changed", async () => {
      const before = await wholeState(db.engine, schema);
      for (const name of NUMBERS) {
        const write = db.engine.write(db.q.update("Seat", isIn("id", 1, 3, 4), [mul(name, -1)]));
        const error = await rejects(write, UniqueViolationError, "UNIQUE.VIOLATION");
        expect(error.meta).toMatchObject({ model: "Seat" });
        expect(await wholeState(db.engine, schema)).toEqual(before);
      }
    });
    test("inside a transaction, which goes on", async () => {
      await using tx = await db.engine.begin({ mode: "write" });
      await tx.write(db.q.update("Seat", gte("id", 3), [mul("place", -1), mul("spot", -1)]));
      await tx.write(db.q.update("Seat", null, [mul("place", -1)]));
      await tx.commit();
      expect(await db.pluck("Seat", "place")).toEqual([-1, 1, 7, -7, 0].map((value) => expect.closeTo(value)));
    });
  });
};
