/**
 * zod 4 -> field types. What is stored is the *output* side of a schema; the input side is kept where it differs. Every
 * construct has one reader in the table of readers.ts; one that cannot be stored is an issue with a suggestion, never a
 * throw.
 *
 * Recursion: where a schema comes back to itself, that inner place is `json`; a union that comes back to itself (as
 * `z.json()` does) is `json` as a whole. zod still checks all of it.
 */
import type { FieldDraft } from "../schema/draft.js";
import type { FieldMeta, FieldType, Json } from "../schema/model.js";
import { setOwn } from "../schema/values.js";
import { asyncPart } from "./async-parts.js";
import { toJson } from "./plain-json.js";
import { READERS } from "./readers.js";
import { inlineNull, type ReadContext, type Reading, type Side, sameType, typed } from "./reading.js";
import { type AnyZod, defOf, metaOf } from "./zod-types.js";

/** Called for what cannot be stored; the message begins "`field.path` of Model". */
export type Complain = (member: string, message: string, fix: string) => void;

/** Reads one side of a schema. */
export function readZod(
  schema: AnyZod,
  side: Side,
  complain: (path: readonly string[], what: string, fix: string) => void,
): Reading {
  /** Schemas being read now, and whether each was met again inside itself. */
  const open = new Map<AnyZod, boolean>();
  const context: ReadContext = {
    side,
    read(inner, path) {
      if (open.has(inner)) {
        open.set(inner, true);
        return typed({ kind: "json" });
      }
      const def = defOf(inner);
      open.set(inner, false);
      const known = Object.hasOwn(READERS, def.type) ? READERS[def.type] : undefined;
      const reading = known === undefined ? context.refuse(path, def.type) : known(context, inner, def, path);
      const again = open.get(inner) === true;
      open.delete(inner);
      const loops = again && (def.type === "lazy" || def.type === "union") && reading.type.kind !== "object";
      const type: FieldType = loops ? { kind: "json" } : reading.type;
      return { ...reading, type, meta: { ...reading.meta, ...metaOf(inner) } };
    },
    refuse(path, what, fix = "use a type that can be stored, such as z.json()") {
      complain(path, what, fix);
      return typed({ kind: "json" });
    },
  };
  return context.read(schema, []);
}

/** The field that a zod schema declares. Role and generated default are the resolver's business. */
export function fieldFromZod(model: string, name: string, schema: AnyZod, complain: Complain): FieldDraft {
  const report = (path: readonly string[], what: string, fix: string) => {
    complain(
      name,
      `${place(model, name, path)} is ${/^[aeiou]/.test(what) ? "an" : "a"} ${what}, which cannot be stored`,
      fix,
    );
  };
  const output = readZod(schema, "output", report);
  // What is wrong on the input side only is no mistake: input is not stored.
  const input = readZod(schema, "input", () => {});
  const waiting = asyncPart(schema);
  if (waiting !== null) {
    const message = `${place(model, name, waiting.path)} has an async ${waiting.what}, but writes are checked synchronously`;
    complain(name, message, "check it before the write, for example in a function that calls create");
  }
  const { description, column, ...free } = output.meta;
  return {
    name,
    column: typeof column === "string" ? column : name,
    type: output.type,
    input: inputType(output, input),
    nullable: output.nullable,
    optional: output.optional && !output.nullable,
    default: output.default,
    role: "plain",
    description: typeof description === "string" ? description : null,
    meta: jsonOnly(free),
  };
}

function inputType(output: Reading, input: Reading): FieldType | null {
  const type = inlineNull(input.type, input.nullable && !output.nullable);
  return sameType(type, output.type) ? null : type;
}

/** Metadata may hold anything; only what is JSON is kept. */
function jsonOnly(meta: Readonly<Record<string, unknown>>): FieldMeta["meta"] {
  const out: Record<string, Json> = {};
  for (const [key, value] of Object.entries(meta)) {
    const json = value === undefined ? undefined : toJson(value);
    if (json !== undefined) setOwn(out, key, json);
  }
  return Object.keys(out).length === 0 ? null : out;
}

/** "`address.city` of User". */
function place(model: string, field: string, path: readonly string[]): string {
  const steps = path.map((step) => (step.startsWith("[") || step.startsWith("{") ? step : `.${step}`)).join("");
  return `\`${field}${steps}\` of ${model}`;
}
