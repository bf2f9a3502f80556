/**
 * The executable specification of writing: commands over immutable arrays. Uniqueness is checked row by row for an insert
 * and at the end for an update, references always at the end. A command that throws has changed nothing.
 */
import { invariant } from "../base/assert.js";
import type { Doc, Json, ModelMeta, Path, RelationMeta, Schema } from "../schema/model.js";
import { compileChanges } from "./apply-changes.js";
import { normalizeDoc, valuesOf } from "./document.js";
import type { Change, WriteCommand, WriteResult } from "./ir.js";
import { modelOf, type ReferenceData, referenceMatches } from "./reference.js";
import { compareValues, equalValues, readPath } from "./semantics.js";
import { missingParent, sequenceExhausted, stillReferenced, uniqueViolation } from "./violations.js";

/** A database as immutable arrays; each table in key order. */
export interface ReferenceState extends ReferenceData {
  readonly tables: ReadonlyMap<string, readonly Doc[]>;
  /** Per model, the largest auto-increment key that a row ever had. */
  readonly sequences: ReadonlyMap<string, number>;
}

export interface ReferenceWriteResult {
  readonly result: WriteResult;
  readonly state: ReferenceState;
}

type Command<K extends WriteCommand["kind"]> = Extract<WriteCommand, { readonly kind: K }>;

export function emptyState(schema: Schema): ReferenceState {
  return stateOf(schema, new Map(), new Map());
}

function stateOf(
  schema: Schema,
  tables: ReadonlyMap<string, readonly Doc[]>,
  sequences: ReadonlyMap<string, number>,
): ReferenceState {
  return { schema, tables, sequences, docs: (model) => tables.get(model) ?? [] };
}

/** A copy of the state that one command works on. */
class Draft implements ReferenceData {
  readonly schema: Schema;
  readonly tables: Map<string, readonly Doc[]>;
  readonly sequences: Map<string, number>;

  constructor(state: ReferenceState) {
    this.schema = state.schema;
    this.tables = new Map(state.tables);
    this.sequences = new Map(state.sequences);
  }

  docs(model: string): readonly Doc[] {
    return this.tables.get(model) ?? [];
  }

  put(model: ModelMeta, docs: readonly Doc[]): void {
    this.tables.set(
      model.name,
      docs.toSorted((a, b) => compareKeys(model, a, b)),
    );
  }

  end(result: WriteResult): ReferenceWriteResult {
    return { result, state: stateOf(this.schema, this.tables, this.sequences) };
  }
}

function compareKeys(model: ModelMeta, a: Doc, b: Doc): number {
  for (const name of model.key) {
    const order = compareValues(a[name], b[name]);
    if (order !== 0) return order;
  }
  return 0;
}

function sameValues(a: readonly Json[], b: readonly Json[]): boolean {
  return a.every((value, index) => equalValues(value, b[index]));
}

/** The key, then the unique indexes in declared order. */
function uniquesOf(model: ModelMeta) {
  const key = { index: null, paths: model.key.map((name): Path => [name]) };
  const indexes = model.indexes.filter((index) => index.unique).map((index) => ({ index, paths: index.paths }));
  return [key, ...indexes];
}

/** The first unique constraint that `doc` and another of the rows violate together. */
function clash(model: ModelMeta, rows: readonly Doc[], doc: Doc) {
  for (const { index, paths } of uniquesOf(model)) {
    const values = paths.map((path) => readPath(doc, path));
    if (values.includes(null)) continue;
    const taken = rows.some(
      (row) =>
        row !== doc &&
        sameValues(
          values,
          paths.map((path) => readPath(row, path)),
        ),
    );
    if (taken) return { index, values };
  }
  return null;
}

/** Throws for the first of the written rows that is not alone in a unique constraint. */
function checkUnique(draft: Draft, model: ModelMeta, written: readonly Doc[]): void {
  for (const doc of written) {
    const found = clash(model, draft.docs(model.name), doc);
    if (found !== null) throw uniqueViolation(model, found.index, found.values);
  }
}

function referencesOf(model: ModelMeta): readonly RelationMeta[] {
  return model.relations.filter((relation) => relation.kind === "belongsTo");
}

/** The values by which `doc` refers through the relation, when they lead to no row; null when all is well. */
function danglingValues(draft: Draft, relation: RelationMeta, doc: Doc): readonly Json[] | null {
  const values = valuesOf(doc, relation.from);
  if (values.includes(null)) return null;
  const found = draft.docs(relation.target).some((target) => sameValues(values, valuesOf(target, relation.to)));
  return found ? null : values;
}

/** References that were written must lead somewhere; those that were not must not have lost their parent. */
function checkReferences(
  draft: Draft,
  model: ModelMeta,
  written: readonly Doc[],
  before: (doc: Doc) => Doc | undefined = () => undefined,
): void {
  for (const doc of written) {
    for (const relation of referencesOf(model)) {
      const old = before(doc);
      if (old !== undefined && sameValues(valuesOf(old, relation.from), valuesOf(doc, relation.from))) continue;
      const values = danglingValues(draft, relation, doc);
      if (values !== null) throw missingParent(model, relation, values);
    }
  }
  for (const child of draft.schema.models.values()) {
    for (const relation of referencesOf(child)) {
      for (const doc of draft.docs(child.name)) {
        const values = danglingValues(draft, relation, doc);
        if (values !== null) throw stillReferenced(child, relation, values);
      }
    }
  }
}

