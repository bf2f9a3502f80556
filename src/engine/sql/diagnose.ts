/**
 * Which constraint a refused write violates, and with which values. SQL databases say only that one was violated (some not
 * even which), so the rows concerned are looked up; the answer is the one that the reference gives: unique constraints of
 * the written rows first (key, then indexes in declared order), then their missing parents, then rows that would lose theirs.
 */
import { compileChanges } from "../../query/apply-changes.js";
import type { Filter, FindQuery, WriteCommand } from "../../query/ir.js";
import { equalValues, readPath } from "../../query/semantics.js";
import { missingParent, stillReferenced, uniqueViolation } from "../../query/violations.js";
import type { Doc, IndexMeta, Json, ModelMeta, Path, RelationMeta, Schema } from "../../schema/model.js";
import { modelNamed } from "./scope.js";
import type { Tried } from "./session.js";
import { wholeDocs } from "./whole-docs.js";

export type Find = (query: FindQuery) => Promise<readonly Doc[]>;

const ROWS_PER_LOOKUP = 100;

interface Unique {
  readonly index: IndexMeta | null;
  readonly paths: readonly Path[];
}

function uniquesOf(model: ModelMeta): readonly Unique[] {
  return [
    { index: null, paths: model.key.map((name) => [name]) },
    ...model.indexes.filter((index) => index.unique).map((index) => ({ index, paths: index.paths })),
  ];
}

function valuesAt(doc: Doc, paths: readonly Path[]): readonly Json[] {
  return paths.map((path) => readPath(doc, path));
}

function same(a: readonly Json[], b: readonly Json[]): boolean {
  return a.every((value, index) => equalValues(value, b[index]));
}

/** Rows whose values at the paths are one of the lists. */
async function rowsWith(
  find: Find,
  model: ModelMeta,
  paths: readonly Path[],
  wanted: readonly (readonly Json[])[],
): Promise<readonly Doc[]> {
  const found: Doc[] = [];
  for (let start = 0; start < wanted.length; start += ROWS_PER_LOOKUP) {
    const filters = wanted.slice(start, start + ROWS_PER_LOOKUP).map(
      (values): Filter => ({
        kind: "and",
        filters: paths.map((path, index) => ({ kind: "compare", path, op: "eq", value: values[index] ?? null })),
      }),
    );
    found.push(...(await find(wholeDocs(model, { kind: "or", filters }, null))));
  }
  return found;
}

/** The rows as the command would leave them, and as they are before. */
interface Written {
  readonly after: readonly Doc[];
  readonly before: readonly Doc[];
}

async function writtenBy(find: Find, model: ModelMeta, { command, docs, before: known }: Tried): Promise<Written> {
  if (command.kind === "insert") return { after: docs, before: [] };
  if (known !== undefined) return { after: docs, before: known };
  const before = await find(wholeDocs(model, command.where, command.limit));
  return { before, after: command.kind === "update" ? before.map(compileChanges(model, command.changes)) : [] };
}

/** A written row that shares a unique value with a row that stays, or with another written one. */
interface Clash {
  readonly doc: Doc;
  readonly index: IndexMeta | null;
  readonly values: readonly Json[];
}

/** In order. Rows of an insert are put in one by one, so each meets those before it; rows of an update meet all others. */
async function clashes(
  find: Find,
  model: ModelMeta,
  { after, before }: Written,
  oneByOne: boolean,
): Promise<readonly Clash[]> {
  const keys = model.key.map((name): Path => [name]);
  const replaced = before.map((doc) => valuesAt(doc, keys));
  const taken: { unique: Unique; rows: readonly Doc[] }[] = [];
  for (const unique of uniquesOf(model)) {
    const wanted = after.map((doc) => valuesAt(doc, unique.paths)).filter((values) => !values.includes(null));
    const rows = await rowsWith(find, model, unique.paths, wanted);
    taken.push({ unique, rows: rows.filter((row) => !replaced.some((key) => same(key, valuesAt(row, keys)))) });
  }
  const found: Clash[] = [];
  const met: Doc[] = oneByOne ? [] : [...after];
  for (const doc of after) {
    let first: Clash | undefined;
    for (const { unique, rows } of taken) {
      const values = valuesAt(doc, unique.paths);
      if (first !== undefined || values.includes(null)) continue;
      const clash = (row: Doc) => row !== doc && same(values, valuesAt(row, unique.paths));
      if (rows.some(clash) || met.some(clash)) first = { doc, index: unique.index, values };
    }
    if (first !== undefined) found.push(first);
    // A row that is left out is met by nobody.
    else if (oneByOne) met.push(doc);
  }
  return found;
}

