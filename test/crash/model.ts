/**
 * What a database must hold, by plain maps: the state after every commit of a workload. `text` names a state whole, so two
 * states are equal exactly when their texts are.
 */
import type { Doc, Json } from "../../src/schema/model.js";
import type { Shape } from "./schemas.js";
import { textField, textOf, versionOf } from "./schemas.js";

export type Write =
  | { readonly kind: "putItem"; readonly id: number; readonly n: number; readonly text: string | null }
  | { readonly kind: "textOfN"; readonly n: number; readonly text: string }
  | { readonly kind: "addN"; readonly id: number; readonly by: number }
  | { readonly kind: "dropItem"; readonly id: number }
  | { readonly kind: "addNote"; readonly itemId: number | null; readonly text: string }
  | { readonly kind: "dropNotes"; readonly itemId: number | null }
  | { readonly kind: "putTag"; readonly id: string; readonly n: number };

type Table = ReadonlyMap<number | string, Doc>;

export interface State {
  /** Null before the first schema. */
  readonly shape: Shape | null;
  readonly tables: ReadonlyMap<string, Table>;
  readonly nextNote: number;
}

export const NOTHING: State = { shape: null, tables: new Map(), nextNote: 1 };

export function stateText(state: State): string {
  if (state.shape === null) return "nothing";
  const { schema, fields } = versionOf(state.shape);
  let text = schema.hash;
  for (const [model, names] of fields) {
    const rows = [...(state.tables.get(model) ?? new Map<number | string, Doc>())];
    rows.sort(([a], [b]) => (a < b ? -1 : 1));
    text += `\n${textOf(
      model,
      names,
      rows.map(([, doc]) => doc),
    )}`;
  }
  return text;
}

/** The state after a write, or null when the engine must refuse it. */
export function applied(state: State, write: Write): State | null {
  const tables = new Map(state.tables);
  const edit = (model: string): Map<number | string, Doc> => {
    const copy = new Map(tables.get(model));
    tables.set(model, copy);
    return copy;
  };
  const { shape } = state;
  if (shape === null) return null;
  const text = textField(shape);
  let { nextNote } = state;
  switch (write.kind) {
    case "putItem": {
      const items = edit("Item");
      if (items.has(write.id)) return null;
      items.set(write.id, itemDoc(shape, write));
      break;
    }
    case "textOfN": {
      const items = edit("Item");
      for (const [id, doc] of items) if (doc.n === write.n) items.set(id, { ...doc, [text]: write.text });
      break;
    }
    case "addN": {
      const items = edit("Item");
      const doc = items.get(write.id);
      if (doc !== undefined) items.set(write.id, { ...doc, n: (doc.n as number) + write.by });
      break;
    }
    case "dropItem": {
      edit("Item").delete(write.id);
      const notes = edit("Note");
      for (const [id, note] of notes) if (note.itemId === write.id) notes.delete(id);
      break;
    }
    case "addNote": {
      if (write.itemId !== null && tables.get("Item")?.has(write.itemId) !== true) return null;
      edit("Note").set(nextNote, { id: nextNote, itemId: write.itemId, text: write.text });
      nextNote++;
      break;
    }
    case "dropNotes": {
      const notes = edit("Note");
      for (const [id, note] of notes) if (note.itemId === write.itemId) notes.delete(id);
      break;
    }
    case "putTag": {
      const tags = edit("Tag");
      if (!shape.tags || tags.has(write.id)) return null;
      tags.set(write.id, { id: write.id, n: write.n });
      break;
    }
  }
  return { shape, tables, nextNote };
}

/** The state after a change of schema. */
export function reshaped(state: State, to: Shape): State {
  const tables = new Map(state.tables);
  const from = state.shape;
  if (from !== null && (from.renamed !== to.renamed || from.extra !== to.extra)) {
    const items = new Map<number | string, Doc>();
    for (const [id, doc] of tables.get("Item") ?? []) {
      items.set(id, itemDoc(to, { id: doc.id as number, n: doc.n as number, text: doc[textField(from)] as string }));
    }
    tables.set("Item", items);
  }
  if (!to.tags) tables.delete("Tag");
  return { shape: to, tables, nextNote: state.nextNote };
}

/** Nothing ever fills `extra`. */
function itemDoc(shape: Shape, item: { readonly id: number; readonly n: number; readonly text: string | null }): Doc {
  const doc: Record<string, Json> = { id: item.id, n: item.n, [textField(shape)]: item.text };
  if (shape.extra) doc.extra = null;
  return doc;
}
