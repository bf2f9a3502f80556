/** The short way for lone writes against the general one: the same answers, errors and data, whatever is written. */
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCatalog } from "../../src/engine/embedded/catalog.js";
import { loneWrite } from "../../src/engine/embedded/lone-write.js";
import type { Engine } from "../../src/engine/engine.js";
import type { Change, WriteCommand } from "../../src/query/ir.js";
import type { Doc, Json } from "../../src/schema/model.js";
import { file } from "../../src/storage/file/file.js";
import type { DiskFile, OpenMode } from "../../src/storage/files/disk.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { memory } from "../../src/storage/memory/memory.js";
import type { Snapshot, Store } from "../../src/storage/store.js";
import { errorShape } from "../support/reference-engine.js";
import { eq, find, insert, openEngine, remove, blog as schema, update, user } from "./support.js";

const change = (op: Change["op"], path: string, value: Json): Change => ({ path: path.split("."), op, value });
const post = (authorId: number, more: { readonly [field: string]: Json } = {}): Doc => ({
  authorId,
  title: "t",
  views: 0,
  ...more,
});

/** A signal that never fires sends a command the general way. */
const general = { signal: new AbortController().signal };

const id = fc.integer({ min: 1, max: 8 });
const email = fc.constantFrom("a@x", "b@x", "c@x", "d@x");
const command: fc.Arbitrary<WriteCommand> = fc.oneof(
  fc
    .array(fc.record({ email, managerId: fc.option(id), id: fc.option(id, { freq: 2 }) }), { maxLength: 4 })
    .map((users) =>
      insert(
        "User",
        ...users.map(({ email: address, managerId, id: own }) => ({
          ...user(address, { managerId }),
          ...(own === null ? {} : { id: own }),
        })),
      ),
    ),
  fc
    .array(fc.record({ userId: id, labelId: id }), { minLength: 2, maxLength: 4 })
    .map((links) => insert("UserLabel", ...links)),
  fc
    .array(fc.record({ postId: id, authorEmail: fc.option(email) }), { minLength: 2, maxLength: 3 })
    .map((comments) => insert("Comment", ...comments.map((comment) => ({ ...comment, text: "t" })))),
  fc
    .record({ email, managerId: fc.option(id), id: fc.option(id, { freq: 2 }) })
    .map(({ email: address, managerId, id: own }) =>
      insert("User", { ...user(address, { managerId }), ...(own === null ? {} : { id: own }) }),
    ),
  fc
    .record({ authorId: id, views: fc.integer({ min: 0, max: 3 }), reviewerId: fc.option(id) })
    .map(({ authorId, views, reviewerId }) => insert("Post", post(authorId, { views, reviewerId }))),
  fc
    .record({ postId: id, authorEmail: fc.option(email) })
    .map(({ postId, authorEmail }) => insert("Comment", { postId, text: "t", authorEmail })),
  fc.record({ userId: id }).map(({ userId }) => insert("Profile", { userId, bio: "b" })),
  fc.record({ userId: id, labelId: id }).map(({ userId, labelId }) => insert("UserLabel", { userId, labelId })),
  fc.record({ name: fc.constantFrom("x", "y") }).map((label) => insert("Label", label)),
  fc
    .record({
      id: fc.oneof<fc.Arbitrary<Json>[]>(id, fc.constantFrom<Json>(-0, "1", null)),
      what: fc.constantFrom(
        change("set", "age", 3),
        change("inc", "age", 1),
        change("set", "role", "admin"),
        change("set", "email", "b@x"),
        change("set", "managerId", 2),
        change("set", "id", 9),
        change("unset", "role", null),
        change("set", "address.city", "Rome"),
        change("push", "tags", ["t"]),
      ),
    })
    .map(({ id: key, what }) => update("User", eq("id", key), what)),
  fc
    .record({ id, views: fc.integer({ min: 0, max: 3 }) })
    .map(({ id: key, views }) => update("Post", eq("id", key), change("set", "views", views))),
  fc
    .record({ email, age: fc.integer({ min: 0, max: 3 }) })
    .map(({ email: address, age }) => update("User", eq("email", address), change("set", "age", age))),
);