function references(model: ModelMeta): readonly RelationMeta[] {
  return model.relations.filter((relation) => relation.kind === "belongsTo");
}

async function parentProblem(find: Find, schema: Schema, model: ModelMeta, { after }: Written): Promise<Error | null> {
  for (const doc of after) {
    for (const relation of references(model)) {
      const target = modelNamed(schema, relation.target);
      const paths = relation.to.map((name): Path => [name]);
      const values = relation.from.map((name) => doc[name] ?? null);
      if (values.includes(null)) continue;
      if (target.name === model.name && after.some((row) => same(values, valuesAt(row, paths)))) continue;
      if ((await rowsWith(find, target, paths, [values])).length === 0) return missingParent(model, relation, values);
    }
  }
  return null;
}

/** Rows that go with a delete, by model: the deleted ones and all that cascades reach. */
async function cascade(
  find: Find,
  schema: Schema,
  model: ModelMeta,
  rows: readonly Doc[],
): Promise<ReadonlyMap<string, readonly Doc[]>> {
  const gone = new Map<string, Doc[]>([[model.name, [...rows]]]);
  const queue: { model: ModelMeta; rows: readonly Doc[] }[] = [{ model, rows }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const child of schema.models.values()) {
      for (const relation of references(child)) {
        if (relation.target !== next.model.name || relation.onDelete !== "cascade") continue;
        const known = gone.get(child.name) ?? [];
        const children = (await childrenOf(find, child, relation, next.rows)).filter(
          (row) => !holds(child, known, row),
        );
        if (children.length === 0) continue;
        gone.set(child.name, [...known, ...children]);
        queue.push({ model: child, rows: children });
      }
    }
  }
  return gone;
}

function holds(model: ModelMeta, rows: readonly Doc[], row: Doc): boolean {
  const keys = model.key.map((name): Path => [name]);
  return rows.some((other) => same(valuesAt(other, keys), valuesAt(row, keys)));
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
    rows.map((row) => relation.to.map((name) => row[name] ?? null)).filter((values) => !values.includes(null)),
  );
}

async function childProblem(
  find: Find,
  schema: Schema,
  model: ModelMeta,
  command: WriteCommand,
  written: Written,
): Promise<Error | null> {
  const gone =
    command.kind === "delete"
      ? await cascade(find, schema, model, written.before)
      : new Map([[model.name, written.before]]);
  for (const child of schema.models.values()) {
    for (const relation of references(child)) {
      const parents = gone.get(relation.target) ?? [];
      if (relation.onDelete !== "restrict" && command.kind === "delete") continue;
      const paths = relation.to.map((name): Path => [name]);
      const lost = parents.filter(
        (row) => !written.after.some((doc) => same(valuesAt(row, paths), valuesAt(doc, paths))),
      );
      const staying = (await childrenOf(find, child, relation, lost)).filter(
        (row) => !holds(child, gone.get(child.name) ?? [], row) || command.kind !== "delete",
      );
      const [first] = staying;
      if (first !== undefined)
        return stillReferenced(
          child,
          relation,
          relation.from.map((name) => first[name] ?? null),
        );
    }
  }
  return null;
}

/** The typed error of a write that a constraint refused; null when none is found any more (somebody changed the data). */
export async function diagnose(find: Find, schema: Schema, tried: Tried): Promise<Error | null> {
  const { command } = tried;
  const model = modelNamed(schema, command.model);
  let written = await writtenBy(find, model, tried);
  const found = await clashes(find, model, written, command.kind === "insert");
  if (command.kind === "insert" && command.onConflict.kind === "skip") {
    const left = new Set(found.map(({ doc }) => doc));
    written = { ...written, after: written.after.filter((doc) => !left.has(doc)) };
  } else if (found[0] !== undefined) return uniqueViolation(model, found[0].index, found[0].values);
  return (
    (await parentProblem(find, schema, model, written)) ??
    (command.kind === "insert" ? null : await childProblem(find, schema, model, command, written))
  );
}
