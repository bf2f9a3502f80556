import { describe, expect, test } from "vitest";
import { readForeign } from "../../src/storage/json/foreign.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const source = (text: string, piece = 7) =>
  async function* () {
    const all = bytes(text);
    for (let at = 0; at < all.length; at += piece) yield all.slice(at, at + piece);
  };
const wanted = new Set(["users"]);

// Both ways must read the same: one parse, and the stream for files that are too large for it.
describe.each([
  ["at once", Number.POSITIVE_INFINITY],
  ["through the stream", 4],
])("foreign JSON, %s", (_, atOnce) => {
  const read = (text: string) => readForeign(source(text), { path: "/f.json", wanted, atOnce });

  test("documents, buckets, other collections, numbers, escapes, nesting", async () => {
    const users = [
      { id: 1, name: 'é😀 "quoted" \\ \n', score: -1.5e-7, tags: [], nested: { a: [[1], { b: null }] } },
      { id: 2, ok: true, off: false, empty: "", object: {} },
    ];
    const text = JSON.stringify(
      {
        users: { __stats: { inserted: 2, total: 2 }, default: users.slice(0, 1), other: users.slice(1) },
        left: [1, "x"],
      },
      null,
      2,
    );
    const content = await read(text);
    expect(content).toMatchObject({ foreign: true, sequence: 0 });
    expect(content.documents.get("users")).toEqual(users);
    expect(content.others).toEqual(new Map([["left", [1, "x"]]]));
  });

  test("names such as __proto__ are names", async () => {
    const content = await read('{"__proto__":[{"id":1}],"users":[{"__proto__":{"polluted":1},"constructor":2}]}');
    expect(Object.keys(content.documents.get("users")![0] as object)).toEqual(["__proto__", "constructor"]);
    expect([...content.others.keys()]).toEqual(["__proto__"]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.each([
    ["cut off", '{"users":[{"id":1},{"id"'],
    ["a comma too many", '{"users":[{"id":1},]}'],
    ["two values", '{"users":[]} {"users":[]}'],
    ["no object", "[1,2,3,4,5]"],
    ["text", "hello world"],
  ])("%s is CorruptionError", async (__, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: "CORRUPTION.FORMAT", meta: { file: "/f.json" } });
  });
});
