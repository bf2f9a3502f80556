import { describe, expect, test } from "vitest";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { folder } from "../../src/storage/folder/folder.js";
import type { FolderOptions } from "../../src/storage/parts/options.js";
import { dump, key, put, putUser, spaces } from "./support.js";

const store = (disk: MemoryDisk, options: FolderOptions = {}) => folder("/db", { files: disk.files, ...options });

async function filled(disk: MemoryDisk, options: FolderOptions = {}) {
  const db = store(disk, options);
  await db.open(spaces);
  await db.commit([...putUser(1, { age: 3, name: "é" }), put("posts", 1, { text: "p" })]);
  await db.commit([...putUser(2, { age: 1, name: "b" }), { space: "$meta", key: key("n"), value: { n: 2 } }]);
  return db;
}

describe("folder", () => {
  test("what was committed is there again, from the files and from the journal", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk);
    const before = await dump(db);
    expect(before.users).toHaveLength(2);
    expect(before["users/age"]!.map(([, doc]) => doc.id)).toEqual([2, 1]);
    const crashed = store(disk.crash(null));
    await crashed.open(spaces);
    expect(await dump(crashed)).toEqual(before);
    await crashed.close();
    await db.close();
    expect(disk.paths()).toEqual(["/db/posts.json", "/db/tenon.journal", "/db/tenon.json", "/db/users.json"]);
    const again = store(disk);
    await again.open(spaces);
    expect(await dump(again)).toEqual(before);
    await again.close();
  });
  test("a collection is read when it is first used, and only changed ones are written", async () => {
    const disk = new MemoryDisk();
    await (await filled(disk)).close();
    const reads: string[] = [];
    const writes: string[] = [];
    const watched = disk.crash(null, {
      fault: ({ operation, path }) => {
        if (operation === "read") reads.push(path);
        if (operation === "rename") writes.push(path);
        return null;
      },
    });
    const db = store(watched);
    await db.open(spaces);
    expect(reads.filter((path) => /users|posts/.test(path))).toEqual([]);
    const snapshot = db.snapshot();
    expect(await snapshot.size("posts")).toBe(1);
    expect(reads.some((path) => path.includes("posts"))).toBe(false);
    await snapshot.getMany("users", [key(1)]);
    expect(reads.some((path) => path.includes("users"))).toBe(true);
    snapshot[Symbol.dispose]();
    await db.commit([put("posts", 2, { text: "q" })]);
    await db.close();
    expect(writes.some((path) => path.includes("/posts.json"))).toBe(true);
    expect(writes.some((path) => path.includes("/users.json"))).toBe(false);
  });
});
