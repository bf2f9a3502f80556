/**
 * Rows that a write would leave without their parent. An update takes values away that others point to; a delete takes rows
 * away, those that cascades reach, and what `setNull` empties: all of it counts as gone before anybody is asked who stays.
 */
import type { WriteCommand } from "../../query/ir.js";
import { stillReferenced } from "../../query/violations.js";
import { encodeJson } from "../../schema/doc-codec.js";
import type { Doc, Json, ModelMeta, Path, RelationMeta, Schema } from "../../schema/model.js";
import { type Find, references, rowsWith, type Written } from "./lookup.js";

/** A row as it was, and what is left of it: null, or the document as it becomes. */
interface Change {
  readonly old: Doc;
  left: Doc | null;
}

/** Rows that change, by model and key. */
class Changed {
  readonly #models = new Map<string, Map<string, Change>>();

  of(model: ModelMeta, row: Doc): Change | undefined {
    return this.#models.get(model.name)?.get(textOf(row, model.key));
  }

  all(model: string): readonly Change[] {
    return [...(this.#models.get(model)?.values() ?? [])];
  }

  /** What goes, the rows that were found last first. */
  gone(): readonly { readonly model: string; readonly rows: readonly Doc[] }[] {
    return [...this.#models]
      .map(([model, rows]) => ({
        model,
        rows: [...rows.values()].filter(({ left }) => left === null).map(({ old }) => old),
      }))
      .reverse();
  }

  put(model: ModelMeta, old: Doc, left: Doc | null): void {
    const known = this.of(model, old);
    if (known !== undefined) known.left = left;
    else {
      const rows = this.#models.get(model.name) ?? new Map<string, Change>();
      this.#models.set(model.name, rows.set(textOf(old, model.key), { old, left }));
    }
  }
}

function valuesOf(doc: Doc, names: readonly string[]): readonly Json[] {
  return names.map((name) => doc[name] ?? null);
}

/** Equal values have equal texts; -0 is 0. */
function textOf(doc: Doc, names: readonly string[]): string {
  return encodeJson(valuesOf(doc, names).map((value) => (value === 0 ? 0 : value)));
}

function childrenOf(
  find: Find,
  child: ModelMeta,
  relation: RelationMeta,
  rows: readonly Doc[],
): Promise<readonly Doc[]> {
  return rowsWith(
    find,
    child,
    relation.from.map((name): Path => [name]),
    rows.map((row) => valuesOf(row, relation.to)).filter((values) => !values.includes(null)),
  );
}

/** Rows that go with a delete: the deleted ones and all that cascades reach. */
export async function cascade(find: Find, schema: Schema, model: ModelMeta, rows: readonly Doc[]): Promise<Changed> {
  const changed = new Changed();
  for (const row of rows) changed.put(model, row, null);
  const queue: { model: ModelMeta; rows: readonly Doc[] }[] = [{ model, rows }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const child of schema.models.values()) {
      for (const relation of references(child)) {
        if (relation.target !== next.model.name || relation.onDelete !== "cascade") continue;
        const found = await childrenOf(find, child, relation, next.rows);
        const children = found.filter((row) => changed.of(child, row) === undefined);
        if (children.length === 0) continue;
        for (const row of children) changed.put(child, row, null);
        queue.push({ model: child, rows: children });
      }
    }
  }
  return changed;
}

/** The references to rows that go, emptied where they are to be. */
async function empty(find: Find, schema: Schema, changed: Changed): Promise<void> {
  for (const child of schema.models.values()) {
    for (const relation of references(child)) {
      if (relation.onDelete !== "setNull") continue;
      const gone = changed.all(relation.target).flatMap(({ old, left }) => (left === null ? [old] : []));
      for (const row of await childrenOf(find, child, relation, gone)) {
        const known = changed.of(child, row);
        if (known?.left !== null) changed.put(child, row, emptied(child, relation, known?.left ?? row));
      }
    }
  }
}

function emptied(child: ModelMeta, relation: RelationMeta, row: Doc): Doc {
  const left: Record<string, Json> = { ...row };
  for (const { name, nullable, optional } of child.fields)
    if (relation.from.includes(name) && (nullable || optional) && !child.key.includes(name)) left[name] = null;
  return left;
}

async function changedBy(
  find: Find,
  schema: Schema,
  model: ModelMeta,
  command: WriteCommand,
  { before, after }: Written,
): Promise<Changed> {
  if (command.kind === "delete") {
    const changed = await cascade(find, schema, model, before);
    await empty(find, schema, changed);
    return changed;
  }
  const changed = new Changed();
  for (const [at, row] of before.entries()) changed.put(model, row, after[at] ?? null);
  return changed;
}

/** Parents whose values nobody has any more, by these values. */
function lostValues(relation: RelationMeta, parents: readonly Change[]): ReadonlyMap<string, Doc> {
  const had = new Map(parents.map(({ old }) => [textOf(old, relation.to), old]));
  for (const { left } of parents) if (left !== null) had.delete(textOf(left, relation.to));
  return had;
}

/** The violation of a row that stays and would point to nothing; null when there is none. */
export async function childProblem(
  find: Find,
  schema: Schema,
  model: ModelMeta,
  command: WriteCommand,
  written: Written,
): Promise<Error | null> {
  const changed = await changedBy(find, schema, model, command, written);
  for (const child of schema.models.values()) {
    for (const relation of references(child)) {
      const lost = lostValues(relation, changed.all(relation.target));
      for (const row of await childrenOf(find, child, relation, [...lost.values()])) {
        const known = changed.of(child, row);
        if (known?.left === null) continue;
        const now = known?.left ?? row;
        if (lost.has(textOf(now, relation.from))) return stillReferenced(child, relation, valuesOf(now, relation.from));
      }
    }
  }
  return null;
}
