/**
 * Every name that generation makes, decided once for the whole schema and in schema order, so that output is stable:
 * file names, named interfaces of nested objects, names of long enums. `problems` lists names that two things claim.
 */
import type { FieldType, Schema } from "../src/schema/model.js";
import { linksOf, linkTypeNames } from "./links.js";
import { kebab, LINE_WIDTH, pascal } from "./text.js";

export type ObjectType = Extract<FieldType, { kind: "object" }>;
export type EnumType = Extract<FieldType, { kind: "enum" }>;

/** A type that gets a name of its own. */
export interface NamedType {
  readonly name: string;
  /** The generated file that declares it. */
  readonly file: string;
  readonly type: ObjectType | EnumType;
}

export interface Naming {
  /** All names that generated files declare. */
  readonly taken: ReadonlySet<string>;
  readonly problems: readonly string[];
  /** Name of the client's interface and of the transaction's. */
  readonly client: string;
  readonly transaction: string;
  /** File name of a model, without extension. */
  file(model: string): string;
  /** The name of an object or long enum type, null when it is written inline. */
  named(type: FieldType): NamedType | null;
  /** The named types that a file declares, in order. */
  declaredIn(file: string): readonly NamedType[];
  /** Those that its model's types have, in the order of the types: declared there or in another file. */
  usedIn(file: string): readonly NamedType[];
}

/** What each model's file declares beside its row interface. */
export const MODEL_SUFFIXES = [
  "Where", "Unique", "Key", "OrderBy", "Create", "CreateFields", "Update", "UpdateFields", "Path1", "Path2", "Path",
  "Relations", "Values", "Types", "Repository", "Query",
] as const; // biome-ignore format: a table of words

/** Suffixes of a named object type: the filter, the order, and the input where it differs. */
export const OBJECT_SUFFIXES = ["Where", "OrderBy", "Input"] as const;

const INLINE_ENUM = 80;

export function nameSchema(schema: Schema): Naming {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  const claim = (name: string, owner: string): void => {
    const other = owners.get(name);
    if (other === undefined) owners.set(name, owner);
    else if (other !== owner) problems.push(`${owner} and ${other} would both be called ${name}`);
  };

  const files = fileNames(schema);
  for (const model of schema.models.values()) {
    claim(model.name, `model ${model.name}`);
    const parts = [...MODEL_SUFFIXES, ...linkTypeNames(linksOf(schema, model))];
    for (const suffix of parts) claim(`${model.name}${suffix}`, `a generated type of model ${model.name}`);
  }

  const named = new Map<FieldType, NamedType>();
  const byFile = new Map<string, NamedType[]>();
  const byName = new Map<string, NamedType>();
  const used = new Map<string, NamedType[]>();
  const use = (type: FieldType, entry: NamedType, file: string): void => {
    named.set(type, entry);
    const list = used.get(file) ?? [];
    used.set(file, list);
    list.push(entry);
  };
  const declare = (type: ObjectType | EnumType, wanted: string, file: string): void => {
    const shape = JSON.stringify(type, stable);
    let name = wanted;
    for (let n = 2; ; n++) {
      const same = byName.get(name);
      if (same !== undefined && JSON.stringify(same.type, stable) === shape) {
        use(type, same, file);
        return;
      }
      const all = type.kind === "enum" ? [name] : [name, ...OBJECT_SUFFIXES.map((suffix) => `${name}${suffix}`)];
      if (all.every((candidate) => !owners.has(candidate))) {
        for (const each of all) owners.set(each, `type ${name}`);
        const entry = { name, file, type };
        use(type, entry, file);
        byName.set(name, entry);
        byFile.set(file, [...(byFile.get(file) ?? []), entry]);
        return;
      }
      name = `${wanted}${n}`;
    }
  };
  const walk = (type: FieldType, path: string, file: string): void => {
    switch (type.kind) {
      case "enum":
        if (enumText(type).length > INLINE_ENUM) declare(type, path, file);
        return;
      case "object":
        declare(type, type.name === null ? path : pascal(type.name), file);
        for (const property of type.properties) walk(property.type, `${path}${pascal(property.name)}`, file);
        return;
      case "array":
        walk(type.element, type.element.kind === "object" ? `${path}Item` : path, file);
        return;
      case "record":
        walk(type.value, `${path}Value`, file);
        return;
      case "tuple":
        for (const [index, item] of type.items.entries()) walk(item, `${path}${index + 1}`, file);
        if (type.rest !== null) walk(type.rest, `${path}Rest`, file);
        return;
      case "union":
        for (const [index, option] of type.options.entries())
          walk(option, `${path}${optionName(option, type.discriminator, index)}`, file);
        return;
      default:
        return;
    }
  };
  for (const model of schema.models.values()) {
    const file = files.get(model.name) ?? kebab(model.name);
    for (const field of model.fields) {
      walk(field.type, `${model.name}${pascal(field.name)}`, file);
      if (field.input !== null) walk(field.input, `${model.name}${pascal(field.name)}Given`, file);
    }
  }

  const free = (wanted: string): string => (owners.has(wanted) ? `Tenon${wanted}` : wanted);
  const client = free("Client");
  const transaction = free("Transaction");
  const taken = new Set([...owners.keys(), client, transaction]);
  return {
    taken,
    problems,
    client,
    transaction,
    file: (model) => files.get(model) ?? kebab(model),
    named: (type) => named.get(type) ?? null,
    declaredIn: (file) => byFile.get(file) ?? [],
    usedIn: (file) => used.get(file) ?? [],
  };
}

/** `"admin" | "member"` as one string. */
export function enumText(type: EnumType): string {
  return type.values.length === 0 ? "never" : type.values.map((value) => JSON.stringify(value)).join(" | ");
}

function optionName(option: FieldType, discriminator: string | null, index: number): string {
  if (option.kind === "object" && discriminator !== null) {
    const tag = option.properties.find((property) => property.name === discriminator)?.type;
    if (tag?.kind === "enum" && tag.values.length === 1) return pascal(String(tag.values[0]));
  }
  return String(index + 1);
}

/** One file a model; names that differ only in case would be one file on some systems, so they are numbered. */
function fileNames(schema: Schema): ReadonlyMap<string, string> {
  const used = new Set(["client"]);
  const files = new Map<string, string>();
  for (const model of schema.models.values()) {
    const wanted = kebab(model.name) || "model";
    let file = wanted;
    for (let n = 2; used.has(file); n++) file = `${wanted}-${n}`;
    used.add(file);
    files.set(model.name, file);
  }
  return files;
}

/** bigint has no JSON form. */
export function stable(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

/** Whether a line of code may be this long. */
export function fits(line: string): boolean {
  return line.length <= LINE_WIDTH;
}
