/** insert, update, delete: counts, returning, limit, order, keys, and atomicity of one command. */
import { describe, expect, test } from "vitest";
import { UniqueViolationError } from "../../src/base/errors.js";
import type { Doc } from "../../src/schema/model.js";
import { blog, POSTS, post, seedBlog, user } from "../support/blog.js";
import { and, eq, gt, gte, inc, isIn, or, set, some, where } from "../support/ir.js";
import { int, schemaOf, string } from "../support/schema.js";
import { freshDatabase, has, rejects, type Spec, wholeState } from "../support/target.js";

const keys = schemaOf({
  Auto: { fields: { id: int, text: string } },
  Named: { fields: { id: string, text: string }, generate: "given" },
  Pair: { fields: { a: int, b: string, text: string }, key: ["a", "b"] },
});

export const writes: Spec = (target) => {
  describe("insert", () => {
    const db = freshDatabase(target, keys);
    const auto = (...texts: readonly string[]) =>
      db.insert(
        "Auto",
        texts.map((text): Doc => ({ text })),
      );

    test("assigns increment keys from 1, in order, and never again the same", async () => {
      expect(await auto("a", "b")).toEqual([
        { id: 1, text: "a" },
        { id: 2, text: "b" },
      ]);
      expect(await auto("c")).toEqual([{ id: 3, text: "c" }]);
      await db.engine.write(db.q.remove("Auto", null));
      expect(await auto("d")).toEqual([{ id: 4, text: "d" }]);
    });
    test("a given increment key moves the sequence on", async () => {
      await db.insert("Auto", [{ id: 10, text: "given" }]);
      expect(await auto("next")).toEqual([{ id: 11, text: "next" }]);
      await db.insert("Auto", [{ id: 5, text: "smaller" }]);
      expect(await auto("last")).toEqual([{ id: 12, text: "last" }]);
    });
    test("given and assigned keys in one command", async () => {
      expect(await db.insert("Auto", [{ text: "a" }, { id: 7, text: "b" }, { text: "c" }])).toEqual([
        { id: 1, text: "a" },
        { id: 7, text: "b" },
        { id: 8, text: "c" },
      ]);
    });
    test("given and composite keys", async () => {
      await db.insert("Named", [
        { id: "b", text: "2" },
        { id: "a", text: "1" },
      ]);
      expect(await db.pluck("Named", "id")).toEqual(["a", "b"]);
      await db.insert("Pair", [
        { a: 2, b: "x", text: "" },
        { a: 1, b: "y", text: "" },
        { a: 1, b: "x", text: "" },
      ]);
      expect((await db.find("Pair")).map((row) => `${row.a}${row.b}`)).toEqual(["1x", "1y", "2x"]);
    });
    test("returns rows in the order of insertion, or none", async () => {
      expect(
        await db.insert("Named", [
          { id: "z", text: "" },
          { id: "a", text: "" },
        ]),
      ).toEqual([
        { id: "z", text: "" },
        { id: "a", text: "" },
      ]);
      expect(await db.engine.write(db.q.insert("Named", [{ id: "q", text: "" }]))).toEqual({ count: 1, docs: [] });
      expect(await db.engine.write(db.q.insert("Named", [], { returning: true }))).toEqual({ count: 0, docs: [] });
    });
    test("an existing key: nothing of the command happens, the sequence may have moved", async () => {
      await db.insert("Auto", [{ id: 1, text: "a" }]);
      const failed = db.insert("Auto", [
        { id: 2, text: "b" },
        { id: 1, text: "again" },
        { id: 3, text: "c" },
      ]);
      const error = await rejects(failed, UniqueViolationError, "UNIQUE.VIOLATION");
      expect(error.meta).toMatchObject({ model: "Auto", fields: ["id"], value: 1 });
      expect(await db.find("Auto")).toEqual([{ id: 1, text: "a" }]);
      const twice = db.insert("Pair", [
        { a: 1, b: "x", text: "" },
        { a: 1, b: "x", text: "" },
      ]);
      expect((await rejects(twice, UniqueViolationError, "UNIQUE.VIOLATION")).meta).toMatchObject({
        model: "Pair",
        value: [1, "x"],
      });
      expect(await db.find("Pair")).toEqual([]);
    });
    test("skip leaves out what exists, also among the rows of the command", async () => {
      await db.insert("Named", [{ id: "a", text: "old" }]);
      const command = db.q.insert(
        "Named",
        [
          { id: "a", text: "new" },
          { id: "b", text: "1" },
          { id: "b", text: "2" },
        ],
        { skip: true, returning: true },
      );
      expect(await db.engine.write(command)).toEqual({ count: 1, docs: [{ id: "b", text: "1" }] });
      expect(await db.pluck("Named", "text")).toEqual(["old", "1"]);
    });
    test("promise 2: keys order by value, strings by code point", async () => {
      await db.insert(
        "Auto",
        [-1, 100, 9, 10, -20, 0, 2 ** 40].map((id) => ({ id, text: "" })),
      );
      expect(await db.pluck("Auto", "id")).toEqual([-20, -1, 0, 9, 10, 100, 2 ** 40]);
      const odd = has(target, "anyStrings") ? ["a\u0000"] : [];
      await db.insert(
        "Named",
        ["b", "", "B", "é", ...odd, "a", "ab", "😀", "\uffee"].map((id) => ({ id, text: "" })),
      );
      expect(await db.pluck("Named", "id")).toEqual(["", "B", "a", ...odd, "ab", "b", "é", "\uffee", "😀"]);
    });
  });

  describe("update", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("changes what matches and says how many", async () => {
      const result = await db.engine.write(
        db.q.update("Post", eq("status", "live"), [set("title", "x"), inc("views", 1)], { returning: true }),
      );
      expect(result.count).toBe(3);
      expect(result.docs.map((row) => [row.id, row.title, row.views])).toEqual([
        [1, "x", 11],
        [3, "x", 21],
        [4, "x", 31],
      ]);
      expect(await db.find("Post", { where: eq("title", "x") })).toEqual(result.docs);
      expect(await db.pluck("Post", "title", { where: eq("status", "draft") })).toEqual(["Beta", "alpha"]);
    });
    test("a row that stays the same is matched all the same", async () => {
      expect((await db.engine.write(db.q.update("Post", eq("id", 1), [set("views", 10)]))).count).toBe(1);
      expect((await db.engine.write(db.q.update("Post", eq("id", 1), []))).count).toBe(1);
    });
    test("without a filter: every row", async () => {
      expect((await db.engine.write(db.q.update("User", null, [set("active", false)]))).count).toBe(5);
      expect(await db.engine.count("User", eq("active", true))).toBe(0);
    });
    test("limit takes the first rows in key order", async () => {
      const result = await db.engine.write(
        db.q.update("Post", gt("views", 5), [set("views", 1000)], { limit: 2, returning: true }),
      );
      expect(result.docs.map((row) => row.id)).toEqual([1, 2]);
      expect((await db.engine.write(db.q.update("Post", null, [set("views", 0)], { limit: 0 }))).count).toBe(0);
    });
    test("does not meet its own changes", async () => {
      await db.engine.write(db.q.update("Post", gte("views", 0), [inc("views", 100)]));
      expect(await db.pluck("Post", "views")).toEqual([110, 130, 120, 130, 100]);
    });
    test("filters by relation and callback, on the state before the command", async () => {
      expect((await db.engine.write(db.q.update("User", some("posts"), [set("role", "admin")]))).count).toBe(3);
      expect(
        (
          await db.engine.write(
            db.q.update(
              "User",
              where((doc) => doc.age === 20),
              [set("role", "member")],
            ),
          )
        ).count,
      ).toBe(2);
      expect(await db.pluck("User", "role")).toEqual(["admin", "member", "member", "admin", "editor"]);
      await db.engine.write(db.q.update("User", some("manager", eq("managerId", null)), [set("managerId", null)]));
      expect(await db.pluck("User", "managerId")).toEqual([null, null, null, 2, null]);
    });
    test("indexes follow", async () => {
      await db.engine.write(
        db.q.update("User", eq("id", 2), [set("role", "admin"), set("age", null), set("address", { city: "Oslo" })]),
      );
      expect(await db.pluck("User", "id", { where: eq("role", "admin") })).toEqual([1, 2]);
      expect(await db.pluck("User", "id", { where: and(eq("role", "editor"), eq("age", 20)) })).toEqual([]);
      expect(await db.pluck("User", "id", { where: and(eq("role", "admin"), eq("age", null)) })).toEqual([2]);
      expect(await db.pluck("User", "id", { where: isIn("address.city", "Oslo", "Paris") })).toEqual([2, 4]);
    });
    test("nothing matches: nothing happens", async () => {
      const before = await wholeState(db.engine, blog);
      expect(await db.engine.write(db.q.update("Post", or(), [set("views", 1)], { returning: true }))).toEqual({
        count: 0,
        docs: [],
      });
      expect(await wholeState(db.engine, blog)).toEqual(before);
    });
  });

  describe("delete", () => {
    const db = freshDatabase(target, blog, seedBlog);

    test("removes what matches and returns the rows as they were, in key order", async () => {
      const result = await db.engine.write(db.q.remove("Post", isIn("id", 5, 2), { returning: true }));
      expect(result).toEqual({ count: 2, docs: [POSTS[1], POSTS[4]] });
      expect(await db.pluck("Post", "id")).toEqual([1, 3, 4]);
      expect(await db.pluck("Post", "id", { where: gte("views", 0) })).toEqual([1, 3, 4]);
    });
    test("limit takes the first rows in key order", async () => {
      await db.engine.write(db.q.remove("Comment", null, { limit: 2 }));
      expect(await db.pluck("Comment", "id")).toEqual([3, 4]);
    });
    test("without a filter: every row", async () => {
      expect(await db.engine.write(db.q.remove("Comment", null))).toEqual({ count: 4, docs: [] });
      expect(await db.engine.count("Comment", null)).toBe(0);
      expect(await db.engine.write(db.q.remove("Comment", null))).toEqual({ count: 0, docs: [] });
    });
    test("a deleted key can be used again", async () => {
      await db.engine.write(db.q.remove("Post", eq("id", 5)));
      await db.insert("Post", [post(5, 2, { title: "again" })]);
      expect(await db.pluck("Post", "title", { where: eq("id", 5) })).toEqual(["again"]);
    });
  });

  describe("unique indexes", () => {
    const db = freshDatabase(target, blog, seedBlog);
    const violates = async (work: Promise<unknown>, meta: object) => {
      const error = await rejects(work, UniqueViolationError, "UNIQUE.VIOLATION");
      expect(error.meta).toMatchObject(meta);
      expect(error.message).toContain(String((meta as { model: string }).model));
    };

    test("on insert, on update, and within one command", async () => {
      await violates(db.insert("User", [user(9, { email: "u1@x.io" })]), {
        model: "User",
        fields: ["email"],
        value: "u1@x.io",
      });
      await violates(db.engine.write(db.q.update("User", eq("id", 2), [set("email", "u1@x.io")])), {
        model: "User",
        value: "u1@x.io",
      });
      await violates(db.insert("User", [user(8, { email: "n" }), user(9, { email: "n" })]), {
        model: "User",
        value: "n",
      });
      await violates(db.engine.write(db.q.update("User", null, [set("email", "same")])), {
        model: "User",
        value: "same",
      });
      expect(await db.pluck("User", "email")).toEqual([1, 2, 3, 4, 5].map((id) => `u${id}@x.io`));
    });
    test("setting its own value again is no violation", async () => {
      expect(
        (await db.engine.write(db.q.update("User", eq("id", 1), [set("email", "u1@x.io"), set("age", 1)]))).count,
      ).toBe(1);
    });
    test("a freed value can be taken at once", async () => {
      await db.engine.write(db.q.update("User", eq("id", 1), [set("email", "new")]));
      await db.engine.write(db.q.update("User", eq("id", 2), [set("email", "u1@x.io")]));
      await db.engine.write(db.q.remove("Profile", eq("userId", 1)));
      await db.insert("Profile", [{ id: 9, userId: 1, bio: "" }]);
      expect(await db.pluck("User", "email", { limit: 2 })).toEqual(["new", "u1@x.io"]);
    });
    test("skip looks at unique indexes too", async () => {
      const rows = [user(8, { email: "u1@x.io" }), user(9, { email: "n" }), user(10, { email: "n" })];
      const result = await db.engine.write(db.q.insert("User", rows, { skip: true, returning: true }));
      expect(result.docs.map((row) => row.id)).toEqual([9]);
    });
  });

  describe("unique indexes with null", () => {
    const schema = schemaOf({
      Item: {
        fields: {
          id: int,
          code: { ...string, nullable: true },
          a: { ...int, nullable: true },
          b: { ...int, optional: true },
        },
        indexes: [
          { on: ["code"], unique: true },
          { on: ["a", "b"], unique: true },
        ],
      },
    });
    const db = freshDatabase(target, schema);

    test("null and missing never collide, in any column", async () => {
      const rows: Doc[] = [
        { id: 1, code: null, a: 1, b: 1 },
        { id: 2, code: null, a: 1 },
        { id: 3, code: null, a: 1 },
        { id: 4, code: "x", a: null, b: 1 },
        { id: 5, code: "y", a: null, b: 1 },
        { id: 6, code: "z", a: null },
      ];
      expect(await db.insert("Item", rows)).toEqual(rows);
      const error = await rejects(
        db.insert("Item", [{ id: 7, code: null, a: 1, b: 1 }]),
        UniqueViolationError,
        "UNIQUE.VIOLATION",
      );
      expect(error.meta).toMatchObject({ model: "Item", fields: ["a", "b"], value: [1, 1] });
      await rejects(
        db.engine.write(db.q.update("Item", eq("id", 2), [set("b", 1)])),
        UniqueViolationError,
        "UNIQUE.VIOLATION",
      );
      await db.engine.write(db.q.update("Item", eq("id", 1), [set("b", 2)]));
      await db.engine.write(db.q.update("Item", eq("id", 2), [set("b", 1)]));
    });
  });
};
