/**
 * The immutable query builder: every step gives a new one, an end runs it. Not thenable: awaiting a builder by mistake
 * gives the builder back, never runs it. Arguments are parsed at their step, so that an error names the step's line.
 *
 * A model's builder has a step per relation (`withPosts`, `withPostsCount`), defined once on a class of its own.
 */
import { InternalError, NotFoundError, QueryError } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import type { Plan } from "../engine/engine.js";
import type { CountNode, FindQuery, OrderTerm, PopulateNode, Selection } from "../query/ir.js";
import { membersOf } from "../query/members.js";
import { emptySelection, parseCount, parseDistinct, parseFields } from "../query/parse-find.js";
import { completeOrder, parseAfter, parseOrderBy, parseOrderField } from "../query/parse-order.js";
import { parseWhere } from "../query/parse-where.js";
import { allOf } from "../query/visit.js";
import type { Doc, ModelMeta, RelationMeta, Schema } from "../schema/model.js";
import { withMethod } from "../schema/naming.js";
import { checkOptions } from "./arguments.js";
import { explainQuery, streamQuery } from "./reads.js";
import type { Session } from "./session.js";
import { show } from "./show.js";

const CALL: ReadonlySet<string> = new Set(["signal"]);

/** What the steps so far say. */
interface State {
  readonly selection: Selection;
  /** Order terms as given; the key is appended at the end. */
  readonly order: readonly OrderTerm[];
  /** Parsed when the order is known. */
  readonly after: { readonly row: unknown } | null;
  readonly select: readonly string[] | null;
  readonly omit: readonly string[];
}

export class QueryBuilder {
  readonly #schema: Schema;
  readonly #meta: ModelMeta;
  /** null: the builder of a relation, which its parent runs. */
  readonly #session: Session | null;
  readonly #state: State;

  /** Made by `startQuery` and by steps. */
  constructor(schema: Schema, meta: ModelMeta, session: Session | null, state: State) {
    this.#schema = schema;
    this.#meta = meta;
    this.#session = session;
    this.#state = state;
  }

