/**
 * Declaration maps: `user.d.ts.map` beside `user.d.ts` leads an editor's go-to-definition from generated members to the
 * user's model. A position that has no mapping is looked up as the next one that has, so every mapped name has an unmapped
 * start of its line before it. Maps say where things are in the sources, which moves with every line added there: they are
 * for the editor alone, and `--check` does not look at them.
 */
import { relative, sep } from "node:path";
import type { ModelMeta, Schema } from "../src/schema/model.js";
import { withMethod } from "../src/schema/naming.js";
import type { GeneratedFile } from "../templates/index.js";
import { HEADER_MARK } from "../templates/text.js";
import type { Place } from "./source-plugin.js";

/** The line of a declared name, which is what an editor jumps to: the name ends where the match does. */
const TYPE = /^export (?:interface|type) (\w+)/;
const MEMBER = /^ {2}(?:readonly )?([\w$]+|"(?:[^"\\]|\\.)*")(?=[?:(<])/;

/** Interfaces whose members are those of the model; nested objects have members of their own. */
const ABOUT_MODEL = /^(?:Where|OrderBy|Create.*|Update.*|Relations|Values|Query|)$/;

/** The files, each declaration with a reference to its map, and the maps. */
export function withMaps(
  files: readonly GeneratedFile[],
  schema: Schema,
  declared: ReadonlyMap<string, Place>,
  out: string,
  cache: MapCache | null = null,
): readonly GeneratedFile[] {
  if (declared.size === 0) return files;
  const owner = new Owner(schema, declared);
  const context = `${out}\n${[...schema.models.keys()].join()}`;
  return files.flatMap((file) => {
    if (!file.path.endsWith(".d.ts")) return [file];
    const known = cache?.find(file, context, declared) ?? null;
    if (known !== null) return known;
    owner.looked.clear();
    owner.models.clear();
    const map = mapOf(file, owner, out);
    const reference = `//# sourceMappingURL=${file.path}.map\n`;
    const made = map === null ? [file] : [{ path: file.path, text: `${file.text}${reference}` }, map];
    // What the members of another model are, its own text does not tell.
    if (owner.models.size === 1) cache?.keep(file, { context, looked: new Map(owner.looked), made });
    return made;
  });
}

interface KeptMap {
  /** Where the output goes, and which models there are. */
  readonly context: string;
  readonly looked: ReadonlyMap<string, Place | undefined>;
  readonly made: readonly GeneratedFile[];
}

/** Maps of files that are the very same objects as before, while all places that were looked up are where they were. */
export class MapCache {
  readonly #kept = new WeakMap<GeneratedFile, KeptMap>();

  find(file: GeneratedFile, context: string, declared: ReadonlyMap<string, Place>): readonly GeneratedFile[] | null {
    const kept = this.#kept.get(file);
    if (kept === undefined || kept.context !== context) return null;
    for (const [key, place] of kept.looked) if (!samePlace(place, declared.get(key))) return null;
    return kept.made;
  }

  keep(file: GeneratedFile, map: KeptMap): void {
    this.#kept.set(file, map);
  }
}

function samePlace(a: Place | undefined, b: Place | undefined): boolean {
  return a === b || (a?.file === b?.file && a?.line === b?.line && a?.column === b?.column);
}

/** Which declared thing a generated name stands for. */
class Owner {
  readonly #declared: ReadonlyMap<string, Place>;
  readonly #models: ReadonlyMap<string, ModelMeta>;
  /** What the members of a model's types are about, by name: `posts`, `withPosts`, `withPostsCount` -> `posts`. */
  readonly #members = new Map<ModelMeta, ReadonlyMap<string, string>>();
  readonly #collections: ReadonlyMap<string, string>;
  /** What was asked for, and where it is. */
  readonly looked = new Map<string, Place | undefined>();
  readonly models = new Set<string>();

  constructor(schema: Schema, declared: ReadonlyMap<string, Place>) {
    this.#declared = declared;
    this.#models = schema.models;
    this.#collections = new Map([...schema.models.values()].map((model) => [model.collection, model.name]));
  }

