/**
 * Runs IR commands on one connection of a SQL database. Engines differ in how they get connections and in their dialect;
 * everything between a command and its rows is here.
 */
import { checkAborted } from "../../base/abort.js";
import { invariant } from "../../base/assert.js";
import { compileChanges } from "../../query/apply-changes.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import { referenceAggregate } from "../../query/reference-aggregate.js";
import { compareValues } from "../../query/semantics.js";
import { collectKinds } from "../../query/visit.js";
import type { Doc, Json, ModelMeta } from "../../schema/model.js";
import { foreignKeyName } from "./compile-ddl.js";
import { rowsPerStatement } from "./compile-insert.js";
import { compileReplace, countedFields, writtenReader } from "./compile-write.js";
import type { Compiler } from "./compiler.js";
import { cascade, childProblem } from "./diagnose-children.js";
import type { Find } from "./lookup.js";
import { writingSteps } from "./row-order.js";
import { checkedLast, deleteComesBack, type Edge, emptiesOnTheWay, movedBy } from "./settling.js";
import type { Statement } from "./sql.js";
import { wholeDocs } from "./whole-docs.js";

type Rows = readonly (readonly unknown[])[];

/**
 * One connection; statements run one after the other. Rows are arrays of values. What is known at once is given at once:
 * a promise would cost a database in this process as much as its answer.
 */
export interface SqlConnection {
  query(statement: Statement, signal?: AbortSignal): Rows | Promise<Rows>;
  /** A statement that gives no rows: how many it wrote. */
  execute(statement: Statement, signal?: AbortSignal): number | Promise<number>;
  /** Batches of at most `batch` rows. */
  stream(
    statement: Statement,
    batch: number,
    signal?: AbortSignal,
  ): AsyncIterableIterator<readonly (readonly unknown[])[]>;
}

export interface SessionContext {
  readonly compiler: Compiler;
  /** The typed error for a driver's error. */
  explainError(error: unknown, tried: Tried | null): Promise<Error>;
  /** Before every statement of a write, for databases in which a failed statement ends the transaction. */
  readonly beforeWrite?: () => Promise<void>;
  /** Where a transaction's statements see different moments: how a statement locks the rows that it reads, so that what is written after them rests on what they hold. */
  readonly toWrite?: (statement: Statement) => Statement;
  /** Runs a write with the checks of these foreign keys put off to its end. What it throws is typed. */
  readonly checkLast: (
    constraints: readonly string[],
    tried: Tried,
    work: () => Promise<WriteResult>,
  ) => Promise<WriteResult>;
  /** After rows with explicit auto-increment keys: the counter must not give them again. */
  advanceSequence(connection: SqlConnection, model: ModelMeta): Promise<void>;
}

/** A write that was refused: the documents it was about to write, and for rows written one by one all of them before it. */
export interface Tried {
  readonly command: WriteCommand;
  readonly docs: readonly Doc[];
  readonly before?: readonly Doc[];
}

type Command<K extends WriteCommand["kind"]> = Extract<WriteCommand, { kind: K }>;

function byKey(model: ModelMeta) {
  return (a: Doc, b: Doc) => {
    for (const name of model.key) {
      const order = compareValues(a[name], b[name]);
      if (order !== 0) return order;
    }
    return 0;
  };
}

export class SqlSession {
  readonly #connection: SqlConnection;
  readonly #context: SessionContext;

  constructor(connection: SqlConnection, context: SessionContext) {
    this.#connection = connection;
    this.#context = context;
  }

  async find(query: FindQuery, signal?: AbortSignal): Promise<readonly Doc[]> {
    if (query.limit === 0) return [];
    checkAborted(signal);
    const { compiled, statement } = this.#context.compiler.find(query);
    let rows: Rows;
    try {
      const answer = this.#connection.query(statement, signal);
      rows = answer instanceof Promise ? await answer : answer;
    } catch (error) {
      throw await this.#context.explainError(error, null);
    }
    return compiled.decode(rows);
  }

