/** The query builder: immutability, every step and end, relations, and its errors. */
import { describe, expect, test } from "vitest";
import { NotFoundError, QueryError, type UntypedQuery } from "../../src/index.js";
import { type Db, openDb, rejection } from "./support.js";

type Steps = UntypedQuery & Readonly<Record<string, (build?: (query: Steps) => unknown) => Steps>>;
const steps = (query: UntypedQuery) => query as Steps;

async function seeded(): Promise<Db> {
  const db = await openDb();
  for (const n of [1, 2, 3])
    await db.users.create({
      data: {
        email: `u${n}@x.de`,
        age: n * 10,
        role: n === 1 ? "admin" : "member",
        posts: {
          create: [1, 2, 3].map((m) => ({ title: `p${n}${m}`, views: m, comments: { create: { text: "c" } } })),
        },
        labels: { create: { name: `l${n}` } },
      },
    });
  return db;
}

describe("steps", () => {
  test("every step gives a new query and leaves the old one alone", async () => {
    await using db = await seeded();
    const base = db.users.query();
    const narrowed = base.where({ role: "member" }).orderBy("age", "desc").limit(1).select("id");
    expect(await narrowed.all()).toEqual([{ id: 3 }]);
    expect(await base.count()).toBe(3);
    const again = narrowed.limit(5).where({ age: { $lt: 30 } });
    expect(await again.all()).toEqual([{ id: 2 }]);
    expect(await narrowed.all()).toEqual([{ id: 3 }]);
  });

  test("orderBy in its forms, offset, after, distinct, omit", async () => {
    await using db = await seeded();
    const ids = async (query: UntypedQuery) => (await query.select("id").all()).map((row) => row.id);
    expect(await ids(db.users.query().orderBy("role").orderBy("age", "desc"))).toEqual([1, 3, 2]);
    expect(await ids(db.users.query().orderBy([{ role: "desc" }, { age: "asc" }]))).toEqual([2, 3, 1]);
    expect(
      await ids(
        db.users
          .query()
          .orderBy({ posts: { $count: "asc" } })
          .offset(1),
      ),
    ).toEqual([2, 3]);
    expect(await ids(db.users.query().orderBy("age").after({ age: 10, id: 1 }))).toEqual([2, 3]);
    // The cursor is read with the order at the end, wherever the steps stand.
    expect(await ids(db.users.query().after({ age: 20, id: 2 }).orderBy("age", "desc"))).toEqual([1]);
    expect(await ids(db.users.query().distinct("role"))).toEqual([1, 2]);
    const [row] = await db.labels.query().omit("id").omit("color").all();
    expect(row).toEqual({ name: "l1" });
    expect(await db.labels.query().select("name", "color").omit("color").first()).toEqual({ name: "l1" });
  });

  test("it is not thenable, and spreads no state", async () => {
    await using db = await seeded();
    const query = db.users.where({ id: 1 });
    expect("then" in query).toBe(false);
    expect(await query).toBe(query);
    expect(JSON.stringify(query)).toBe("{}");
    expect(String(query)).toBe("[object Object]");
  });
});

