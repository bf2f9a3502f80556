/** Runs a case on an engine and writes down what every step answered; two engines agree when the two records are equal. */
import { isDeepStrictEqual } from "node:util";
import type { Engine, Executor, Transaction } from "../../src/engine/engine.js";
import type { Doc, Schema } from "../../src/schema/model.js";
import { queries } from "../support/ir.js";
import { errorShape } from "../support/reference-engine.js";
import { creationOps, schemaOf } from "../support/schema.js";
import { collect, connect, type Place, wholeState } from "../support/target.js";
import type { Case, Step } from "./generate-script.js";

export type Outcome = { readonly value: unknown } | { readonly error: ReturnType<typeof errorShape> };

/** Engines of one place, with the stack of open transactions. */
class Session {
  readonly #place: Place;
  readonly #schema: Schema;
  readonly #reopens: boolean;
  readonly #stack: Transaction[] = [];
  #engine: Engine;

  private constructor(place: Place, schema: Schema, reopens: boolean, engine: Engine) {
    this.#place = place;
    this.#schema = schema;
    this.#reopens = reopens;
    this.#engine = engine;
  }

  static async start(place: Place, schema: Schema, reopens: boolean): Promise<Session> {
    const engine = place.engine();
    await engine.open(schema);
    await engine.admin.apply(creationOps(schema), schema);
    return new Session(place, schema, reopens, engine);
  }

  get engine(): Engine {
    return this.#engine;
  }

  get current(): Executor {
    return this.#stack.at(-1) ?? this.#engine;
  }

  async begin(): Promise<unknown> {
    const transaction = await this.current.begin({ mode: "write" });
    this.#stack.push(transaction);
    return transaction.depth;
  }

  /** Pops the transaction; a commit that fails leaves it to be rolled back. */
  async end(how: "commit" | "rollback"): Promise<unknown> {
    const transaction = this.#stack.pop();
    if (transaction === undefined) return "nothing open";
    try {
      await transaction[how]();
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    return how;
  }

  async unwind(): Promise<void> {
    while (this.#stack.length > 0) await this.end("rollback");
  }

  async reopen(): Promise<void> {
    await this.unwind();
    if (!this.#reopens) return;
    await this.#engine.close();
    this.#engine = await connect(this.#place, this.#schema);
  }

  async stop(): Promise<void> {
    await this.#engine.close();
  }
}

async function partition(
  executor: Executor,
  schema: Schema,
  step: Extract<Step, { do: "partition" }>,
): Promise<unknown> {
  const find = (where: typeof step.where | null) => executor.find(queries(schema).find(step.model, { where }));
  const [yes, no, all] = [await find(step.where), await find({ kind: "not", filter: step.where }), await find(null)];
  const { key } = schema.models.get(step.model)!;
  const keyText = (doc: Doc) => key.map((name) => `${typeof doc[name]}:${String(doc[name])}`).join("|");
  const parts = [...yes, ...no].map(keyText).sort();
  if (!isDeepStrictEqual(parts, all.map(keyText).sort()))
    return { broken: "a filter and its negation do not add up", yes, no, all };
  return { yes: yes.length, no: no.length };
}

async function perform(session: Session, schema: Schema, step: Step): Promise<unknown> {
  const { current } = session;
  switch (step.do) {
    case "write":
      try {
        return await current.write(step.command);
      } catch (error) {
        if (step.recover) await session.end("rollback");
        throw error;
      }
    case "begin":
      return session.begin();
    case "commit":
    case "rollback":
      return session.end(step.do);
    case "reopen":
      return session.reopen();
    case "find":
      return (step.outside ? session.engine : current).find(step.query);
    case "stream":
      return collect(current.stream(step.query, { batch: step.batch }));
    case "aggregate":
      return current.aggregate(step.query);
    case "count":
      return current.count(step.model, step.where);
    case "partition":
      return partition(current, schema, step);
  }
}

export interface RunOptions {
  readonly reopens: boolean;
  /** Another schema with the same meaning: the metamorphic check that indexes change no answer. */
  readonly change?: (schema: Schema) => Schema;
}

/** One outcome per step, then the final state. */
export async function runCase(place: Place, subject: Case, options: RunOptions): Promise<readonly Outcome[]> {
  const plain = schemaOf(subject.spec);
  const schema = options.change?.(plain) ?? plain;
  const session = await Session.start(place, schema, options.reopens);
  const outcomes: Outcome[] = [];
  const record = async (work: () => Promise<unknown>) => {
    try {
      outcomes.push({ value: await work() });
    } catch (error) {
      outcomes.push({ error: errorShape(error) });
    }
  };
  try {
    for (const step of subject.steps) await record(() => perform(session, schema, step));
    await record(async () => {
      await session.unwind();
      return wholeState(session.engine, schema);
    });
  } finally {
    await session.stop();
  }
  return outcomes;
}

export interface Difference {
  /** Index of the first step that differs; the number of steps for the final state. */
  readonly at: number;
  readonly expected: Outcome | undefined;
  readonly actual: Outcome | undefined;
}

/**
 * Equal in values and in the order of their fields. When a delete leaves several references behind, any of them may be
 * the one that is named: of that error class and code count here, and its meta in the conformance suite.
 */
function same(a: Outcome | undefined, b: Outcome | undefined, ordered: boolean): boolean {
  if (a !== undefined && b !== undefined && "error" in a && "error" in b && a.error.code === STILL_REFERENCED) {
    return a.error.code === b.error.code && a.error.name === b.error.name;
  }
  return isDeepStrictEqual(a, b) && (!ordered || sameOrder(a, b));
}

const STILL_REFERENCED = "FOREIGN_KEY.STILL_REFERENCED";

function sameOrder(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || a instanceof Date || a instanceof Uint8Array) return true;
  const [left, right] = [Object.entries(a), Object.entries(b as object)];
  return left.every(([name, value], at) => name === right[at]![0] && sameOrder(value, right[at]![1]));
}

/** `ordered`: the names inside objects must come in the same order too. */
export function firstDifference(
  expected: readonly Outcome[],
  actual: readonly Outcome[],
  ordered = true,
): Difference | null {
  for (let at = 0; at < Math.max(expected.length, actual.length); at++) {
    if (!same(expected[at], actual[at], ordered)) return { at, expected: expected[at], actual: actual[at] };
  }
  return null;
}
