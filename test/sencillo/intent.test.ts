/** Several files that change as one: whatever fails, nothing is under way when it is told, and opening finishes it. */
import { expect, test } from "vitest";
import { applyTogether, finishIntent } from "../../src/sencillo/intent.js";
import type { FileChange } from "../../src/sencillo/layout.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";

const INTENT = "/log.intent";
const changeOf = (n: number): FileChange => ({ path: `/${n}.json`, bytes: Buffer.from(`text ${n}`) });
const textAt = (disk: MemoryDisk, path: string) => {
  const bytes = disk.peek(path);
  return bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString();
};

test("one that fails is told when the others have ended; opening does all of it again", async () => {
  const disk = new MemoryDisk();
  await disk.files.replace("/gone.json", [Buffer.from("old")]);
  const changes = [...[1, 2, 3, 4, 5, 6].map(changeOf), { path: "/gone.json", bytes: null }];
  const begun: string[] = [];
  const ended: string[] = [];
  const applied = async ({ path, bytes }: FileChange) => {
    begun.push(path);
    if (path === "/2.json") throw new RangeError("no room");
    for (let turn = 0; turn < 20; turn++) await null;
    if (bytes === null) await disk.files.remove(path);
    else await disk.files.replace(path, [bytes]);
    ended.push(path);
  };
  await expect(applyTogether(disk.files, INTENT, changes, applied)).rejects.toThrow("no room");
  expect(begun.length).toBeGreaterThan(1);
  expect(ended.toSorted()).toEqual(begun.filter((path) => path !== "/2.json").toSorted());
  expect(textAt(disk, "/gone.json")).toBe("old");
  expect(textAt(disk, INTENT)).not.toBeNull();

  const apply = async ({ path, bytes }: FileChange) => {
    if (bytes === null) await disk.files.remove(path);
    else await disk.files.replace(path, [bytes]);
  };
  expect(await finishIntent(disk.files, INTENT, apply)).toBe(true);
  for (const n of [1, 2, 3, 4, 5, 6]) expect(textAt(disk, `/${n}.json`)).toBe(`text ${n}`);
  expect(textAt(disk, "/gone.json")).toBeNull();
  expect(textAt(disk, INTENT)).toBeNull();
});

test("files are removed after the others were written", async () => {
  const disk = new MemoryDisk();
  const order: string[] = [];
  const changes = [{ path: "/old.json", bytes: null }, changeOf(1), changeOf(2)];
  await applyTogether(disk.files, INTENT, changes, async ({ path }) => {
    order.push(path);
  });
  expect(order.at(-1)).toBe("/old.json");
  expect(order).toHaveLength(3);
});
