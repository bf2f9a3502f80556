/** Checks what every call shares: the names of its arguments, and its options. */

import { checkArguments } from "../query/parse-find.js";
import { ParseScope } from "../query/parse-scope.js";
import type { ModelMeta, Schema } from "../schema/model.js";

export interface CheckedOptions {
  readonly signal?: AbortSignal | undefined;
  readonly batch?: number | undefined;
  readonly analyze?: boolean | undefined;
}

/** The arguments object of a call, with known names only and a real signal. */
export function checkCall(
  schema: Schema,
  meta: ModelMeta,
  args: unknown,
  allowed: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const scope = new ParseScope(schema, meta);
  checkArguments(scope, args, allowed);
  checkSignal(scope, args.signal);
  return args;
}

/** The options of a call whose first argument is something else. */
export function checkOptions(
  schema: Schema,
  meta: ModelMeta,
  options: unknown,
  allowed: ReadonlySet<string>,
): CheckedOptions {
  if (options === undefined) return NO_OPTIONS;
  const scope = new ParseScope(schema, meta);
  checkArguments(scope, options, allowed);
  checkSignal(scope, options.signal);
  const { batch, analyze } = options;
  if (batch !== undefined && !(Number.isSafeInteger(batch) && (batch as number) > 0)) {
    scope.enter("batch");
    throw scope.wrongValue("a whole number, 1 or more", batch);
  }
  if (analyze !== undefined && typeof analyze !== "boolean") {
    scope.enter("analyze");
    throw scope.wrongValue("true or false", analyze);
  }
  return options;
}

const NO_OPTIONS: CheckedOptions = Object.freeze({});

function checkSignal(scope: ParseScope, signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  scope.enter("signal");
  throw scope.wrongValue("an AbortSignal", signal);
}
