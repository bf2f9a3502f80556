/** Foreign keys: no reference dangles; onDelete restrict, cascade, setNull, also in circles and on composite keys. */
import { describe, expect, test } from "vitest";
import { ForeignKeyViolationError } from "../../src/base/errors.js";
import { blog, post, seedBlog, user } from "../support/blog.js";
import { eq, isIn, set } from "../support/ir.js";
import { int, nullable, schemaOf, string } from "../support/schema.js";
import { freshDatabase, rejects, type Spec, wholeState } from "../support/target.js";

const MISSING = "FOREIGN_KEY.MISSING_PARENT";
const REFERENCED = "FOREIGN_KEY.STILL_REFERENCED";

const shapes = schemaOf({
  Area: { fields: { country: string, code: int, name: string }, key: ["country", "code"] },
  Town: {
    fields: { id: int, country: nullable(string), code: nullable(int) },
    relations: { area: { kind: "belongsTo", target: "Area", from: ["country", "code"], onDelete: "setNull" } },
  },
  Node: {
    fields: { id: int, parentId: nullable(int) },
    relations: {
      parent: { kind: "belongsTo", target: "Node", from: ["parentId"], onDelete: "cascade" },
      children: { kind: "hasMany", target: "Node", to: ["parentId"] },
    },
  },
  Badge: { fields: { id: int, code: string }, indexes: [{ on: ["code"], unique: true }] },
  Wearer: {
    fields: { id: int, badge: string },
    relations: { worn: { kind: "belongsTo", target: "Badge", from: ["badge"], to: ["code"], onDelete: "restrict" } },
  },
});

