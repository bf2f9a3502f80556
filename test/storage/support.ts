/** A small schema, and helpers to write and compare what a store holds. */

import type { Doc } from "../../src/schema/model.js";
import { encodeKey } from "../../src/storage/key.js";
import type { Key, Mutation, Snapshot, Space, Store, StoredValue } from "../../src/storage/store.js";

const byAge = { space: "users/age", keys: (doc: Doc, key: Key) => [encodeKey([doc.age ?? null]) + key] };
const docs = (id: string, derive: Space["derive"] = []): Space => ({
  id,
  kind: "docs",
  keyOf: (doc) => encodeKey([doc.id ?? null]),
  derive,
});

export const users = docs("users", [byAge]);
export const posts = docs("posts");
export const age: Space = { id: "users/age", kind: "index", keyOf: () => "", derive: [] };
export const meta: Space = { id: "$meta", kind: "meta", keyOf: () => "", derive: [] };
export const spaces: readonly Space[] = [users, age, posts, meta];

export const key = (...values: (string | number)[]): Key => encodeKey(values);

/** Replaces documents of `users`, index included. */
export function putUser(id: number, fields: Doc, before?: Doc): Mutation[] {
  const doc = Object.freeze({ id, ...fields });
  const mutations: Mutation[] = [{ space: "users", key: key(id), value: doc }];
  if (before !== undefined)
    mutations.push(...byAge.keys(before, key(id)).map((k) => ({ space: "users/age", key: k, value: undefined })));
  mutations.push(...byAge.keys(doc, key(id)).map((k) => ({ space: "users/age", key: k, value: doc })));
  return mutations;
}

export function put(space: string, id: number, fields: Doc): Mutation {
  return { space, key: key(id), value: Object.freeze({ id, ...fields }) };
}

export async function contents(snapshot: Snapshot, space: string): Promise<[Key, StoredValue][]> {
  const all: [Key, StoredValue][] = [];
  for await (const batch of snapshot.scan(space, {}, 100))
    for (const [i, k] of batch.keys.entries()) all.push([k, batch.values[i]!]);
  return all;
}

/** Everything in a store, as one comparable value. */
export async function dump(store: Store, of: readonly Space[] = spaces): Promise<Record<string, [Key, StoredValue][]>> {
  const snapshot = store.snapshot();
  const all: Record<string, [Key, StoredValue][]> = {};
  for (const space of of) all[space.id] = await contents(snapshot, space.id);
  return all;
}
