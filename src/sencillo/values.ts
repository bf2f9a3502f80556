/**
 * Documents come in and go out as copies. Coming in they become what JSON can say, at once and not only after a reload: what
 * would change or vanish on its way to the file and back is refused. Dates become their ISO text, as they always did in
 * SencilloDB's files; bigint and bytes are kept exactly.
 */
import type { Doc, Json } from "../schema/model.js";
import { ValidationError } from "./errors.js";

type Dict = { [key: string]: unknown };
const MAX_DEPTH = 1000;

/** An own property, whatever its name. */
export function put(target: object, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else (target as Dict)[name] = value;
}

function refuse(path: readonly string[], what: string): never {
  const where = path.length === 0 ? "the document" : path.join(".");
  throw new ValidationError(`${where} cannot be stored: ${what}`, { meta: { path: [...path] } });
}

/** The stored form of `data`, as `{ ...data, _id }`: frozen, shared with nobody. */
export function toStored(data: unknown, id: unknown): Doc {
  const doc: Dict = {};
  const path: string[] = [];
  const above = new Set<object>();
  if (typeof data === "object" && data !== null) above.add(data);
  if (typeof data === "string" || (typeof data === "object" && data !== null)) {
    for (const [name, value] of Object.entries(data)) {
      if (name === "_id") continue;
      path.push(name);
      const kept = incoming(value, path, above);
      path.pop();
      if (kept !== undefined) put(doc, name, kept);
    }
  }
  doc._id = id;
  return Object.freeze(doc) as Doc;
}

function incoming(value: unknown, path: string[], above: Set<object>): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
    case "bigint":
      return value;
    case "number":
      return Number.isFinite(value) ? value + 0 : refuse(path, `${value} is no number that JSON has`);
    case "function":
    case "symbol":
      return refuse(path, `it is a ${typeof value}`);
  }
  if (value === null) return null;
  const object = value as object;
  if (object instanceof Date) {
    return Number.isNaN(object.getTime()) ? refuse(path, "it is an invalid date") : object.toISOString();
  }
  if (object instanceof Uint8Array) return new Uint8Array(object);
  if (above.has(object)) refuse(path, "it contains itself");
  if (path.length > MAX_DEPTH) refuse(path.slice(0, 3), `it is nested more than ${MAX_DEPTH} levels deep`);
  above.add(object);
  try {
    return Array.isArray(object) ? incomingList(object, path, above) : incomingObject(object, path, above);
  } finally {
    above.delete(object);
  }
}

function incomingList(list: readonly unknown[], path: string[], above: Set<object>): unknown {
  const copy: unknown[] = [];
  for (let i = 0; i < list.length; i++) {
    path.push(String(i));
    const kept = incoming(list[i], path, above);
    path.pop();
    copy.push(kept === undefined ? null : kept);
  }
  return Object.freeze(copy);
}

/** Objects without a plain meaning as data: JSON would make them `{}`. */
const NO_DATA = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error];

function incomingObject(object: object, path: string[], above: Set<object>): unknown {
  if ("toJSON" in object && typeof object.toJSON === "function") return incoming(object.toJSON(), path, above);
  for (const type of NO_DATA) if (object instanceof type) refuse(path, `it is a ${type.name}`);
  if (ArrayBuffer.isView(object)) refuse(path, `it is a ${object.constructor.name}; only Uint8Array is kept`);
  const copy: Dict = {};
  for (const [name, value] of Object.entries(object)) {
    path.push(name);
    const kept = incoming(value, path, above);
    path.pop();
    if (kept !== undefined) put(copy, name, kept);
  }
  return Object.freeze(copy);
}

/** A copy of a stored value that its receiver may change. */
export function detached(value: Json): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const copy = new Array<unknown>(value.length);
    for (let i = 0; i < value.length; i++) copy[i] = detached(value[i] as Json);
    return copy;
  }
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  const copy: Dict = {};
  for (const name in value) {
    const inner = (value as Dict)[name];
    const kept = typeof inner === "object" && inner !== null ? detached(inner as Json) : inner;
    if (name === "__proto__") put(copy, name, kept);
    else copy[name] = kept;
  }
  return copy;
}