export const foreignKeys: Spec = (target) => {
  describe("foreign keys", () => {
    const db = freshDatabase(target, blog, seedBlog);
    const remove = (model: string, id: number) => db.engine.write(db.q.remove(model, eq("id", id)));

    test("insert and update need the parent", async () => {
      const error = await rejects(db.insert("Post", [post(9, 99)]), ForeignKeyViolationError, MISSING);
      expect(error.meta).toMatchObject({ model: "Post", relation: "author", target: "User", value: 99 });
      await rejects(
        db.engine.write(db.q.update("Post", eq("id", 1), [set("reviewerId", 77)])),
        ForeignKeyViolationError,
        MISSING,
      );
      expect(await db.engine.count("Post", null)).toBe(5);
      expect(await db.pluck("Post", "reviewerId", { where: eq("id", 1) })).toEqual([2]);
    });
    test("null needs no parent", async () => {
      await db.insert("Comment", [{ id: 9, postId: 1, authorId: null, text: "" }]);
      await db.engine.write(db.q.update("Post", eq("id", 1), [set("reviewerId", null)]));
    });
    test("rows of one command may refer to each other, and to themselves", async () => {
      await db.insert("User", [user(11, { managerId: 12 }), user(12, { managerId: 12 })]);
      expect(await db.pluck("User", "managerId", { where: isIn("id", 11, 12) })).toEqual([12, 12]);
    });
    test("skipped rows need no parent", async () => {
      const command = db.q.insert("Post", [post(1, 99)], { skip: true });
      expect((await db.engine.write(command)).count).toBe(0);
    });
    test("restrict refuses, and nothing has happened", async () => {
      const before = await wholeState(db.engine, blog);
      const error = await rejects(remove("User", 2), ForeignKeyViolationError, REFERENCED);
      expect(error.meta).toMatchObject({ model: "Post", relation: "author", target: "User" });
      expect(await wholeState(db.engine, blog)).toEqual(before);
    });
    test("cascade takes the children along, and theirs", async () => {
      const result = await db.engine.write(db.q.remove("Post", eq("id", 1)));
      expect(result.count).toBe(1);
      expect(await db.pluck("Comment", "id")).toEqual([3, 4]);
      expect(await db.find("PostLabel")).toEqual([{ postId: 3, labelName: "fun", weight: 7 }]);
      expect(await db.engine.count("Label", null)).toBe(3);
    });
    test("setNull clears the reference", async () => {
      await db.engine.write(db.q.remove("Post", eq("authorId", 4)));
      await db.engine.write(db.q.remove("Post", eq("authorId", 1)));
      await remove("User", 1);
      expect(await db.pluck("User", "managerId")).toEqual([null, null, 2, null]);
      expect(await db.pluck("Post", "reviewerId")).toEqual([null]);
      expect(await db.pluck("Comment", "authorId")).toEqual([null]);
      expect(await db.pluck("Profile", "userId"), "cascade beside it").toEqual([3]);
      expect(await db.pluck("User", "id", { where: eq("managerId", null) }), "the index follows").toEqual([2, 3, 5]);
    });
    test("restrict is looked at after cascade: the link goes with the post, so the label is free", async () => {
      await rejects(db.engine.write(db.q.remove("Label", eq("name", "news"))), ForeignKeyViolationError, REFERENCED);
      await db.engine.write(db.q.remove("Post", eq("id", 1)));
      expect((await db.engine.write(db.q.remove("Label", eq("name", "news")))).count).toBe(1);
    });
  });

  describe("foreign keys of other shapes", () => {
    const db = freshDatabase(target, shapes);

    test("composite: all fields count, a null one means no reference", async () => {
      await db.insert("Area", [
        { country: "FR", code: 1, name: "north" },
        { country: "FR", code: 2, name: "south" },
      ]);
      await db.insert("Town", [
        { id: 1, country: "FR", code: 1 },
        { id: 2, country: "DE", code: null },
        { id: 3, country: null, code: 9 },
      ]);
      await rejects(db.insert("Town", [{ id: 4, country: "DE", code: 1 }]), ForeignKeyViolationError, MISSING);
      await db.engine.write(db.q.remove("Area", eq("code", 1)));
      expect((await db.find("Town", { where: eq("id", 1) }))[0]).toEqual({ id: 1, country: null, code: null });
      expect(await db.find("Town", { where: eq("id", 2), populate: { area: {} } })).toEqual([
        { id: 2, country: "DE", code: null, area: null },
      ]);
    });
    test("a tree goes with its root", async () => {
      await db.insert("Node", [
        { id: 1, parentId: null },
        { id: 2, parentId: 1 },
        { id: 3, parentId: 2 },
        { id: 4, parentId: 3 },
        { id: 5, parentId: null },
      ]);
      expect(await db.engine.write(db.q.remove("Node", eq("id", 1), { returning: true }))).toEqual({
        count: 1,
        docs: [{ id: 1, parentId: null }],
      });
      expect(await db.pluck("Node", "id")).toEqual([5]);
    });
    test("a circle goes too", async () => {
      await db.insert("Node", [
        { id: 1, parentId: 2 },
        { id: 2, parentId: 3 },
        { id: 3, parentId: 1 },
      ]);
      await db.engine.write(db.q.remove("Node", eq("id", 2)));
      expect(await db.engine.count("Node", null)).toBe(0);
    });
    test("a row that is deleted and reached by cascade counts once", async () => {
      await db.insert("Node", [
        { id: 1, parentId: null },
        { id: 2, parentId: 1 },
      ]);
      const result = await db.engine.write(db.q.remove("Node", null, { returning: true }));
      expect(result).toEqual({
        count: 2,
        docs: [
          { id: 1, parentId: null },
          { id: 2, parentId: 1 },
        ],
      });
    });
    test("a reference to a unique field guards that field", async () => {
      await db.insert("Badge", [
        { id: 1, code: "A" },
        { id: 2, code: "B" },
      ]);
      await db.insert("Wearer", [{ id: 1, badge: "A" }]);
      await rejects(db.insert("Wearer", [{ id: 2, badge: "C" }]), ForeignKeyViolationError, MISSING);
      await rejects(
        db.engine.write(db.q.update("Badge", eq("id", 1), [set("code", "Z")])),
        ForeignKeyViolationError,
        REFERENCED,
      );
      await rejects(db.engine.write(db.q.remove("Badge", eq("id", 1))), ForeignKeyViolationError, REFERENCED);
      await db.engine.write(db.q.update("Badge", eq("id", 2), [set("code", "C")]));
      await db.insert("Wearer", [{ id: 2, badge: "C" }]);
      expect(await db.find("Badge", { where: eq("code", "A") })).toEqual([{ id: 1, code: "A" }]);
    });
  });

  describe("restrict between rows that go together", () => {
    const pair = schemaOf({
      Boss: {
        fields: { id: int, mateId: nullable(int) },
        relations: { mate: { kind: "belongsTo", target: "Boss", from: ["mateId"], onDelete: "restrict" } },
      },
    });
    const db = freshDatabase(target, pair);

    test("one alone is refused, both at once are not", async () => {
      await db.insert("Boss", [
        { id: 1, mateId: 2 },
        { id: 2, mateId: 1 },
        { id: 3, mateId: 3 },
      ]);
      await rejects(db.engine.write(db.q.remove("Boss", eq("id", 1))), ForeignKeyViolationError, REFERENCED);
      await db.engine.write(db.q.remove("Boss", isIn("id", 1, 2)));
      await db.engine.write(db.q.remove("Boss", eq("id", 3)));
      expect(await db.engine.count("Boss", null)).toBe(0);
    });
  });
};
