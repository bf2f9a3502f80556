/**
 * The one key that zod leaves out without a word: an own `__proto__` in a record or a loose object. Values are searched by
 * type before they are parsed, so that it is refused instead of lost. Types without such a place cost nothing.
 */
import type { ValidationIssue } from "../base/errors.js";
import type { FieldType } from "../schema/model.js";

type Path = readonly (string | number)[];
/** Adds an issue for each key of the value that would be lost. */
export type LostKeys = (value: unknown, path: Path, issues: ValidationIssue[]) => void;

const KEY = "__proto__";
type Handlers = { readonly [K in FieldType["kind"]]?: (type: Extract<FieldType, { kind: K }>) => LostKeys | null };

const HANDLERS: Handlers = {
  object: ({ properties, unknownKeys }) => {
    const own = unknownKeys === "passthrough" ? ownKey : null;
    const inner = properties.flatMap(({ name, type }) => {
      const search = lostKeysOf(type);
      return search === null ? [] : [{ name, search }];
    });
    if (inner.length === 0) return own;
    return (value, path, issues) => {
      own?.(value, path, issues);
      if (!isObject(value)) return;
      for (const { name, search } of inner) search(value[name], [...path, name], issues);
    };
  },
  record: ({ value: type }) => {
    const inner = lostKeysOf(type);
    return (value, path, issues) => {
      ownKey(value, path, issues);
      if (inner === null || !isObject(value)) return;
      for (const key of Object.keys(value)) inner(value[key], [...path, key], issues);
    };
  },
  array: ({ element }) => {
    const inner = lostKeysOf(element);
    if (inner === null) return null;
    return (value, path, issues) => {
      if (!Array.isArray(value)) return;
      for (const [index, item] of value.entries()) inner(item, [...path, index], issues);
    };
  },
  tuple: ({ items, rest }) => {
    const searches = items.map(lostKeysOf);
    const others = rest === null ? null : lostKeysOf(rest);
    return others === null && searches.every((search) => search === null)
      ? null
      : (value, path, issues) => {
          if (!Array.isArray(value)) return;
          value.forEach((item, index) => {
            (index < searches.length ? searches[index] : others)?.(item, [...path, index], issues);
          });
        };
  },
  union: ({ options }) => {
    const searches = options.map(lostKeysOf).filter((search) => search !== null);
    if (searches.length === 0) return null;
    return (value, path, issues) => {
      const found: ValidationIssue[] = [];
      for (const search of searches) search(value, path, found);
      if (found.length > 0) issues.push(found[0]!);
    };
  },
};

/** Null: nothing can get lost in values of this type. */
export function lostKeysOf(type: FieldType): LostKeys | null {
  const handler = HANDLERS[type.kind] as ((type: FieldType) => LostKeys | null) | undefined;
  return handler === undefined ? null : handler(type);
}

const ownKey: LostKeys = (value, path, issues) => {
  if (!isObject(value) || !Object.hasOwn(value, KEY)) return;
  const message = `the key ${JSON.stringify(KEY)} cannot be kept here; take another name, or declare the field as z.json()`;
  issues.push({ path: [...path, KEY], message, code: "forbidden_key" });
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
