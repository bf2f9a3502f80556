import { describe, expect, test } from "vitest";
import { eq, find, insert, openEngine, remove, set, update, user } from "./support.js";

const post = (authorId: number, more = {}) => ({ authorId, title: "t", views: 0, ...more });

describe("unique", () => {
  test("the error names model, index and value; null is never a duplicate", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x")));
    await expect(engine.write(insert("User", user("b@x"), user("a@x")))).rejects.toMatchObject({
      code: "UNIQUE.VIOLATION",
      meta: { model: "User", index: "users_email", value: "a@x" },
    });
    await expect(engine.write(insert("User", user("c@x", { id: 1 })))).rejects.toMatchObject({
      meta: { index: "$key", value: 1 },
    });
    expect(await engine.count("User", null)).toBe(1);
  });

  test("is checked at the end of the command: values may be exchanged", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x", { age: 1 }), user("b@x", { age: 2 })));
    await engine.write(remove("User", eq("email", "a@x")));
    await engine.write(update("User", eq("email", "b@x"), set("email", "a@x")));
    expect(await engine.find(find("User"))).toMatchObject([{ id: 2, email: "a@x" }]);
    await engine.write(insert("User", user("b@x")));
    await expect(engine.write(update("User", null, set("email", "z@x")))).rejects.toMatchObject({
      code: "UNIQUE.VIOLATION",
    });
  });

  test("skipping leaves out rows that clash with stored ones or with earlier ones", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x")));
    const result = await engine.write({
      kind: "insert",
      model: "User",
      docs: [user("a@x"), user("b@x"), user("b@x"), user("c@x", { id: 1 })],
      onConflict: { kind: "skip" },
      returning: true,
    });
    expect(result.docs.map(({ id, email }) => [id, email])).toEqual([[2, "b@x"]]);
  });
});

describe("sequences", () => {
  test("numbers are never given twice, and explicit keys move them on", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x"), user("b@x")));
    await engine.write(remove("User", eq("id", 2)));
    await engine.write(insert("User", user("c@x")));
    await engine.write(insert("User", user("d@x", { id: 10 }), user("e@x")));
    expect((await engine.find(find("User"))).map((row) => row.id)).toEqual([1, 3, 10, 11]);
  });

  test("the largest exact integer is the end", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x", { id: Number.MAX_SAFE_INTEGER })));
    await expect(engine.write(insert("User", user("b@x")))).rejects.toMatchObject({ code: "QUERY.INVALID_VALUE" });
  });
});

describe("references", () => {
  test("a missing parent is refused, one of the same command is found", async () => {
    await using engine = await openEngine();
    await expect(engine.write(insert("Post", post(7)))).rejects.toMatchObject({
      code: "FOREIGN_KEY.MISSING_PARENT",
      meta: { model: "Post", relation: "author", target: "User", value: 7 },
    });
    await engine.write(insert("User", user("a@x", { id: 1, managerId: 2 }), user("b@x", { id: 2, managerId: 1 })));
    await expect(engine.write(update("User", eq("id", 1), set("managerId", 9)))).rejects.toMatchObject({
      code: "FOREIGN_KEY.MISSING_PARENT",
    });
  });

  test("deleting cascades through levels and empties what asks for it, cycles included", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x", { id: 1, managerId: 2 }), user("b@x", { id: 2, managerId: 1 })));
    await engine.write(insert("Post", post(1), post(2)));
    await engine.write(insert("Comment", { postId: 1, text: "x" }, { postId: 2, text: "y" }));
    const { count } = await engine.write(remove("User", eq("id", 1)));
    expect(count).toBe(1);
    expect(await engine.find(find("User"))).toMatchObject([{ id: 2, managerId: null }]);
    expect(await engine.find(find("Post"))).toMatchObject([{ id: 2 }]);
    expect(await engine.find(find("Comment"))).toMatchObject([{ id: 2 }]);
    expect(await engine.count("Comment", eq("postId", 1))).toBe(0);
  });

  test("restrict is checked after cascades: a row that goes as well does not hold back", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x"), user("b@x")));
    await engine.write(insert("Post", post(1, { reviewerId: 1 })));
    await engine.write(remove("User", eq("id", 1)));
    await engine.write(insert("Post", post(2, { reviewerId: 2 })), {});
    await engine.write(insert("User", user("c@x")));
    await engine.write(insert("Post", post(3, { reviewerId: 2 })));
    await expect(engine.write(remove("User", eq("id", 2)))).rejects.toMatchObject({
      code: "FOREIGN_KEY.STILL_REFERENCED",
      meta: { model: "Post", relation: "reviewer" },
    });
    expect(await engine.count("User", null)).toBe(2);
  });

  test("a referenced unique value may not change under its references", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x")));
    await engine.write(insert("Post", post(1)));
    await engine.write(insert("Comment", { postId: 1, text: "x", authorEmail: "a@x" }));
    await expect(engine.write(update("User", eq("id", 1), set("email", "b@x")))).rejects.toMatchObject({
      code: "FOREIGN_KEY.STILL_REFERENCED",
    });
    await engine.write(update("Comment", null, set("authorEmail", null)));
    await engine.write(update("User", eq("id", 1), set("email", "b@x")));
  });
});
