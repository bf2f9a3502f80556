/** Random calls through `createClient` on a target and on the reference, compared call by call; keys that engines make are told by when they were met. */
import { isDeepStrictEqual } from "node:util";
import { createClient, type DynamicClient, type DynamicTransaction, ValidationError } from "../../src/index.js";
import { errorShape } from "../support/reference-engine.js";
import { has, type Target } from "../support/target.js";
import { REFERENCE } from "../targets.js";
import type { Ref } from "./call-shapes.js";
import { CLIENT_MODELS, type Collection } from "./client-models.js";
import { type Call, FIRST_PERSON, randomCalls, WRITES } from "./generate-calls.js";
import { literal } from "./print.js";
import { Random } from "./random.js";
import { inItsTurn } from "./turns.js";

type Client = DynamicClient<Collection>;
type Transaction = DynamicTransaction<Collection>;

/** A transaction, or one nested in it, that is open until it is told how to end. */
interface Open {
  readonly scope: Transaction;
  end(how: "commit" | "rollback"): Promise<void>;
}

class RolledBack extends Error {}

function opened(parent: Pick<Transaction, "transaction">): Promise<Open> {
  return new Promise((found, failed) => {
    let finish: (how: "commit" | "rollback") => void = () => undefined;
    const told = new Promise<"commit" | "rollback">((resolve) => {
      finish = resolve;
    });
    const ended: Promise<unknown> = parent.transaction(
      async (scope) => {
        const end = async (how: "commit" | "rollback"): Promise<void> => {
          finish(how);
          await ended.catch((error: unknown) => {
            if (!(error instanceof RolledBack)) throw error;
          });
        };
        found({ scope: scope as Transaction, end });
        if ((await told) === "rollback") throw new RolledBack();
      },
      { retries: 0 },
    );
    ended.catch(failed);
  });
}

/** What a call gave, in a form that does not depend on the engine. */
type Answer = { readonly value: unknown } | { readonly error: unknown };

const SHAPES: readonly (readonly [Ref["$met"], RegExp])[] = [
  ["card", /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/],
  ["note", /^[0-9A-HJKMNP-TV-Z]{26}$/],
];

/** The keys that a run has met, by kind, in the order in which it met them. */
class Met {
  readonly #known: Readonly<Record<Ref["$met"], Map<unknown, number>>> = {
    person: new Map(),
    card: new Map(),
    note: new Map(),
  };

  #label(kind: Ref["$met"], value: unknown): string {
    const known = this.#known[kind];
    if (!known.has(value)) known.set(value, known.size);
    return `${kind} ${known.get(value)}`;
  }

  /** Every key replaced by its label. */
  labelled(value: unknown): unknown {
    if (typeof value === "number" && value >= FIRST_PERSON && value < 2 * FIRST_PERSON)
      return this.#label("person", value);
    if (typeof value === "string") {
      const shape = SHAPES.find(([, pattern]) => pattern.test(value));
      return shape === undefined ? value : this.#label(shape[0], value);
    }
    if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array)
      return value;
    if (Array.isArray(value)) return value.map((inner) => this.labelled(inner));
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.labelled(inner)]));
  }

  /** Every Ref replaced by the key that it names here; one that was not met names nobody. */
  resolved(value: unknown): unknown {
    if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array)
      return value;
    if (Array.isArray(value)) return value.map((inner) => this.resolved(inner));
    if ("$met" in value) {
      const { $met, n } = value as Ref;
      const keys = [...this.#known[$met].keys()];
      return (
        (n < MISSING ? keys.at(-1 - (n % Math.max(keys.length, 1))) : undefined) ??
        { person: 77, card: "018f0000-0000-7000-8000-000000000000", note: "01HX0000000000000000000000" }[$met]
      );
    }
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.resolved(inner)]));
  }
}

/** Numbers from here on name nobody. */
const MISSING = 11;

const STILL_REFERENCED = "FOREIGN_KEY.STILL_REFERENCED";

function errorOf(error: unknown, met: Met): unknown {
  const { name, code, meta } = errorShape(error);
  // Any of several references may be the one that is named.
  if (code === STILL_REFERENCED) return { name, code };
  const issues = error instanceof ValidationError ? error.issues.map(({ path, code: issue }) => ({ path, issue })) : [];
  return met.labelled({ name, code, meta, issues });
}

function answers(target: Target, calls: readonly Call[]): Promise<readonly Answer[]> {
  return inItsTurn(target, () => answersOn(target, calls));
}

