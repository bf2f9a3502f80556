/** Options as a program without types may pass them: what has the wrong shape is reported and left out. */
import { z } from "zod";
import { suggestion } from "../base/suggest.js";
import type { DraftIssue } from "../schema/draft.js";
import type { ModelOptions } from "./options.js";

const names = z.union([z.string(), z.array(z.string())]);
const generate = z.enum(["increment", "uuid7", "ulid", "given"]);
const indexOptions = z.object({ on: names, unique: z.boolean().optional(), name: z.string().optional() });
const timestamp = z.union([z.string(), z.boolean()]).optional();

/** Each option: its schema, and the remedy. */
const OPTIONS: Readonly<Record<keyof ModelOptions, readonly [z.ZodType, string]>> = {
  key: [
    z.union([names, z.object({ field: z.string(), generate: generate.optional() })]),
    'use "id", ["a", "b"] or { field: "id", generate: "increment" | "uuid7" | "ulid" | "given" }',
  ],
  collection: [z.string(), "use a name"],
  indexes: [z.array(z.union([names, indexOptions])), 'use a list of "field", ["a", "b"] or { on, unique, name }'],
  relations: [z.record(z.string(), z.unknown()), "use { posts: hasMany(…) }"],
  timestamps: [
    z.union([z.boolean(), z.object({ createdAt: timestamp, updatedAt: timestamp })]),
    "use true, or { createdAt: name, updatedAt: name }",
  ],
  version: [z.string(), "use the name of an int field"],
  partitionBy: [z.string(), "use the name of a field"],
  description: [z.string(), "use a text"],
};

export interface CheckedOptions {
  readonly options: ModelOptions;
  readonly issues: readonly DraftIssue[];
}

export function checkOptions(model: string, given: unknown): CheckedOptions {
  const issues: DraftIssue[] = [];
  const report = (message: string, fix: string) => issues.push({ member: null, message, fix, location: null });
  if (typeof given !== "object" || given === null) {
    report(`the options of ${model} are no object`, "leave them out, or use { key, indexes, relations, … }");
    return { options: {}, issues };
  }
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(OPTIONS, name)) {
      report(`${model} has an unknown option \`${name}\``, suggestion(name, Object.keys(OPTIONS)));
      continue;
    }
    const [schema, fix] = OPTIONS[name as keyof ModelOptions];
    if (value === undefined) continue;
    if (schema.safeParse(value).success) options[name] = value;
    else report(`the option \`${name}\` of ${model} is of the wrong kind`, fix);
  }
  return { options: options as ModelOptions, issues };
}

const spec = z.object({
  kind: z.enum(["belongsTo", "hasOne", "hasMany", "manyToMany"]),
  target: z.string(),
  from: z.array(z.string()).nullable(),
  to: z.array(z.string()).nullable(),
  through: z
    .object({ model: z.string(), from: z.array(z.string()).nullable(), to: z.array(z.string()).nullable() })
    .nullable(),
  onDelete: z.enum(["restrict", "cascade", "setNull"]).nullable(),
});

/** What is wrong with a relation as it was given, and the remedy; null when nothing is. */
export function relationProblem(given: unknown): readonly [string, string] | null {
  const result = spec.safeParse(given);
  if (result.success) return null;
  const steps = new Set(result.error.issues.map((issue) => issue.path[0]));
  if (steps.has(undefined as never) || steps.has("kind")) {
    return ["is not a relation", "use belongsTo, hasOne, hasMany or manyToMany"];
  }
  if (steps.has("onDelete")) return ["has an unknown onDelete", 'use "restrict", "cascade" or "setNull"'];
  if (steps.has("target")) return ["names no model", 'name it: belongsTo("User", …)'];
  return ["names its fields wrongly", 'use "field" or ["a", "b"]'];
}
