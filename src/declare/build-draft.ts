/**
 * From a zod object and options to a ModelDraft; both ways of declaring end here. Adds the fields that the options ask
 * for (a missing `id`, timestamps, version) to the object, so that the shape and the fields never differ.
 */
import { z } from "zod";
import type { DraftIssue, IndexDraft, ModelDraft, RelationDraft } from "../schema/draft.js";
import type { SourceLocation } from "../schema/model.js";
import { hasAsyncCheck } from "./async-parts.js";
import { relationProblem } from "./check-options.js";
import { fieldFromZod } from "./from-zod.js";
import { type ModelOptions, readIndex, readKey, readTimestamps } from "./options.js";
import { makeValidator } from "./validator.js";
import { type AnyZod, defOf, withDef } from "./zod-types.js";

/** What is declared, in the words of `defineModel`. */
export interface Declaration {
  readonly name: string;
  readonly object: z.ZodObject;
  readonly options: ModelOptions;
  readonly location: SourceLocation | null;
  readonly fieldLocations: ReadonlyMap<string, SourceLocation>;
  /** Mistakes found before. */
  readonly issues: readonly DraftIssue[];
}

const GENERATED_KEY = { increment: () => z.int(), uuid7: () => z.uuidv7(), ulid: () => z.ulid(), given: null } as const;

/** The object with every field that the options add. */
export function completeObject(object: z.ZodObject, options: ModelOptions): z.ZodObject {
  const has = (name: string) => Object.hasOwn(object.shape, name);
  const key = readKey(options.key);
  const first: Record<string, AnyZod> = {};
  const last: Record<string, AnyZod> = {};
  const generated = GENERATED_KEY[key.generate ?? "increment"];
  if (key.fields.length === 1 && key.fields[0] === "id" && !has("id") && generated) first.id = generated();
  const { createdAt, updatedAt } = readTimestamps(options.timestamps);
  for (const name of [createdAt, updatedAt]) if (name !== null && !has(name)) last[name] = z.date();
  if (typeof options.version === "string" && !has(options.version)) last[options.version] = z.int();
  if (Object.keys(first).length === 0 && Object.keys(last).length === 0) return object;
  return withDef(object, { shape: { ...first, ...object.shape, ...last } }) as z.ZodObject;
}

/** `object` must be complete. */
export function buildDraft(declaration: Declaration): ModelDraft {
  const { name, object, options, location } = declaration;
  const issues: DraftIssue[] = [...declaration.issues];
  const complain = (member: string | null, message: string, fix: string) => {
    issues.push({ member, message, fix, location: null });
  };
  const catchall = defOf(object).catchall;
  if (catchall !== undefined && defOf(catchall).type !== "never") {
    complain(
      null,
      `${name} takes undeclared fields, but a row holds declared fields only`,
      "use z.object, and a z.record field for free keys",
    );
  }
  if (hasAsyncCheck(object)) {
    complain(
      null,
      `${name} has an async refinement, but writes are checked synchronously`,
      "check it before the write",
    );
  }
  const fields = Object.entries(object.shape).flatMap(([field, schema]) => {
    try {
      return [fieldFromZod(name, field, schema, complain)];
    } catch (error) {
      // The user's own code runs here: z.lazy and getters of shapes.
      const reason = error instanceof Error ? error.message : String(error);
      complain(field, `\`${field}\` of ${name} cannot be read: ${reason}`, "look at its z.lazy or getter");
      return [];
    }
  });
  const timestamps = readTimestamps(options.timestamps);
  return {
    name,
    collection: options.collection ?? null,
    key: readKey(options.key),
    fields,
    relations: relationsOf(options, complain, name),
    indexes: indexesOf(options, location),
    ...timestamps,
    version: options.version ?? null,
    partitionBy: options.partitionBy ?? null,
    description: options.description ?? object.description ?? null,
    issues,
    location,
    fieldLocations: declaration.fieldLocations,
    validator: (model) => makeValidator(model, object),
  };
}

function relationsOf(
  options: ModelOptions,
  complain: (member: string, message: string, fix: string) => void,
  model: string,
): readonly RelationDraft[] {
  return Object.entries(options.relations ?? {}).flatMap(([name, spec]) => {
    const problem = relationProblem(spec);
    if (problem === null) return [{ ...spec, name }];
    complain(name, `relation \`${name}\` of ${model} ${problem[0]}`, problem[1]);
    return [];
  });
}

function indexesOf(options: ModelOptions, location: SourceLocation | null): readonly IndexDraft[] {
  return (options.indexes ?? []).map((index) => readIndex(index, location));
}
