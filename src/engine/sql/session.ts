/**
 * Runs IR commands on one connection of a SQL database. Engines differ in how they get connections and in their dialect;
 * everything between a command and its rows is here.
 */
import { checkAborted } from "../../base/abort.js";
import { compileChanges } from "../../query/apply-changes.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import { referenceAggregate } from "../../query/reference-aggregate.js";
import { compareValues } from "../../query/semantics.js";
import type { Doc, Json, ModelMeta, Schema } from "../../schema/model.js";
import { compileAggregate, compileCount } from "./compile-aggregate.js";
import { compileFind } from "./compile-find.js";
import {
  compileDelete,
  compileInsert,
  compileReplace,
  compileUpdate,
  decodeWritten,
  rowsPerStatement,
} from "./compile-write.js";
import type { Dialect } from "./dialect.js";
import { modelNamed } from "./scope.js";
import type { Statement } from "./sql.js";
import { wholeDocs } from "./whole-docs.js";

/** One connection; statements run one after the other. Rows are arrays of values. */
export interface SqlConnection {
  query(statement: Statement, signal?: AbortSignal): Promise<readonly (readonly unknown[])[]>;
  /** Batches of at most `batch` rows. */
  stream(
    statement: Statement,
    batch: number,
    signal?: AbortSignal,
  ): AsyncIterableIterator<readonly (readonly unknown[])[]>;
}

