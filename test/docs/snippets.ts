/**
 * The ```ts blocks of a document as modules that a compiler can check. A block is taken as it stands when it is statements;
 * a list of filters or orders, one a line (`{ age: 30 }`, `orderBy: …`), becomes one query a line. `…` stands for what a
 * reader fills in.
 */
export interface Snippet {
  /** `queries.md:36`: where its first line stands. */
  readonly place: string;
  readonly text: string;
}

/** What examples use without saying where it comes from. */
const AMBIENT = `
import { type AfterWrite, type BeforeWrite, belongsTo, bytes, defineModel, hasMany, Model, Index, Id, Field, CreatedAt, UpdatedAt, Relation, UniqueViolationError } from "tenon";
import { embedded, file, folder, hooks, memory, shards } from "tenon/embedded";
import { postgres } from "tenon/postgres";
import { sqlite } from "tenon/sqlite";
import { z } from "zod";
import { type Client, createClient, type Post, type UserCreate, type User as UserRow } from "./generated/client.js";
import * as models from "../models.js";
declare const db: Client;
declare const user: UserRow;
declare const rows: UserCreate[];
declare const engine: import("tenon").Engine;
declare const signal: AbortSignal;
declare const email: string;
declare const code: string;
declare const load: () => Promise<string | null>;
declare const save: (text: string) => Promise<void>;
declare const bucket: { get(name: string): Promise<string | null>; put(name: string, text: string | Uint8Array): Promise<void> };
declare const queue: { send(value: unknown): void };
declare const PGlite: new (folder: string) => import("tenon/postgres").PgliteOptions["client"];
`;

/** Modules that stand elsewhere in a reader's project, or that only some have installed. */
const MODULES: Readonly<Record<string, string>> = {
  'import * as models from "./models.js";': 'import * as models from "../models.js";',
  'import pg from "pg";':
    'declare const pg: { Pool: new (options: object) => import("tenon/postgres").PoolOptions["pool"] };',
  'import Database from "better-sqlite3";': 'declare const Database: Parameters<typeof sqlite>[0]["driver"];',
};

export function snippetsOf(name: string, markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  for (const match of markdown.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const line = markdown.slice(0, match.index).split("\n").length + 1;
    snippets.push({ place: `${name}:${line}`, text: match[1] ?? "" });
  }
  return snippets;
}

/** A module that compiles when the snippet is right, and the number of lines ahead of the snippet's first. */
export function moduleOf({ text }: Snippet): { readonly text: string; readonly ahead: number } {
  const filled = text
    .replace(/(\): \w+) \{ … \}/g, "$1 { return undefined as never; }")
    .replace(/\{ … \}/g, "{} as never")
    .replace(/, … \}/g, " }")
    .replace(/async \(inner\) => \{\} as never/g, "async (inner) => {}");
  const body = /^(\{|orderBy:)/.test(filled) ? queriesOf(filled) : filled;
  const imports = body
    .split("\n")
    .filter((line) => line.startsWith("import "))
    .map((line) => MODULES[line] ?? line.replace('"#tenon"', '"./generated/client.js"'));
  const rest = body.split("\n").map((line) => (line.startsWith("import ") ? "" : line));
  const own = new Set(body.split("\n").flatMap(namesMade));
  const ambient = AMBIENT.split("\n").map((line) => withoutNames(line, own));
  const exported = rest.some((line) => line.startsWith("export "));
  const head = [...ambient, ...imports, exported || !/\bawait\b/.test(body) ? "" : "async () => {"];
  return {
    text: [...head, ...rest, head.at(-1) === "" ? "export {};" : "};", ""].join("\n"),
    ahead: head.length,
  };
}

/** What a line of an example imports or declares for its whole module. */
function namesMade(line: string): readonly string[] {
  if (line.startsWith("import ")) return line.match(/\w+/g) ?? [];
  const declared = /^(?:export )?(?:const|class) (\w+)/.exec(line);
  return declared === null ? [] : [declared[1]!];
}

/** One query for each line. */
function queriesOf(text: string): string {
  const lines = text.split("\n").map((line) => {
    const code = line.replace(/\s*\/\/.*$/, "");
    if (code === "") return "";
    const args = code.startsWith("orderBy:") ? `{ ${code} }` : `{ where: ${code} }`;
    return `await db.${/\bauthor\b/.test(code) ? "posts" : "users"}.findMany(${args});`;
  });
  return lines.join("\n");
}

/** An ambient line without the names that the example imports itself. */
function withoutNames(line: string, own: ReadonlySet<string>): string {
  const list = /^import \{(.*)\}( from .*)$/.exec(line);
  if (list !== null) {
    const names = (list[1] ?? "")
      .split(",")
      .filter((name) => !own.has(name.replace("type ", "").split(" as ").at(-1)!.trim()));
    return `import {${names.join(",")}}${list[2]}`;
  }
  const declared = /^(?:declare const|import \* as) (\w+)/.exec(line);
  return declared !== null && own.has(declared[1]!) ? "" : line;
}
