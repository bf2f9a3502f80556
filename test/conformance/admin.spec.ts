/** Schema administration: an empty database, additive changes, the record of what was applied. */
import { describe, expect, test } from "vitest";
import { UniqueViolationError } from "../../src/base/errors.js";
import type { SchemaOp } from "../../src/schema/ops.js";
import { eq, some } from "../support/ir.js";
import { creationOps, int, nullable, optional, schemaOf, string } from "../support/schema.js";
import { connect, freshDatabase, has, needs, rejects, type Spec } from "../support/target.js";

const v1 = schemaOf({ User: { fields: { id: int, name: string } } });
const v2 = schemaOf({
  User: {
    fields: { id: int, name: string, age: nullable(int), nick: optional(string) },
    indexes: ["age", { on: ["name"], unique: true }],
    relations: { pets: { kind: "hasMany", target: "Pet", to: ["ownerId"] } },
  },
  Pet: {
    fields: { id: int, ownerId: int },
    relations: { owner: { kind: "belongsTo", target: "User", from: ["ownerId"], onDelete: "cascade" } },
  },
});

function additive(): readonly SchemaOp[] {
  const user = v2.models.get("User")!;
  const fields = user.fields.filter((field) => ["age", "nick"].includes(field.name));
  return [
    { kind: "createModel", model: v2.models.get("Pet")! },
    ...fields.map((field): SchemaOp => ({ kind: "addField", model: "User", field })),
    ...user.indexes.map((index): SchemaOp => ({ kind: "createIndex", model: "User", index })),
    ...user.relations.map((relation): SchemaOp => ({ kind: "addRelation", model: "User", relation })),
  ];
}

export const admin: Spec = (target) => {
  describe("schema administration", () => {
    const db = freshDatabase(target, v1, async (d) => {
      await d.insert("User", [{ name: "Ada" }, { name: "Bob" }]);
    });

    test("a fresh database has no schema; after apply it has the target's", async () => {
      const place = await target.place();
      const engine = place.engine();
      try {
        await engine.open(v1);
        expect(await engine.admin.inspect()).toBeNull();
        await engine.admin.apply(creationOps(v1), v1);
        expect(await engine.admin.inspect()).toEqual(v1);
      } finally {
        await engine.close();
        await place.dispose();
      }
    });
    const unique = needs(target, "freeUniques");
    unique("additive changes keep the rows; new fields, indexes and models work at once", async () => {
      await db.engine.admin.apply(additive(), v2);
      expect((await db.engine.admin.inspect())?.hash).toBe(v2.hash);
      expect(await db.find("User")).toStrictEqual([
        { id: 1, name: "Ada", age: null },
        { id: 2, name: "Bob", age: null },
      ]);
      await db.insert("Pet", [{ ownerId: 1 }]);
      await db.engine.write(db.q.update("User", eq("id", 2), [{ path: ["age"], op: "set", value: 4 }]));
      expect(await db.pluck("User", "id", { where: eq("age", 4) })).toEqual([2]);
      expect(await db.pluck("User", "id", { where: eq("age", null) })).toEqual([1]);
      expect(await db.pluck("User", "id", { where: some("pets") })).toEqual([1]);
      await rejects(db.insert("User", [{ name: "Ada" }]), UniqueViolationError, "UNIQUE.VIOLATION");
      const [eve] = await db.insert("User", [{ name: "Eve" }]);
      expect(eve!.id).toSatisfy((id: number) => (has(target, "denseKeys") ? id === 3 : id > 2));
      await db.engine.write(db.q.remove("User", eq("id", 1)));
      expect(await db.engine.count("Pet", null)).toBe(0);
    });
    unique("a unique index over rows that break it is refused, and nothing has changed", async () => {
      await db.insert("User", [{ name: "Ada" }]);
      await rejects(db.engine.admin.apply(additive(), v2), UniqueViolationError, "UNIQUE.VIOLATION");
      expect((await db.engine.admin.inspect())?.hash).toBe(v1.hash);
      expect(await db.pluck("User", "name")).toEqual(["Ada", "Bob", "Ada"]);
      await db.insert("User", [{ name: "Ada" }]);
    });
    test("history holds what was recorded, in order", async () => {
      const entries = ["0001", "0002"].map((id) => ({ id, from: "a", to: "b", at: new Date(1000 + Number(id)) }));
      for (const entry of entries) await db.engine.admin.record(entry);
      expect(await db.engine.admin.history()).toEqual(entries);
    });
    test("exclusive runs the work and gives its result or error", async () => {
      expect(await db.engine.admin.exclusive(async () => 7)).toBe(7);
      await expect(db.engine.admin.exclusive(() => Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
      expect(await db.engine.admin.exclusive(async () => 8)).toBe(8);
    });

    needs(
      target,
      "reopens",
      "freeUniques",
    )("schema, rows, history and sequences are there after a restart", async () => {
      await db.engine.admin.apply(additive(), v2);
      await db.insert("User", [{ id: 40, name: "Zoe" }]);
      await db.engine.write(db.q.remove("User", eq("id", 40)));
      await db.engine.admin.record({ id: "0001", from: v1.hash, to: v2.hash, at: new Date(5) });
      await db.engine.close();
      const again = await connect(db.place, v2);
      try {
        expect(await again.admin.inspect()).toEqual(v2);
        expect(await again.admin.history()).toEqual([{ id: "0001", from: v1.hash, to: v2.hash, at: new Date(5) }]);
        const { docs } = await again.write(db.q.insert("User", [{ name: "New" }], { returning: true }));
        expect(docs[0]).toMatchObject({ id: 41 });
      } finally {
        await again.close();
      }
    });
  });
};