  async *stream(query: FindQuery, batch: number, signal?: AbortSignal): AsyncIterableIterator<readonly Doc[]> {
    if (query.limit === 0) return;
    const { compiled, statement } = this.#context.compiler.find(query, true);
    if (!compiled.sliced) {
      const docs = compiled.decode(await this.#query(statement, signal));
      for (let start = 0; start < docs.length; start += batch) yield docs.slice(start, start + batch);
      return;
    }
    try {
      for await (const rows of this.#connection.stream(statement, batch, signal)) yield compiled.decode(rows);
    } catch (error) {
      throw await this.#context.explainError(error, null);
    }
  }

  async aggregate(query: AggregateQuery, signal?: AbortSignal): Promise<readonly Doc[]> {
    const { compiler } = this.#context;
    const ready = compiler.aggregate(query);
    if (ready !== null) return ready.compiled.decode(await this.#query(ready.statement, signal));
    const docs = await this.find(wholeDocs(compiler.model(query.model), query.where, null), signal);
    return referenceAggregate({ schema: compiler.schema, docs: () => docs }, { ...query, where: null });
  }

  async count(model: string, where: Filter | null, signal?: AbortSignal): Promise<number> {
    const { compiler } = this.#context;
    const statement = compiler.count(model, where);
    if (statement === null) return (await this.find(wholeDocs(compiler.model(model), where, null), signal)).length;
    const [row] = await this.#query(statement, signal);
    return Number(row?.[0] ?? 0);
  }

  async write(command: WriteCommand, signal?: AbortSignal): Promise<WriteResult> {
    if (command.kind === "insert") return this.#insert(command, signal);
    return command.kind === "update" ? this.#update(command, signal) : this.#delete(command, signal);
  }

  async #insert(command: Command<"insert">, signal?: AbortSignal): Promise<WriteResult> {
    const { compiler } = this.#context;
    const model = compiler.model(command.model);
    const [key] = model.key;
    const hasKey = (doc: Doc) => key !== undefined && doc[key] !== undefined && doc[key] !== null;
    const read = writtenReader(compiler.dialect, model);
    const skip = command.onConflict.kind === "skip";
    const most = rowsPerStatement(model, compiler.dialect.parameterLimit);
    const written: Doc[] = [];
    let count = 0;
    for (let start = 0; start < command.docs.length; ) {
      const withKey = hasKey(command.docs[start]!);
      let end = start + 1;
      while (end < command.docs.length && end - start < most && hasKey(command.docs[end]!) === withKey) end++;
      const docs = command.docs.slice(start, end);
      const statement = compiler.insert(model, docs, { withKey, skip, returning: command.returning }, most);
      if (command.returning) {
        for (const row of await this.#write(statement, { command, docs }, signal)) written.push(read(row));
      } else count += await this.#execute(statement, { command, docs }, signal);
      // At once: rows after these may need the next number.
      if (withKey && model.keyGeneration === "increment") await this.#context.advanceSequence(this.#connection, model);
      start = end;
    }
    return { count: command.returning ? written.length : count, docs: written };
  }

  async #update(command: Command<"update">, signal?: AbortSignal): Promise<WriteResult> {
    const { compiler } = this.#context;
    const model = compiler.model(command.model);
    // Refuses what no row can take, however many rows there are.
    const change = compileChanges(model, command.changes);
    const statement = this.#chooses(command) ? null : compiler.update(command, command.returning);
    if (statement !== null) return this.#direct(statement, command, model, signal);
    const before = await this.#findToWrite(model, command, signal);
    const after = before.map(change);
    const moved = after.length < 2 ? [] : movedBy(compiler.schema, model, command.changes);
    const tried = { command, docs: after, before };
    return this.#checkedLast(moved, tried, async () => {
      for (const doc of writingSteps(model, before, after))
        await this.#execute(compileReplace(compiler.dialect, model, doc), tried, signal);
      return { count: after.length, docs: command.returning ? after : [] };
    });
  }

