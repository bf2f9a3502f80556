/** The specification of writes: results, constraints at the end of each command, and what a failed command leaves. */
import { describe, expect, test } from "vitest";
import type { Change, WriteCommand } from "../../src/query/ir.js";
import { parseWhere } from "../../src/query/parse-where.js";
import { emptyState, type ReferenceState, referenceWrite } from "../../src/query/reference-write.js";
import type { Doc, Json } from "../../src/schema/model.js";
import { int, nullable, schemaOf, string } from "../support/schema.js";
import { problem } from "./errors.js";

const schema = schemaOf({
  User: {
    fields: { id: int, email: string, code: nullable(string), bossId: nullable(int) },
    indexes: [
      { on: ["email"], unique: true },
      { on: ["code"], unique: true },
    ],
    relations: { boss: { kind: "belongsTo", target: "User", from: ["bossId"], onDelete: "setNull" } },
  },
  Post: {
    fields: { id: int, authorId: int, editorId: nullable(int), title: string },
    relations: {
      author: { kind: "belongsTo", target: "User", from: ["authorId"], onDelete: "cascade" },
      editor: { kind: "belongsTo", target: "User", from: ["editorId"], onDelete: "restrict" },
    },
  },
  Comment: {
    fields: { id: int, postId: int },
    relations: { post: { kind: "belongsTo", target: "Post", from: ["postId"], onDelete: "cascade" } },
  },
  Badge: {
    fields: { id: int, email: string },
    relations: { owner: { kind: "belongsTo", target: "User", from: ["email"], to: ["email"], onDelete: "restrict" } },
  },
});

/** A database that commands follow one another on. */
class Database {
  state: ReferenceState = emptyState(schema);

  write(command: WriteCommand) {
    const { result, state } = referenceWrite(this.state, command);
    this.state = state;
    return result;
  }

  insert(model: string, docs: readonly Doc[], skip = false) {
    return this.write({ kind: "insert", model, docs, onConflict: { kind: skip ? "skip" : "fail" }, returning: true });
  }

  update(model: string, where: unknown, changes: readonly Change[], limit: number | null = null) {
    const filter = parseWhere(schema, schema.models.get(model)!, where);
    return this.write({ kind: "update", model, where: filter, changes, limit, returning: true });
  }

  delete(model: string, where: unknown, limit: number | null = null) {
    const filter = parseWhere(schema, schema.models.get(model)!, where);
    return this.write({ kind: "delete", model, where: filter, limit, returning: true });
  }

  ids(model: string) {
    return this.state.docs(model).map((doc) => doc.id);
  }
}

const set = (field: string, value: Json): Change => ({ path: [field], op: "set", value });
const user = (email: string, more: Doc = {}): Doc => ({ email, ...more });

function withUsers(): Database {
  const db = new Database();
  db.insert("User", [user("a"), user("b", { bossId: 1 }), user("c", { bossId: 2 })]);
  return db;
}

describe("insert", () => {
  test("assigns keys, normalises, freezes, and leaves the old state alone", () => {
    const db = new Database();
    const before = db.state;
    const { count, docs } = db.insert("User", [user("a"), { code: "x", email: "b", unknown: 1 }]);
    expect(count).toBe(2);
    expect(docs.map((doc) => Object.entries(doc))).toEqual([
      [
        ["id", 1],
        ["email", "a"],
        ["code", null],
        ["bossId", null],
      ],
      [
        ["id", 2],
        ["email", "b"],
        ["code", "x"],
        ["bossId", null],
      ],
    ]);
    expect(docs.every(Object.isFrozen)).toBe(true);
    expect(before.docs("User")).toEqual([]);
  });

  test("numbers are never used again; given ones move the sequence on", () => {
    const db = withUsers();
    db.delete("User", { id: 3 });
    expect(db.insert("User", [user("d")]).docs[0]?.id).toBe(4);
    db.insert("User", [user("e", { id: 10 }), user("f")]);
    expect(db.ids("User")).toEqual([1, 2, 4, 10, 11]);
    expect(problem(() => db.insert("User", [user("g", { id: 12 }), user("a")]))).toMatch(/^UNIQUE/);
    expect(db.insert("User", [user("h")]).docs[0]?.id).toBe(12);
    db.insert("User", [user("z", { id: Number.MAX_SAFE_INTEGER })]);
    expect(problem(() => db.insert("User", [user("y")]))).toMatch(
      /^QUERY.INVALID_VALUE \| The auto-increment key of User has no next number/,
    );
  });

  test("unique: the key, an index, within the command; null is free", () => {
    const db = withUsers();
    expect(problem(() => db.insert("User", [user("x", { id: 1 })]))).toBe(
      "UNIQUE.VIOLATION | A User with id 1 exists already (the key) | use another value, update the existing record, or call upsert",
    );
    expect(problem(() => db.insert("User", [user("a")]))).toMatch(
      /^UNIQUE.VIOLATION \| A User with email "a" exists already \(unique index "email"\)/,
    );
    expect(problem(() => db.insert("User", [user("x"), user("x")]))).toMatch(/email "x"/);
    expect(db.ids("User")).toEqual([1, 2, 3]);
    try {
      db.insert("User", [user("a")]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ meta: { model: "User", index: "email", fields: ["email"], value: "a" } });
    }
  });

  test("skip leaves out what exists, also earlier in the command, and uses up no number for it", () => {
    const db = withUsers();
    const { count, docs } = db.insert("User", [user("a"), user("d"), user("d"), user("x", { id: 2 }), user("e")], true);
    expect([count, docs.map((doc) => [doc.id, doc.email])]).toEqual([
      2,
      [
        [4, "d"],
        [5, "e"],
      ],
    ]);
  });

  test("foreign keys are checked at the end of the command", () => {
    const db = new Database();
    db.insert("User", [user("a", { bossId: 2 }), user("b", { bossId: 2 })]);
    expect(db.ids("User")).toEqual([1, 2]);
    expect(problem(() => db.insert("User", [user("c", { bossId: 9 })]))).toMatch(
      /^FOREIGN_KEY.MISSING_PARENT \| User.boss: there is no User with id 9 \| create the User first/,
    );
    expect(problem(() => db.insert("Badge", [{ email: "zz" }]))).toMatch(
      /Badge.owner: there is no User with email "zz"/,
    );
    expect(db.insert("Badge", [{ email: "a" }]).count).toBe(1);
  });
});

