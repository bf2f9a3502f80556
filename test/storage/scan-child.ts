/** Run by shards.test.ts under a small heap: writes more than fits, then reads all of it in several ways. */

import { encodeKey } from "../../src/storage/key.js";
import { partitionName } from "../../src/storage/partition.js";
import { shards } from "../../src/storage/shards/shards.js";
import type { Space } from "../../src/storage/store.js";

const DOCS = 60_000;
const PARTS = 40;

async function main(dir: string): Promise<void> {
  const space: Space = {
    id: "users",
    kind: "docs",
    keyOf: (doc) => encodeKey([doc.id ?? null]),
    derive: [],
    partition: { field: "t", of: (doc) => partitionName(doc.t) },
  };
  const db = shards(dir, { cacheBytes: 12e6, durability: "relaxed" });
  await db.open([space]);
  for (let from = 0; from < DOCS; from += 1000) {
    const batch = Array.from({ length: 1000 }, (_, i) => {
      const id = from + i;
      const doc = { id, t: Math.floor(id / (DOCS / PARTS)), text: `${id} `.padEnd(1500, "x") };
      return { space: "users", key: encodeKey([id]), value: Object.freeze(doc) };
    });
    await db.commit(batch);
  }
  const snapshot = db.snapshot();
  for (const range of [{ anyOrder: true }, {}, { reverse: true }]) {
    let count = 0;
    let sum = 0;
    for await (const { values } of snapshot.scan("users", range, 512)) {
      count += values.length;
      for (const doc of values) sum += doc.id as number;
    }
    console.log(count, sum === (DOCS * (DOCS - 1)) / 2);
  }
  snapshot[Symbol.dispose]();
  await db.close();
}

await main(process.argv[2]!);
