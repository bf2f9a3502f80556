import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { QueryError, StorageError } from "../../src/base/errors.js";
import { hooks } from "../../src/storage/hooks/hooks.js";
import { dump, key, put, putUser, spaces } from "./support.js";

describe("hooks", () => {
  test("one readable object; what was saved is loaded again", async () => {
    const saved: string[] = [];
    const db = hooks({ save: (text: string) => saved.push(text) });
    await db.open(spaces);
    await db.writeRegistry("the registry");
    await db.commit([...putUser(1, { age: 3 }), { space: "$meta", key: key("n"), value: { n: 1 } }]);
    const before = await dump(db);
    await db.close();
    expect(JSON.parse(saved.at(-1)!).users).toEqual({
      __stats: { inserted: 1, total: 1 },
      default: [{ id: 1, age: 3 }],
    });
    const again = hooks({ load: async () => Buffer.from(saved.at(-1)!), save: () => {} });
    expect(await again.readRegistry()).toBe("the registry");
    await again.open(spaces);
    expect(await dump(again)).toEqual(before);
    await again.close();
  });
  test("nothing is visible before save has resolved", async () => {
    let release = (): void => {};
    const db = hooks({ save: () => new Promise<void>((resolve) => (release = resolve)) });
    await db.open(spaces);
    const done = db.commit([put("posts", 1, {})]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await dump(db)).posts).toEqual([]);
    release();
    await done;
    expect((await dump(db)).posts).toHaveLength(1);
  });
  test("a save that rejects: nothing is visible, what stood on it is refused, and without `load` nothing is lost", async () => {
    let fails = false;
    const saved: string[] = [];
    const db = hooks({
      save: async (text: string) => {
        if (fails) throw new TypeError("no network");
        saved.push(text);
      },
    });
    await db.open(spaces);
    await db.commit([put("posts", 1, {})]);
    fails = true;
    const first = db.commit([put("posts", 2, {})]);
    const second = first.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1));
    await expect(first).rejects.toBeInstanceOf(StorageError);
    await second;
    expect((await dump(db)).posts).toHaveLength(1);
    fails = false;
    await db.commit([put("posts", 3, {})]);
    expect((await dump(db)).posts!.map(([, doc]) => doc.id)).toEqual([1, 3]);
    expect(JSON.parse(saved.at(-1)!).posts.default).toEqual([{ id: 1 }, { id: 3 }]);
    await db.close();
  });
  test("commits that wait together are saved together", async () => {
    let saves = 0;
    const db = hooks({ save: () => ++saves });
    await db.open(spaces);
    await Promise.all([1, 2, 3, 4].map((id) => db.commit([put("posts", id, {})])));
    expect(saves).toBe(1);
    expect((await dump(db)).posts).toHaveLength(4);
  });
  test("compression: bytes, and either is loaded", async () => {
    let object: Uint8Array = new Uint8Array(0);
    const save = (bytes: Uint8Array) => {
      object = bytes;
    };
    const db = hooks({ save }, { compression: true });
    await db.open(spaces);
    await db.commit([put("posts", 1, {})]);
    await db.close();
    expect(gunzipSync(object).toString()).toContain('{"id":1}');
    const plain = hooks({ load: () => object, save: () => {} });
    await plain.open(spaces);
    expect((await dump(plain)).posts).toHaveLength(1);
    await plain.close();
  });
  test("objects of SencilloDB and collections that no model names", async () => {
    let object = '{"users":{"__stats":{"inserted":1,"total":1},"default":[{"id":1,"age":2}]},"strange":[1,2]}';
    const save = (text: string) => {
      object = text;
    };
    const db = hooks({ load: () => object, save });
    await db.open(spaces);
    expect((await dump(db))["users/age"]).toHaveLength(1);
    await db.commit([put("posts", 1, {})]);
    await db.close();
    expect(JSON.parse(object).strange).toEqual([1, 2]);
    expect(JSON.parse(object).users.default).toEqual([{ id: 1, age: 2 }]);
  });
  test("a load that fails, damage, values that are no data, wrong arguments", async () => {
    const broken = hooks({ load: () => Promise.reject(new TypeError("denied")), save: () => {} });
    await expect(broken.open(spaces)).rejects.toMatchObject({ code: "STORAGE.IO", meta: { hook: "load" } });
    await expect(hooks({ load: () => "{{", save: () => {} }).open(spaces)).rejects.toMatchObject({
      code: "CORRUPTION.FORMAT",
    });
    const db = hooks({ save: () => {} });
    await db.open(spaces);
    const cyclic: Record<string, unknown> = { id: 1 };
    cyclic.self = cyclic;
    await expect(db.commit([{ space: "posts", key: key(1), value: cyclic as never }])).rejects.toBeInstanceOf(
      QueryError,
    );
    await db.commit([put("posts", 1, {})]);
    await db.close();
    await expect(db.commit([])).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
    expect(() => hooks({} as never)).toThrow(/save/);
    expect(() => hooks({ save: () => {} }, { compress: true } as never)).toThrow(/compress/);
  });
});
