/** Whether a key sequence yields rows in the order that a query asks for, and where a keyset cursor stands in it. */
import type { OrderTerm } from "../../query/ir.js";
import { equalValues } from "../../query/semantics.js";
import type { FieldType, Json, Path } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import type { Key, Range } from "../../storage/store.js";
import type { Collection } from "./catalog.js";
import { type KeySequence, pathName } from "./indexes.js";

/** `fixed`: columns that hold one known value on every row. Null: the sequence does not yield this order. */
export function direction(
  collection: Collection,
  sequence: KeySequence,
  fixed: { has(column: string): boolean },
  orderBy: readonly OrderTerm[],
): "forward" | "reverse" | null {
  let way: "forward" | "reverse" | null = null;
  let column = 0;
  for (const term of orderBy) {
    if (term.key.kind !== "path") return null;
    const name = pathName(term.key.path);
    if (fixed.has(name)) continue;
    while (column < sequence.columnNames.length && fixed.has(sequence.columnNames[column]!)) column++;
    // Every column is used up: rows are told apart already, further terms cannot matter.
    if (column === sequence.columnNames.length) break;
    if (sequence.columnNames[column] !== name) return null;
    const nature = columnNature(collection, term.key.path);
    if (!nature.scalar) return null;
    const wanted = term.direction === "asc" ? "forward" : "reverse";
    if (nature.nullable && term.nulls !== (wanted === "forward" ? "first" : "last")) return null;
    if (way !== null && way !== wanted) return null;
    way = wanted;
    column++;
  }
  return way ?? "forward";
}

/** The key of the entry at which the cursor stands; null when the sequence does not determine it. */
export function cursorBound(
  sequence: KeySequence,
  fixed: ReadonlyMap<string, Json>,
  orderBy: readonly OrderTerm[],
  after: readonly Json[],
): Key | null {
  const given = new Map<string, Json>(fixed);
  for (let i = 0; i < orderBy.length; i++) {
    const { key, direction, nulls } = orderBy[i]!;
    const value = after[i];
    if (key.kind !== "path" || value === undefined) return null;
    // In a sequence null comes first; a cursor at a null that the order puts elsewhere has no place in it.
    if (value === null && nulls !== (direction === "asc" ? "first" : "last")) return null;
    const name = pathName(key.path);
    if (!sequence.columnNames.includes(name) && !fixed.has(name)) return null;
    const already = given.get(name);
    if (already === undefined) given.set(name, value);
    else if (!equalValues(already, value)) return null;
  }
  const values: Json[] = [];
  for (const name of sequence.columnNames) {
    const value = given.get(name);
    if (value === undefined) return null;
    values.push(value);
  }
  return encodeKey(values);
}

/** The parts of the ascending ranges that lie after the cursor's key in the direction of the scan. */
export function clip(ranges: readonly Range[], cursor: Key, way: "forward" | "reverse"): Range[] {
  const clipped: Range[] = [];
  for (const range of ranges) {
    if (way === "forward") {
      const above = `${cursor}\0`;
      const gte = range.gte === undefined || range.gte < above ? above : range.gte;
      if (range.lt === undefined || gte < range.lt) clipped.push({ ...range, gte });
    } else {
      const lt = range.lt === undefined || range.lt > cursor ? cursor : range.lt;
      if (range.gte === undefined || range.gte < lt) clipped.push({ ...range, lt });
    }
  }
  return clipped;
}

interface Nature {
  readonly scalar: boolean;
  readonly nullable: boolean;
}

const UNKNOWN: Nature = { scalar: false, nullable: true };

/** What values a path may hold, by the schema. */
function columnNature(collection: Collection, path: Path): Nature {
  const field = collection.fields.get(path[0]!);
  if (field === undefined) return UNKNOWN;
  let type: FieldType = field.type;
  let nullable = field.nullable || field.optional;
  for (const step of path.slice(1)) {
    if (type.kind !== "object") return UNKNOWN;
    const property = type.properties.find((one) => one.name === step);
    if (property === undefined) return UNKNOWN;
    nullable ||= property.nullable || property.optional;
    type = property.type;
  }
  return { scalar: isScalar(type), nullable };
}

function isScalar(type: FieldType): boolean {
  switch (type.kind) {
    case "object":
    case "array":
    case "tuple":
    case "record":
    case "json":
      return false;
    case "union":
      return type.options.every(isScalar);
    default:
      return true;
  }
}
