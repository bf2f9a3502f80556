/** A case as runnable TypeScript: paste it into a test file under test/differential. */
import { CALLBACKS } from "./generate-query.js";
import type { Case } from "./generate-script.js";
import type { Difference, Outcome } from "./run.js";

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

/** A value as a JavaScript literal. */
export function literal(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") {
    const name = Object.keys(CALLBACKS).find((candidate) => CALLBACKS[candidate] === value);
    return name === undefined ? "() => true" : `CALLBACKS[${JSON.stringify(name)}]!`;
  }
  if (typeof value !== "object" || value === null)
    return Object.is(value, -0) ? "-0" : (JSON.stringify(value) ?? "undefined");
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Uint8Array) return `new Uint8Array([${value.join(", ")}])`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  const members = Object.entries(value).map(([name, inner]) => {
    const key = name === "__proto__" ? '["__proto__"]' : PLAIN_NAME.test(name) ? name : JSON.stringify(name);
    return `${key}: ${literal(inner)}`;
  });
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

function outcome(what: Outcome | undefined): string {
  return what === undefined ? "nothing" : literal("error" in what ? { error: what.error } : what.value);
}

export function printCase(subject: Case, target: string, difference: Difference): string {
  const models = Object.entries(subject.spec).map(([name, model]) => `    ${name}: ${literal(model)},`);
  const steps = subject.steps.map((step) => `    ${literal(step)},`);
  const step = subject.steps[difference.at];
  return [
    `// seed ${subject.seed}: ${target} differs from the reference at ${step === undefined ? "the final state" : `step ${difference.at} (${step.do})`}`,
    `// expected: ${outcome(difference.expected)}`,
    `// actual:   ${outcome(difference.actual)}`,
    'import { expect, test } from "vitest";',
    'import { compareOn, targetNamed } from "./campaign.js";',
    'import { CALLBACKS } from "./generate-query.js";',
    'import type { Case } from "./generate-script.js";',
    "",
    "const subject: Case = {",
    `  seed: ${subject.seed},`,
    "  spec: {",
    ...models,
    "  },",
    "  steps: [",
    ...steps,
    "  ],",
    "};",
    `test("seed ${subject.seed}", async () => expect(await compareOn(targetNamed(${JSON.stringify(target)}), subject)).toBeNull());`,
    "void CALLBACKS;",
  ].join("\n");
}
