/**
 * Which constraint a refused write violates, and with which values. SQL databases say only that one was violated (some not
 * even which), so the rows concerned are looked up; the answer is the one that the reference gives: unique constraints of
 * the written rows first (key, then indexes in declared order), then their missing parents, then rows that would lose theirs.
 */
import { compileChanges } from "../../query/apply-changes.js";
import { missingParent, uniqueViolation } from "../../query/violations.js";
import type { Doc, IndexMeta, Json, ModelMeta, Path, Schema } from "../../schema/model.js";
import { childProblem } from "./diagnose-children.js";
import { type Find, references, rowsWith, same, valuesAt, type Written } from "./lookup.js";
import { modelNamed } from "./scope.js";
import type { Tried } from "./session.js";
import { wholeDocs } from "./whole-docs.js";

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

async function writtenBy(find: Find, model: ModelMeta, { command, docs, before: known }: Tried): Promise<Written> {
  if (command.kind === "insert") return { after: docs, before: [] };
  if (known !== undefined) return { after: docs, before: known };
  const before = await find(wholeDocs(model, command.where, command.limit));
  return { before, after: command.kind === "update" ? before.map(compileChanges(model, command.changes)) : [] };
}

/** Whether a row is none of these: by its key. */
function othersThan(model: ModelMeta, docs: readonly Doc[]): (row: Doc) => boolean {
  const keys = model.key.map((name): Path => [name]);
  const replaced = docs.map((doc) => valuesAt(doc, keys));
  return (row) => !replaced.some((key) => same(key, valuesAt(row, keys)));
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
  const stays = othersThan(model, before);
  const taken: { unique: Unique; rows: readonly Doc[] }[] = [];
  for (const unique of uniquesOf(model)) {
    const wanted = after.map((doc) => valuesAt(doc, unique.paths)).filter((values) => !values.includes(null));
    const rows = await rowsWith(find, model, unique.paths, wanted);
    taken.push({ unique, rows: rows.filter(stays) });
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

async function parentProblem(
  find: Find,
  schema: Schema,
  model: ModelMeta,
  { after, before }: Written,
): Promise<Error | null> {
  const stays = othersThan(model, before);
  for (const [at, doc] of after.entries()) {
    for (const relation of references(model)) {
      const target = modelNamed(schema, relation.target);
      const paths = relation.to.map((name): Path => [name]);
      const values = relation.from.map((name) => doc[name] ?? null);
      if (values.includes(null)) continue;
      // What led somewhere before was left by its parent.
      const old = before[at];
      if (
        old !== undefined &&
        same(
          values,
          relation.from.map((name) => old[name] ?? null),
        )
      )
        continue;
      if (target.name === model.name && after.some((row) => same(values, valuesAt(row, paths)))) continue;
      // The database may still show written rows as they were.
      const parents = await rowsWith(find, target, paths, [values]);
      if (!parents.some((row) => target.name !== model.name || stays(row)))
        return missingParent(model, relation, values);
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