/** The row with its auto-increment key, when it has none: one more than any row ever had. */
function withKey(draft: Draft, model: ModelMeta, doc: Doc): Doc {
  const [name] = model.key;
  invariant(name !== undefined, `${model.name} has no key`);
  if (model.keyGeneration !== "increment" || (doc[name] ?? null) !== null) return normalizeDoc(model, doc);
  const next = (draft.sequences.get(model.name) ?? 0) + 1;
  if (!Number.isSafeInteger(next)) throw sequenceExhausted(model);
  return normalizeDoc(model, { ...doc, [name]: next });
}

/** Remembers the key of an inserted row. A row that was left out uses up no number. */
function countKey(draft: Draft, model: ModelMeta, doc: Doc): void {
  const key = doc[model.key[0]!];
  if (model.keyGeneration !== "increment" || typeof key !== "number") return;
  draft.sequences.set(model.name, Math.max(key, draft.sequences.get(model.name) ?? 0));
}

function insert(draft: Draft, command: Command<"insert">): WriteResult {
  const model = modelOf(draft, command.model);
  const inserted: Doc[] = [];
  for (const given of command.docs) {
    const doc = withKey(draft, model, given);
    const found = clash(model, draft.docs(model.name), doc);
    if (found !== null && command.onConflict.kind === "skip") continue;
    if (found !== null) throw uniqueViolation(model, found.index, found.values);
    countKey(draft, model, doc);
    draft.put(model, [...draft.docs(model.name), doc]);
    inserted.push(doc);
  }
  checkReferences(draft, model, inserted);
  return { count: inserted.length, docs: command.returning ? inserted : [] };
}

function chosen(draft: Draft, command: Command<"update" | "delete">): readonly Doc[] {
  const rows = draft.docs(command.model).filter((doc) => referenceMatches(draft, command.model, command.where, doc));
  return command.limit === null ? rows : rows.slice(0, command.limit);
}

function update(draft: Draft, command: Command<"update">): WriteResult {
  const model = modelOf(draft, command.model);
  const change = compileChanges(model, command.changes);
  const changed = new Map(chosen(draft, command).map((doc) => [doc, change(doc)]));
  const written = [...changed.values()];
  draft.put(
    model,
    draft.docs(model.name).map((doc) => changed.get(doc) ?? doc),
  );
  checkUnique(draft, model, written);
  const old = new Map([...changed].map(([from, to]) => [to, from]));
  checkReferences(draft, model, written, (doc) => old.get(doc));
  return { count: written.length, docs: command.returning ? written : [] };
}

/** The foreign key emptied: those of its fields that can be empty and are no part of the key. */
function cleared(child: ModelMeta, relation: RelationMeta, doc: Doc): Doc {
  const changes = relation.from.flatMap((name): Change[] => {
    const field = child.fields.find((candidate) => candidate.name === name);
    const can = field !== undefined && (field.nullable || field.optional) && !child.key.includes(name);
    return can ? [{ path: [name], op: "unset", value: null }] : [];
  });
  return compileChanges(child, changes)(doc);
}

/** Removes the rows, and settles what refers to them: cascades first, through all levels, then setNull. */
function removeRows(draft: Draft, model: ModelMeta, rows: readonly Doc[]): void {
  const gone = new Set(rows);
  draft.put(
    model,
    draft.docs(model.name).filter((doc) => !gone.has(doc)),
  );
  for (const onDelete of ["cascade", "setNull"] as const) {
    for (const child of draft.schema.models.values()) {
      for (const relation of referencesOf(child)) {
        if (relation.target !== model.name || relation.onDelete !== onDelete) continue;
        const refers = (doc: Doc) =>
          rows.some((row) => {
            const values = valuesOf(doc, relation.from);
            return !values.includes(null) && sameValues(values, valuesOf(row, relation.to));
          });
        const children = draft.docs(child.name).filter(refers);
        if (children.length === 0) continue;
        if (onDelete === "cascade") removeRows(draft, child, children);
        else {
          draft.put(
            child,
            draft.docs(child.name).map((doc) => (refers(doc) ? cleared(child, relation, doc) : doc)),
          );
        }
      }
    }
  }
}

function remove(draft: Draft, command: Command<"delete">): WriteResult {
  const model = modelOf(draft, command.model);
  const rows = chosen(draft, command);
  removeRows(draft, model, rows);
  checkReferences(draft, model, []);
  return { count: rows.length, docs: command.returning ? rows : [] };
}

const WRITE: { readonly [K in WriteCommand["kind"]]: (draft: Draft, command: Command<K>) => WriteResult } = {
  insert,
  update,
  delete: remove,
};

/** What the command answers and the state after it; the given state is left as it was. */
export function referenceWrite(state: ReferenceState, command: WriteCommand): ReferenceWriteResult {
  const draft = new Draft(state);
  const run = WRITE[command.kind] as (draft: Draft, command: WriteCommand) => WriteResult;
  return draft.end(run(draft, command));
}
