/**
 * What users hold when they work without generated code: the same objects, with rows and arguments untyped. Generated
 * declarations describe them model by model.
 */
import type { ExplainOptions, Plan } from "../engine/engine.js";
import type { TransactionOptions } from "./transaction.js";

/** A row whose model is not known to the compiler. */
export type UntypedRow = Readonly<Record<string, unknown>>;
/** Arguments that only the run time checks. */
export type UntypedArgs = Readonly<Record<string, unknown>>;

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}
interface StreamCall extends Cancel {
  readonly batch?: number | undefined;
}

export interface ManyResult {
  readonly count: number;
  /** With `returning: true`. */
  readonly rows?: readonly UntypedRow[];
}

export interface UntypedRepository {
  findById(id: unknown, args?: UntypedArgs): Promise<UntypedRow | null>;
  findByIdOrThrow(id: unknown, args?: UntypedArgs): Promise<UntypedRow>;
  findUnique(args: UntypedArgs): Promise<UntypedRow | null>;
  findUniqueOrThrow(args: UntypedArgs): Promise<UntypedRow>;
  findFirst(args?: UntypedArgs): Promise<UntypedRow | null>;
  findFirstOrThrow(args?: UntypedArgs): Promise<UntypedRow>;
  findMany(args?: UntypedArgs): Promise<readonly UntypedRow[]>;
  stream(args?: UntypedArgs, options?: StreamCall): AsyncIterable<UntypedRow>;
  exists(where?: UntypedArgs, options?: Cancel): Promise<boolean>;
  count(where?: UntypedArgs, options?: Cancel): Promise<number>;
  aggregate(args: UntypedArgs): Promise<UntypedRow>;
  groupBy(args: UntypedArgs): Promise<readonly UntypedRow[]>;
  explain(args?: UntypedArgs, options?: ExplainOptions): Promise<Plan>;
  create(args: UntypedArgs): Promise<UntypedRow>;
  createMany(args: UntypedArgs): Promise<ManyResult>;
  update(args: UntypedArgs): Promise<UntypedRow>;
  updateMany(args: UntypedArgs): Promise<ManyResult>;
  upsert(args: UntypedArgs): Promise<UntypedRow>;
  delete(args: UntypedArgs): Promise<UntypedRow>;
  deleteMany(args: UntypedArgs): Promise<ManyResult>;
  query(): UntypedQuery;
  where(where: UntypedArgs): UntypedQuery;
}

/** Steps give a new query; ends run it. `withPosts(…)` and `withPostsCount(…)` exist per relation, by name. */
export interface UntypedQuery {
  where(where: UntypedArgs): UntypedQuery;
  orderBy(by: string | UntypedArgs | readonly UntypedArgs[], direction?: unknown): UntypedQuery;
  limit(count: number): UntypedQuery;
  offset(count: number): UntypedQuery;
  after(row: UntypedRow | null): UntypedQuery;
  distinct(...fields: readonly string[]): UntypedQuery;
  select(...fields: readonly string[]): UntypedQuery;
  omit(...fields: readonly string[]): UntypedQuery;
  all(options?: Cancel): Promise<readonly UntypedRow[]>;
  first(options?: Cancel): Promise<UntypedRow | null>;
  firstOrThrow(options?: Cancel): Promise<UntypedRow>;
  one(options?: Cancel): Promise<UntypedRow>;
  count(options?: Cancel): Promise<number>;
  exists(options?: Cancel): Promise<boolean>;
  stream(options?: StreamCall): AsyncIterable<UntypedRow>;
  explain(options?: ExplainOptions): Promise<Plan>;
}

type Relational = { readonly [step: `with${string}`]: (build?: (query: RelatedQuery) => UntypedQuery) => RelatedQuery };
/** A query with its relation steps. */
export type RelatedQuery = UntypedQuery & Relational;

/** Members of a client or transaction by collection name. */
export type Repositories<Names extends string = string> = { readonly [Name in Names]: UntypedRepository };

export interface TransactionMethods<Tx> {
  /** A nested transaction: a savepoint. Rolled back when `work` rejects; the outer one goes on. */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/** A transaction begun by hand. Leaving the scope of `await using` rolls back what is not committed. */
export interface OpenTransaction extends AsyncDisposable {
  commit(options?: Cancel): Promise<void>;
  rollback(): Promise<void>;
}

export interface ClientMethods<Tx> extends AsyncDisposable {
  /** Runs `work` in a transaction: commits when it resolves, rolls back when it rejects, runs again after a conflict. */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  begin(options?: TransactionOptions): Promise<Tx & OpenTransaction>;
  /** Waits for commits under way and closes the engine. */
  close(): Promise<void>;
}

/** A transaction of a client without generated code. */
export type DynamicTransaction<Names extends string = string> = TransactionMethods<DynamicTransaction<Names>> &
  Repositories<Names>;
/** A client without generated code: `createClient<"users" | "posts">({ models, engine })`. */
export type DynamicClient<Names extends string = string> = ClientMethods<DynamicTransaction<Names>> &
  Repositories<Names>;
