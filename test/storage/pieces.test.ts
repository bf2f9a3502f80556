/** A file of ours is read the same whatever pieces it comes in: lines, characters and the trailer are cut anywhere. */
import { describe, expect, test } from "vitest";
import { CorruptionError } from "../../src/base/errors.js";
import { file } from "../../src/storage/file/file.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { readOwnJson } from "../../src/storage/json/read.js";
import { key, put, putUser, spaces } from "./support.js";

const PATH = "/db.json";

/** A file with another's collection in it, tags, long lines and, if wanted, characters of several bytes. */
async function written(letter: string): Promise<Uint8Array> {
  const disk = new MemoryDisk();
  const left = { $x: 1, text: `]},${letter}` };
  disk.put(PATH, new TextEncoder().encode(JSON.stringify({ left, more: { default: [{ id: 1 }] } })));
  const db = file(PATH, { files: disk.files });
  await db.open(spaces);
  await db.commit([
    ...putUser(1, { age: 20, name: letter.repeat(300), at: new Date(5) }),
    ...putUser(2, { age: 30, raw: new Uint8Array([1, 2]), big: 10n ** 30n }),
    { space: "$meta", key: key("sequence/users"), value: { next: 3 } },
    ...Array.from({ length: 40 }, (_, id) => put("posts", id, { text: `${letter}\n]${id}` })),
  ]);
  await db.close();
  return Uint8Array.from(disk.peek(PATH)!);
}

const inPieces = (bytes: Uint8Array, length: number) =>
  async function* () {
    for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
  };

const read = (bytes: Uint8Array, length: number) =>
  readOwnJson(inPieces(bytes, length), { path: PATH, wanted: new Set(["users", "posts"]) });

describe.each([
  ["ASCII", "x"],
  ["characters of two bytes", "é"],
  ["characters of four bytes", "\u{1f600}"],
])("pieces of a file: %s", (_, letter) => {
  test("every length of the pieces gives the same", async () => {
    const bytes = await written(letter);
    const whole = await read(bytes, bytes.length);
    expect(whole?.documents.get("posts")).toHaveLength(40);
    expect(whole?.documents.get("users")).toHaveLength(2);
    expect([...whole!.others.keys()]).toEqual(["left", "more"]);
    for (let length = 1; length <= 200; length++) expect(await read(bytes, length), `${length}`).toEqual(whole);
    for (let length = 201; length < bytes.length; length += 97)
      expect(await read(bytes, length), `${length}`).toEqual(whole);
  });

  test("a flipped bit is told, whatever piece it is in", async () => {
    const bytes = await written(letter);
    for (let at = 20; at < bytes.length; at += 31) {
      const damaged = Uint8Array.from(bytes);
      damaged[at]! ^= 2;
      const error = await read(damaged, 61 + (at % 50)).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error, `byte ${at}`).toBeInstanceOf(CorruptionError);
    }
  });
});
