/**
 * The databases of `test/compat/<format version>/`: one per layout, as the version of that time left them, with commits that are
 * still in the journal. They are never written again; `write.ts` makes those of a new format.
 */
import { join } from "node:path";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { Engine } from "../../src/engine/engine.js";
import type { Doc } from "../../src/schema/model.js";
import { file } from "../../src/storage/file/file.js";
import { folder } from "../../src/storage/folder/folder.js";
import { shards } from "../../src/storage/shards/shards.js";
import type { Store } from "../../src/storage/store.js";
import { insert } from "../engine/support.js";
import { bigint, date, int, nullable, schemaOf, string } from "../support/schema.js";

export const LAYOUTS: Readonly<Record<string, (dir: string) => Store>> = {
  file: (dir) => file(join(dir, "db.json")),
  "file-gzip": (dir) => file(join(dir, "db.json"), { compression: true }),
  folder: (dir) => folder(dir),
  "folder-gzip": (dir) => folder(dir, { compression: true }),
  shards: (dir) => shards(dir),
  "shards-gzip": (dir) => shards(dir, { compression: true }),
};

export const SCHEMA = schemaOf({
  User: {
    fields: { id: int, email: string, team: nullable(string), at: date, big: bigint },
    indexes: [{ on: ["email"], unique: true }, "team"],
    partitionBy: "team",
  },
  Note: { fields: { id: int, text: string } },
});

const user = (id: number, team: string | null): Doc => ({
  id,
  email: `u${id}@é`,
  team,
  at: new Date(id * 1000),
  big: 2n ** 70n + BigInt(id),
});

export const USERS: readonly Doc[] = [user(1, "a/b"), user(2, "A"), user(3, null), user(4, "a"), user(5, "A")];
export const NOTES: readonly Doc[] = [{ id: 1, text: 'line\n"$date" \u2028' }];

/** Three users are in the files when it ends, the rest in the journal only. */
export async function fill(engine: Engine, store: Store): Promise<void> {
  await engine.write(insert("User", ...USERS.slice(0, 3)));
  await store.compact();
  await engine.write(insert("User", ...USERS.slice(3)));
  await engine.write(insert("Note", ...NOTES));
}

export function engineOver(store: Store): Engine {
  return embedded({ storage: store });
}
