/** What a commit needs is there when it is applied, whatever was written or forgotten since it was prepared. */
import { expect, test } from "vitest";
import type { Doc } from "../../src/schema/model.js";
import type { Layout, Loaded } from "../../src/sencillo/layout.js";
import { Partitions } from "../../src/sencillo/partitions.js";
import type { Key } from "../../src/storage/store.js";

/** A partition a space; loading waits until it is let go. */
function layout() {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const none = async () => [];
  const layout: Layout = {
    ...{ name: "test", lock: null, log: "log", intent: "intent" },
    prepare: async () => {},
    partitionOf: (space) => space,
    before: () => null,
    load: async (): Promise<Loaded | null> => {
      await gate;
      return null;
    },
    render: none,
    counts: () => true,
    apply: async () => {},
  };
  return { layout, letGo: () => letGo() };
}

const doc = Object.freeze({ _id: 1 }) as Doc;
const put = (space: string) => [space, new Map<Key, Doc | undefined>([["a1", doc]])] as const;
const remove = (space: string) => [space, new Map<Key, Doc | undefined>([["a1", undefined]])] as const;

test.each([0, 1])(
  "an empty one is not forgotten while the next commit waits for another, cache of %i",
  async (limit) => {
    const { layout: slow, letGo } = layout();
    const partitions = new Partitions(slow, limit);
    const first = partitions.prepare([put("p")]);
    letGo();
    await first;
    partitions.apply([put("p")]);
    await partitions.prepare([remove("p")]);
    partitions.apply([remove("p")]);
    const captured = partitions.capture();
    const other = layout();
    Object.assign(slow, { load: other.layout.load });
    const changes = [put("p"), put("q")];
    const waiting = partitions.prepare(changes);
    expect(waiting).not.toBeNull();
    partitions.written(captured);
    partitions.evict(null);
    other.letGo();
    await waiting;
    partitions.apply(changes);
    for (const space of ["p", "q"]) expect(partitions.loaded(space)?.get("a1")).toBe(doc);
    expect([...partitions.capture().changed.keys()].sort()).toEqual(["p", "q"]);
  },
);
