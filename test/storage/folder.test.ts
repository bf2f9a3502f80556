import { describe, expect, test } from "vitest";
import type { DiskFile, OpenMode } from "../../src/storage/files/disk.js";
import type { Files } from "../../src/storage/files/files.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { PosixFiles } from "../../src/storage/files/posix-files.js";
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

/** Far more than the first line takes, which opening looks at. */
const FIRST_LINE = 512;

/** Tells how much was read of each file. */
function counted(disk: MemoryDisk): { readonly files: Files; readonly bytesOf: (path: string) => number } {
  const read = new Map<string, number>();
  const open = async (path: string, mode: OpenMode): Promise<DiskFile> => {
    const file = await disk.open(path, mode);
    return {
      size: () => file.size(),
      write: (position, bytes) => file.write(position, bytes),
      truncate: (size) => file.truncate(size),
      sync: () => file.sync(),
      close: () => file.close(),
      read: async (position, length) => {
        const bytes = await file.read(position, length);
        read.set(path, (read.get(path) ?? 0) + bytes.length);
        return bytes;
      },
    };
  };
  const watching = new Proxy(disk, {
    get(target, name) {
      const value: unknown = name === "open" ? open : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { files: new PosixFiles(watching), bytesOf: (path) => read.get(path) ?? 0 };
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
    const first = await filled(disk);
    const long = "x".repeat(2 * FIRST_LINE);
    await first.commit([put("posts", 1, { text: long }), ...putUser(1, { age: 3, name: long }, { age: 3 })]);
    await first.close();
    const writes: string[] = [];
    const watched = disk.crash(null, {
      fault: ({ operation, path }) => {
        if (operation === "rename") writes.push(path);
        return null;
      },
    });
    const { files, bytesOf } = counted(watched);
    const db = folder("/db", { files });
    await db.open(spaces);
    expect(bytesOf("/db/posts.json")).toBeLessThanOrEqual(FIRST_LINE);
    expect(bytesOf("/db/users.json")).toBeLessThanOrEqual(FIRST_LINE);
    const snapshot = db.snapshot();
    expect(await snapshot.size("posts")).toBe(1);
    expect(bytesOf("/db/posts.json")).toBeLessThanOrEqual(FIRST_LINE);
    await snapshot.getMany("users", [key(1)]);
    expect(bytesOf("/db/users.json")).toBeGreaterThan(FIRST_LINE);
    snapshot[Symbol.dispose]();
    await db.commit([put("posts", 2, { text: "q" })]);
    await db.close();
    expect(writes.some((path) => path.includes("/posts.json"))).toBe(true);
    expect(writes.some((path) => path.includes("/users.json"))).toBe(false);
  });
});
