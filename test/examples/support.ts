/** What the tests of this folder share: a small database through the public API, and a folder that goes away. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { belongsTo, createClient, defineModel, hasMany, TenonError } from "tenon";
import { embedded, file } from "tenon/embedded";
import { z } from "zod";

export const User = defineModel(
  "User",
  z.object({
    email: z.string(),
    name: z.string().nullable(),
    age: z.int().min(0),
    tags: z.array(z.string()),
    address: z.object({ city: z.string(), zip: z.string().optional() }),
    extra: z.record(z.string(), z.unknown()),
    any: z.unknown().optional(),
  }),
  {
    indexes: [{ on: "email", unique: true }, "age"],
    relations: { posts: hasMany("Post", { to: "authorId" }) },
  },
);
export const Post = defineModel("Post", z.object({ title: z.string().max(200), body: z.string(), authorId: z.int() }), {
  relations: { author: belongsTo("User", { from: "authorId" }) },
});
export const models = { User, Post };

type Args = Record<string, unknown>;
type Row = Record<string, unknown>;

/** A client seen without generated types: what a JavaScript caller, or a wrong cast, can do. */
export interface Repository {
  findMany(args?: Args): Promise<Row[]>;
  findFirst(args?: Args): Promise<Row | null>;
  findUnique(args: Args): Promise<Row | null>;
  findById(id: unknown, args?: Args): Promise<Row | null>;
  count(where?: unknown): Promise<number>;
  exists(where?: unknown): Promise<boolean>;
  aggregate(args: Args): Promise<Row>;
  groupBy(args: Args): Promise<Row[]>;
  explain(args?: Args): Promise<unknown>;
  create(args: Args): Promise<Row>;
  createMany(args: Args): Promise<Row>;
  update(args: Args): Promise<Row>;
  updateMany(args: Args): Promise<Row>;
  upsert(args: Args): Promise<Row>;
  delete(args: Args): Promise<Row>;
  deleteMany(args: Args): Promise<Row>;
  where(where: unknown): {
    where(where: unknown): { all(): Promise<Row[]> };
    orderBy(...by: unknown[]): { all(): Promise<Row[]> };
    select(...fields: string[]): { all(): Promise<Row[]> };
    all(): Promise<Row[]>;
  };
}
export interface Database extends AsyncDisposable {
  readonly users: Repository;
  readonly posts: Repository;
  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function openFile(path: string, more: { models?: object } = {}): Promise<Database> {
  const client = await createClient({ models: more.models ?? models, engine: embedded({ storage: file(path) }) });
  return client as unknown as Database;
}

/** A temporary folder, removed at the end of the scope. */
export function folder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "tenon-bad-input-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Every file below a folder with its bytes: what must not change when an open is refused. */
export function contents(dir: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(dir, name);
    if (statSync(path).isFile()) found.set(name, readFileSync(path).toString("base64"));
  }
  return found;
}

/** The TenonError that `work` rejects with; anything else, success included, fails the test. */
export async function refused(work: () => unknown): Promise<TenonError> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    if (error instanceof TenonError) return error;
    throw new Error(`not one of Tenon's errors: ${String(error)}`, { cause: error });
  }
  throw new Error(`it was accepted: ${JSON.stringify(result)?.slice(0, 200)}`);
}

export const ada = {
  email: "ada@example.org",
  name: "Ada",
  age: 36,
  tags: ["math"],
  address: { city: "London" },
  extra: {},
};
