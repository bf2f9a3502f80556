/**
 * A commit as one line of text in the journal:
 *
 *   commit = [ [space, puts, deletes]* ]
 *   puts   = documents, whose keys follow from them; for the meta space pairs [key, value]
 *   deletes= keys
 *
 * Index spaces are left out: they follow from the documents.
 */
import { CorruptionError } from "../base/errors.js";
import { decodeJson, encodeDocs, encodeJson } from "../schema/doc-codec.js";
import type { Doc, Json } from "../schema/model.js";
import type { TreeEditor } from "./btree.js";
import type { Key, Mutation, Space, StoredValue } from "./store.js";

interface Group {
  readonly kind: "docs" | "meta";
  readonly docs: Doc[];
  readonly pairs: [Key, StoredValue][];
  readonly deletes: Key[];
}

export function encodeCommit(batch: readonly Mutation[], kindOf: ReadonlyMap<string, Space["kind"]>): string {
  if (batch.length > 0 && kindOf.get(batch[0]!.space) === "docs" && isLoneDoc(batch, kindOf)) {
    return `[[${JSON.stringify(batch[0]!.space)},[${encodeJson(batch[0]!.value!)}],[]]]`;
  }
  const groups = new Map<string, Group>();
  let space: string | undefined;
  let group: Group | null = null;
  for (let i = 0; i < batch.length; i++) {
    const mutation = batch[i]!;
    if (mutation.space !== space) {
      space = mutation.space;
      group = groups.get(space) ?? null;
      const kind = kindOf.get(space);
      if (group === null && kind !== undefined && kind !== "index") {
        group = { kind, docs: [], pairs: [], deletes: [] };
        groups.set(space, group);
      }
    }
    if (group === null) continue;
    if (mutation.value === undefined) group.deletes.push(mutation.key);
    else if (group.kind === "docs") group.docs.push(mutation.value as Doc);
    else group.pairs.push([mutation.key, mutation.value]);
  }
  const parts: string[] = [];
  for (const [id, { kind, docs, pairs, deletes }] of groups) {
    const puts = kind === "docs" ? encodeDocs(docs) : encodeJson(pairs as Json);
    parts.push(`[${JSON.stringify(id)},${puts},${JSON.stringify(deletes)}]`);
  }
  return `[${parts.join(",")}]`;
}

/** Whether one document is put, and nothing else but entries of indexes. */
function isLoneDoc(batch: readonly Mutation[], kindOf: ReadonlyMap<string, Space["kind"]>): boolean {
  if (batch[0]!.value === undefined) return false;
  for (let i = 1; i < batch.length; i++) {
    const kind = kindOf.get(batch[i]!.space);
    if (kind !== "index" && kind !== undefined) return false;
  }
  return true;
}

/** Applies a commit's text to the trees it names. */
export function applyCommit(
  text: string,
  spaces: ReadonlyMap<string, Space>,
  editorOf: (space: string) => TreeEditor<StoredValue>,
  where: string,
): void {
  for (const [id, puts, deletes] of decodeJson(text) as [string, Json[], Key[]][]) {
    const space = spaces.get(id);
    if (space === undefined) {
      throw new CorruptionError("CORRUPTION.FORMAT", `${where} holds changes of "${id}", which no model names`, {
        meta: { file: where, what: `unknown collection ${id}` },
        fix: "open the database once with the models it was last used with, so that the journal is folded in",
      });
    }
    const editor = editorOf(id);
    if (space.kind === "meta")
      for (const [key, value] of puts as unknown as [Key, StoredValue][]) editor.set(key, value);
    else for (const doc of puts as Doc[]) editor.set(space.keyOf(doc), doc);
    for (const key of deletes) editor.delete(key);
  }
}
