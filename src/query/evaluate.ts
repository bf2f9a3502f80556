/**
 * Filters compiled to closures, once per query; the meaning is that of `semantics.ts`, and `reference.ts` is what the
 * closures are tested against. A document handed in is a plain object; values inside may be anything.
 */
import { InternalError } from "../base/errors.js";
import type { Doc, Path } from "../schema/model.js";
import { compareTest, inTest, type ValueTest } from "./compare-test.js";
import type { Filter, Quantifier, TextOp } from "./ir.js";
import { readPath, readStep, type Value } from "./semantics.js";
import { type FilterHandlers, type FilterOf, visitFilter } from "./visit.js";

export type DocTest = (doc: Doc) => boolean;
export type RelatedFilter = FilterOf<"related">;

/** How a `related` node is answered. Called once per node when the filter is compiled. */
export interface RelatedResolver {
  compile(node: RelatedFilter): DocTest;
}

/** For callers that have already rewritten every `related` node into something else. */
export const noRelated: RelatedResolver = {
  compile(node) {
    throw new InternalError(`The relation "${node.relation}" of a filter must be resolved before it is evaluated`);
  },
};

/**
 * Answers `related` nodes from related documents at hand: `docs` gives those of one document, `target` the resolver
 * for filters that start at them.
 */
export function relatedByDocs(
  docs: (relation: string, doc: Doc) => readonly Doc[],
  target: (relation: string) => RelatedResolver,
): RelatedResolver {
  return {
    compile(node) {
      const test = compileFilter(node.filter, target(node.relation));
      const quantify = QUANTIFY[node.quantifier];
      return (doc) => quantify(docs(node.relation, doc), test as ValueTest);
    },
  };
}

/** What the quantifiers mean over a list. */
const QUANTIFY: { readonly [Q in Quantifier]: (values: readonly Value[], test: ValueTest) => boolean } = {
  some: (values, test) => {
    for (let index = 0; index < values.length; index++) if (test(values[index])) return true;
    return false;
  },
  every: (values, test) => {
    for (let index = 0; index < values.length; index++) if (!test(values[index])) return false;
    return true;
  },
  none: (values, test) => {
    for (let index = 0; index < values.length; index++) if (test(values[index])) return false;
    return true;
  },
};

const TEXT: { readonly [Op in TextOp]: (operand: string) => ValueTest } = {
  contains: (operand) => (value) => typeof value === "string" && value.includes(operand),
  startsWith: (operand) => (value) => typeof value === "string" && value.startsWith(operand),
  endsWith: (operand) => (value) => typeof value === "string" && value.endsWith(operand),
};

/**
 * Reads a value of a document. A name that no object inherits can be read without asking whether it is the document's
 * own, which is several times faster.
 */
export function compileRead(path: Path): (doc: Doc) => Value {
  const [first, second] = path;
  if (first === undefined) return (doc) => doc;
  if (path.length === 1) return first in Object.prototype ? (doc) => readStep(doc, first) : (doc) => doc[first];
  if (path.length === 2 && second !== undefined && !(first in Object.prototype)) {
    return (doc) => readStep(doc[first], second);
  }
  return (doc) => readPath(doc, path);
}

interface Context {
  readonly related: RelatedResolver;
  /** Whether the filter starts at a whole document; else at an element of an array, which may be any value. */
  readonly atDoc: boolean;
}

/** `test` of the value at `path`. */
function at(path: Path, test: ValueTest, context: Context): ValueTest {
  const [first] = path;
  if (first === undefined) return test;
  if (!context.atDoc) return (value) => test(readPath(value, path));
  if (path.length === 1 && !(first in Object.prototype)) return (doc) => test((doc as Doc)[first]);
  const read = compileRead(path);
  return (doc) => test(read(doc as Doc));
}

const dearestOf = (filters: readonly Filter[]): number =>
  filters.reduce((dearest, filter) => Math.max(dearest, visitFilter(filter, COST)), 0);

/** How dear a test is: of several that must all hold, the cheap ones are asked first and user code last. */
const COST: FilterHandlers<number> = {
  compare: () => 0,
  in: () => 0,
  text: () => 1,
  regex: () => 2,
  element: () => 3,
  related: () => 4,
  callback: () => 5,
  and: (filter) => dearestOf(filter.filters),
  or: (filter) => dearestOf(filter.filters),
  not: (filter) => visitFilter(filter.filter, COST),
};

function compileAll(filters: readonly Filter[], context: Context): ValueTest {
  const cheapFirst =
    filters.length < 2 ? filters : filters.toSorted((a, b) => visitFilter(a, COST) - visitFilter(b, COST));
  const tests = cheapFirst.map((filter) => compile(filter, context));
  const [a, b, c] = tests;
  if (a === undefined) return () => true;
  if (b === undefined) return a;
  if (c === undefined) return (value) => a(value) && b(value);
  if (tests.length === 3) return (value) => a(value) && b(value) && c(value);
  return (value) => {
    for (let index = 0; index < tests.length; index++) if (!tests[index]!(value)) return false;
    return true;
  };
}

function compileAny(filters: readonly Filter[], context: Context): ValueTest {
  const tests = filters.map((filter) => compile(filter, context));
  const [a, b, c] = tests;
  if (a === undefined) return () => false;
  if (b === undefined) return a;
  if (c === undefined) return (value) => a(value) || b(value);
  return (value) => {
    for (let index = 0; index < tests.length; index++) if (tests[index]!(value)) return true;
    return false;
  };
}

const COMPILE: FilterHandlers<ValueTest, [context: Context]> = {
  and: (filter, context) => compileAll(filter.filters, context),
  or: (filter, context) => compileAny(filter.filters, context),
  not: (filter, context) => {
    const test = compile(filter.filter, context);
    return (value) => !test(value);
  },
  compare: (filter, context) => at(filter.path, compareTest(filter.op, filter.value), context),
  in: (filter, context) => at(filter.path, inTest(filter.values), context),
  text: (filter, context) => at(filter.path, TEXT[filter.op](filter.value), context),
  regex: (filter, context) => {
    const pattern = new RegExp(filter.source, filter.flags);
    const test = (value: Value) => {
      if (typeof value !== "string") return false;
      // With the flags g and y a RegExp remembers where it stopped; no row may see that of another.
      pattern.lastIndex = 0;
      return pattern.test(value);
    };
    return at(filter.path, test, context);
  },
  element: (filter, context) => {
    const test = compile(filter.filter, { related: noRelated, atDoc: false });
    const quantify = QUANTIFY[filter.quantifier];
    const whenEmpty = filter.quantifier !== "some";
    return at(filter.path, (value) => (Array.isArray(value) ? quantify(value, test) : whenEmpty), context);
  },
  related: (filter, context) => context.related.compile(filter) as ValueTest,
  callback: (filter) => (value) => filter.test(value as Doc) === true,
};

function compile(filter: Filter, context: Context): ValueTest {
  return visitFilter(filter, COMPILE, context);
}

/** The filter as a function of a document. Null matches every document. */
export function compileFilter(filter: Filter | null, related: RelatedResolver = noRelated): DocTest {
  if (filter === null) return () => true;
  return compile(filter, { related, atDoc: true }) as DocTest;
}
