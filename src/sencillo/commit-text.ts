/**
 * A commit as one line of the log:
 *
 *   commit = [ label, [ space, puts, deletes ]* ]
 *   label  = the operations that it is made of: { "op": ["create"] }
 *   puts   = [ [key, value]* ]      results, never arguments or functions: doing it again gives the same
 */
import { CorruptionError } from "../base/errors.js";
import { decodeJson, encodeJson } from "../schema/doc-codec.js";
import type { Doc, Json } from "../schema/model.js";
import type { Key, Mutation } from "../storage/store.js";
import { LABEL_SPACE } from "./keys.js";

export function encodeCommit(batch: readonly Mutation[]): Uint8Array {
  const groups = new Map<string, { readonly puts: [Key, Doc][]; readonly deletes: Key[] }>();
  let label: Json = { op: [] };
  for (const { space, key, value } of batch) {
    if (space === LABEL_SPACE) {
      label = value ?? label;
      continue;
    }
    let group = groups.get(space);
    if (group === undefined) {
      group = { puts: [], deletes: [] };
      groups.set(space, group);
    }
    if (value === undefined) group.deletes.push(key);
    else group.puts.push([key, value]);
  }
  const parts = [encodeJson(label)];
  for (const [space, { puts, deletes }] of groups) {
    parts.push(`[${JSON.stringify(space)},${encodeJson(puts as unknown as Json)},${JSON.stringify(deletes)}]`);
  }
  return Buffer.from(`[${parts.join(",")}]`, "utf8");
}

export function decodeCommit(text: string, where: string): Mutation[] {
  const batch: Mutation[] = [];
  try {
    const [, ...groups] = decodeJson(text) as [Json, ...[string, [Key, Doc][], Key[]][]];
    for (const [space, puts, deletes] of groups) {
      for (const [key, value] of puts) batch.push({ space, key, value });
      for (const key of deletes) batch.push({ space, key, value: undefined });
    }
  } catch (cause) {
    throw new CorruptionError("CORRUPTION.FORMAT", `${where} holds a commit that makes no sense`, {
      cause,
      meta: { file: where, what: "commit" },
      fix: "restore a backup",
    });
  }
  return batch;
}
