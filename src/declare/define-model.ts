/** `defineModel(name, zodObject, options)`: a model declared as data. The call checks nothing; `resolve()` reports all. */
import type { z } from "zod";
import { ConfigError } from "../base/errors.js";
import { buildDraft, completeObject } from "./build-draft.js";
import { checkOptions } from "./check-options.js";
import { type Drafted, MODEL_DRAFT } from "./handle.js";
import { callSite } from "./location.js";
import type { ModelOptions } from "./options.js";
import { defOf, isZod } from "./zod-types.js";

/** A declared model, to be exported from a models module. */
export interface ModelHandle<Name extends string = string, Shape extends z.ZodRawShape = z.ZodRawShape>
  extends Drafted {
  readonly name: Name;
  /** The zod object with the fields that the options add (id, timestamps, version). */
  readonly schema: z.ZodObject<Shape>;
}

/**
 * Declares a model.
 *
 *     export const User = defineModel("User", z.object({ id: z.int(), email: z.email() }), {
 *       indexes: [{ on: "email", unique: true }],
 *       relations: { posts: hasMany("Post", { to: "authorId" }) },
 *     });
 */
export function defineModel<const Name extends string, Shape extends z.ZodRawShape>(
  name: Name,
  object: z.ZodObject<Shape>,
  options: ModelOptions<keyof Shape & string> = {},
): ModelHandle<Name, Shape> {
  if (typeof name !== "string") {
    throw new ConfigError("CONFIG.INVALID", `defineModel needs a name, not ${typeof name}`, {
      fix: 'defineModel("User", z.object({ … }))',
    });
  }
  if (!isZod(object) || defOf(object).type !== "object") {
    throw new ConfigError("CONFIG.INVALID", `defineModel("${name}") needs a zod 4 object as its second argument`, {
      fix: `defineModel("${name}", z.object({ … }))`,
    });
  }
  const location = callSite();
  const { options: settings, issues } = checkOptions(name, options);
  const schema = completeObject(object as unknown as z.ZodObject, settings);
  return Object.freeze({
    name,
    schema: schema as unknown as z.ZodObject<Shape>,
    [MODEL_DRAFT]: () =>
      buildDraft({ name, object: schema, options: settings, location, fieldLocations: new Map(), issues }),
  });
}
