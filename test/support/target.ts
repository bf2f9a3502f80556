/** What the suites need of an engine over a storage, and helpers that open databases and close them again. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { TenonError } from "../../src/base/errors.js";
import type { Capabilities, Engine, Executor } from "../../src/engine/engine.js";
import type { FindQuery } from "../../src/query/ir.js";
import type { Doc, Json, Schema } from "../../src/schema/model.js";
import { type Queries, queries, type SelectionSpec } from "./ir.js";
import { creationOps } from "./schema.js";

/** One place where data lives: engines made by it, one after the other, see the same data when the target reopens. */
export interface Place {
  engine(): Engine;
  /** The data as it lies on disk now, elsewhere: what a crash would leave. Every durable target has it. */
  copy?(): Promise<Place>;
  dispose(): Promise<void>;
}

export interface Target {
  readonly name: string;
  /** Exported factories that this target covers, for the compliance test: `embedded`, `file`. */
  readonly factories: readonly string[];
  /** What the engine promises; skips name one of these. */
  readonly capabilities: Pick<Capabilities, "isolation" | "writers" | "durable"> & {
    /** Data outlives a closed engine. */
    readonly reopens: boolean;
    /** What the suite expects of an engine and this one does not promise, because its database cannot. */
    readonly lacks?: readonly Lack[];
  };
  place(): Promise<Place>;
}

export type Lack =
  /** Strings with U+0000 and with half a surrogate pair. */
  | "anyStrings"
  /** Dates before 4713 BC. */
  | "anyDates"
  /** Values of any length in an index. */
  | "longIndexedValues"
  /** Auto-increment keys without gaps, whatever was refused or rolled back. */
  | "denseKeys"
  /** The names inside nested objects keep their order. */
  | "keyOrder"
  /** Writers wait for each other; they are not refused with a conflict. */
  | "oneWriter"
  /** Other calls go on while a transaction or a stream is open. */
  | "callsBesideTransactions"
  /** Unique indexes on whatever fields: not on tables that are split. */
  | "freeUniques"
  /** The data can be copied as it lies on disk while the database is open. */
  | "copies";

export type Spec = (target: Target) => void;

type Capability = "durable" | "reopens" | Lack;

export function has(target: Target, capability: Capability): boolean {
  if (capability === "durable" || capability === "reopens") return target.capabilities[capability];
  return target.capabilities.lacks?.includes(capability) !== true;
}

/** `test`, or a skipped test whose name tells the missing capability. */
export function needs(
  target: Target,
  ...capabilities: readonly Capability[]
): (name: string, run: () => Promise<void>) => void {
  const missing = capabilities.filter((capability) => !has(target, capability));
  return (name, run) => {
    if (missing.length === 0) test(name, run);
    else test.skip(`${name} [needs ${missing.join(", ")}]`, run);
  };
}

/** Opens an engine and gives an empty database its schema. */
export async function connect(place: Place, schema: Schema): Promise<Engine> {
  const engine = place.engine();
  await engine.open(schema);
  if ((await engine.admin.inspect()) === null) await engine.admin.apply(creationOps(schema), schema);
  return engine;
}

/** Runs `work` on a fresh database, then closes it and removes its data. */
export async function withDatabase<T>(
  target: Target,
  schema: Schema,
  work: (engine: Engine, place: Place) => Promise<T>,
): Promise<T> {
  const place = await target.place();
  try {
    const engine = await connect(place, schema);
    try {
      return await work(engine, place);
    } finally {
      await engine.close();
    }
  } finally {
    await place.dispose();
  }
}

/** A database of one describe block. */
export interface Database {
  readonly engine: Engine;
  readonly place: Place;
  readonly q: Queries;
  find(model: string, spec?: SelectionSpec, on?: Executor): Promise<readonly Doc[]>;
  /** Values of one field of the rows found. */
  pluck(model: string, field: string, spec?: SelectionSpec, on?: Executor): Promise<readonly Json[]>;
  insert(model: string, docs: readonly Doc[], on?: Executor): Promise<readonly Doc[]>;
}

type Seed = (db: Database) => Promise<void>;

class OpenDatabase implements Database {
  readonly q: Queries;
  engine!: Engine;
  place!: Place;
  readonly #target: Target;
  readonly #schema: Schema;

  constructor(target: Target, schema: Schema) {
    this.#target = target;
    this.#schema = schema;
    this.q = queries(schema);
  }

  async start(seed: Seed | undefined): Promise<void> {
    this.place = await this.#target.place();
    this.engine = await connect(this.place, this.#schema);
    await seed?.(this);
  }

  async stop(): Promise<void> {
    await this.engine?.close();
    await this.place?.dispose();
  }

  async find(model: string, spec: SelectionSpec = {}, on: Executor = this.engine): Promise<readonly Doc[]> {
    return on.find(this.q.find(model, spec));
  }

  async pluck(
    model: string,
    field: string,
    spec: SelectionSpec = {},
    on: Executor = this.engine,
  ): Promise<readonly Json[]> {
    return (await this.find(model, spec, on)).map((row) => row[field] ?? null);
  }

  async insert(model: string, docs: readonly Doc[], on: Executor = this.engine): Promise<readonly Doc[]> {
    return (await on.write(this.q.insert(model, docs, { returning: true }))).docs;
  }
}

/** One database for all tests of the describe block: for tests that only read. */
export function sharedDatabase(target: Target, schema: Schema, seed?: Seed): Database {
  const db = new OpenDatabase(target, schema);
  beforeAll(() => db.start(seed));
  afterAll(() => db.stop());
  return db;
}

/** A database for each test of the describe block. */
export function freshDatabase(target: Target, schema: Schema, seed?: Seed): Database {
  const db = new OpenDatabase(target, schema);
  beforeEach(() => db.start(seed));
  afterEach(() => db.stop());
  return db;
}

type ErrorClass = abstract new (...args: never[]) => TenonError;

/** The promise rejects with this class and code; returns the error. */
export async function rejects(
  work: Promise<unknown> | (() => Promise<unknown>),
  type: ErrorClass,
  code: string,
): Promise<TenonError> {
  const error = await (typeof work === "function" ? Promise.resolve().then(work) : work).then(
    (value) => expect.fail(`resolved with ${String(value)} where ${code} was expected`),
    (reason: unknown) => reason,
  );
  expect(error, String(error)).toBeInstanceOf(type);
  expect((error as TenonError).code).toBe(code);
  return error as TenonError;
}

export async function collect(batches: AsyncIterable<readonly Doc[]>): Promise<Doc[]> {
  const rows: Doc[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

/** All rows of every model, in key order: the whole state of a database. */
export async function wholeState(on: Executor, schema: Schema): Promise<Readonly<Record<string, readonly Doc[]>>> {
  const q = queries(schema);
  const state: Record<string, readonly Doc[]> = {};
  for (const model of schema.models.keys()) state[model] = await on.find(q.find(model) as FindQuery);
  return state;
}
