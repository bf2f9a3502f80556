/**
 * Executes the prepared nodes of a nested write inside one transaction: parents first (belongsTo), then the row, then
 * what points at it. Rows of one model that are created together go out as one insert command, level by level.
 */
import { ValidationError } from "../base/errors.js";
import type { Change, Filter, WriteCommand, WriteResult } from "../query/ir.js";
import type { CreateNode, DataPath, RelationWrite, UpdateNode } from "../query/write-plan.js";
import type { Doc, Json, ModelMeta } from "../schema/model.js";
import { modelOf } from "./catalog.js";
import { findQuery, keyFilter } from "./ir-build.js";
import type { Links, NestedRun } from "./nested-run.js";
import { complete, type Prepared, stamps } from "./prepare.js";
import { createParent, writeParent } from "./related-belongs.js";
import { createOwned, writeOwned } from "./related-has.js";
import { createLinked, writeLinked } from "./related-many.js";
import type { Session } from "./session.js";

export class NestedWrite implements NestedRun {
  readonly #session: Session;
  readonly #prepared: Prepared;
  readonly #signal: AbortSignal | undefined;

  constructor(session: Session, prepared: Prepared, signal: AbortSignal | undefined) {
    this.#session = session;
    this.#prepared = prepared;
    this.#signal = signal;
  }

  async create(meta: ModelMeta, nodes: readonly CreateNode[], links: readonly Links[]): Promise<readonly Doc[]> {
    if (nodes.length === 0) return [];
    const model = modelOf(this.#session.catalog, meta.name);
    const docs: Doc[] = [];
    for (const [index, node] of nodes.entries()) {
      let own: Links = links[index]!;
      for (const write of node.relations)
        if (write.relation.kind === "belongsTo") own = new Map([...own, ...(await createParent(this, write))]);
      docs.push(complete(model, node, this.#prepared.creates.get(node)!, own));
    }
    const command: WriteCommand = {
      kind: "insert",
      model: meta.name,
      docs,
      onConflict: { kind: "fail" },
      returning: true,
    };
    const { docs: rows } = await this.write(command);
    await this.#below(nodes, rows);
    return rows;
  }

  /** Writes what points at new rows, relation by relation over all of them. */
  async #below(nodes: readonly CreateNode[], rows: readonly Doc[]): Promise<void> {
    const byRelation = new Map<string, { write: RelationWrite; row: Doc }[]>();
    for (const [index, node] of nodes.entries()) {
      for (const write of node.relations) {
        if (write.relation.kind === "belongsTo") continue;
        const list = byRelation.get(write.relation.name) ?? [];
        list.push({ write, row: rows[index]! });
        byRelation.set(write.relation.name, list);
      }
    }
    for (const items of byRelation.values()) {
      const many = items[0]!.write.relation.kind === "manyToMany";
      await (many ? createLinked(this, items) : createOwned(this, items));
    }
  }

  async update(node: UpdateNode, where: Filter): Promise<Doc | null> {
    const changes = [...this.#prepared.updates.get(node)!.changes];
    const parents = node.relations.filter((write) => write.relation.kind === "belongsTo");
    const after: (() => Promise<void>)[] = [];
    let target = where;
    if (parents.length > 0) {
      const [row] = await this.find(node.model, where);
      if (row === undefined) return null;
      target = keyFilter(node.model, row);
      for (const write of parents) {
        const written = await writeParent(this, write, row, node.model);
        changes.push(...written.changes);
        if (written.after !== null) after.push(written.after);
      }
    }
    const row = await this.#apply(node, target, changes);
    if (row === null) return null;
    for (const work of after) await work();
    for (const write of node.relations) {
      if (write.relation.kind === "belongsTo") continue;
      await (write.relation.kind === "manyToMany" ? writeLinked(this, write, row) : writeOwned(this, write, row));
    }
    return row;
  }

  /** Nothing to change is no write, but still finds the row. */
  async #apply(node: UpdateNode, where: Filter, changes: readonly Change[]): Promise<Doc | null> {
    if (changes.length === 0) return (await this.find(node.model, where))[0] ?? null;
    const result = await this.#changeRows(node.model, where, changes, true);
    this.#check(node.model, result.docs, this.#prepared.updates.get(node)!.checked, node.path);
    return result.docs[0] ?? null;
  }

  async updateMany(node: UpdateNode, where: Filter | null): Promise<number> {
    const { changes, checked } = this.#prepared.updates.get(node)!;
    if (changes.length === 0) return 0;
    const result = await this.#changeRows(node.model, where, changes, checked !== null);
    this.#check(node.model, result.docs, checked, node.path);
    return result.count;
  }

  async change(meta: ModelMeta, where: Filter, changes: readonly Change[], path: DataPath): Promise<WriteResult> {
    const model = modelOf(this.#session.catalog, meta.name);
    const all = [...changes, ...stamps(model, this.#session.catalog)];
    const result = await this.#changeRows(meta, where, all, model.validator.hasObjectChecks);
    if (model.validator.hasObjectChecks) this.#check(meta, result.docs, [], path);
    return result;
  }

  async remove(meta: ModelMeta, where: Filter): Promise<number> {
    const result = await this.write({ kind: "delete", model: meta.name, where, limit: null, returning: false });
    return result.count;
  }

  async find(meta: ModelMeta, where: Filter): Promise<readonly Doc[]> {
    return await this.#session.executor.find(findQuery(meta, where, null, "update"), { signal: this.#signal });
  }

  model(name: string): ModelMeta {
    return modelOf(this.#session.catalog, name).meta;
  }

  async write(command: WriteCommand): Promise<WriteResult> {
    return await this.#session.write(command, this.#signal);
  }

  async #changeRows(
    meta: ModelMeta,
    where: Filter | null,
    changes: readonly Change[],
    returning: boolean,
  ): Promise<WriteResult> {
    return await this.write({ kind: "update", model: meta.name, where: where, changes, limit: null, returning });
  }

  #check(meta: ModelMeta, rows: readonly Doc[], checked: readonly string[] | null, path: DataPath): void {
    if (checked !== null) checkStored(modelOf(this.#session.catalog, meta.name).validator, meta, rows, checked, path);
  }
}

/** Validates rows as they are now stored. Throws ValidationError; the transaction around it must be rolled back. */
export function checkStored(
  validator: { stored(doc: Doc, fields: readonly string[]): ConstructorParameters<typeof ValidationError>[1] },
  meta: ModelMeta,
  rows: readonly Doc[],
  fields: readonly string[],
  path: DataPath,
): void {
  for (const row of rows) {
    const issues = validator.stored(row, fields);
    if (issues.length === 0) continue;
    const placed = issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
    const key: Record<string, Json> = Object.fromEntries(meta.key.map((name) => [name, row[name] ?? null]));
    throw new ValidationError(meta.name, placed, { meta: { key } });
  }
}