  /** ANDed with earlier filters. */
  where(where: unknown): this {
    const filter = parseWhere(this.#schema, this.#meta, where);
    return this.#select({ where: allOf([this.#state.selection.where, filter]) });
  }

  /** `("name", "desc")`, or what `findMany` takes as orderBy. Further calls order within equal rows. */
  orderBy(by: unknown, direction?: unknown): this {
    const terms =
      typeof by === "string"
        ? [parseOrderField(this.#schema, this.#meta, by, direction)]
        : parseOrderBy(this.#schema, this.#meta, by);
    return this.#with({ order: [...this.#state.order, ...terms] });
  }

  limit(count: unknown): this {
    return this.#select({ limit: parseCount(this.#schema, this.#meta, "limit", count) });
  }

  offset(count: unknown): this {
    return this.#select({ offset: parseCount(this.#schema, this.#meta, "offset", count) });
  }

  /** Rows after this one in the order; null: from the first. */
  after(row: unknown): this {
    return this.#with({ after: row === null ? null : { row } });
  }

  distinct(...fields: readonly unknown[]): this {
    return this.#select({ distinct: parseDistinct(this.#schema, this.#meta, fields) });
  }

  /** Only these fields, whatever was selected or omitted before: the rows are what the type of this step says. */
  select(...fields: readonly string[]): this {
    parseFields(this.#schema, this.#meta, { select: fields });
    return this.#with({ select: fields, omit: [] });
  }

  /** Without these fields, of those that are left; calls add up. */
  omit(...fields: readonly string[]): this {
    parseFields(this.#schema, this.#meta, { omit: fields });
    return this.#with({ omit: [...this.#state.omit, ...fields] });
  }

  async all(options?: unknown): Promise<readonly Doc[]> {
    return await this.#run(this.toQuery(), options);
  }

  async first(options?: unknown): Promise<Doc | null> {
    const query = this.toQuery();
    return (await this.#run({ ...query, limit: Math.min(query.limit ?? 1, 1) }, options))[0] ?? null;
  }

  async firstOrThrow(options?: unknown): Promise<Doc> {
    const row = await this.first(options);
    if (row === null) throw this.#none();
    return row;
  }

  /** The only row: none is a NotFoundError, several are a QueryError. */
  async one(options?: unknown): Promise<Doc> {
    const query = this.toQuery();
    const rows = await this.#run({ ...query, limit: Math.min(query.limit ?? 2, 2) }, options);
    if (rows.length > 1)
      throw new QueryError("QUERY.NOT_UNIQUE", `${this.#meta.name}: one() found more than one row`, {
        fix: "narrow the filter, or use first()",
        meta: { model: this.#meta.name },
      });
    if (rows.length === 0) throw this.#none();
    return rows[0]!;
  }

  /** How many rows `all` would give. */
  async count(options?: unknown): Promise<number> {
    const query = this.toQuery();
    if (query.distinct !== null || query.after !== null) {
      const bare: FindQuery = { ...query, fields: this.#meta.key, populate: [], counts: [] };
      return (await this.#run(bare, options)).length;
    }
    const { signal } = checkOptions(this.#schema, this.#meta, options, CALL);
    const total = await this.#bound().executor.count(this.#meta.name, query.where, { signal });
    const left = Math.max(0, total - query.offset);
    return query.limit === null ? left : Math.min(query.limit, left);
  }

  async exists(options?: unknown): Promise<boolean> {
    const query = this.toQuery();
    const bare: FindQuery = {
      ...query,
      limit: Math.min(query.limit ?? 1, 1),
      fields: this.#meta.key,
      populate: [],
      counts: [],
    };
    return (await this.#run(bare, options)).length > 0;
  }

  stream(options?: unknown): AsyncIterableIterator<Doc> {
    return streamQuery(this.#bound(), this.#meta, this.toQuery(), options);
  }

  async explain(options?: unknown): Promise<Plan> {
    return await explainQuery(this.#bound(), this.#meta, this.toQuery(), options);
  }

  /** The query as the engine gets it. */
  toQuery(): FindQuery {
    return { kind: "find", model: this.#meta.name, lock: "none", ...this.toSelection() };
  }

  toSelection(): Selection {
    const { selection, order, after, select, omit } = this.#state;
    const orderBy = completeOrder(this.#meta, order);
    return {
      ...selection,
      orderBy,
      after: after === null ? null : parseAfter(this.#schema, this.#meta, orderBy, after.row),
      fields: this.#fields(select, omit),
    };
  }

  /** Loads a relation; a second call for the same relation replaces the first. */
  static load(query: QueryBuilder, relation: RelationMeta, build: unknown): QueryBuilder {
    const selection = query.#built(relation, build, withMethod(relation.name)).toSelection();
    const node: PopulateNode = { relation: relation.name, selection };
    const others = query.#state.selection.populate.filter((other) => other.relation !== relation.name);
    return query.#select({ populate: [...others, node] });
  }

  /** Counts related rows that match, as `<relation>Count`. */
  static countOf(query: QueryBuilder, relation: RelationMeta, build: unknown): QueryBuilder {
    const { where } = query.#built(relation, build, `${withMethod(relation.name)}Count`).toSelection();
    const node: CountNode = { as: `${relation.name}Count`, relation: relation.name, where };
    const others = query.#state.selection.counts.filter((other) => other.as !== node.as);
    return query.#select({ counts: [...others, node] });
  }

  #built(relation: RelationMeta, build: unknown, step: string): QueryBuilder {
    const target = this.#schema.models.get(relation.target);
    if (target === undefined) throw new InternalError(`relation ${relation.name} has no target`);
    const empty = builderOf(this.#schema, target, null);
    if (build === undefined) return empty;
    if (typeof build !== "function")
      throw new QueryError("QUERY.INVALID_VALUE", `${this.#meta.name}: ${step} takes a function, not ${show(build)}`, {
        fix: `write ${step}((query) => query.where({ … }))`,
      });
    const built: unknown = build(empty);
    // The one that was given, or any other: what counts is what it says.
    if (built instanceof QueryBuilder && built.#meta === target) return built;
    throw new QueryError(
      "QUERY.INVALID_VALUE",
      `${this.#meta.name}: the function of ${step} must return a query of ${target.name}`,
      { fix: "return the query without an end such as all()" },
    );
  }

  #fields(select: readonly string[] | null, omit: readonly string[]): readonly string[] | null {
    if (omit.length === 0) return select === null ? null : parseFields(this.#schema, this.#meta, { select });
    const left = new Set(omit);
    const names = select ?? this.#meta.fields.map((field) => field.name);
    return parseFields(this.#schema, this.#meta, { select: names.filter((name) => !left.has(name)) });
  }

  #select(change: Partial<Selection>): this {
    return this.#with({ selection: { ...this.#state.selection, ...change } });
  }

  #with(change: Partial<State>): this {
    return new (this.constructor as typeof QueryBuilder)(this.#schema, this.#meta, this.#session, {
      ...this.#state,
      ...change,
    }) as this;
  }

  #bound(): Session {
    if (this.#session !== null) return this.#session;
    throw new QueryError("QUERY.INVALID_VALUE", `The query of a relation to ${this.#meta.name} is run by its parent`, {
      fix: "return the query itself, and end the outer one",
    });
  }

  async #run(query: FindQuery, options: unknown): Promise<readonly Doc[]> {
    const session = this.#bound();
    const { signal } = checkOptions(this.#schema, this.#meta, options, CALL);
    return await session.executor.find(query, { signal });
  }

  #none(): NotFoundError {
    return new NotFoundError(`No ${this.#meta.name} matches the query`, {
      fix: "use first(), which gives null",
      meta: { model: this.#meta.name },
    });
  }
}

const CLASSES = new WeakMap<ModelMeta, typeof QueryBuilder>();

/** A new query of the model on the session. */
export function startQuery(session: Session, meta: ModelMeta): QueryBuilder {
  return builderOf(session.catalog.schema, meta, session);
}

function builderOf(schema: Schema, meta: ModelMeta, session: Session | null): QueryBuilder {
  let Builder = CLASSES.get(meta);
  if (Builder === undefined) {
    Builder = defineSteps(meta);
    CLASSES.set(meta, Builder);
  }
  return new Builder(schema, meta, session, {
    selection: emptySelection(meta),
    order: [],
    after: null,
    select: null,
    omit: [],
  });
}

/** The class of a model's builder: its relation steps are ordinary methods of the prototype. */
function defineSteps(meta: ModelMeta): typeof QueryBuilder {
  class ModelQuery extends QueryBuilder {}
  const steps = new Map<string, (this: QueryBuilder, build?: unknown) => QueryBuilder>();
  const members = membersOf(meta);
  for (const relation of meta.relations) {
    steps.set(withMethod(relation.name), function (build) {
      return QueryBuilder.load(this, relation, build);
    });
    if (relation.arity === "many" && !members.has(`${relation.name}Count`))
      steps.set(`${withMethod(relation.name)}Count`, function (build) {
        return QueryBuilder.countOf(this, relation, build);
      });
  }
  for (const [name, value] of steps) Object.defineProperty(ModelQuery.prototype, name, { value, writable: true });
  Object.defineProperty(ModelQuery, "name", { value: `${meta.name}Query` });
  return ModelQuery;
}

/**
 * A relation step that does not exist gets an error with a suggestion instead of "is not a function". The trap stands at
 * the very end of the prototype chain, where only names that nothing defines arrive.
 */
const UNKNOWN_STEPS = new Proxy(Object.create(Object.prototype) as object, {
  get(target, name, receiver: unknown) {
    if (typeof name !== "string" || !name.startsWith("with") || !(receiver instanceof QueryBuilder))
      return Reflect.get(target, name, receiver);
    const steps: string[] = [];
    for (let layer: object = receiver; layer !== QueryBuilder.prototype; layer = Object.getPrototypeOf(layer) as object)
      steps.push(...Object.getOwnPropertyNames(layer).filter((step) => step.startsWith("with")));
    throw new QueryError("QUERY.UNKNOWN_RELATION", `A ${receiver.constructor.name} has no step "${name}"`, {
      fix: suggestion(name, steps),
      meta: { step: name },
    });
  },
});
Object.setPrototypeOf(QueryBuilder.prototype, UNKNOWN_STEPS);