describe("ends", () => {
  test("first, firstOrThrow, one, exists, count", async () => {
    await using db = await seeded();
    const none = db.users.where({ age: 99 });
    const two = db.users.where({ role: "member" });
    expect(await none.first()).toBeNull();
    expect(await two.first()).toMatchObject({ id: 2 });
    await rejection(none.firstOrThrow(), NotFoundError);
    await rejection(none.one(), NotFoundError);
    expect((await rejection(two.one(), QueryError)).code).toBe("QUERY.NOT_UNIQUE");
    expect(await db.users.where({ role: "admin" }).one()).toMatchObject({ id: 1 });
    expect([await none.exists(), await two.exists(), await two.limit(0).exists()]).toEqual([false, true, false]);
  });

  test("count is the number of rows that all() gives", async () => {
    await using db = await seeded();
    const all = db.posts.query();
    for (const query of [
      all,
      all.where({ views: { $gt: 1 } }),
      all.limit(4),
      all.offset(7),
      all.offset(99),
      all.offset(2).limit(3),
      all.limit(0),
      all.distinct("views"),
      all.orderBy("views").after({ views: 2, id: 2 }),
      all.distinct("views").limit(2),
    ])
      expect(await query.count()).toBe((await query.all()).length);
  });

  test("stream, explain, signal", async () => {
    await using db = await seeded();
    const ids: unknown[] = [];
    for await (const row of db.posts.query().orderBy("id", "desc").stream({ batch: 2 })) {
      ids.push(row.id);
      if (ids.length === 3) break;
    }
    expect(ids).toEqual([9, 8, 7]);
    expect((await db.users.where({ email: "u1@x.de" }).explain()).root.access).toBe("index");
    await expect(db.users.query().all({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORT.SIGNAL" });
    expect((await rejection(db.users.query().all({ sgnal: 1 } as never), QueryError)).code).toBe(
      "QUERY.UNKNOWN_ARGUMENT",
    );
  });
});

describe("relations", () => {
  test("nested to any depth, with their own where, order and limit per parent", async () => {
    await using db = await seeded();
    const rows = await steps(db.users.query().select("id").limit(2)).withPosts!((posts) =>
      steps(
        posts
          .where({ views: { $gt: 1 } })
          .orderBy("views", "desc")
          .limit(1),
      ).withComments!().select("title"),
    ).withLabels!((labels) => labels.select("name")).all();
    const comments = expect.objectContaining({ text: "c" });
    expect(rows).toEqual([
      { id: 1, posts: [{ title: "p13", comments: [comments] }], labels: [{ name: "l1" }] },
      { id: 2, posts: [{ title: "p23", comments: [comments] }], labels: [{ name: "l2" }] },
    ]);
  });

  test("counts", async () => {
    await using db = await seeded();
    const row = await steps(db.users.where({ id: 1 }).select("id")).withPostsCount!((posts) =>
      posts.where({ views: { $gte: 2 } }),
    ).withLabelsCount!().one();
    expect(row).toEqual({ id: 1, postsCount: 2, labelsCount: 1 });
  });

  test("a second call for the same relation replaces the first", async () => {
    await using db = await seeded();
    const row = await steps(db.users.where({ id: 1 }).select("id")).withPosts!().withPosts!((posts) =>
      posts.limit(1).select("id"),
    ).one();
    expect(row).toEqual({ id: 1, posts: [{ id: 1 }] });
  });

  test("the query of a relation may be one that was made before", async () => {
    await using db = await seeded();
    const first = db.posts.where({ id: { $lte: 1 } }).select("id");
    const row = await steps(db.users.where({ id: 1 }).select("id")).withPosts!(() => first).one();
    expect(row).toEqual({ id: 1, posts: [{ id: 1 }] });
    expect(await first.all()).toEqual([{ id: 1 }]);
  });

  test("errors: unknown relation step, a function that returns nothing, an end inside", async () => {
    await using db = await seeded();
    const query = steps(db.users.query());
    const typo = () => query.withPots!();
    expect(typo).toThrow(QueryError);
    expect(typo).toThrow('did you mean "withPosts"?');
    expect(() => query.withPosts!(5 as never)).toThrow(QueryError);
    expect(() => query.withPosts!(() => undefined)).toThrow("must return a query of Post");
    expect(() => query.withPosts!(() => db.users.query())).toThrow("must return a query of Post");
    let inner: Promise<unknown> | undefined;
    query.withPosts!((posts) => {
      inner = posts.all();
      return posts;
    });
    expect((await rejection(inner!, QueryError)).message).toContain("run by its parent");
  });
});

test.each([
  ["where", [{ nope: 1 }], "QUERY.UNKNOWN_FIELD"],
  ["where", [undefined], "QUERY.UNDEFINED_VALUE"],
  ["where", [{ name: undefined }], "QUERY.UNDEFINED_VALUE"],
  ["where", [JSON.parse('{"__proto__": 1}')], "QUERY.UNKNOWN_FIELD"],
  ["orderBy", ["nope"], "QUERY.UNKNOWN_FIELD"],
  ["orderBy", ["name", "up"], "QUERY.INVALID_VALUE"],
  ["orderBy", ["constructor"], "QUERY.UNKNOWN_FIELD"],
  ["limit", [-1], "QUERY.INVALID_VALUE"],
  ["limit", ["5"], "QUERY.INVALID_VALUE"],
  ["offset", [1.5], "QUERY.INVALID_VALUE"],
  ["distinct", ["nope"], "QUERY.UNKNOWN_FIELD"],
  ["distinct", [], "QUERY.INVALID_VALUE"],
  ["select", ["nmae"], "QUERY.UNKNOWN_FIELD"],
  ["select", ["posts"], "QUERY.UNKNOWN_FIELD"],
  ["omit", [5], "QUERY.INVALID_VALUE"],
])("%s(%j) is refused at its step", async (step, args, code) => {
  await using db = await openDb();
  const query = db.users.query() as unknown as Record<string, (...args: unknown[]) => unknown>;
  let error: unknown;
  try {
    query[step]!(...(args as unknown[]));
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(QueryError);
  expect((error as QueryError).code).toBe(code);
});