/** Syncs take their time. */
class SlowDisk extends MemoryDisk {
  syncMs = 0;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const opened = await super.open(path, mode);
    return {
      ...opened,
      sync: async () => {
        if (this.syncMs > 0) await setTimeout(this.syncMs);
        await opened.sync();
      },
    };
  }
}

async function everything(engine: Engine): Promise<Record<string, readonly Doc[]>> {
  const all: Record<string, readonly Doc[]> = {};
  for (const name of schema.models.keys()) all[name] = await engine.find(find(name));
  // Through indexes as well: their entries hold documents of their own.
  all.byRole = await engine.find(find("User", { where: eq("role", "member") }));
  all.byCity = await engine.find(find("User", { where: eq("address.city", "Rome") }));
  all.byViews = await engine.find(find("Post", { where: eq("views", 1) }));
  all.byEmail = await engine.find(find("User", { where: eq("email", "b@x") }));
  return all;
}

async function outcome(engine: Engine, each: WriteCommand, options: typeof general | undefined): Promise<unknown> {
  try {
    return await engine.write(each, options);
  } catch (error) {
    return errorShape(error);
  }
}

describe("a lone write", () => {
  test("does what the general way does, to the data and to the answer", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
        await using quick = await openEngine();
        await using slow = await openEngine();
        for (const each of commands) {
          expect(await outcome(quick, each, undefined)).toEqual(await outcome(slow, each, general));
        }
        expect(await everything(quick)).toEqual(await everything(slow));
      }),
      { numRuns: 120 },
    );
  });

  test("several at once, while the ones before are on their way to disk, do what one after the other does", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(command, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        async (groups) => {
          const disk = new MemoryDisk();
          await using together = await openEngine(undefined, file("/db.json", { files: disk.files }));
          await using alone = await openEngine();
          for (const group of groups) {
            const found = await Promise.all(group.map((each) => outcome(together, each, undefined)));
            const wanted = [];
            for (const each of group) wanted.push(await outcome(alone, each, undefined));
            expect(found).toEqual(wanted);
          }
          const wanted = await everything(alone);
          expect(await everything(together)).toEqual(wanted);
          await using again = await openEngine(undefined, file("/db.json", { files: disk.crash(1).files }));
          expect(await everything(again)).toEqual(wanted);
        },
      ),
      { numRuns: 120 },
    );
  });

  test("one that finds nothing because of a commit on its way to disk is answered after that commit", async () => {
    const disk = new SlowDisk();
    await using engine = await openEngine(undefined, file("/db.json", { files: disk.files }));
    await engine.write(insert("User", user("a@x")));
    disk.syncMs = 50;
    const order: string[] = [];
    await Promise.all([
      engine.write(remove("User", eq("id", 1))).then(() => order.push("deleted")),
      // By then nobody has the turn any more.
      Promise.resolve()
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => engine.write(update("User", eq("id", 1), change("set", "age", 1))))
        .then(({ count }) => order.push(`${count} updated`)),
    ]);
    expect(order).toEqual(["deleted", "0 updated"]);
  });

  test("one that stands on a commit which cannot be written is refused with it", async () => {
    let broken = false;
    const disk = new MemoryDisk({ fault: ({ operation }) => (broken && operation === "sync" ? "EIO" : null) });
    const engine = await openEngine(undefined, file("/db.json", { files: disk.files }));
    await engine.write(insert("User", user("a@x")));
    broken = true;
    const done = await Promise.allSettled([
      engine.write(insert("User", user("b@x"))),
      engine.write(insert("Post", post(2))),
      engine.write(update("User", eq("id", 2), change("set", "age", 3))),
    ]);
    expect(done.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await engine.find(find("User"))).toHaveLength(1);
    await expect(engine.write(insert("Post", post(2)))).rejects.toThrow();
    await engine.close().catch(() => {});
  });

  test("is taken by a create and by an update of plain fields, and declines what other rows may forbid", async () => {
    const store = memory();
    await using engine = await openEngine(undefined, store);
    await engine.write(insert("User", user("a@x")));
    await engine.write(insert("User", user("b@x")));
    const catalog = createCatalog(schema);
    const taken = (each: WriteCommand) => loneWrite({ store, ahead: null }, catalog, each) !== null;
    expect(taken(insert("User", user("c@x", { managerId: 1 })))).toBe(true);
    expect(taken(insert("Post", post(1)))).toBe(true);
    expect(taken(update("User", eq("id", 1), change("set", "age", 3)))).toBe(true);
    expect(taken(update("User", eq("id", 99), change("set", "age", 3)))).toBe(true);
    expect(taken(insert("User", user("a@x")))).toBe(false);
    expect(taken(insert("User", { ...user("c@x"), id: 1 }))).toBe(false);
    expect(taken(insert("User", user("c@x", { managerId: 99 })))).toBe(false);
    expect(taken(insert("User", user("c@x"), user("d@x", { managerId: 2 })))).toBe(true);
    expect(taken(insert("User", { ...user("c@x"), id: 9 }, { ...user("d@x"), id: 8 }, user("e@x")))).toBe(true);
    expect(taken(insert("User"))).toBe(false);
    expect(taken(insert("User", user("c@x"), user("c@x")))).toBe(false);
    expect(taken(insert("User", user("c@x"), user("b@x")))).toBe(false);
    expect(taken(insert("User", { ...user("c@x"), id: 9 }, { ...user("d@x"), id: 9 }))).toBe(false);
    expect(taken(insert("User", { ...user("c@x"), id: 9 }, { ...user("d@x"), id: 2 }))).toBe(false);
    expect(taken(insert("User", user("c@x"), user("d@x", { managerId: 99 })))).toBe(false);
    expect(taken(update("User", eq("id", 1), change("set", "email", "z@x")))).toBe(false);
    expect(taken(update("User", eq("id", 1), change("set", "managerId", 2)))).toBe(false);
    expect(taken(update("User", eq("email", "a@x"), change("set", "age", 2)))).toBe(false);
  });

  test("declines when the store must wait, and what fails there is reported once, by the general way", async () => {
    const inner = memory();
    await using engine = await openEngine(undefined, inner);
    await engine.write(insert("User", user("a@x")));
    const broken = async (): Promise<never> => {
      throw new RangeError("cannot be read");
    };
    const snapshot = { getMany: broken, ranges: broken, [Symbol.dispose]: () => {} } as unknown as Snapshot;
    const waiting = { snapshot: () => snapshot, point: broken } as unknown as Store;
    const catalog = createCatalog(schema);
    expect(loneWrite({ store: waiting, ahead: null }, catalog, insert("User", user("c@x")))).toBeNull();
    expect(
      loneWrite({ store: waiting, ahead: null }, catalog, insert("UserLabel", { userId: 1, labelId: 1 })),
    ).toBeNull();
    expect(
      loneWrite({ store: waiting, ahead: null }, catalog, update("User", eq("id", 1), change("set", "age", 1))),
    ).toBeNull();
    await new Promise((resolve) => setImmediate(resolve));
  });

  test("stands back while others write, so that none is lost", async () => {
    await using engine = await openEngine();
    await engine.write(insert("User", user("a@x", { age: 0 })));
    const transaction = await engine.begin({ mode: "write" });
    const add = () => engine.write(update("User", eq("id", 1), change("inc", "age", 1)));
    const waiting = [add(), add()];
    await transaction.write(update("User", eq("id", 1), change("inc", "age", 10)));
    await transaction.commit();
    await Promise.all([...waiting, add(), add()]);
    expect((await engine.find(find("User")))[0]).toMatchObject({ age: 14 });
  });
});
