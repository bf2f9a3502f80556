import { describe, expect, test } from "vitest";
import { eq, find, insert, openEngine, remove, set, update, user } from "./support.js";

describe("reading and writing", () => {
  test("an insert assigns keys, and rows come back whole, frozen and in key order", async () => {
    await using engine = await openEngine();
    const { count, docs } = await engine.write(insert("User", user("a@x"), user("b@x", { name: "B" })));
    expect(count).toBe(2);
    expect(docs).toEqual([
      { id: 1, email: "a@x", name: null, role: "member", age: null, address: null, tags: [], managerId: null },
      { id: 2, email: "b@x", name: "B", role: "member", age: null, address: null, tags: [], managerId: null },
    ]);
    const rows = await engine.find(find("User"));
    expect(rows).toEqual(docs);
    expect(Object.isFrozen(rows[0])).toBe(true);
    expect(Object.isFrozen(rows[0]!.tags)).toBe(true);
  });

  test("updates and deletes keep every index in step", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x", { role: "admin", age: 3 }), user("b@x")));
    await engine.write(update("User", eq("email", "a@x"), set("email", "c@x"), set("role", "member")));
    expect(await engine.find(find("User", { where: eq("email", "a@x") }))).toEqual([]);
    expect(await engine.find(find("User", { where: eq("email", "c@x") }))).toMatchObject([{ id: 1 }]);
    expect(await engine.count("User", eq("role", "member"))).toBe(2);
    expect((await engine.write(remove("User", eq("role", "member")))).count).toBe(2);
    expect(await engine.count("User", eq("role", "member"))).toBe(0);
    expect(await engine.count("User", null)).toBe(0);
  });
});
