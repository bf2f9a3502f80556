/**
 * Names of one generated file. A template asks for a name and the scope remembers where it comes from, so that imports
 * are exactly what is used. Names that clash with a model of the schema are aliased (`Plan as Plan_`) or reached through
 * globalThis, so that a model may be called Plan or Record.
 */
import { InternalError } from "../src/base/errors.js";
import type { ModelMeta, Schema } from "../src/schema/model.js";
import type { Naming } from "./naming.js";
import { importText } from "./text.js";

export interface RenderOptions {
  /** Row interfaces with readonly members. */
  readonly readonlyRows: boolean;
  /** Doc comments found in the source, for what has no description of its own: by `Model` and `Model.field`. */
  readonly comments: ReadonlyMap<string, string>;
}

export class Scope {
  readonly schema: Schema;
  readonly naming: Naming;
  readonly options: RenderOptions;
  readonly #file: string;
  readonly #imports = new Map<string, Set<string>>();

  constructor(schema: Schema, naming: Naming, options: RenderOptions, file: string) {
    this.schema = schema;
    this.naming = naming;
    this.options = options;
    this.#file = file;
  }

  /** A name of `tenon/types`. */
  shared(name: string): string {
    if (!this.naming.taken.has(name)) {
      this.#add("tenon/types", name);
      return name;
    }
    this.#add("tenon/types", `${name} as ${name}_`);
    return `${name}_`;
  }

  /** A global type: `Date`, `Promise`, … */
  global(name: string): string {
    return this.naming.taken.has(name) ? `globalThis.${name}` : name;
  }

  /** A generated name of a model: `of(post, "Where")` -> `PostWhere`. */
  of(model: ModelMeta, suffix = ""): string {
    return this.own(`${model.name}${suffix}`, this.naming.file(model.name));
  }

  /** A name that the generated file `file` declares. */
  own(name: string, file: string): string {
    if (file !== this.#file) this.#add(`./${file}.js`, name);
    return name;
  }

  target(name: string): ModelMeta {
    const model = this.schema.models.get(name);
    // A resolved schema has no dangling relation; an empty answer here would be a silent hole in the types.
    if (model === undefined) throw new InternalError(`The schema has no model ${name}`);
    return model;
  }

  description(key: string, own: string | null): string | null {
    return own ?? this.options.comments.get(key) ?? null;
  }

  /** Import lines: the shared types first, then by file name. */
  imports(): readonly string[] {
    const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    const rank = (from: string): string => (from.startsWith("./") ? `1${from}` : `0${from}`);
    return [...this.#imports]
      .sort(([a], [b]) => compare(rank(a), rank(b)))
      .map(([from, names]) => importText([...names].sort(compare), from));
  }

  #add(from: string, name: string): void {
    const names = this.#imports.get(from) ?? new Set<string>();
    names.add(name);
    this.#imports.set(from, names);
  }
}
