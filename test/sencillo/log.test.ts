/** What a commit writes into the log: what it changed, and nothing that is as it was. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Dynamic, quickTx } from "../../src/sencillo.js";
import { replayJournal } from "../../src/storage/journal.js";
import { all, open, reopen, tempDir } from "./support.js";

const collection = "users";
const index = (doc: Dynamic) => doc.group;

async function filled() {
  const file = join(tempDir(), "db.json");
  const config = { file, aof: true };
  const db = open(config);
  await quickTx(db)("ensureIndex", { collection, field: "email" } as Dynamic);
  const data = [1, 2, 3].map((n) => ({ n, email: `mail ${n}`, group: "a" }));
  await quickTx(db)("createMany", { collection, index, data });
  const commits = () => replayJournal(`${file}.aof`, readFileSync(`${file}.aof`)).commits;
  /** Spaces that the last commit changed. */
  const changed = () => {
    const [, ...groups] = JSON.parse(commits().at(-1)!.text) as [unknown, ...[space: string][]];
    return groups.map(([space]) => space[0]).sort();
  };
  const byEmail = async (of: typeof db, email: string) =>
    (await quickTx(of)("findMany", { collection, filter: { email } })).map(({ _id }: Dynamic) => _id);
  return { db, config, commits, changed, byEmail };
}

test("an update leaves alone indexes of what it does not change", async () => {
  const { db, config, changed, byEmail } = await filled();
  await quickTx(db)("update", { collection, _id: 2, data: { n: 20, email: "mail 2", group: "a" } });
  expect(changed()).toEqual(["d"]);
  await quickTx(db)("update", { collection, _id: 3, data: { n: 3, email: "other", group: "a" } });
  expect(changed()).toEqual(["d", "s"]);
  await quickTx(db)("update", { collection, _id: 1, data: { n: 1, group: "a" } });
  expect(changed()).toEqual(["d", "s"]);
  const again = await reopen(db, config);
  for (const [email, ids] of [
    ["mail 1", []],
    ["mail 2", [2]],
    ["mail 3", []],
    ["other", [3]],
  ] as const)
    expect(await byEmail(again, email), email).toEqual(ids);
});

test("a document that is moved and moved back has one place; destroyed, it leaves nothing", async () => {
  const { db, config, changed, byEmail } = await filled();
  const data = { n: 2, email: "mail 2", group: "a" };
  await quickTx(db)("update", { collection, _id: 2, data, index: "b" });
  expect(changed()).toEqual(["c", "d", "d", "i", "p"]);
  await quickTx(db)("update", { collection, _id: 2, data, index: "a" });
  expect(await byEmail(db, "mail 2")).toEqual([2]);
  const again = await reopen(db, config);
  expect((await all(again, collection)).map(({ _id }: Dynamic) => _id).sort()).toEqual([1, 2, 3]);
  await quickTx(again)("destroy", { collection, _id: 2 });
  expect(changed()).toEqual(["c", "d", "i", "p", "s"]);
  await quickTx(again)("destroy", { collection, _id: 1 });
  expect(changed()).toEqual(["c", "d", "i", "s"]);
  const last = await reopen(again, config);
  expect((await all(last, collection)).map(({ _id }: Dynamic) => _id)).toEqual([3]);
  expect(await byEmail(last, "mail 2")).toEqual([]);
});

test("what a transaction made and removed is not in the log; its number is not given again", async () => {
  const { db, config, commits, changed } = await filled();
  await db.transaction(async (tx) => {
    const { _id } = await tx.create({ collection, index, data: { n: 4, email: "mail 4", group: "a" } });
    await tx.destroy({ collection, _id });
  });
  expect(changed()).toEqual(["c"]);
  const before = commits().length;
  await db.transaction(async (tx) => {
    await tx.create({ collection: "other", data: { n: 1 } });
    await tx.dropCollection({ collection: "other" });
  });
  expect(commits()).toHaveLength(before);
  const again = await reopen(db, config);
  expect((await quickTx(again)("create", { collection, index, data: { group: "a" } }))._id).toBe(5);
});
