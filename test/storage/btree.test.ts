import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Tree, type TreeEditor } from "../../src/storage/btree.js";

/** The specification: a sorted list of entries. */
type Model = Map<string, number>;
const sorted = (model: Model) => [...model].sort(([a], [b]) => (a < b ? -1 : 1));

function entries(tree: Tree<number>, range = {}, batch = 7): [string, number][] {
  const cursor = tree.cursor(range);
  const all: [string, number][] = [];
  for (;;) {
    const keys: string[] = [];
    const values: number[] = [];
    const taken = cursor.take(batch, keys, values);
    expect(taken).toBe(keys.length);
    keys.forEach((key, i) => {
      all.push([key, values[i]!]);
    });
    if (taken < batch) return all;
  }
}

const key = fc.integer({ min: 0, max: 3000 }).map((n) => n.toString(36));
const op = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("set" as const), key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("freeze" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("ascend" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), key }) },
);

describe("Tree", () => {
  test("behaves as a sorted map, and frozen trees stay as they were", () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 400 }), fc.integer({ min: 0, max: 800 }), (ops, start) => {
        const model: Model = new Map();
        for (let i = 0; i < start; i++) model.set((i * 3).toString(36), i);
        const first = sorted(model);
        let editor: TreeEditor<number> = Tree.fromSorted(
          first.map(([k]) => k),
          first.map(([, v]) => v),
        ).edit();
        const frozen: { tree: Tree<number>; expected: [string, number][] }[] = [];
        let counter = 0;
        for (const { kind, key: k } of ops) {
          if (kind === "set") {
            expect(editor.set(k, ++counter)).toBe(model.get(k));
            model.set(k, counter);
          } else if (kind === "delete") {
            expect(editor.delete(k)).toBe(model.get(k));
            model.delete(k);
          } else if (kind === "ascend") {
            for (let i = 0; i < 150; i++) {
              const next = `${k}~${String(i).padStart(4, "0")}`;
              expect(editor.set(next, ++counter)).toBe(model.get(next));
              model.set(next, counter);
            }
          } else if (kind === "clear") {
            for (const found of [...model.keys()].filter((x) => x >= k)) {
              expect(editor.delete(found)).toBe(model.get(found));
              model.delete(found);
            }
          } else {
            const tree = editor.freeze();
            frozen.push({ tree, expected: sorted(model) });
            if (counter % 2 === 0) editor = tree.edit();
          }
          expect(editor.size).toBe(model.size);
        }
        frozen.push({ tree: editor.freeze(), expected: sorted(model) });
        for (const { tree, expected } of frozen) {
          expect(tree.size).toBe(expected.length);
          expect(entries(tree)).toEqual(expected);
          expect(entries(tree, { reverse: true })).toEqual([...expected].reverse());
        }
      }),
      { numRuns: 150 },
    );
  });

  test("ranges in both directions, any batch size, point reads", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 600 }),
        fc.option(key, { nil: undefined }),
        fc.option(key, { nil: undefined }),
        fc.integer({ min: 1, max: 200 }),
        fc.boolean(),
        (keys, gte, lt, batch, reverse) => {
          const model: Model = new Map(keys.map((k, i) => [k, i]));
          const editor = Tree.empty<number>().edit();
          for (const [k, v] of model) editor.set(k, v);
          const tree = editor.freeze();
          const expected = sorted(model).filter(
            ([k]) => (gte === undefined || k >= gte) && (lt === undefined || k < lt),
          );
          if (reverse) expected.reverse();
          expect(entries(tree, { gte, lt, reverse }, batch)).toEqual(expected);
          const some: [string[], number[]] = [[], []];
          tree.collect({ gte, lt, reverse }, batch, ...some);
          expect(some[0].map((k, i) => [k, some[1][i]])).toEqual(expected.slice(0, batch));
          for (const k of keys) expect(tree.get(k)).toBe(model.get(k));
          expect(tree.get("~")).toBeUndefined();
          expect(tree.has("~")).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("one change copies one path, the rest is shared", () => {
    const keys = Array.from({ length: 10_000 }, (_, i) => String(i).padStart(6, "0"));
    const tree = Tree.fromSorted(keys, keys);
    const editor = tree.edit();
    editor.set(keys[5000]!, "changed");
    const next = editor.freeze();
    const nodes = new Set<object>();
    const walk = (node: { children?: object[] }, see: (node: object) => void) => {
      see(node);
      for (const child of node.children ?? []) walk(child, see);
    };
    walk(tree.root as { children?: object[] }, (node) => nodes.add(node));
    let fresh = 0;
    walk(next.root as { children?: object[] }, (node) => {
      if (!nodes.has(node)) fresh++;
    });
    expect(fresh).toBe(next.height + 1);
    expect(tree.get(keys[5000]!)).toBe(keys[5000]);
    expect(next.get(keys[5000]!)).toBe("changed");
  });
});
