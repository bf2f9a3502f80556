/**
 * FindQuery -> one statement in which each level of the populate tree comes as rows of its own:
 *
 *     with level0 as (…the root…), level1 as (select … where "authorId" = any(array(select id from level0))), …
 *     select …columns as text…, 0 from level0 union all select …, 1 from level1 …
 *
 * A database whose subqueries and JSON are dear (PostgreSQL) reads the related rows of all parents at once, and sends them
 * as it sends any rows; they are put under their parents here, by the text of the key. A relation that has a slice of
 * its own, a key of several fields, or something that only JavaScript decides stays nested in the rows of its parent.
 */
import type { FindQuery, PopulateNode, Selection } from "../../query/ir.js";
import type { Doc, ModelMeta, RelationMeta, Schema } from "../../schema/model.js";
import { columnOf, fieldOf, kindOf, tableOf } from "./columns.js";
import { compileLevel, type Level, type Nested, nestedSelect, selectOf } from "./compile-level.js";
import type { CompiledFind } from "./compiled-find.js";
import type { Dialect, LevelRows } from "./dialect.js";
import type { HiddenRows } from "./finish-find.js";
import type { Literals } from "./literals.js";
import { modelNamed, relatedSource, relationNamed, rootScope, type Scope } from "./scope.js";
import { join, render, type Sql, sql } from "./sql.js";

type Rows = readonly (readonly unknown[])[];

/** A level with rows of its own. */
interface Apart {
  readonly level: Level;
  readonly items: readonly Sql[];
  /** Which of its items is the key of the parent. */
  readonly keyAt: number;
  /** Whether other levels look for its keys. */
  readonly isParent: boolean;
  readonly groups: Groups;
}

/** Documents of the statement at hand under the key of their parents. */
interface Groups {
  now: ReadonlyMap<unknown, Doc[]>;
}

const NONE: readonly Doc[] = Object.freeze([]);
const NOBODY: ReadonlyMap<unknown, Doc[]> = new Map();

/** Null: the levels nest. */
export function compileLevels(
  dialect: Dialect,
  schema: Schema,
  query: FindQuery,
  literals: Literals,
): CompiledFind | null {
  const { levelRows } = dialect;
  if (levelRows === null || query.populate.length === 0) return null;
  const tree = new LevelTree(dialect, schema, levelRows);
  const scope = rootScope(dialect, schema, query.model, literals);
  const root = tree.add(scope, query, tableOf(dialect, scope.model, scope.alias), [], null);
  if (root === null || tree.levels.length === 1) return null;
  const { levels } = tree;
  return {
    template: render(tree.statement(), dialect.placeholder),
    reusable: root.level.reusable,
    sliced: true,
    residual: root.level.residual,
    decode: (rows) => assemble(levels, rows),
  };
}

class LevelTree {
  /** Parents before their children. */
  readonly levels: Apart[] = [];
  readonly #dialect: Dialect;
  readonly #rows: LevelRows;
  /** Begins no name of a table. */
  readonly #prefix: string;
  readonly #hidden: HiddenRows = new WeakMap();

  constructor(dialect: Dialect, schema: Schema, rows: LevelRows) {
    this.#dialect = dialect;
    this.#rows = rows;
    let prefix = "level";
    while ([...schema.models.values()].some(({ collection }) => collection.startsWith(prefix))) prefix += "_";
    this.#prefix = prefix;
  }