export interface SessionContext {
  readonly dialect: Dialect;
  readonly schema: Schema;
  readonly parameterLimit: number;
  /** The typed error for a driver's error. `docs`: the documents that were being written. */
  explainError(error: unknown, command: WriteCommand | null, docs: readonly Doc[]): Promise<Error>;
  /** Around every statement of a write, for databases in which a failed statement ends the transaction. */
  readonly beforeWrite?: () => Promise<void>;
  readonly afterWrite?: () => Promise<void>;
  /** After rows with explicit auto-increment keys: the counter must not give them again. */
  advanceSequence(connection: SqlConnection, model: ModelMeta): Promise<void>;
}

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
    const compiled = compileFind(this.#context.dialect, this.#context.schema, query);
    return compiled.decode(await this.#run(compiled.statement, null, [], signal));
  }

  async *stream(query: FindQuery, batch: number, signal?: AbortSignal): AsyncIterableIterator<readonly Doc[]> {
    if (query.limit === 0) return;
    const compiled = compileFind(this.#context.dialect, this.#context.schema, query);
    if (!compiled.sliced) {
      const docs = compiled.decode(await this.#run(compiled.statement, null, [], signal));
      for (let start = 0; start < docs.length; start += batch) yield docs.slice(start, start + batch);
      return;
    }
    for await (const rows of this.#connection.stream(compiled.statement, batch, signal)) yield compiled.decode(rows);
  }

  async aggregate(query: AggregateQuery, signal?: AbortSignal): Promise<readonly Doc[]> {
    const { dialect, schema } = this.#context;
    const compiled = compileAggregate(dialect, schema, query);
    if (compiled !== null) return compiled.decode(await this.#run(compiled.statement, null, [], signal));
    const docs = await this.find(wholeDocs(modelNamed(schema, query.model), query.where, null), signal);
    return referenceAggregate({ schema, docs: () => docs }, { ...query, where: null });
  }

  async count(model: string, where: Filter | null, signal?: AbortSignal): Promise<number> {
    const { dialect, schema } = this.#context;
    const statement = compileCount(dialect, schema, model, where);
    if (statement === null) return (await this.find(wholeDocs(modelNamed(schema, model), where, null), signal)).length;
    const [row] = await this.#run(statement, null, [], signal);
    return Number(row?.[0] ?? 0);
  }

  async write(command: WriteCommand, signal?: AbortSignal): Promise<WriteResult> {
    if (command.kind === "insert") return this.#insert(command, signal);
    return command.kind === "update" ? this.#update(command, signal) : this.#delete(command, signal);
  }

  async #insert(command: Extract<WriteCommand, { kind: "insert" }>, signal?: AbortSignal): Promise<WriteResult> {
    const { dialect, schema, parameterLimit } = this.#context;
    const model = modelNamed(schema, command.model);
    const [key] = model.key;
    const hasKey = (doc: Doc) => key !== undefined && doc[key] !== undefined && doc[key] !== null;
    const most = rowsPerStatement(model, parameterLimit);
    const written: Doc[] = [];
    let explicit = false;
    for (let start = 0; start < command.docs.length; ) {
      const withKey = hasKey(command.docs[start]!);
      let end = start + 1;
      while (end < command.docs.length && end - start < most && hasKey(command.docs[end]!) === withKey) end++;
      const docs = command.docs.slice(start, end);
      const rows = await this.#run(
        compileInsert(dialect, model, docs, withKey, command.onConflict.kind === "skip"),
        command,
        docs,
        signal,
      );
      for (const row of rows) written.push(decodeWritten(dialect, model, row));
      explicit ||= withKey;
      start = end;
    }
    if (explicit && model.keyGeneration === "increment") await this.#context.advanceSequence(this.#connection, model);
    return { count: written.length, docs: command.returning ? written : [] };
  }

  async #update(command: Extract<WriteCommand, { kind: "update" }>, signal?: AbortSignal): Promise<WriteResult> {
    const { dialect, schema } = this.#context;
    const model = modelNamed(schema, command.model);
    const statement = compileUpdate(dialect, schema, command);
    if (statement !== null) {
      const rows = await this.#run(statement, command, [], signal);
      return {
        count: rows.length,
        docs: command.returning ? rows.map((row) => decodeWritten(dialect, model, row)).sort(byKey(model)) : [],
      };
    }
    const before = await this.find(wholeDocs(model, command.where, command.limit), signal);
    const after = before.map(compileChanges(model, command.changes));
    for (const doc of after) await this.#run(compileReplace(dialect, model, doc), command, [doc], signal);
    return { count: after.length, docs: command.returning ? after : [] };
  }

  async #delete(command: Extract<WriteCommand, { kind: "delete" }>, signal?: AbortSignal): Promise<WriteResult> {
    const { dialect, schema } = this.#context;
    const model = modelNamed(schema, command.model);
    const direct = cascadesToItself(schema, model) ? null : compileDelete(dialect, schema, command);
    if (direct === null) {
      const docs = await this.find(wholeDocs(model, command.where, command.limit), signal);
      const byKeys = compileDelete(dialect, schema, { ...command, where: keyFilter(model, docs), limit: null });
      if (docs.length > 0 && byKeys !== null) await this.#run(byKeys, command, [], signal);
      return { count: docs.length, docs: command.returning ? docs : [] };
    }
    const rows = await this.#run(direct, command, [], signal);
    return {
      count: rows.length,
      docs: command.returning ? rows.map((row) => decodeWritten(dialect, model, row)).sort(byKey(model)) : [],
    };
  }

  async #run(
    statement: Statement,
    command: WriteCommand | null,
    docs: readonly Doc[],
    signal: AbortSignal | undefined,
  ) {
    checkAborted(signal);
    const { beforeWrite, afterWrite, explainError } = this.#context;
    if (command !== null) await beforeWrite?.();
    let rows: readonly (readonly unknown[])[];
    try {
      rows = await this.#connection.query(statement, signal);
    } catch (error) {
      throw await explainError(error, command, docs);
    }
    if (command !== null) await afterWrite?.();
    return rows;
  }
}

/** Whether deleting a row can delete others of the same model: then the database does not say which were named and which reached. */
function cascadesToItself(schema: Schema, model: ModelMeta): boolean {
  const seen = new Set<string>();
  const queue = [model.name];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const child of schema.models.values()) {
      const reached = child.relations.some(
        (relation) => relation.kind === "belongsTo" && relation.onDelete === "cascade" && relation.target === name,
      );
      if (!reached || seen.has(child.name)) continue;
      if (child.name === model.name) return true;
      seen.add(child.name);
      queue.push(child.name);
    }
  }
  return false;
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
