/** Random values, documents and filters over a small universe, so that conditions often meet. */
import fc from "fast-check";
import type { Filter } from "../../src/query/ir.js";
import type { Doc, Json, Path, Scalar } from "../../src/schema/model.js";

/** The emoji is above U+FFFF, the second is at U+FF5E: code units order them the other way round. */
export const strings = fc.constantFrom("", "a", "ab", "b", "B", "é", "～", "😀", "a😀", "__proto__", "constructor");

export const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 4, arbitrary: fc.constantFrom(-1, -0, 0, 1, 2, 2.5, 1e21) },
  { weight: 4, arbitrary: strings },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constantFrom(-1n, 0n, 1n, 2n ** 70n) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 86_400_000).map((time) => new Date(time)) },
  { weight: 1, arbitrary: fc.constantFrom([], [0], [0, 255], [1]).map((bytes) => Uint8Array.from(bytes)) },
);

/** Names of fields and properties; some that every object inherits. */
export const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b") },
  { weight: 1, arbitrary: fc.constantFrom("c", "constructor", "toString", "__proto__") },
);

/** An object whose keys are its own, `__proto__` included. */
export function ownObject(entries: readonly (readonly [string, Json | undefined])[]): Doc {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<Doc> =>
  fc.array(fc.tuple(name, fc.option(value, { nil: undefined, freq: 8 })), { maxLength: 4 }).map(ownObject);

export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    objectOf(tie("value")),
  ),
})).value;

export const doc: fc.Arbitrary<Doc> = objectOf(json);

const path: fc.Arbitrary<Path> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(name) },
  { weight: 2, arbitrary: fc.tuple(name, name) },
  { weight: 1, arbitrary: fc.tuple(name, name, name) },
);
const elementPath: fc.Arbitrary<Path> = fc.oneof(fc.constant([]), path);

function leaves(at: fc.Arbitrary<Path>): fc.Arbitrary<Filter>[] {
  const any = fc.oneof({ weight: 4, arbitrary: scalar }, { weight: 1, arbitrary: json });
  return [
    fc.record({ kind: fc.constant("compare" as const), path: at, op: fc.constantFrom("eq", "ne"), value: any }),
    fc.record({
      kind: fc.constant("compare" as const),
      path: at,
      op: fc.constantFrom("gt", "gte", "lt", "lte"),
      value: scalar.filter((value) => value !== null),
    }),
    fc.record({ kind: fc.constant("in" as const), path: at, values: fc.array(any, { maxLength: 4 }) }),
    fc.record({
      kind: fc.constant("text" as const),
      path: at,
      op: fc.constantFrom("contains", "startsWith", "endsWith"),
      value: strings,
    }),
    fc.record({
      kind: fc.constant("regex" as const),
      path: at,
      source: fc.constantFrom("^a", "b$", ".", "^.$", "A"),
      flags: fc.constantFrom("", "i", "u", "s"),
    }),
  ];
}

function filterAt(at: fc.Arbitrary<Path>, inElement: boolean): fc.Arbitrary<Filter> {
  return fc.letrec<{ filter: Filter }>((tie) => {
    const inner = tie("filter");
    const many = fc.array(inner, { maxLength: 4 });
    const structure: fc.Arbitrary<Filter>[] = [
      fc.record({ kind: fc.constant("and" as const), filters: many }),
      fc.record({ kind: fc.constant("or" as const), filters: many }),
      fc.record({ kind: fc.constant("not" as const), filter: inner }),
    ];
    const element: fc.Arbitrary<Filter>[] = inElement
      ? []
      : [
          fc.record({
            kind: fc.constant("element" as const),
            path: at,
            quantifier: fc.constantFrom("some", "every", "none"),
            filter: filterAt(elementPath, true),
          }),
        ];
    return { filter: fc.oneof({ depthSize: "small" }, ...leaves(at), ...structure, ...element) };
  }).filter;
}

/** Filters without relations and callbacks. */
export const filter: fc.Arbitrary<Filter> = filterAt(path, false);
