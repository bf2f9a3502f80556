/** The reference engine with one deliberate mistake: the differential harness must notice each of them. */
import { QueryError, UniqueViolationError } from "../../src/base/errors.js";
import type { Engine, Executor, Transaction } from "../../src/engine/engine.js";
import type { Filter, FindQuery, WriteCommand } from "../../src/query/ir.js";
import type { Doc } from "../../src/schema/model.js";
import { REFERENCE_CAPABILITIES, referenceEngine } from "./reference-engine.js";
import type { Target } from "./target.js";

interface Mistake {
  readonly find?: (query: FindQuery, rows: readonly Doc[]) => readonly Doc[];
  readonly filter?: (filter: Filter) => Filter;
  readonly command?: (command: WriteCommand) => WriteCommand;
  readonly error?: (error: unknown) => unknown;
  readonly rollback?: "commits";
}

function inFilter(filter: Filter, change: (filter: Filter) => Filter): Filter {
  const again = (inner: Filter) => inFilter(inner, change);
  switch (filter.kind) {
    case "and":
    case "or":
      return { ...filter, filters: filter.filters.map(again) };
    case "not":
    case "related":
    case "element":
      return { ...filter, filter: again(filter.filter) };
    default:
      return change(filter);
  }
}

export const MISTAKES: Readonly<Record<string, Mistake>> = {
  "a limit that is one too small": {
    find: (query, rows) => (query.limit !== null && query.limit > 1 ? rows.slice(0, query.limit - 1) : rows),
  },
  "gt that means gte": { filter: (f) => (f.kind === "compare" && f.op === "gt" ? { ...f, op: "gte" } : f) },
  "ne that leaves null out": {
    filter: (f) =>
      f.kind === "compare" && f.op === "ne" && f.value !== null
        ? { kind: "and", filters: [f, { kind: "compare", path: f.path, op: "ne", value: null }] }
        : f,
  },
  "rows in another order": { find: (_, rows) => (rows.length > 2 ? [rows[1]!, rows[0]!, ...rows.slice(2)] : rows) },
  "fields in another order": {
    find: (_, rows) => rows.map((row) => Object.fromEntries(Object.entries(row).reverse())),
  },
  "a Date that became a string": {
    find: (_, rows) =>
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([k, v]) => [k, v instanceof Date ? v.toISOString() : v])),
      ),
  },
  "an update that forgets its limit": { command: (c) => (c.kind === "update" ? { ...c, limit: null } : c) },
  "a rollback that commits": { rollback: "commits" },
  "an error without its meta": {
    error: (e) => (e instanceof UniqueViolationError ? new UniqueViolationError(e.message, { meta: {} }) : e),
  },
  "an error of another class": {
    error: (e) => (e instanceof UniqueViolationError ? new QueryError("QUERY.NOT_UNIQUE", e.message) : e),
  },
};

function wrap<T extends Executor>(inner: T, mistake: Mistake): T {
  const filtered = (where: Filter | null) =>
    where === null || mistake.filter === undefined ? where : inFilter(where, mistake.filter);
  const overrides: Partial<Transaction> = {
    find: async (query, options) => {
      const rows = await inner.find({ ...query, where: filtered(query.where) }, options);
      return mistake.find?.(query, rows) ?? rows;
    },
    count: (model, where, options) => inner.count(model, filtered(where), options),
    write: async (command, options) => {
      try {
        return await inner.write(mistake.command?.(command) ?? command, options);
      } catch (error) {
        throw mistake.error?.(error) ?? error;
      }
    },
    begin: async (options) => wrap(await inner.begin(options), mistake),
  };
  if (mistake.rollback === "commits") {
    overrides.rollback = async () => {
      const transaction = inner as unknown as Transaction;
      await transaction.commit().catch(() => transaction.rollback());
    };
  }
  return new Proxy(inner, {
    get(target, name) {
      if (Object.hasOwn(overrides, name)) return overrides[name as keyof typeof overrides];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A target whose engine makes the named mistake. */
export function brokenTarget(name: string): Target {
  return {
    name: `reference with ${name}`,
    factories: [],
    capabilities: { ...REFERENCE_CAPABILITIES, reopens: false },
    place: async () => ({
      engine: () => wrap<Engine>(referenceEngine(), MISTAKES[name]!),
      dispose: async () => undefined,
    }),
  };
}