describe("update", () => {
  test("changes the matching rows in key order, up to the limit", () => {
    const db = withUsers();
    const { count, docs } = db.update("User", { bossId: { $exists: true } }, [set("code", "z")], 1);
    expect([count, docs]).toEqual([1, [{ id: 2, email: "b", code: "z", bossId: 1 }]]);
    expect(db.update("User", { id: 99 }, [set("code", "q")])).toEqual({ count: 0, docs: [] });
  });

  test("uniqueness holds at the end of the command", () => {
    const db = withUsers();
    expect(problem(() => db.update("User", {}, [set("code", "same")]))).toMatch(
      /^UNIQUE.VIOLATION \| A User with code "same"/,
    );
    expect(db.state.docs("User").every((doc) => doc.code === null)).toBe(true);
    expect(db.update("User", { id: 1 }, [set("email", "a")]).count).toBe(1);
  });

  test("keys stay, parents must exist, referenced values must stay", () => {
    const db = withUsers();
    db.insert("Badge", [{ email: "a" }]);
    expect(problem(() => db.update("User", { id: 99 }, [set("id", 5)]))).toMatch(
      /^QUERY.INVALID_VALUE \| User.id: \$set cannot change a key/,
    );
    expect(problem(() => db.update("User", { id: 1 }, [set("bossId", 77)]))).toMatch(/^FOREIGN_KEY.MISSING_PARENT/);
    expect(problem(() => db.update("User", { id: 1 }, [set("email", "new")]))).toMatch(
      /^FOREIGN_KEY.STILL_REFERENCED \| User with email "a" is still referenced by Badge.owner/,
    );
    expect(db.update("User", { id: 2 }, [set("email", "new")]).count).toBe(1);
  });
});

describe("delete", () => {
  function withPosts(): Database {
    const db = withUsers();
    db.insert("Post", [
      { authorId: 1, title: "p1" },
      { authorId: 2, editorId: 1, title: "p2" },
      { authorId: 1, editorId: 1, title: "p3" },
    ]);
    db.insert("Comment", [{ postId: 1 }, { postId: 2 }, { postId: 3 }]);
    return db;
  }

  test("restrict refuses, and nothing has changed", () => {
    const db = withPosts();
    const before = db.state;
    expect(problem(() => db.delete("User", { id: 1 }))).toMatch(
      /^FOREIGN_KEY.STILL_REFERENCED \| User with id 1 is still referenced by Post.editor \| delete or change the Post records first, or declare onDelete/,
    );
    expect(db.state).toBe(before);
  });

  test("cascade through all levels and setNull; restricting rows that go as well are no obstacle", () => {
    const db = withPosts();
    const { count, docs } = db.delete("User", { id: { $in: [1, 2] } });
    expect([count, docs.map((doc) => doc.id)]).toEqual([2, [1, 2]]);
    expect(db.ids("Post")).toEqual([]);
    expect(db.ids("Comment")).toEqual([]);
    expect(db.state.docs("User")).toEqual([{ id: 3, email: "c", code: null, bossId: null }]);
  });

  test("a cycle of references ends", () => {
    const db = withUsers();
    db.update("User", { id: 1 }, [set("bossId", 3)]);
    expect(db.delete("User", { id: 1 }).count).toBe(1);
    expect(db.state.docs("User").map((doc) => doc.bossId)).toEqual([null, 2]);
  });

  test("limit, and none matching", () => {
    const db = withUsers();
    expect(db.delete("User", {}, 2).docs.map((doc) => doc.id)).toEqual([1, 2]);
    expect(db.delete("User", { id: 1 })).toEqual({ count: 0, docs: [] });
  });
});
