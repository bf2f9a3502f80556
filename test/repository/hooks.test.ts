/** Hooks: order, refusal, and that afterCommit tells only of what was committed. */
import { expect, test, vi } from "vitest";
import { type CommittedWrite, ConfigError, type Hook } from "../../src/index.js";
import { openDb, rejection } from "./support.js";

const summary = (writes: readonly CommittedWrite[]) =>
  writes.map((write) => `${write.action} ${write.model} ${write.rows.length}`);

test("before, after and afterCommit see every write, nested ones included", async () => {
  const log: string[] = [];
  const hook: Hook = {
    before: (event) => {
      log.push(`before ${event.action} ${event.model} ${event.rows.length}/${event.changes.length}`);
    },
    after: (event) => {
      log.push(`after ${event.action} ${event.model} ${event.rows.map((row) => row.id).join(",")}`);
    },
    afterCommit: (writes) => {
      log.push(`committed: ${summary(writes).join("; ")}`);
    },
  };
  await using db = await openDb({ hooks: [hook] });
  await db.users.create({ data: { email: "a@x.de", posts: { create: [{ title: "a" }, { title: "b" }] } } });
  expect(log).toEqual([
    "before create User 1/0",
    "after create User 1",
    "before create Post 2/0",
    "after create Post 1,2",
    "committed: create User 1; create Post 2",
  ]);
  log.length = 0;
  await db.posts.deleteMany({ where: { title: "a" } });
  await db.users.update({ where: { id: 1 }, data: { name: "x" } });
  expect(log).toEqual([
    "before delete Post 0/0",
    "after delete Post 1",
    "committed: delete Post 1",
    "before update User 0/3",
    "after update User 1",
    "committed: update User 1",
  ]);
});

test("throwing in before or after refuses the write", async () => {
  for (const when of ["before", "after"] as const) {
    const hook: Hook = {
      models: ["Post"],
      [when]: () => {
        throw new RangeError("no posts today");
      },
    };
    await using db = await openDb({ hooks: [hook] });
    await rejection(db.posts.create({ data: { title: "t" } }), RangeError);
    await rejection(db.users.create({ data: { email: "a@x.de", posts: { create: { title: "t" } } } }), RangeError);
    expect([await db.posts.count(), await db.users.count()]).toEqual([0, 0]);
    expect(await db.users.create({ data: { email: "b@x.de" } })).toMatchObject({ email: "b@x.de" });
  }
});

test("a hook writes into the same transaction", async () => {
  const audit: Hook = {
    models: ["User"],
    after: async ({ rows, tx }) => {
      for (const row of rows) await tx.posts!.create({ data: { title: `log ${String(row.email)}` } });
    },
  };
  await using db = await openDb({ hooks: [audit] });
  await db.users.createMany({ data: [{ email: "a@x.de" }, { email: "b@x.de" }] });
  expect((await db.posts.findMany()).map((post) => post.title)).toEqual(["log a@x.de", "log b@x.de"]);
  const call = db.transaction(async (tx) => {
    await tx.users.create({ data: { email: "c@x.de" } });
    throw new RangeError("late");
  });
  await rejection(call, RangeError);
  expect(await db.posts.count()).toBe(2);
});

test("afterCommit runs once, after the outermost commit, without what was rolled back", async () => {
  const seen: string[][] = [];
  const hook: Hook = { afterCommit: (writes) => void seen.push(summary(writes)) };
  await using db = await openDb({ hooks: [hook] });
  await db.transaction(async (tx) => {
    await tx.users.create({ data: { email: "a@x.de" } });
    await rejection(
      tx.transaction(async (inner) => {
        await inner.posts.create({ data: { title: "gone" } });
        throw new RangeError("inner");
      }),
      RangeError,
    );
    await tx.transaction(async (inner) => void (await inner.labels.create({ data: { name: "kept" } })));
    expect(seen).toEqual([]);
  });
  expect(seen).toEqual([["create User 1", "create Label 1"]]);
  await rejection(
    db.transaction(async (tx) => {
      await tx.users.create({ data: { email: "b@x.de" } });
      throw new RangeError("outer");
    }),
    RangeError,
  );
  expect(seen).toHaveLength(1);
  await using tx = await db.begin();
  await tx.users.create({ data: { email: "c@x.de" } });
  expect(seen).toHaveLength(1);
  await tx.commit();
  expect(seen[1]).toEqual(["create User 1"]);
});

test("an error in afterCommit is a warning: the data is committed", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  try {
    const broken: Hook = {
      afterCommit: () => {
        throw new RangeError("mail server down");
      },
    };
    const second = vi.fn();
    await using db = await openDb({ hooks: [broken, { afterCommit: second }] });
    await db.users.create({ data: { email: "a@x.de" } });
    expect(await db.users.count()).toBe(1);
    expect(second).toHaveBeenCalledTimes(1);
    expect(String(warned.mock.calls[0]?.[0])).toContain("mail server down");
  } finally {
    warned.mockRestore();
  }
});

test("a write that matches nothing is not reported after", async () => {
  const after = vi.fn();
  await using db = await openDb({ hooks: [{ after }] });
  await db.users.updateMany({ where: { id: 5 }, data: { name: "x" } });
  expect(after).not.toHaveBeenCalled();
});

test("hooks with mistakes are refused when the client is made", async () => {
  await rejection(openDb({ hooks: [{ models: ["Usr"] }] }), ConfigError);
  const error = await rejection(openDb({ hooks: [{ befor: () => {} } as Hook] }), ConfigError);
  expect(error.fix).toContain("before");
});
