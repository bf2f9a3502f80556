/** Random transactions that are not awaited, in random modes, against the same one after the other on a plain array. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dynamic, quickTx, type SencilloDB } from "../../src/sencillo.js";
import { modes, open, reopen, tempDir } from "./support.js";

const command = fc.record({
  kind: fc.constantFrom("create", "create", "update", "destroy", "find", "fail"),
  bucket: fc.constantFrom("a", "b", "c", "d"),
  pick: fc.nat(20),
  n: fc.nat(100),
});
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
const batches = fc.array(
  fc.record({
    commands: fc.array(command, { minLength: 1, maxLength: 12 }),
    after: fc.constantFrom("", "", "compact", "reopen"),
  }),
  { minLength: 1, maxLength: 6 },
);

/** What the command gives, and what it does to the documents. */
function expected(docs: Map<number, Dynamic>, ids: { next: number }, { kind, pick, n }: Command): Dynamic {
  const _id = pick + 1;
  if (kind === "create") {
    const doc = { n, _id: ids.next++ };
    docs.set(doc._id, doc);
    return doc;
  }
  if (kind === "fail") return "stop";
  const doc = docs.get(_id);
  if (kind === "find") return doc;
  if (doc === undefined) return `Document with _id '${_id}' not found`;
  if (kind === "destroy") docs.delete(_id);
  else docs.set(_id, { n, _id });
  return kind === "destroy" ? doc : docs.get(_id);
}

function run(db: SencilloDB, { kind, bucket, pick, n }: Command): Promise<Dynamic> {
  const _id = pick + 1;
  const done: Promise<Dynamic> =
    kind === "create"
      ? quickTx(db)("create", { data: { n }, index: bucket })
      : kind === "fail"
        ? db.transaction(async (tx) => {
            await tx.create({ data: { n }, index: bucket });
            await tx.find({ filter: { _id } });
            throw new TypeError("stop");
          })
        : kind === "find"
          ? quickTx(db)("find", { filter: { _id } })
          : quickTx(db)(kind as "update", kind === "update" ? { _id, data: { n }, index: bucket } : { _id });
  return done.catch((error: Error) => error.message);
}

describe.each(modes())("%s", (_, configOf) => {
  test("transactions at the same time are as if one after the other", async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const config = { ...configOf(tempDir()), durability: "relaxed" } as const;
        let db = open(config);
        const docs = new Map<number, Dynamic>();
        const ids = { next: 2 };
        docs.set(1, await quickTx(db)("create", { data: { n: 0 } }));
        for (const { commands, after } of all) {
          const answers = commands.map((each) => run(db, each));
          expect(await Promise.all(answers)).toEqual(commands.map((each) => expected(docs, ids, each)));
          if (after === "compact") await db.compact();
          if (after === "reopen") db = await reopen(db, config);
          const sorted = [...docs.values()].sort((a, b) => a._id - b._id);
          expect(await quickTx(db)("findMany", {})).toEqual(sorted);
        }
        db = await reopen(db, config);
        expect(await quickTx(db)("findMany", {})).toEqual([...docs.values()].sort((a, b) => a._id - b._id));
        await db.close();
      }),
      { numRuns: 12 },
    );
  });
});
