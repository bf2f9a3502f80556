/** A case as a target can run it: what the target lacks by its capabilities is taken out, for the reference too. */
import { schemaOf } from "../support/schema.js";
import { has, type Target } from "../support/target.js";
import type { Case, Step } from "./generate-script.js";

const NUL = String.fromCharCode(0);

/** The same data with every string changed; callbacks and class instances stay themselves. */
function withStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => withStrings(inner, change));
  if (value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withStrings(inner, change)]));
}

/** Documents without their auto-increment key get one: numbers that are never given twice, above all guesses. */
function withKeys(subject: Case): readonly Step[] {
  const { models } = schemaOf(subject.spec);
  let next = 1000;
  return subject.steps.map((step): Step => {
    if (step.do !== "write" || step.command.kind !== "insert") return step;
    const model = models.get(step.command.model);
    const key = model?.key[0];
    if (model?.keyGeneration !== "increment" || key === undefined) return step;
    const docs = step.command.docs.map((doc) => ((doc[key] ?? null) === null ? { ...doc, [key]: next++ } : doc));
    return { ...step, command: { ...step.command, docs } };
  });
}

/** Targets with the same text get the same case. */
export function fitKey(target: Target): string {
  return (["anyStrings", "denseKeys", "callsBesideTransactions"] as const).filter((each) => !has(target, each)).join();
}

export function fitTo(target: Target, subject: Case): Case {
  let steps = subject.steps;
  if (!has(target, "anyStrings"))
    steps = withStrings(steps, (text) => text.replaceAll(NUL, "\u0001")) as readonly Step[];
  if (!has(target, "denseKeys")) steps = withKeys({ ...subject, steps });
  if (!has(target, "callsBesideTransactions"))
    steps = steps.map((step) => (step.do === "find" ? { ...step, outside: false } : step));
  return steps === subject.steps ? subject : { ...subject, steps };
}
