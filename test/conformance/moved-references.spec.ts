/**
 * References are looked at when the command has ended: rows of one update may take unique foreign keys from each other, or
 * move the values that others point to, and a delete may empty what only rows pointed to that go with it.
 */
import { describe, expect, test } from "vitest";
import { ForeignKeyViolationError, UniqueViolationError } from "../../src/base/errors.js";
import { eq, inc, isIn, mul, set, unset } from "../support/ir.js";
import { bytes, date, int, nullable, schemaOf, string } from "../support/schema.js";
import { freshDatabase, rejects, type Spec, wholeState } from "../support/target.js";

const MISSING = "FOREIGN_KEY.MISSING_PARENT";
const REFERENCED = "FOREIGN_KEY.STILL_REFERENCED";

/** Each person has a desk of their own; each badge is somebody's, and is named by its number. */
const office = schemaOf({
  Desk: { fields: { id: int }, generate: "given" },
  Person: {
    fields: { id: int, deskId: int, name: string },
    generate: "given",
    indexes: [{ on: ["deskId"], unique: true }],
    relations: { desk: { kind: "belongsTo", target: "Desk", from: ["deskId"], onDelete: "restrict" } },
  },
  /** Points to the person by the desk at which they sit. */
  Lamp: {
    fields: { id: int, at: int },
    generate: "given",
    relations: { person: { kind: "belongsTo", target: "Person", from: ["at"], to: ["deskId"], onDelete: "restrict" } },
  },
  /** A list whose places are unique, each row naming the place before it. */
  Step: {
    fields: { id: int, place: int, after: nullable(int) },
    generate: "given",
    indexes: [{ on: ["place"], unique: true }],
    relations: { before: { kind: "belongsTo", target: "Step", from: ["after"], to: ["place"], onDelete: "restrict" } },
  },
});

/** A team's badge holds the team's number while there is a team; pins name a badge by that number, and belong to the team. */
const club = schemaOf({
  Team: { fields: { id: int }, generate: "given" },
  Badge: {
    fields: { id: int, teamId: nullable(int) },
    generate: "given",
    indexes: [{ on: ["teamId"], unique: true }],
    relations: { team: { kind: "belongsTo", target: "Team", from: ["teamId"], onDelete: "setNull" } },
  },
  Pin: {
    fields: { id: int, teamId: int, badge: nullable(int) },
    generate: "given",
    relations: {
      team: { kind: "belongsTo", target: "Team", from: ["teamId"], onDelete: "cascade" },
      shown: { kind: "belongsTo", target: "Badge", from: ["badge"], to: ["teamId"], onDelete: "restrict" },
    },
  },
  /** The same, with a reference to the badge that would go with it. */
  Patch: {
    fields: { id: int, teamId: int, badge: nullable(int) },
    generate: "given",
    relations: {
      team: { kind: "belongsTo", target: "Team", from: ["teamId"], onDelete: "cascade" },
      sewn: { kind: "belongsTo", target: "Badge", from: ["badge"], to: ["teamId"], onDelete: "cascade" },
    },
  },
});

/** A row follows another one, or none; notes name a row by what it follows. */
const chain = schemaOf({
  Link: {
    fields: { id: int, follows: nullable(int) },
    generate: "given",
    indexes: [{ on: ["follows"], unique: true }],
    relations: { previous: { kind: "belongsTo", target: "Link", from: ["follows"], onDelete: "setNull" } },
  },
  Note: {
    fields: { id: int, at: nullable(int) },
    generate: "given",
    relations: { link: { kind: "belongsTo", target: "Link", from: ["at"], to: ["follows"], onDelete: "cascade" } },
  },
});

/** Rows that name each other by values that are objects in JavaScript. */
const seals = schemaOf({
  Seal: {
    fields: { id: int, day: nullable(date), next: nullable(date), mark: nullable(bytes), under: nullable(bytes) },
    generate: "given",
    indexes: [
      { on: ["day"], unique: true },
      { on: ["mark"], unique: true },
    ],
    relations: {
      after: { kind: "belongsTo", target: "Seal", from: ["next"], to: ["day"], onDelete: "restrict" },
      over: { kind: "belongsTo", target: "Seal", from: ["under"], to: ["mark"], onDelete: "restrict" },
    },
  },
});