async function answersOn(target: Target, calls: readonly Call[]): Promise<readonly Answer[]> {
  const place = await target.place();
  let now = 1_700_000_000_000;
  const client = (await createClient<Collection>({
    models: CLIENT_MODELS,
    engine: place.engine(),
    clock: () => now,
  })) as Client;
  const met = new Met();
  const stack: Open[] = [];
  const end = async (how: "commit" | "rollback"): Promise<string> => {
    const transaction = stack.pop();
    if (transaction === undefined) return "nothing open";
    await transaction.end(how);
    return how;
  };
  const perform = async (call: Call): Promise<unknown> => {
    const scope = stack.at(-1)?.scope ?? (client as Transaction);
    if (call.do === "begin") {
      if (stack.length >= 3) return "deep enough";
      stack.push(await opened(scope));
      return "begun";
    }
    if (call.do !== "call") return end(call.do);
    const repository = scope[call.on] as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
    try {
      return await repository[call.method]!(...call.args.map((argument) => met.resolved(argument)));
    } catch (error) {
      if (call.recover) await end("rollback");
      throw error;
    }
  };
  const outcomes: Answer[] = [];
  try {
    for (const call of calls) {
      now += 1000;
      try {
        outcomes.push({ value: met.labelled(await perform(call)) });
      } catch (error) {
        outcomes.push({ error: errorOf(error, met) });
      }
    }
    while (stack.length > 0) await end("rollback").catch(() => undefined);
    for (const on of ["people", "cards", "notes", "remarks", "teams", "memberships"] as const)
      outcomes.push({ value: met.labelled(await client[on].findMany({})) });
  } finally {
    await client.close();
    await place.dispose();
  }
  return outcomes;
}

/** Where keys have gaps, what was refused or undone may shift them: nothing is compared from there on. */
function comparable(calls: readonly Call[], expected: readonly Answer[]): number {
  const at = calls.findIndex((call, index) => {
    if (call.do === "rollback") return true;
    return (
      call.do === "call" &&
      WRITES.has(call.method) &&
      ("error" in expected[index]! || (call.args[0] as { readonly skipDuplicates?: unknown }).skipDuplicates === true)
    );
  });
  return at < 0 ? expected.length : at;
}

export interface CallDifference {
  readonly at: number;
  readonly expected: Answer | undefined;
  readonly actual: Answer | undefined;
}

export async function compareCalls(
  target: Target,
  calls: readonly Call[],
  explicit: boolean,
  known?: readonly Answer[],
): Promise<CallDifference | null> {
  const expected = known ?? (await answers(REFERENCE, calls));
  const actual = await answers(target, calls);
  const most = explicit || has(target, "denseKeys") ? expected.length : comparable(calls, expected);
  for (let at = 0; at < most; at++)
    if (!isDeepStrictEqual(expected[at], actual[at])) return { at, expected: expected[at], actual: actual[at] };
  return null;
}

export interface CallFailure {
  readonly target: string;
  readonly script: string;
  readonly steps: number;
}

function printed(target: Target, calls: readonly Call[], explicit: boolean, difference: CallDifference): string {
  const { at, expected, actual } = difference;
  return [
    `// ${target.name} differs from the reference at call ${at} (${calls[at] === undefined ? "the final state" : calls[at].do})`,
    `// expected: ${literal(expected)}`,
    `// actual:   ${literal(actual)}`,
    'import { expect, test } from "vitest";',
    'import { targetNamed } from "./campaign.js";',
    'import type { Call } from "./generate-calls.js";',
    'import { compareCalls } from "./run-calls.js";',
    "",
    "const calls: readonly Call[] = [",
    ...calls.map((call) => `  ${literal(call)},`),
    "];",
    `test("calls", async () => expect(await compareCalls(targetNamed(${JSON.stringify(target.name)}), calls, ${explicit})).toBeNull());`,
  ].join("\n");
}

/** Fewer calls, as long as they still differ. */
async function shrunk(target: Target, given: readonly Call[], explicit: boolean): Promise<readonly Call[]> {
  let calls = given;
  for (let size = Math.max(1, calls.length >> 1); size >= 1; size >>= 1) {
    for (let end = calls.length; end > 0; end -= size) {
      const rest = calls.toSpliced(Math.max(0, end - size), Math.min(size, end));
      if (rest.length < calls.length && (await compareCalls(target, rest, explicit).catch(() => null)) !== null)
        calls = rest;
    }
  }
  return calls;
}

export const CALLS = 60;

/** The calls of a seed on the targets; null when all agree. */
export async function runCalls(seed: number, targets: readonly Target[]): Promise<CallFailure | null> {
  const scriptOf = async (explicit: boolean) => {
    const calls = randomCalls(new Random(seed), CALLS, explicit);
    return { calls, expected: await answers(REFERENCE, calls) };
  };
  const scripts = new Map<boolean, Awaited<ReturnType<typeof scriptOf>>>();
  for (const target of targets) {
    // On one connection, calls beside a transaction wait; here there are none.
    const explicit = seed % 4 !== 0 && !has(target, "denseKeys");
    const { calls, expected } = scripts.get(explicit) ?? (await scriptOf(explicit));
    scripts.set(explicit, { calls, expected });
    if ((await compareCalls(target, calls, explicit, expected)) === null) continue;
    const small = await shrunk(target, calls, explicit);
    const difference = await compareCalls(target, small, explicit);
    const script =
      difference === null ? `// seed ${seed}: did not show again` : printed(target, small, explicit, difference);
    return { script: `// seed ${seed}\n${script}`, steps: small.length, target: target.name };
  }
  return null;
}
