/**
 * Names of tables, columns, indexes and constraints as the database keeps them. Nearly always that is the name itself, in
 * quotes. A name that the database has for itself gets a `$` in front, and one that it would cut off is shortened with
 * a hash of the whole: no name of a schema holds a `$`, so nothing else can have these.
 */
import { createHash } from "node:crypto";

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

export function reserved(identifier: string, names: RegExp): string {
  return names.test(identifier) ? `$${identifier}` : identifier;
}

const HASH = 10;

/** At most so many bytes; names are ASCII. */
export function shortened(identifier: string, most: number): string {
  if (identifier.length <= most) return identifier;
  const hash = createHash("sha256").update(identifier).digest("hex").slice(0, HASH);
  return `${identifier.slice(0, most - HASH - 1)}$${hash}`;
}
