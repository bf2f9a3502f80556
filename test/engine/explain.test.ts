import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import type { Filter, FindQuery } from "../../src/query/ir.js";
import { asc, desc, eq, find, insert, openEngine, user } from "./support.js";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine();
  const users = Array.from({ length: 200 }, (_, i) =>
    user(`u${i}@x`, { role: i % 10 === 0 ? "admin" : "member", age: i % 50, name: `n${i}` }),
  );
  await engine.write(insert("User", ...users));
  const posts = Array.from({ length: 400 }, (_, i) => ({ authorId: (i % 200) + 1, title: `t${i}`, views: i }));
  await engine.write(insert("Post", ...posts));
});

const gte = (path: string, value: number): Filter => ({ kind: "compare", path: [path], op: "gte", value });
const both = (...filters: Filter[]): Filter => ({ kind: "and", filters });

async function plan(query: FindQuery) {
  const { root, residual, text } = await engine.explain(query, { analyze: true });
  return { access: root.access, index: root.index, sort: root.sort, read: root.actual!.read, residual, text, root };
}

describe("explain", () => {
  test.each<[string, FindQuery, object]>([
    ["key", find("User", { where: eq("id", 7) }), { access: "key", index: null, read: 1, residual: [] }],
    [
      "keys",
      find("User", { where: { kind: "in", path: ["id"], values: [3, 1, 3, 999] } }),
      { access: "key", read: 2, residual: [] },
    ],
    ["range of the key", find("User", { where: gte("id", 199) }), { access: "key", index: "$key", read: 2 }],
    ["unique index", find("User", { where: eq("email", "u7@x") }), { access: "index", index: "users_email", read: 1 }],
    [
      "compound index, equality then range",
      find("User", { where: both(eq("role", "admin"), gte("age", 40)) }),
      { access: "index", index: "users_role_age", sort: "memory", read: 4, residual: [] },
    ],
    [
      "order from the index stops at the limit",
      find("User", { where: eq("role", "member"), orderBy: [desc("age"), desc("id")], limit: 3 }),
      { access: "index", index: "users_role_age", sort: "index", read: 3 },
    ],
    ["order from the key stops at the limit", find("User", { limit: 5 }), { access: "scan", sort: "index", read: 5 }],
    [
      "a cursor becomes a range",
      find("Post", { orderBy: [asc("views"), asc("id")], after: [390, 391], limit: 4 }),
      { access: "index", index: "posts_views", sort: "index", read: 4 },
    ],
    [
      "a common beginning becomes a range",
      find("User", { where: { kind: "text", path: ["email"], op: "startsWith", value: "u19" } }),
      { access: "index", index: "users_email", read: 11, residual: [] },
    ],
    [
      "the rest is tested row by row",
      find("User", { where: both(eq("email", "u7@x"), eq("name", "no")) }),
      { access: "index", read: 1, residual: ["compare"] },
    ],
    ["no index", find("User", { where: eq("name", "n7") }), { access: "scan", read: 200, residual: ["compare"] }],
    ["nothing can match", find("User", { where: { kind: "or", filters: [] } }), { access: "none", read: 0 }],
  ])("%s", async (_, query, expected) => {
    expect(await plan(query)).toMatchObject(expected);
  });

  test("populate shows how each relation is loaded, and what was read", async () => {
    const { root, text } = await plan(
      find("User", {
        where: { kind: "in", path: ["id"], values: [1, 2] },
        populate: [{ relation: "posts", selection: find("Post", { limit: 1 }) }],
        counts: [{ as: "postsCount", relation: "posts", where: null }],
      }),
    );
    expect(root.children).toMatchObject([
      {
        relation: "posts",
        access: "index",
        index: "posts_authorId",
        conditions: ["authorId = parent.id"],
        sort: "index",
        actual: { read: 2, returned: 2 },
      },
      { relation: "posts", access: "index", actual: { read: 4 } },
    ]);
    expect(text.split("\n")[0]).toBe("User by key [id in (1, 2)] (read 2, returned 2)");
    expect(text.split("\n")[1]).toBe(
      "  posts: Post by index posts_authorId [authorId = parent.id] (read 2, returned 2)",
    );
  });

  test("without analyze nothing is read and nothing is claimed", async () => {
    const { root, engine: name } = await engine.explain(find("User"));
    expect(root.actual).toBeNull();
    expect(name).toBe("embedded over memory()");
  });
});
