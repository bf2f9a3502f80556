/**
 * Files that others wrote (SencilloDB's, plain JSON), taken over and cut at every call: until the first checkpoint is complete, and
 * after it, there is exactly what the files held and what was acknowledged since.
 */
import { expect, test } from "vitest";
import type { Doc } from "../../src/schema/model.js";
import { file } from "../../src/storage/file/file.js";
import type { Files } from "../../src/storage/files/files.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { folder } from "../../src/storage/folder/folder.js";
import { encodeKey } from "../../src/storage/key.js";
import { shards } from "../../src/storage/shards/shards.js";
import type { Mutation, Space, Store } from "../../src/storage/store.js";
import { dump, meta, posts, put, users } from "../storage/support.js";

const split: Space = { ...posts, partition: { field: "part", of: (doc: Doc) => String(doc.part) } };
const SPACES: readonly Space[] = [split, { ...users, derive: [] }, meta];

const POSTS = [
  { id: 1, part: 1, text: "one" },
  { id: 2, part: 2, text: "two" },
  { id: 3, part: 1, text: "three" },
];
const USERS = [{ id: 1, name: "ä" }];
const collection = (docs: readonly object[]) => ({
  __stats: { inserted: docs.length, total: docs.length },
  default: docs,
});

interface Case {
  readonly open: (files: Files) => Store;
  readonly files: Readonly<Record<string, unknown>>;
}

const inFile = { posts: collection(POSTS), users: collection(USERS) };
const inFolder = { "/data/posts.json": collection(POSTS), "/data/users.json": USERS };
const inShards = {
  "/data/posts/shard_1.json": POSTS.filter(({ part }) => part === 1),
  "/data/posts/shard_2.json": POSTS.filter(({ part }) => part === 2),
  "/data/users/shard_default.json": USERS,
};

const CASES: Readonly<Record<string, Case>> = {
  file: { open: (files) => file("/data/db.json", { files }), files: { "/data/db.json": inFile } },
  "file, checkpoint: commit": {
    open: (files) => file("/data/db.json", { files, checkpoint: "commit" }),
    files: { "/data/db.json": { posts: POSTS, users: USERS } },
  },
  folder: { open: (files) => folder("/data", { files }), files: inFolder },
  "folder, gzip": { open: (files) => folder("/data", { files, compression: true }), files: inFolder },
  "shards, gzip": { open: (files) => shards("/data", { files, compression: true }), files: inShards },
  shards: { open: (files) => shards("/data", { files }), files: inShards },
  "shards, checkpoint: commit": { open: (files) => shards("/data", { files, checkpoint: "commit" }), files: inShards },
};

const gone = (id: number): Mutation => ({ space: "posts", key: encodeKey([id]), value: undefined });
const COMMITS: readonly (readonly Mutation[] | "compact")[] = [
  [put("posts", 4, { part: 2, text: "four" })],
  [put("users", 2, { name: "b" }), put("posts", 1, { part: 1, text: "changed" })],
  "compact",
  [gone(2), gone(4)],
  [put("posts", 5, { part: 3, text: "five" })],
  "compact",
  [gone(1), gone(3)],
];

test.each(Object.entries(CASES))("%s", { timeout: 120_000 }, async (_, { open, files }) => {
  const start = new MemoryDisk();
  for (const [path, value] of Object.entries(files)) start.put(path, Buffer.from(JSON.stringify(value)));
  const textOf = async (store: Store): Promise<string> => JSON.stringify(await dump(store, SPACES));
  const images: { readonly disk: MemoryDisk; readonly least: number; readonly most: number; readonly where: string }[] =
    [];
  const states: string[] = [];
  let acknowledged = 0;
  let attempted = 0;
  const disk: MemoryDisk = start.crash(null, {
    fault: ({ number, operation, path }) => {
      if (/^(read|list|size|close)$/.test(operation)) return null;
      for (const cut of [null, number * 3, number * 3 + 1, number * 3 + 2]) {
        const where = `cut ${cut} before call ${number} (${operation} ${path})`;
        images.push({ disk: disk.crash(cut), least: acknowledged, most: attempted, where });
      }
      return null;
    },
  });
  const store = open(disk.files);
  await store.open(SPACES);
  states.push(await textOf(store));
  expect(states[0]).toContain("three");
  expect(states[0]).toContain("ä");
  for (const step of COMMITS) {
    if (step === "compact") await store.compact();
    else {
      attempted++;
      await store.commit(step);
      acknowledged++;
      states.push(await textOf(store));
    }
  }
  await store.close();
  const found = new Map<string, string>();
  for (const image of images) {
    const digest = image.disk.digest();
    let text = found.get(digest);
    if (text === undefined) {
      const again = open(image.disk.files);
      await again.open(SPACES);
      text = await textOf(again);
      await again.close();
      found.set(digest, text);
      const third = open(image.disk.crash(null).files);
      await third.open(SPACES);
      expect(await textOf(third), `${image.where}, opened again`).toBe(text);
      await third.close();
    }
    const at = states.lastIndexOf(text, image.most);
    expect(at, `${image.where}: ${text}`).toBeGreaterThanOrEqual(image.least);
  }
  expect(found.size).toBeGreaterThan(40);
});
