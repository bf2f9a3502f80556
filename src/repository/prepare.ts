/**
 * Validation of a whole write before anything is written: every CreateNode becomes a document, every UpdateNode a list of
 * changes, and all issues, nested ones included, end up in one list. zod sees each create once.
 *
 * A foreign key whose value is known only when the parent is inserted (auto-increment keys) is validated with a stand-in
 * of its type and put in later; only when the model has rules about the object as a whole is it validated again then.
 */
import { ValidationError, type ValidationIssue } from "../base/errors.js";
import type { Change } from "../query/ir.js";
import type { CreateNode, DataPath, RelationWrite, UpdateNode } from "../query/write-plan.js";
import type { Doc, FieldType, Json } from "../schema/model.js";
import { type Catalog, type Model, modelOf } from "./catalog.js";

export interface PreparedCreate {
  readonly doc: Doc;
  /** Foreign keys that stand in until the parent is written. */
  readonly pending: readonly string[];
  /** What to validate again when they are known or turn out to be others; null: the model has no rules of its own. */
  readonly recheck: Readonly<Record<string, unknown>> | null;
}

export interface PreparedUpdate {
  readonly changes: readonly Change[];
  /** Fields to validate as stored, after the write; null: nothing to check. */
  readonly checked: readonly string[] | null;
}

/** The validated form of every node of one write. */
export interface Prepared {
  readonly creates: ReadonlyMap<CreateNode, PreparedCreate>;
  readonly updates: ReadonlyMap<UpdateNode, PreparedUpdate>;
}

/** Values of foreign keys; undefined: not known before the write. */
type Links = ReadonlyMap<string, Json | undefined>;

const NO_LINKS: Links = new Map();
const NONE_PENDING: readonly string[] = Object.freeze([]);
const EMPTY_DOC: Doc = Object.freeze({});

export class Preparation implements Prepared {
  readonly creates = new Map<CreateNode, PreparedCreate>();
  readonly updates = new Map<UpdateNode, PreparedUpdate>();
  readonly #catalog: Catalog;
  readonly #issues: ValidationIssue[];

  /** `issues`: those that parsing found; more are added. */
  constructor(catalog: Catalog, issues: ValidationIssue[]) {
    this.#catalog = catalog;
    this.#issues = issues;
  }

  /** Throws everything that was found, as one error. */
  done(model: string): this {
    if (this.#issues.length > 0) throw new ValidationError(model, this.#issues);
    return this;
  }

  /** A row of fields only, of many: the document alone is needed. */
  row(model: Model, values: Readonly<Record<string, unknown>>, index: number): Doc {
    const result = model.validator.create(values);
    if (result.ok) return generate(model, result.value);
    this.#report(result.issues, [index]);
    return EMPTY_DOC;
  }

  create(node: CreateNode, links: Links = NO_LINKS): PreparedCreate {
    const model = modelOf(this.#catalog, node.model.name);
    const own = node.relations.length === 0 ? links : this.#parents(node, links);
    const prepared = this.#document(model, node, own);
    this.creates.set(node, prepared);
    if (node.relations.length > 0) {
      const known = this.#known(model, prepared);
      for (const write of node.relations) if (write.relation.kind !== "belongsTo") this.#children(write, known);
    }
    return prepared;
  }

  update(node: UpdateNode): void {
    const model = modelOf(this.#catalog, node.model.name);
    const changes: Change[] = [];
    const given = new Set(node.sets.map((set) => set.field));
    for (const { field, value } of node.sets) {
      const result = model.validator.field(field, value);
      if (result.ok) changes.push({ path: [field], op: "set", value: result.value });
      else this.#report(result.issues, node.path);
    }
    changes.push(...node.changes, ...stamps(model, this.#catalog, given));
    const atomic = node.checked.filter((field) => model.validator.hasChecks(field));
    const checked = atomic.length > 0 || model.validator.hasObjectChecks ? atomic : null;
    this.updates.set(node, { changes, checked });
    for (const write of node.relations) {
      if (write.relation.kind === "belongsTo") this.#parent(write);
      else this.#children(write, NO_LINKS);
    }
  }

  #parents(node: CreateNode, links: Links): Links {
    const own = new Map(links);
    for (const write of node.relations) {
      if (write.relation.kind !== "belongsTo") continue;
      const values = this.#parent(write);
      for (const [index, field] of write.relation.from.entries()) own.set(field, values(write.relation.to[index]!));
    }
    return own;
  }

  /** Prepares what a belongsTo creates; the function tells the parent's values as far as they are known. */
  #parent(write: RelationWrite): (field: string) => Json | undefined {
    for (const item of write.update) this.update(item.data);
    for (const item of write.upsert) {
      this.update(item.update);
      this.create(item.create);
    }
    for (const item of write.connectOrCreate) this.create(item.create);
    const created = write.create.map((node) => this.#known(modelOf(this.#catalog, node.model.name), this.create(node)));
    const first = created[0];
    if (first !== undefined) return (field) => first.get(field);
    const target = write.connect[0];
    return (field) => target?.equals.get(field);
  }

  #children(write: RelationWrite, parent: Links): void {
    const { relation } = write;
    const links = new Map<string, Json | undefined>();
    if (relation.through === null)
      for (const [index, field] of relation.to.entries()) links.set(field, parent.get(relation.from[index]!));
    for (const item of [...write.update, ...write.updateMany]) this.update(item.data);
    for (const item of write.upsert) {
      this.update(item.update);
      this.#child(write, item.create, links, parent);
    }
    for (const node of write.create) this.#child(write, node, links, parent);
    for (const item of write.connectOrCreate) this.#child(write, item.create, links, parent);
    for (const target of [...write.connect, ...(write.set ?? [])])
      if (target.through !== null) this.#through(write, target.through, parent, target.equals);
  }

  #child(write: RelationWrite, node: CreateNode, links: Links, parent: Links): void {
    const prepared = this.create(node, links);
    if (node.through === null) return;
    this.#through(write, node.through, parent, this.#known(modelOf(this.#catalog, node.model.name), prepared));
  }

  #through(write: RelationWrite, node: CreateNode, parent: Links, target: Links): void {
    const { relation } = write;
    const link = relation.through!;
    const links = new Map<string, Json | undefined>();
    for (const [index, field] of link.from.entries()) links.set(field, parent.get(relation.from[index]!));
    for (const [index, field] of link.to.entries()) links.set(field, target.get(relation.to[index]!));
    this.create(node, links);
  }

  #document(model: Model, node: CreateNode, links: Links): PreparedCreate {
    let input: Readonly<Record<string, unknown>> = node.values;
    let pending: readonly string[] = NONE_PENDING;
    if (links.size > 0) {
      const linked: Record<string, unknown> = { ...node.values };
      for (const [field, value] of links) linked[field] = value === undefined ? standIn(model, field) : value;
      input = linked;
      pending = [...links.keys()].filter((field) => links.get(field) === undefined);
    }
    const result = model.validator.create(input);
    const again = links.size > 0 && model.validator.hasObjectChecks;
    if (result.ok) return { doc: generate(model, result.value), pending, recheck: again ? input : null };
    // What a stand-in is told says nothing about the real value.
    const real = result.issues.filter(
      (issue) => !pending.includes(String(issue.path[0])) && !(again && issue.path.length === 0),
    );
    this.#report(real, node.path);
    return { doc: EMPTY_DOC, pending, recheck: input };
  }

