/**
 * Where a parser stands in the arguments of a call, and the errors it throws from there. Every error names the model,
 * the full path of the argument (`where.posts.some.titel`), and what to do.
 */
import { QueryError } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import type { ModelMeta, Schema } from "../schema/model.js";
import { showName, showValue } from "./violations.js";

type QueryCode = ConstructorParameters<typeof QueryError>[0];

/** Far more than anybody writes; stops cyclic objects. */
const MAX_STEPS = 128;

export class ParseScope {
  readonly schema: Schema;
  /** The model that the call is about; its name begins every message. */
  readonly model: ModelMeta;
  readonly #steps: (string | number)[] = [];

  constructor(schema: Schema, model: ModelMeta, root?: string) {
    this.schema = schema;
    this.model = model;
    if (root !== undefined) this.#steps.push(root);
  }

  /** Steps into a key or list position. Paired with `leave`, except when an error is thrown: the scope then ends. */
  enter(step: string | number): void {
    if (this.#steps.push(step) > MAX_STEPS) {
      throw new QueryError("QUERY.INVALID_VALUE", `${this.model.name}: ${this.#head()} is nested too deeply`, {
        fix: `nest less than ${MAX_STEPS} levels; a cyclic object cannot be used`,
        meta: { model: this.model.name, argument: this.#head() },
      });
    }
  }

  leave(): void {
    this.#steps.pop();
  }

  #head(): string {
    return `${formatSteps(this.#steps.slice(0, 6))}…`;
  }

  /** `where.$or[0].name` */
  get path(): string {
    return formatSteps(this.#steps);
  }

  fail(code: QueryCode, problem: string, fix: string, meta: Readonly<Record<string, unknown>> = {}): QueryError {
    const { path } = this;
    const place = path === "" ? this.model.name : `${this.model.name}: ${path}`;
    return new QueryError(code, `${place} ${problem}`, {
      fix,
      meta: { model: this.model.name, argument: path, ...meta },
    });
  }

  undefinedValue(): QueryError {
    return this.fail(
      "QUERY.UNDEFINED_VALUE",
      "is undefined",
      "leave the key out, or write null to find rows without a value",
    );
  }

  /** `expected`: what belongs here, with its article. */
  wrongValue(expected: string, value: unknown, fix?: string): QueryError {
    if (value === undefined) return this.undefinedValue();
    return this.fail("QUERY.INVALID_VALUE", `must be ${expected}, not ${showValue(value)}`, fix ?? `pass ${expected}`);
  }

  unknownField(model: ModelMeta, name: string, known: Iterable<string>, fix?: string): QueryError {
    return this.fail(
      "QUERY.UNKNOWN_FIELD",
      `names an unknown field: ${model.name} has no ${showName(name)}`,
      fix ?? suggestion(name, known),
      {
        on: model.name,
        field: name,
      },
    );
  }

  /** As `unknownField`, where a dotted name is to be written as nested objects. */
  unknownNested(model: ModelMeta, name: string, known: Iterable<string>): QueryError {
    const [head, ...rest] = name.split(".");
    const members = [...known];
    if (head === undefined || rest.length === 0 || !members.includes(head)) {
      return this.unknownField(model, name, members);
    }
    const nested = rest.reduceRight((inner, step) => `{ ${step}: ${inner} }`, "…");
    return this.unknownField(model, name, members, `write nested objects: { ${head}: ${nested} }`);
  }

  unknownRelation(model: ModelMeta, name: string): QueryError {
    const isField = model.fields.some((field) => field.name === name);
    const names = model.relations.map((relation) => relation.name);
    return this.fail(
      "QUERY.UNKNOWN_RELATION",
      isField
        ? `names a field where a relation belongs: ${showName(name)} of ${model.name} is not a relation`
        : `names an unknown relation: ${model.name} has no relation ${showName(name)}`,
      suggestion(name, names),
      { on: model.name, relation: name },
    );
  }

  /** The model that a relation leads to. */
  target(relation: { readonly target: string }): ModelMeta {
    const model = this.schema.models.get(relation.target);
    if (model === undefined) {
      throw this.fail(
        "QUERY.UNKNOWN_RELATION",
        `leads to ${relation.target}, which the schema lacks`,
        "resolve the models again",
      );
    }
    return model;
  }

  /** Runs `parse` for each element of a list. */
  each<T, R>(values: readonly T[], parse: (value: T, index: number) => R): R[] {
    const results: R[] = new Array(values.length);
    for (let index = 0; index < values.length; index++) {
      this.enter(index);
      results[index] = parse(values[index]!, index);
      this.leave();
    }
    return results;
  }
}

/** A step is a name that came from outside: shown, it must not be long. */
const STEP_LENGTH = 80;

function formatSteps(steps: readonly (string | number)[]): string {
  let text = "";
  for (const step of steps) {
    if (typeof step === "number") text += `[${step}]`;
    else text += `${text === "" ? "" : "."}${step.length <= STEP_LENGTH ? step : `${step.slice(0, STEP_LENGTH)}…`}`;
  }
  return text;
}