  async #delete(command: Command<"delete">, signal?: AbortSignal): Promise<WriteResult> {
    const { compiler } = this.#context;
    const model = compiler.model(command.model);
    if (!compiler.dialect.checksLast && emptiesOnTheWay(compiler.schema, model))
      return this.#removeFromTheEnd(command, model, signal);
    const last = compiler.dialect.checksLast ? checkedLast(compiler.schema, model) : [];
    return this.#checkedLast(last, { command, docs: [] }, () => this.#remove(command, model, signal));
  }

  /** Row by row as the cascades go, the last ones first: what the database empties on its way is gone by then. */
  async #removeFromTheEnd(
    command: Command<"delete">,
    model: ModelMeta,
    signal: AbortSignal | undefined,
  ): Promise<WriteResult> {
    const { compiler } = this.#context;
    const find: Find = (query) => this.find(query, signal);
    const docs = await this.#findToWrite(model, command, signal);
    const written = { before: docs, after: [] };
    const violation = await childProblem(find, compiler.schema, model, command, written);
    if (violation !== null) throw violation;
    const changed = await cascade(find, compiler.schema, model, docs);
    const tried = { command, docs: [], before: docs };
    return this.#context.checkLast([], tried, async () => {
      for (const { model: name, rows } of changed.gone()) {
        const where = keyFilter(compiler.model(name), rows);
        const statement = compiler.delete({ kind: "delete", model: name, where, limit: null, returning: false }, false);
        invariant(statement !== null, "keys are compared by the database");
        if (rows.length > 0) await this.#execute(statement, tried, signal);
      }
      return { count: docs.length, docs: command.returning ? docs : [] };
    });
  }

  #checkedLast(edges: readonly Edge[], tried: Tried, work: () => Promise<WriteResult>): Promise<WriteResult> {
    if (edges.length === 0) return work();
    const names = edges.map(({ child, relation }) => foreignKeyName(child, relation));
    return this.#context.checkLast(names, tried, work);
  }

  async #remove(command: Command<"delete">, model: ModelMeta, signal?: AbortSignal): Promise<WriteResult> {
    const { compiler } = this.#context;
    const inSteps = this.#chooses(command) || deleteComesBack(compiler.schema, model);
    const direct = inSteps ? null : compiler.delete(command, command.returning);
    if (direct !== null) return this.#direct(direct, command, model, signal);
    const docs = await this.#findToWrite(model, command, signal);
    const byKeys = compiler.delete({ ...command, where: keyFilter(model, docs), limit: null }, false);
    invariant(byKeys !== null, "keys are compared by the database");
    if (docs.length > 0) await this.#execute(byKeys, { command, docs: [] }, signal);
    return { count: docs.length, docs: command.returning ? docs : [] };
  }

  /** Chooses some of the rows that match: two at once must not choose the same. */
  #chooses({ limit }: Command<"update" | "delete">): boolean {
    return limit !== null && this.#context.toWrite !== undefined;
  }

  async #findToWrite(
    model: ModelMeta,
    { where, limit }: Command<"update" | "delete">,
    signal: AbortSignal | undefined,
  ): Promise<readonly Doc[]> {
    const query = wholeDocs(model, where, limit);
    const { toWrite } = this.#context;
    if (toWrite === undefined) return this.find(query, signal);
    const { compiled, statement } = this.#context.compiler.find(query);
    return compiled.decode(await this.#query(toWrite(statement), signal));
  }

  async #direct(
    statement: Statement,
    command: Command<"update" | "delete">,
    model: ModelMeta,
    signal: AbortSignal | undefined,
  ): Promise<WriteResult> {
    const { dialect } = this.#context.compiler;
    const counted = command.kind === "update" ? countedFields(model, command.changes) : [];
    if (!command.returning && counted.length === 0)
      return { count: await this.#execute(statement, { command, docs: [] }, signal), docs: [] };
    const rows = await this.#write(statement, { command, docs: [] }, signal);
    if (!command.returning) {
      if (command.kind === "update") checkCounted(model, command, rows);
      return { count: rows.length, docs: [] };
    }
    if (command.kind === "update") {
      const at = counted.map((field) => model.fields.indexOf(field));
      checkCounted(model, command, at.length === 0 ? [] : rows.map((row) => at.map((index) => row[index])));
    }
    return { count: rows.length, docs: rows.map(writtenReader(dialect, model)).sort(byKey(model)) };
  }

  async #query(statement: Statement, signal: AbortSignal | undefined): Promise<Rows> {
    checkAborted(signal);
    try {
      return await this.#connection.query(statement, signal);
    } catch (error) {
      throw await this.#context.explainError(error, null);
    }
  }

  async #write(statement: Statement, tried: Tried, signal: AbortSignal | undefined) {
    checkAborted(signal);
    try {
      await this.#context.beforeWrite?.();
      return await this.#connection.query(statement, signal);
    } catch (error) {
      throw await this.#context.explainError(error, tried);
    }
  }

  async #execute(statement: Statement, tried: Tried, signal: AbortSignal | undefined) {
    checkAborted(signal);
    try {
      await this.#context.beforeWrite?.();
      return await this.#connection.execute(statement, signal);
    } catch (error) {
      throw await this.#context.explainError(error, tried);
    }
  }
}

/** Sums that the statement made must be exact; the error is the one that computing them here gives. */
function checkCounted(model: ModelMeta, command: Command<"update">, rows: readonly (readonly unknown[])[]): void {
  const changes = command.changes.filter(({ op }) => op === "inc");
  for (const row of rows) {
    changes.forEach((change, index) => {
      const sum = Number(row[index]);
      if (Number.isSafeInteger(sum)) return;
      const before = sum - (change.value as number);
      compileChanges(model, [change])({ [change.path[0]!]: before });
    });
  }
}

/** Whether a lone statement of the database is the whole command, so that it needs no transaction around it. */
export function isOneStatement(compiler: Compiler, command: WriteCommand): boolean {
  const model = compiler.model(command.model);
  if (command.kind === "insert") {
    const explicit =
      model.keyGeneration === "increment" && command.docs.some((doc) => (doc[model.key[0]!] ?? null) !== null);
    return !explicit && command.docs.length <= rowsPerStatement(model, compiler.dialect.parameterLimit);
  }
  if (command.limit !== null || looksElsewhere(command.where)) return false;
  if (command.kind === "delete") {
    const { schema } = compiler;
    if (checkedLast(schema, model).length > 0 || deleteComesBack(schema, model) || emptiesOnTheWay(schema, model))
      return false;
    return compiler.delete(command, command.returning) !== null;
  }
  return (
    countedFields(
      model,
      command.changes.filter(({ path }) => path.length === 1),
    ).length === 0 && compiler.update(command, command.returning) !== null
  );
}

/** A condition on other rows than the one at hand: it must see one moment. */
function looksElsewhere(filter: Filter | null): boolean {
  return filter !== null && collectKinds(filter).has("related");
}

/** The rows with the keys of these documents. */
export function keyFilter(model: ModelMeta, docs: readonly Doc[]): Filter {
  const [only] = model.key;
  if (model.key.length === 1 && only !== undefined)
    return { kind: "in", path: [only], values: docs.map((doc) => doc[only] as Json) };
  return {
    kind: "or",
    filters: docs.map((doc) => ({
      kind: "and",
      filters: model.key.map((name) => ({ kind: "compare", path: [name], op: "eq", value: doc[name] as Json })),
    })),
  };
}