  /** Values of a document that are certain before the write. */
  #known(model: Model, prepared: PreparedCreate): Links {
    const known = new Map<string, Json | undefined>();
    for (const name of model.fields.keys()) if (!prepared.pending.includes(name)) known.set(name, prepared.doc[name]);
    return known;
  }

  #report(issues: readonly ValidationIssue[], path: DataPath): void {
    for (const issue of issues)
      this.#issues.push(path.length === 0 ? issue : { ...issue, path: [...path, ...issue.path] });
  }
}

/** Puts in the key, timestamps and version that the data did not give. The engine stores fields in the model's order. */
function generate(model: Model, doc: Doc, before: Doc = EMPTY_DOC): Doc {
  // The validator's result is a new object, and nobody else's yet.
  const target = doc as Record<string, Json>;
  for (const { field, make } of model.generated)
    if (target[field] === undefined) target[field] = before[field] ?? make();
  return doc;
}

/**
 * The document with its foreign keys in place: those that stood in, and those that turned out to be others (an existing
 * record was connected where a new one was prepared). Throws ValidationError when the model's own rules refuse it now.
 */
export function complete(
  model: Model,
  node: CreateNode,
  prepared: PreparedCreate,
  links: ReadonlyMap<string, Json>,
): Doc {
  const changed: [string, Json][] = [];
  for (const field of prepared.pending) if (!links.has(field)) changed.push([field, null]);
  for (const entry of links) if (prepared.doc[entry[0]] !== entry[1]) changed.push(entry);
  if (changed.length === 0) return prepared.doc;
  const values: Readonly<Record<string, Json>> = Object.fromEntries(changed);
  if (prepared.recheck === null) return { ...prepared.doc, ...values };
  const result = model.validator.create({ ...prepared.recheck, ...values });
  if (result.ok) return generate(model, result.value, prepared.doc);
  throw new ValidationError(
    model.meta.name,
    result.issues.map((issue) => ({ ...issue, path: [...node.path, ...issue.path] })),
  );
}

/** What every update changes besides the data: updatedAt and the version. */
export function stamps(model: Model, catalog: Catalog, given: ReadonlySet<string> = new Set()): readonly Change[] {
  const changes: Change[] = [];
  for (const field of model.updatedAt)
    if (!given.has(field)) changes.push({ path: [field], op: "set", value: new Date(catalog.clock()) });
  if (model.version !== null) changes.push({ path: [model.version], op: "inc", value: 1 });
  return changes;
}

function standIn(model: Model, field: string): Json {
  const meta = model.fields.get(field);
  const type = meta?.input ?? meta?.type;
  return type === undefined ? null : (STAND_INS[type.kind]?.(type) ?? null);
}

const STAND_INS: { readonly [K in FieldType["kind"]]?: (type: FieldType) => Json } = {
  int: () => 1,
  float: () => 1,
  bigint: () => 1n,
  boolean: () => false,
  date: () => new Date(0),
  bytes: () => new Uint8Array(0),
  string: () => "stand-in",
  enum: (type) => (type.kind === "enum" ? (type.values[0] ?? null) : null),
};