export const movedReferences: Spec = (target) => {
  describe("unique foreign keys moved at once", () => {
    const db = freshDatabase(target, office, async (d) => {
      await d.insert("Desk", [{ id: -2 }, { id: -1 }, { id: 1 }, { id: 2 }, { id: 3 }]);
      await d.insert("Person", [
        { id: 1, deskId: 1, name: "a" },
        { id: 2, deskId: -1, name: "b" },
        { id: 3, deskId: 2, name: "c" },
      ]);
    });

    test("two rows trade required references", async () => {
      const trade = db.q.update("Person", isIn("id", 1, 2), [mul("deskId", -1)], { returning: true });
      const { docs } = await db.engine.write(trade);
      expect(docs).toEqual([
        { id: 1, deskId: -1, name: "a" },
        { id: 2, deskId: 1, name: "b" },
      ]);
      expect(await db.find("Person", { where: isIn("id", 1, 2) })).toEqual(docs);
    });
    test("others point to what moves: they point to whoever has it now", async () => {
      await db.insert("Lamp", [
        { id: 1, at: 1 },
        { id: 2, at: -1 },
      ]);
      await db.engine.write(db.q.update("Person", isIn("id", 1, 2), [mul("deskId", -1)]));
      expect(await db.find("Lamp", { populate: { person: {} } })).toMatchObject([
        { id: 1, person: { id: 2 } },
        { id: 2, person: { id: 1 } },
      ]);
    });
    test("no such parent: a violation, and nothing has changed", async () => {
      await db.insert("Desk", [{ id: 9 }]);
      await db.insert("Person", [{ id: 9, deskId: 9, name: "d" }]);
      const before = await wholeState(db.engine, office);
      const error = await rejects(
        db.engine.write(db.q.update("Person", null, [mul("deskId", -1)])),
        ForeignKeyViolationError,
        MISSING,
      );
      expect(error.meta).toMatchObject({ model: "Person", relation: "desk", target: "Desk", value: -9 });
      expect(await wholeState(db.engine, office)).toEqual(before);
    });
    test("somebody else keeps the value: a violation, and nothing has changed", async () => {
      const before = await wholeState(db.engine, office);
      const write = db.engine.write(db.q.update("Person", isIn("id", 1, 3), [mul("deskId", -1)]));
      await rejects(write, UniqueViolationError, "UNIQUE.VIOLATION");
      expect(await wholeState(db.engine, office)).toEqual(before);
    });
    test("a value that others need goes: a violation, and nothing has changed", async () => {
      await db.insert("Lamp", [{ id: 1, at: 2 }]);
      const before = await wholeState(db.engine, office);
      const write = db.engine.write(db.q.update("Person", null, [mul("deskId", -1)]));
      const error = await rejects(write, ForeignKeyViolationError, REFERENCED);
      expect(error.meta).toMatchObject({ model: "Lamp", relation: "person", target: "Person", value: 2 });
      expect(await wholeState(db.engine, office)).toEqual(before);
    });
    test("inside a transaction: a refused trade is undone, what comes after is checked again", async () => {
      await using tx = await db.engine.begin({ mode: "write" });
      await using inner = await tx.begin({ mode: "write" });
      await inner.write(db.q.update("Person", eq("id", 1), [set("name", "z")]));
      await rejects(
        inner.write(db.q.update("Person", isIn("id", 1, 2, 3), [mul("deskId", 3)])),
        ForeignKeyViolationError,
        MISSING,
      );
      await inner.rollback();
      await using last = await tx.begin({ mode: "write" });
      await rejects(
        last.write(db.q.update("Person", eq("id", 3), [mul("deskId", 7)])),
        ForeignKeyViolationError,
        MISSING,
      );
      await last.rollback();
      await tx.write(db.q.update("Person", isIn("id", 1, 2), [mul("deskId", -1)]));
      await tx.commit();
      expect(await db.pluck("Person", "deskId")).toEqual([-1, 1, 2]);
      expect(await db.pluck("Person", "name")).toEqual(["a", "b", "c"]);
    });
    test("rows that name each other's place move together", async () => {
      await db.insert("Step", [{ id: 1, place: 1, after: 1 }]);
      await db.insert("Step", [
        { id: 2, place: 2, after: 1 },
        { id: 3, place: 3, after: 2 },
      ]);
      await db.engine.write(db.q.update("Step", null, [inc("place", 1), inc("after", 1)]));
      const rows = await db.find("Step");
      expect(rows.map(({ place }) => place)).toEqual([2, 3, 4]);
      const before = await wholeState(db.engine, office);
      const error = await rejects(
        db.engine.write(db.q.update("Step", null, [inc("place", 10)])),
        ForeignKeyViolationError,
        REFERENCED,
      );
      expect(error.meta).toMatchObject({ model: "Step", relation: "before" });
      expect(await wholeState(db.engine, office)).toEqual(before);
    });
    test("a value that its holder gives up in the same update is nobody's parent", async () => {
      await db.insert("Step", [
        { id: 1, place: 1, after: null },
        { id: 2, place: 2, after: null },
      ]);
      const before = await wholeState(db.engine, office);
      const error = await rejects(
        db.engine.write(db.q.update("Step", null, [inc("place", 10), set("after", 2)])),
        ForeignKeyViolationError,
        MISSING,
      );
      expect(error.meta).toMatchObject({ model: "Step", relation: "before", value: 2 });
      expect(await wholeState(db.engine, office)).toEqual(before);
    });
  });

  describe("setNull into a unique reference that others point to", () => {
    const db = freshDatabase(target, club, async (d) => {
      await d.insert("Team", [{ id: 1 }, { id: 2 }]);
      await d.insert("Badge", [
        { id: 1, teamId: 1 },
        { id: 2, teamId: 2 },
      ]);
    });

    test("what points to it goes too: allowed", async () => {
      await db.insert("Pin", [{ id: 1, teamId: 1, badge: 1 }]);
      await db.insert("Patch", [{ id: 1, teamId: 1, badge: 1 }]);
      await db.engine.write(db.q.remove("Team", eq("id", 1)));
      expect(await db.find("Pin")).toEqual([]);
      expect(await db.find("Patch")).toEqual([]);
      expect(await db.find("Badge")).toEqual([
        { id: 1, teamId: null },
        { id: 2, teamId: 2 },
      ]);
    });
    for (const [model, relation] of [
      ["Pin", "shown"],
      ["Patch", "sewn"],
    ] as const)
      test(`a ${model} stays that points to it: refused, and nothing has changed`, async () => {
        await db.insert(model, [
          { id: 1, teamId: 1, badge: 1 },
          { id: 2, teamId: 2, badge: 1 },
        ]);
        const before = await wholeState(db.engine, club);
        const error = await rejects(
          db.engine.write(db.q.remove("Team", eq("id", 1))),
          ForeignKeyViolationError,
          REFERENCED,
        );
        expect(error.meta).toMatchObject({ model, relation, target: "Badge", value: 1 });
        expect(await wholeState(db.engine, club)).toEqual(before);
      });
  });

  describe("rows that go together, one of which refers to the other", () => {
    const db = freshDatabase(target, chain, async (d) => {
      await d.insert("Link", [{ id: 1, follows: null }]);
      await d.insert("Link", [{ id: 2, follows: 1 }]);
      await d.insert("Link", [{ id: 3, follows: 2 }]);
      await d.insert("Note", [{ id: 1, at: 1 }]);
    });

    test("what a cascade over the reference reaches goes, too", async () => {
      const { count } = await db.engine.write(db.q.remove("Link", isIn("id", 1, 2)));
      expect(count).toBe(2);
      expect(await db.find("Link")).toEqual([{ id: 3, follows: null }]);
      expect(await db.find("Note")).toEqual([]);
    });

    test("a row that stays and points to what is emptied refuses all of it", async () => {
      await db.insert("Note", [{ id: 2, at: 2 }]);
      const before = await wholeState(db.engine, chain);
      const write = db.engine.write(db.q.remove("Link", isIn("id", 1, 2)));
      const error = await rejects(write, ForeignKeyViolationError, REFERENCED);
      expect(error.meta).toMatchObject({ model: "Note", relation: "link", target: "Link", value: 2 });
      expect(await wholeState(db.engine, chain)).toEqual(before);
    });
  });

  describe("dates and bytes as references", () => {
    const db = freshDatabase(target, seals, async (d) => {
      await d.insert("Seal", [{ id: 1, day: new Date(5), next: null, mark: new Uint8Array([1]), under: null }]);
      await d.engine.write(d.q.update("Seal", null, [set("next", new Date(5)), set("under", new Uint8Array([1]))]));
    });

    test.each([
      ["next", "day", () => new Date(5)],
      ["under", "mark", () => new Uint8Array([1])],
    ] as const)("%s written again as it was: it is %s that leaves it behind", async (from, to, value) => {
      const write = db.engine.write(db.q.update("Seal", null, [unset(to), set(from, value())]));
      const error = await rejects(write, ForeignKeyViolationError, REFERENCED);
      expect(error.meta).toMatchObject({ model: "Seal", value: value() });
    });
  });
};
