/** The real disk: what only it can show. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { file } from "../../src/storage/file/file.js";
import { nodeFiles } from "../../src/storage/files/node.js";
import { dump, put, putUser, spaces } from "./support.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tenon-files-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test("replace is whole or not at all, and leaves no temporary file", async () => {
  const path = join(dir, "a.txt");
  await nodeFiles.replace(path, [Buffer.from("one"), Buffer.from(" two")]);
  expect(readFileSync(path, "utf8")).toBe("one two");
  async function* failing() {
    yield Buffer.from("half");
    throw new RangeError("no more");
  }
  await expect(nodeFiles.replace(path, failing())).rejects.toMatchObject({ code: "STORAGE.IO" });
  expect(readFileSync(path, "utf8")).toBe("one two");
  expect(readdirSync(dir)).toEqual(["a.txt"]);
});

test("append writes at the end, large pieces too; truncate cuts", async () => {
  const path = join(dir, "log");
  const log = await nodeFiles.append(path);
  const large = Buffer.alloc(300_000, "x");
  await log.write(Buffer.from("head"));
  await log.write(large);
  await log.sync();
  expect(log.size).toBe(300_004);
  await log.truncate(4);
  await log.write(Buffer.from("!"));
  await log[Symbol.asyncDispose]();
  expect(readFileSync(path, "utf8")).toBe("head!");
  const again = await nodeFiles.append(path);
  expect(again.size).toBe(5);
  await again[Symbol.asyncDispose]();
  expect(Buffer.from(await nodeFiles.readAt(path, 3, 100)).toString()).toBe("d!");
  expect(await nodeFiles.read(join(dir, "none"))).toBeNull();
  await nodeFiles.remove(path);
  await nodeFiles.remove(path);
  expect(await nodeFiles.size(path)).toBeNull();
});

test("a database on disk: directories are made, a second opener is refused, reopening finds everything", async () => {
  const path = join(dir, "deep", "er", "db.json");
  const db = file(path);
  await db.open(spaces);
  await Promise.all(Array.from({ length: 50 }, (_, i) => db.commit(putUser(i, { age: i }))));
  await expect(file(path).open(spaces)).rejects.toMatchObject({ code: "LOCKED.PROCESS", meta: { pid: process.pid } });
  await db.commit([put("posts", 1, {})]);
  const before = await dump(db);
  await db.close();
  const again = file(path);
  await again.open(spaces);
  expect(await dump(again)).toEqual(before);
  await again.close();
  expect(readdirSync(join(dir, "deep", "er")).sort()).toEqual(["db.journal", "db.json"]);
});

test("the lock of a process that has died is taken over, of one that runs is not", async () => {
  const lock = join(dir, "db.lock");
  const held = await nodeFiles.lock(lock);
  const holder = JSON.parse(readFileSync(lock, "utf8"));
  await held[Symbol.asyncDispose]();
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  writeFileSync(lock, JSON.stringify({ ...holder, id: "ab", pid }));
  await (await nodeFiles.lock(lock))[Symbol.asyncDispose]();
  // The number was given to another process: the start time tells.
  if (holder.start !== null) {
    writeFileSync(lock, JSON.stringify({ ...holder, id: "ac", start: "1" }));
    await (await nodeFiles.lock(lock))[Symbol.asyncDispose]();
  }
  writeFileSync(lock, JSON.stringify({ ...holder, id: "ad", scope: "elsewhere/pid:[1]" }));
  await expect(nodeFiles.lock(lock)).rejects.toMatchObject({
    code: "LOCKED.PROCESS",
    fix: expect.stringContaining("delete"),
  });
});

test("what the operating system refuses becomes a StorageError that says where and what to do", async () => {
  mkdirSync(join(dir, "folder.json"));
  writeFileSync(join(dir, "plain"), "");
  for (const [path, errno] of [
    [join(dir, "folder.json"), "EISDIR"],
    [join(dir, "plain", "db.json"), "ENOTDIR"],
    [join(dir, `${"n".repeat(300)}.json`), "ENAMETOOLONG"],
  ] as const) {
    const db = file(path);
    await expect(db.open(spaces)).rejects.toMatchObject({
      code: "STORAGE.IO",
      meta: { errno },
      fix: expect.any(String),
    });
    await db.close();
  }
  expect(readdirSync(dir).sort()).toEqual(["folder.json", "plain"]);
});
