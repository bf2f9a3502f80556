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
import type { Key } from "../storage/store.js";

/** What a commit changes, by space; undefined: the entry goes. */
export type Changes = readonly (readonly [space: string, entries: ReadonlyMap<Key, Doc | undefined>])[];

export function encodeCommit(changes: Changes, operations: readonly string[]): string {
  const parts = [JSON.stringify({ op: operations })];
  for (const [space, entries] of changes) {
    const puts: [Key, Doc][] = [];
    const deletes: Key[] = [];
    for (const [key, value] of entries) {
      if (value === undefined) deletes.push(key);
      else puts.push([key, value]);
    }
    parts.push(`[${JSON.stringify(space)},${encodeJson(puts as unknown as Json)},${JSON.stringify(deletes)}]`);
  }
  return `[${parts.join(",")}]`;
}

export function decodeCommit(text: string, where: string): Changes {
  try {
    const [, ...groups] = decodeJson(text) as [Json, ...[string, [Key, Doc][], Key[]][]];
    return groups.map(([space, puts, deletes]) => {
      const entries = new Map<Key, Doc | undefined>(puts);
      for (const key of deletes) entries.set(key, undefined);
      return [space, entries];
    });
  } catch (cause) {
    throw new CorruptionError("CORRUPTION.FORMAT", `${where} holds a commit that makes no sense`, {
      cause,
      meta: { file: where, what: "commit" },
      fix: "restore a backup",
    });
  }
}
