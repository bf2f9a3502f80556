import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptionError } from "../../src/base/errors.js";
import type { Doc } from "../../src/schema/model.js";
import type { Tree } from "../../src/storage/btree.js";
import { docsTree } from "../../src/storage/docs-tree.js";
import { encodeKey } from "../../src/storage/key.js";
import type { Space, StoredValue } from "../../src/storage/store.js";

/** The same space twice: it says what names a document, or every key has to be made to compare them. */
const plain: Space = { id: "docs", kind: "docs", keyOf: (doc) => encodeKey([doc.id ?? null]), derive: [] };
const pointed: Space = { ...plain, point: (doc) => doc.id };

function entries(tree: Tree<StoredValue>): [string, StoredValue][] {
  const keys: string[] = [];
  const values: StoredValue[] = [];
  tree.cursor().take(tree.size, keys, values);
  return keys.map((key, i) => [key, values[i]!]);
}

/** The entries, or the code of the error. */
async function outcome(space: Space, docs: readonly unknown[]): Promise<unknown> {
  try {
    return entries(await docsTree(space, docs, "db.json"));
  } catch (error) {
    if (error instanceof CorruptionError) return error.message;
    throw error;
  }
}

const number = fc.oneof(fc.integer({ min: -50, max: 5000 }), fc.double(), fc.constantFrom(0, -0));
const value = fc.oneof({ weight: 20, arbitrary: number }, { weight: 1, arbitrary: fc.constantFrom("a", null, true) });
const ids = fc.oneof(
  fc.uniqueArray(number, { maxLength: 300 }).map((all) => all.sort((a, b) => a - b)),
  fc.array(value, { maxLength: 40 }),
  fc.array(value, { maxLength: 40 }).map((all) => [...all].sort((a, b) => Number(a) - Number(b))),
);

describe("docsTree", () => {
  test("documents that are numbered in order are found under the same keys as any others", async () => {
    await fc.assert(
      fc.asyncProperty(ids, async (all) => {
        const docs = all.map((id, n) => Object.freeze({ id, n }));
        expect(await outcome(pointed, docs)).toEqual(await outcome(plain, docs));
      }),
      { numRuns: 300 },
    );
  });

  test("makes no more keys than it needs", async () => {
    let made = 0;
    const counting: Space = {
      ...pointed,
      keyOf: (doc) => {
        made++;
        return plain.keyOf(doc);
      },
    };
    const docs = Array.from({ length: 5000 }, (_, i) => Object.freeze({ id: i * 2 }));
    const tree = await docsTree(counting, docs, "db.json");
    expect(made).toBeLessThan(200);
    expect(tree.get(encodeKey([4002]))).toBe(docs[2001]);
    expect(tree.get(encodeKey([4001]))).toBe(undefined);
    expect(made).toBeLessThan(300);
    expect(entries(tree)).toEqual(docs.map((doc) => [plain.keyOf(doc), doc]));
    const all = made;
    expect(entries(tree)).toHaveLength(5000);
    expect(made).toBe(all);
  });

  test("a tree whose keys are not made yet can be changed, and stays as it was", async () => {
    const change = fc.record({ id: fc.integer({ min: -5, max: 1000 }), put: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 200 }),
        fc.integer({ min: 0, max: 500 }),
        async (changes, size) => {
          const docs = Array.from({ length: size }, (_, i) => Object.freeze({ id: i * 2 }));
          const tree = await docsTree(pointed, docs, "db.json");
          const model = new Map<number, Doc>(docs.map((doc) => [doc.id, doc]));
          const editor = tree.edit();
          for (const { id, put } of changes) {
            const key = encodeKey([id]);
            const doc = Object.freeze({ id, again: true });
            expect(put ? editor.set(key, doc) : editor.delete(key)).toBe(model.get(id));
            if (put) model.set(id, doc);
            else model.delete(id);
          }
          const expected = [...model.values()].map((doc): [string, Doc] => [plain.keyOf(doc), doc]);
          expect(entries(editor.freeze())).toEqual(expected.sort(([a], [b]) => (a < b ? -1 : 1)));
          expect(entries(tree)).toEqual(docs.map((doc) => [plain.keyOf(doc), doc]));
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    ["a number", 7],
    ["a list", [1]],
    ["null", null],
  ])("%s among the documents is refused", async (_, wrong) => {
    for (const space of [plain, pointed]) {
      await expect(docsTree(space, [{ id: 1 }, wrong, { id: 2 }], "db.json")).rejects.toMatchObject({
        code: "CORRUPTION.FORMAT",
      });
    }
  });
});
