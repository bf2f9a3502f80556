/**
 * A workload on a simulated disk, cut at any call. Commit n writes n into the counter and changes documents that follow
 * from n alone, so whatever state is found names the number of commits it should hold, and can be compared whole.
 */

import type { Doc } from "../../src/schema/model.js";
import { type FileOptions, file } from "../../src/storage/file/file.js";
import { type DiskCall, MemoryDisk } from "../../src/storage/files/memory.js";
import type { Key, Mutation, Store, StoredValue } from "../../src/storage/store.js";
import { dump, key, putUser, spaces } from "./support.js";

export interface Workload {
  readonly options: FileOptions;
  readonly commits: number;
  /** Commits handed over without waiting for the ones before. */
  readonly together: number;
}

export interface Outcome {
  /** Commits that resolved. */
  readonly acknowledged: number;
  readonly attempted: number;
  /** First rejection, if any. */
  readonly failure: unknown;
  /** Commits that resolved although an earlier one was rejected. */
  readonly afterFailure: number;
}

const PATH = "/data/db.json";
const COUNTER = key("counter");

/** Users as they are after n commits. */
function usersAfter(n: number): Map<number, Doc> {
  const users = new Map<number, Doc>();
  for (let i = 1; i <= n; i++) {
    const id = i % 7;
    if (i % 5 === 0) users.delete(id);
    else users.set(id, { id, age: i % 3, text: `${"x".repeat((i * 37) % 900)}\n"é`, at: new Date(i) });
  }
  return users;
}

function commitNumber(n: number): Mutation[] {
  const id = n % 7;
  const before = usersAfter(n - 1).get(id);
  const after = usersAfter(n).get(id);
  const batch: Mutation[] = [{ space: "$meta", key: COUNTER, value: { n } }];
  if (after !== undefined) {
    const { id: _, ...fields } = after;
    const deleted = new Set<string>();
    for (const mutation of putUser(id, fields, before)) {
      // A batch names a key once: an index entry that stays is not deleted first.
      if (mutation.value === undefined && before?.age === after.age) deleted.add(mutation.key);
      else if (!deleted.has(mutation.key)) batch.push(mutation);
    }
  } else if (before !== undefined) {
    batch.push({ space: "users", key: key(id), value: undefined });
    batch.push({ space: "users/age", key: key(before.age as number) + key(id), value: undefined });
  }
  return batch;
}

export function openOn(disk: MemoryDisk, options: FileOptions): Store {
  return file(PATH, { ...options, files: disk.files });
}

export async function run(disk: MemoryDisk, { options, commits, together }: Workload): Promise<Outcome> {
  const db = openOn(disk, options);
  let acknowledged = 0;
  let afterFailure = 0;
  let attempted = 0;
  let failure: unknown;
  try {
    await db.open(spaces);
    while (attempted < commits) {
      const group: Promise<void>[] = [];
      while (group.length < together && attempted < commits) {
        attempted++;
        group.push(
          db.commit(commitNumber(attempted)).then(
            () => {
              acknowledged++;
              if (failure !== undefined) afterFailure++;
            },
            (error: unknown) => {
              failure ??= error;
            },
          ),
        );
      }
      await Promise.all(group);
      if (attempted >= commits / 2 && attempted < commits / 2 + together) await db.compact();
    }
    await db.close();
  } catch (error) {
    failure ??= error;
    await db.close().catch(() => {});
  }
  return { acknowledged, attempted, failure, afterFailure };
}

/** Opens what a crash left; returns how many commits it holds, or throws when it is not exactly the state after them. */
export async function verify(disk: MemoryDisk, options: FileOptions): Promise<number> {
  const db = openOn(disk, options);
  await db.open(spaces);
  const found = await countOf(db);
  // And the database must go on from there.
  await db.commit(commitNumber(found + 1));
  if ((await countOf(db)) !== found + 1) throw new TypeError("a commit after recovery is missing");
  await db.close();
  const again = openOn(disk, options);
  await again.open(spaces);
  if ((await countOf(again)) !== found + 1) throw new TypeError("a commit after recovery is missing after reopening");
  await again.close();
  return found;
}

async function countOf(db: Store): Promise<number> {
  const all = await dump(db);
  const counter = all.$meta?.find(([k]) => k === COUNTER)?.[1] as { n: number } | undefined;
  const n = counter?.n ?? 0;
  const users = [...usersAfter(n)].map(([id, doc]): [Key, StoredValue] => [key(id), doc]);
  const index = [...usersAfter(n)].map(([id, doc]): [Key, StoredValue] => [key(doc.age as number) + key(id), doc]);
  const expected = JSON.stringify([sorted(users), sorted(index)]);
  if (JSON.stringify([all.users, all["users/age"]]) !== expected)
    throw new TypeError(`not the state after ${n} commits`);
  return n;
}

const sorted = <T>(entries: [Key, T][]) => entries.sort(([a], [b]) => (a < b ? -1 : 1));

export function diskWith(fault: (call: DiskCall) => string | null): MemoryDisk {
  return new MemoryDisk({ fault });
}

/** From call `n` on nothing reaches the disk any more. */
export const stopAt = (n: number) => (call: DiskCall) => (call.number >= n ? "EIO" : null);