  /** The model that a type is about, and what its name adds to the model's. */
  type(name: string): { readonly model: ModelMeta; readonly suffix: string } | null {
    // The longest name first: `PostTagWhere` is of PostTag, not of Post.
    for (let end = name.length; end > 0; end--) {
      const model = /[a-z]/.test(name.charAt(end)) ? undefined : this.#models.get(name.slice(0, end));
      if (model === undefined) continue;
      this.models.add(model.name);
      return { model, suffix: name.slice(end) };
    }
    return null;
  }

  model(name: string): Place | undefined {
    return this.#place(name);
  }

  #place(key: string): Place | undefined {
    const place = this.#declared.get(key);
    this.looked.set(key, place);
    return place;
  }

  /** A field, a relation, or a step of the builder; members that are declared elsewhere lead to the model. */
  member(model: ModelMeta, name: string): Place | undefined {
    const members = this.#members.get(model) ?? membersOf(model);
    this.#members.set(model, members);
    const about = members.get(name);
    if (about === undefined) return undefined;
    return this.#place(`${model.name}.${about}`) ?? (about === name ? this.model(model.name) : undefined);
  }

  collection(name: string): Place | undefined {
    return this.model(this.#collections.get(name) ?? "");
  }
}

function membersOf(model: ModelMeta): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const { name } of model.relations) {
    members.set(withMethod(name), name);
    members.set(`${withMethod(name)}Count`, name);
  }
  for (const { name } of [...model.fields, ...model.relations]) members.set(name, name);
  return members;
}

function mapOf(file: GeneratedFile, owner: Owner, out: string): GeneratedFile | null {
  const files: string[] = [];
  const encoder = new MappingEncoder();
  let at: ReturnType<Owner["type"]> | "client" = null;
  for (const line of file.text.split("\n")) {
    const type = TYPE.exec(line);
    const member = type === null ? MEMBER.exec(line) : null;
    const [matched = "", written = ""] = type ?? member ?? [];
    const start = matched.length - written.length;
    const name = written.replace(/^"|"$/g, "");
    let place: Place | undefined;
    if (type !== null) {
      at = name === "Repositories" ? "client" : owner.type(name);
      if (at !== null && at !== "client") place = owner.model(at.model.name);
    } else if (member !== null && at === "client") place = owner.collection(name);
    else if (member !== null && at !== null && at !== "client" && ABOUT_MODEL.test(at.suffix))
      place = owner.member(at.model, name);
    if (place !== undefined) {
      let source = files.indexOf(place.file);
      if (source < 0) source = files.push(place.file) - 1;
      // A declaration is mapped from its first word, too: TypeScript 7 takes the file from there, the place from the name.
      if (type !== null && start > 0) encoder.map(0, source, place.line, place.column);
      encoder.map(start, source, place.line, place.column);
    }
    encoder.nextLine();
  }
  if (files.length === 0) return null;
  const sources = files.map((path) => relative(out, path).split(sep).join("/"));
  const comment = `${HEADER_MARK}: where the models declare it, for go-to-definition.`;
  const map = { version: 3, file: file.path, sources, names: [], mappings: encoder.text(), comment };
  return { path: `${file.path}.map`, text: `${JSON.stringify(map)}\n` };
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Source map v3 `mappings`: differences to the value before, in base 64 with the sign in the lowest bit. */
class MappingEncoder {
  #text = "";
  #source = 0;
  #line = 0;
  #column = 0;
  /** In the current line; null: nothing yet. */
  #generated: number | null = null;

  /** A mapped name in the current line; what stands before the first of them is unmapped. */
  map(generated: number, source: number, line: number, column: number): void {
    if (this.#generated !== null) this.#text += ",";
    else if (generated > 0) this.#text += "A,";
    const along = vlq(generated - (this.#generated ?? 0)) + vlq(source - this.#source);
    this.#text += along + vlq(line - this.#line) + vlq(column - this.#column);
    [this.#generated, this.#source, this.#line, this.#column] = [generated, source, line, column];
  }

  nextLine(): void {
    this.#text += ";";
    this.#generated = null;
  }

  text(): string {
    return this.#text.replace(/;+$/, "");
  }
}

function vlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
