/** Names: which are allowed, which are taken, and the defaults for collections and indexes. */
import type { Path } from "./model.js";

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]*$/;
const COLUMN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_LENGTH = 100;

/** Names that confuse JavaScript objects, whatever they are used for: with what every object inherits. */
const UNSAFE = new Set([...Object.getOwnPropertyNames(Object.prototype), "prototype", "toJSON"]);
/** Words of the filter language: `{ author: { is: … } }` must mean one thing. */
const FILTER_WORDS = new Set(["is", "isNot", "some", "every", "none"]);
/** Members of the client beside its repositories. `then` would make the client a promise. */
const CLIENT_MEMBERS = new Set(["then", "begin", "close", "engine", "explain", "models", "schema", "transaction"]);
/** Names that generated code uses itself. */
const TYPE_NAMES = new Set(["Array", "Date", "Omit", "Partial", "Pick", "Promise", "Record", "Uint8Array", "Client"]);
const TYPE_WORDS = new Set(["any", "bigint", "boolean", "never", "null", "number", "object", "string", "symbol"]);
/** A file of this name cannot be made on Windows, or belongs to the database itself. */
const FILE_NAMES = /^(con|prn|aux|nul|com\d|lpt\d|registry)$/i;

/** What is wrong with a name for a field or relation, or null. */
export function memberNameProblem(name: string): string | null {
  if (UNSAFE.has(name)) return "is a name that JavaScript objects already use";
  const shape = shapeProblem(name);
  if (shape !== null) return shape;
  return FILTER_WORDS.has(name) ? "is a word of the filter language" : null;
}

/** What is wrong with a name for a property of a nested object, or null. */
export function propertyNameProblem(name: string): string | null {
  if (name === "__proto__") return "is a name that JavaScript objects already use";
  if (name.startsWith("$")) return "starts with $, which marks an operator";
  if (name.includes(".")) return "holds a dot, which separates the steps of a path";
  if (name.includes("\0")) return "holds U+0000, which databases cannot keep";
  return name === "" ? "is empty" : null;
}

export function modelNameProblem(name: string): string | null {
  if (UNSAFE.has(name)) return "is a name that JavaScript objects already use";
  if (TYPE_NAMES.has(name) || TYPE_WORDS.has(name)) return "is the name of a type that generated code uses";
  return shapeProblem(name);
}

export function collectionNameProblem(name: string): string | null {
  if (UNSAFE.has(name)) return "is a name that JavaScript objects already use";
  if (CLIENT_MEMBERS.has(name)) return "is a member of the client";
  if (FILE_NAMES.test(name)) return "cannot be the name of a file";
  return shapeProblem(name);
}

export function indexNameProblem(name: string): string | null {
  return shapeProblem(name);
}

export function columnNameProblem(name: string): string | null {
  if (name.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  return COLUMN.test(name) ? null : "may hold letters, digits and _ only";
}

function shapeProblem(name: string): string | null {
  if (name === "") return "is empty";
  if (name.startsWith("$")) return "starts with $, which marks an operator";
  if (name.startsWith("__")) return "starts with __, which is reserved";
  if (name.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  return IDENTIFIER.test(name) ? null : "must start with a letter and hold letters, digits and _ only";
}

/** A name near to `name` that would be allowed, for suggestions. */
export function safeName(name: string): string {
  const cleaned = name.replace(/^[^A-Za-z]+/, "").replace(/[^A-Za-z0-9_]+/g, "_");
  const short = cleaned.slice(0, 40);
  if (short === "") return "value";
  return short === name ? `${short}Value` : memberNameProblem(short) === null ? short : `${short}Value`;
}

/** `User` -> `users`, `BlogPost` -> `blogPosts`, `Category` -> `categories`, `Box` -> `boxes`, `URLEntry` -> `urlEntries`. */
export function defaultCollection(model: string): string {
  const lower = model.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/, (head) => head.toLowerCase());
  if (/[^aeiou]y$/i.test(lower)) return `${lower.slice(0, -1)}ies`;
  if (/(s|x|z|ch|sh)$/i.test(lower)) return `${lower}es`;
  return `${lower}s`;
}

/** `posts_authorId`, `users_address_city`; unique ones end in `_key`. */
export function defaultIndexName(collection: string, paths: readonly Path[], unique: boolean): string {
  const steps = paths.map((path) => path.join("_")).join("_");
  return `${collection}_${steps}${unique ? "_key" : ""}`;
}

/** `posts` -> `withPosts`: the builder's step for a relation. */
export function withMethod(relation: string): string {
  return `with${relation.charAt(0).toUpperCase()}${relation.slice(1)}`;
}