  /** Null: JavaScript must decide something of this level. */
  add(scope: Scope, selection: Selection, from: Sql, on: readonly Sql[], key: Sql | null): Apart | null {
    const index = this.levels.length;
    const groups: Groups = { now: NOBODY };
    // Takes its place before its children do.
    this.levels.length = index + 1;
    const level = compileLevel(scope, selection, from, on, this.#hidden, {
      nested: false,
      childOf: (outer, node, position) => this.#child(index, outer, node, position),
    });
    if (!level.sliced) {
      this.levels.length = index;
      return null;
    }
    const { items } = level;
    // Most often a field of the level is the key.
    const known = key === null ? 0 : items.findIndex((item) => item.length === 1 && item[0] === key[0]);
    const apart = {
      level,
      items: key === null || known >= 0 ? items : [...items, key],
      keyAt: known >= 0 ? known : items.length,
      isParent: this.levels.length > index + 1,
      groups,
    };
    this.levels[index] = apart;
    return apart;
  }

  #child(parent: number, outer: Scope, node: PopulateNode, position: number): Nested {
    const relation = relationNamed(outer.model, node.relation);
    return (
      this.#apart(parent, outer, relation, node.selection, position) ??
      nestedSelect(outer, relation, node.selection, this.#hidden)
    );
  }

  #apart(parent: number, outer: Scope, relation: RelationMeta, selection: Selection, position: number): Nested | null {
    const { limit, offset, distinct, after } = selection;
    if (limit !== null || offset !== 0 || distinct !== null || after !== null || !hasPlainKey(outer, relation))
      return null;
    const { scope, from, near } = relatedSource(outer, relation);
    const [key] = near;
    if (key === undefined) return null;
    const keys = sql`select c${String(position)} from ${this.#name(parent)}`;
    const apart = this.add(scope, selection, from, [this.#rows.among(key, keys)], key);
    if (apart === null) return null;
    const { level, groups } = apart;
    return {
      expression: columnOf(this.#dialect, outer.alias, fieldOf(outer.model, relation.from[0]!)),
      residual: level.residual,
      reusable: level.reusable,
      decode: (value) => groups.now.get(value) ?? NONE,
    };
  }

  #name(index: number): string {
    return `${this.#prefix}${index}`;
  }

  statement(): Sql {
    const width = Math.max(...this.levels.map(({ items }) => items.length));
    const parts = this.levels.map(({ level, items, isParent }, index) => {
      const columns = items.map((_, at) => `c${at}`).join(", ");
      // What is looked at twice is computed once; what is not need not be kept.
      return sql`${this.#name(index)} (${columns}) as ${isParent ? "materialized " : ""}(${selectOf(level, join(items, ", "))})`;
    });
    const rows = this.levels.map(({ items }, index) => {
      const values = Array.from(
        { length: width },
        (_, at): Sql => (at < items.length ? this.#rows.asText([`c${at}`]) : ["null"]),
      );
      return sql`select ${join(values, ", ")}, ${String(index)} from ${this.#name(index)}`;
    });
    return sql`with ${join(parts, ", ")} ${join(rows, " union all ")}`;
  }
}

/** Kinds whose equal values have one text. */
const PLAIN: ReadonlySet<string> = new Set(["int", "text"]);

function hasPlainKey({ schema, model }: Scope, { from, to, target, through }: RelationMeta): boolean {
  const [own] = from;
  const other: readonly [ModelMeta, string | undefined] =
    through === null ? [modelNamed(schema, target), to[0]] : [modelNamed(schema, through.model), through.from[0]];
  const [near, name] = other;
  if (from.length !== 1 || own === undefined || name === undefined) return false;
  const kind = kindOf(fieldOf(model, own).type);
  return PLAIN.has(kind) && kind === kindOf(fieldOf(near, name).type);
}

/** Rows of all levels to the documents of the root: children first. */
function assemble(levels: readonly Apart[], rows: Rows): readonly Doc[] {
  const parts = levels.map((): (readonly unknown[])[] => []);
  for (const row of rows) parts[Number(row[row.length - 1])]!.push(row);
  try {
    for (let index = levels.length - 1; index > 0; index--) {
      const { level, keyAt, groups } = levels[index]!;
      const part = parts[index]!;
      const docs = level.finish(part, false);
      // Made here and let go of below: a map that waits for its documents has become old, and what an old one holds outlives it.
      const now = new Map<unknown, Doc[]>();
      groups.now = now;
      for (let at = 0; at < docs.length; at++) {
        const key = part[at]![keyAt];
        const group = now.get(key);
        if (group === undefined) now.set(key, [docs[at]!]);
        else group.push(docs[at]!);
      }
    }
    return levels[0]!.level.finish(parts[0]!, false);
  } finally {
    for (const { groups } of levels) groups.now = NOBODY;
  }
}
