/**
 * What marks a declared model, whichever way it was declared. The mark is a registered symbol, so that models are known
 * even when a loader has made two copies of this module.
 */
import type { ModelDraft } from "../schema/draft.js";

export const MODEL_DRAFT: unique symbol = Symbol.for("tenon.model.draft") as never;

export interface Drafted {
  readonly [MODEL_DRAFT]: () => ModelDraft;
}

/** The draft of a model handle or a decorated class; null for anything else. */
export function draftOf(value: unknown): ModelDraft | null {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return null;
  // Own only: a class that extends a model is no model itself until it is decorated.
  if (!Object.hasOwn(value, MODEL_DRAFT)) return null;
  return (value as Drafted)[MODEL_DRAFT]();
}
