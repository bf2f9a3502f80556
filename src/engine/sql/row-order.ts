/**
 * The order in which changed rows can be written one by one: a row that takes a unique value comes after the row that gives
 * it up. (A database checks each row as it is written, not all of them at the end.) Where rows take values from each other
 * in a circle, one of them is first written with a value that nobody has.
 */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { readPath } from "../../query/semantics.js";
import { encodeJson } from "../../schema/doc-codec.js";
import type { Doc, FieldMeta, Json, ModelMeta, Path } from "../../schema/model.js";
import { fieldOf, kindOf } from "./columns.js";
import type { ColumnKind } from "./dialect.js";

function textOf(doc: Doc, paths: readonly Path[]): string | null {
  const values = paths.map((path) => readPath(doc, path));
  return values.includes(null) ? null : encodeJson(values);
}

/** Positions of `after` in the order in which to write them. */
export function writingOrder(model: ModelMeta, before: readonly Doc[], after: readonly Doc[]): readonly number[] {
  const uniques = model.indexes.filter((index) => index.unique);
  const all = after.map((_, position) => position);
  if (uniques.length === 0 || after.length < 2) return all;
  const holders = uniques.map(({ paths }) => new Map(before.map((doc, at) => [textOf(doc, paths), at])));
  const order = new Set<number>();
  const met = new Set<number>();
  // A stack of its own: a chain may be as long as the table.
  for (const start of all) {
    const stack = [start];
    while (stack.length > 0) {
      const at = stack.at(-1)!;
      if (!met.has(at)) {
        met.add(at);
        uniques.forEach(({ paths }, index) => {
          const wanted = textOf(after[at]!, paths);
          const holder = wanted === null ? undefined : holders[index]!.get(wanted);
          if (holder !== undefined && !met.has(holder)) stack.push(holder);
        });
        if (stack.at(-1) !== at) continue;
      }
      stack.pop();
      order.add(at);
    }
  }
  return [...order];
}

/** Values that stand in a unique column for a moment; far from what anybody stores. Null: the kind has too few values. */
const PARKED: Readonly<Record<ColumnKind, (() => Json) | null>> = {
  text: () => `parked ${randomUUID()}`,
  int: () => -(Number.MAX_SAFE_INTEGER - randomInt(2 ** 47)),
  float: () => -1e300 * (1 + Math.random()),
  bigint: () => -(10n ** 40n + BigInt(randomInt(2 ** 47))),
  date: () => new Date(8.2e15 - randomInt(2 ** 47)),
  bytes: () => new Uint8Array(randomBytes(32)),
  boolean: null,
  json: null,
};

function isLoose({ nullable, optional }: FieldMeta): boolean {
  return nullable || optional;
}

function without(value: Json | undefined, [step, ...rest]: Path): Json {
  if (step === undefined || typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const object = value as { readonly [name: string]: Json };
  const { [step]: inner, ...others } = object;
  return rest.length === 0 ? others : { ...object, [step]: without(inner, rest) };
}

/**
 * The row as it is, but without its value in the unique index: null where it may be, or a value that nobody has. A reference
 * leads nowhere meanwhile; such are checked when all rows are written (settling.ts).
 */
function parked(model: ModelMeta, doc: Doc, paths: readonly Path[]): Doc | null {
  const places = paths.map(([name = "", ...rest]) => ({ field: fieldOf(model, name), rest }));
  const loose = places.find(({ field, rest }) => isLoose(field) || rest.length > 0);
  if (loose !== undefined) {
    const { field, rest } = loose;
    return { ...doc, [field.name]: isLoose(field) ? null : without(doc[field.name], rest) };
  }
  for (const { field } of places) {
    const make = PARKED[kindOf(field.type)];
    if (make !== null && !model.key.includes(field.name)) return { ...doc, [field.name]: make() };
  }
  return null;
}

/** The documents to write, one after the other, so that every row ends as `after` has it. */
export function writingSteps(model: ModelMeta, before: readonly Doc[], after: readonly Doc[]): readonly Doc[] {
  const order = writingOrder(model, before, after);
  const uniques = model.indexes.filter((index) => index.unique);
  if (uniques.length === 0 || after.length < 2) return order.map((at) => after[at]!);
  const now = [...before];
  const held = uniques.map(({ paths }) => new Map(before.map((doc, at) => [textOf(doc, paths), at])));
  const steps: Doc[] = [];
  const write = (at: number, doc: Doc): void => {
    uniques.forEach(({ paths }, index) => {
      const old = textOf(now[at]!, paths);
      if (held[index]!.get(old) === at) held[index]!.delete(old);
      held[index]!.set(textOf(doc, paths), at);
    });
    now[at] = doc;
    steps.push(doc);
  };
  for (const at of order) {
    uniques.forEach(({ paths }, index) => {
      const wanted = textOf(after[at]!, paths);
      const holder = wanted === null ? undefined : held[index]!.get(wanted);
      if (holder === undefined || holder === at) return;
      const away = parked(model, now[holder]!, paths);
      // A row that keeps its value is no part of a circle: the database refuses, as it must.
      if (away !== null && textOf(after[holder]!, paths) !== wanted) write(holder, away);
    });
    write(at, after[at]!);
  }
  return steps;
}
