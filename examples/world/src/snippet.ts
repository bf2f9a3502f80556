/** The source of a query function up to its output, so that each table is shown with the call behind it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const source = readFileSync(join(import.meta.dirname, "queries.ts"), "utf8");

export function snippet(name: string): string {
  const from = source.indexOf(`export async function ${name}(`);
  const body = source.slice(source.indexOf("\n", from) + 1, source.indexOf("\n}\n", from));
  const end = body.search(/^ {2}(table|console\.log)\(/m);
  return (end < 0 ? body : body.slice(0, end)).trimEnd().replace(/^ {2}/gm, "  ");
}
