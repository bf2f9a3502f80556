/**
 * The TypeScript text of field types in each position: as a row holds it, as a create takes it, as a filter asks it,
 * as an update changes it. Each answer is a list of union options, so that lines can be broken between them.
 */
import { InternalError } from "../src/base/errors.js";
import type { FieldMeta, FieldType, PropertyMeta } from "../src/schema/model.js";
import type { Scope } from "./scope.js";

type Kind = FieldType["kind"];
type Of<K extends Kind> = Extract<FieldType, { kind: K }>;
type Handler<R> = { readonly [K in Kind]: (type: Of<K>, scope: Scope, input: boolean) => R };

/** Arrays are readonly in inputs, so that constants fit. */
const VALUE: Handler<readonly string[]> = {
  string: () => ["string"],
  int: () => ["number"],
  float: () => ["number"],
  bigint: () => ["bigint"],
  boolean: () => ["boolean"],
  date: (_, scope) => [scope.global("Date")],
  bytes: (_, scope) => [scope.global("Uint8Array")],
  enum: (type, scope) => {
    const named = scope.naming.named(type);
    if (named !== null) return [scope.own(named.name, named.file)];
    return type.values.length === 0 ? ["never"] : type.values.map((value) => JSON.stringify(value));
  },
  object: (type, scope, input) => {
    const named = scope.naming.named(type);
    if (named === null) throw new InternalError("An object type without a name");
    return [scope.own(input && inputDiffers(type) ? `${named.name}Input` : named.name, named.file)];
  },
  array: (type, scope, input) => {
    const element = group([...valueOptions(type.element, scope, input), ...(type.nullableElement ? ["null"] : [])]);
    return [`${input ? "readonly " : ""}${element}[]`];
  },
  tuple: (type, scope, input) => {
    const items = type.items.map((item) => valueOptions(item, scope, input).join(" | "));
    if (type.rest !== null) items.push(`...${group(valueOptions(type.rest, scope, input))}[]`);
    return [`${input ? "readonly " : ""}[${items.join(", ")}]`];
  },
  record: (type, scope, input) => {
    const value = [...valueOptions(type.value, scope, input), ...(type.nullableValue ? ["null"] : [])].join(" | ");
    return [`{ [key: string]: ${value} }`];
  },
  union: (type, scope, input) => unique(type.options.flatMap((option) => valueOptions(option, scope, input))),
  null: () => ["null"],
  json: (_, scope) => [scope.shared("Json")],
};

/** The options of a value as a row holds it, or as an input gives it. */
export function valueOptions(type: FieldType, scope: Scope, input = false): readonly string[] {
  const handler = VALUE[type.kind] as (type: FieldType, scope: Scope, input: boolean) => readonly string[];
  return handler(type, scope, input);
}

/** As a row holds it, null included. */
export function rowOptions(field: Pick<FieldMeta, "type" | "nullable">, scope: Scope): readonly string[] {
  return unique([...valueOptions(field.type, scope), ...(field.nullable ? ["null"] : [])]);
}

/** As create takes it, null included. */
export function inputOptions(
  field: Pick<FieldMeta, "type" | "nullable"> & Partial<Pick<FieldMeta, "input">>,
  scope: Scope,
): readonly string[] {
  const type = field.input ?? field.type;
  return unique([...valueOptions(type, scope, true), ...(field.nullable ? ["null"] : [])]);
}

/** Whether an input of this type looks different from a stored value: a default inside it may be left out. */
export function inputDiffers(type: FieldType): boolean {
  switch (type.kind) {
    case "object":
      return type.properties.some(
        (property) => (property.hasDefault && !property.optional) || inputDiffers(property.type),
      );
    case "array":
      return inputDiffers(type.element);
    case "record":
      return inputDiffers(type.value);
    case "tuple":
      return type.items.some(inputDiffers) || (type.rest !== null && inputDiffers(type.rest));
    case "union":
      return type.options.some(inputDiffers);
    default:
      return false;
  }
}

const SCALAR_FILTERS: { readonly [K in Kind]?: string } = {
  string: "StringFilter",
  int: "NumberFilter",
  float: "NumberFilter",
  bigint: "BigIntFilter",
  boolean: "BooleanFilter",
  date: "DateFilter",
  bytes: "BytesFilter",
};

/** What a filter may say about a value: the bare value, its filter, null. */
export function filterOptions(type: FieldType, nullable: boolean, scope: Scope): readonly string[] {
  const nothing = nullable ? ["null"] : [];
  const scalar = SCALAR_FILTERS[type.kind];
  if (scalar !== undefined) {
    const filter = `${scope.shared(scalar)}${nullable ? "<null>" : ""}`;
    return [...valueOptions(type, scope), filter, ...nothing];
  }
  switch (type.kind) {
    case "enum": {
      const values = valueOptions(type, scope);
      return [...values, `${scope.shared("EnumFilter")}<${[...values, ...nothing].join(" | ")}>`, ...nothing];
    }
    case "object": {
      const named = scope.naming.named(type);
      if (named === null) throw new InternalError("An object type without a name");
      return [scope.own(`${named.name}Where`, named.file), ...nothing];
    }
    case "array": {
      const element = [...valueOptions(type.element, scope, true), ...(type.nullableElement ? ["null"] : [])];
      const asked = filterOptions(type.element, type.nullableElement, scope);
      const list = `${scope.shared("ListFilter")}<${element.join(" | ")}, ${asked.join(" | ")}>`;
      return [`readonly ${group(element)}[]`, list, ...nothing];
    }
    case "record": {
      const value = filterOptions(type.value, type.nullableValue, scope).join(" | ");
      const whole = valueOptions(type, scope, true).join(" | ");
      return [
        `{ [key: string]: ${value} }`,
        `${scope.shared("ValueFilter")}<${[whole, ...nothing].join(" | ")}>`,
        ...nothing,
      ];
    }
    case "union":
      return unique([...type.options.flatMap((option) => filterOptions(option, nullable, scope))]);
    case "null":
      return ["null"];
    case "json":
      return [scope.shared("JsonFilter")];
    default: {
      const whole = [...valueOptions(type, scope, true), ...nothing].join(" | ");
      return [...valueOptions(type, scope, true), `${scope.shared("ValueFilter")}<${whole}>`, ...nothing];
    }
  }
}

/** What an update may say about a field: a value, or one operator. */
export function updateOptions(field: FieldMeta | PropertyMeta, scope: Scope): readonly string[] {
  const given = inputOptions(field, scope);
  const whole = given.join(" | ");
  const unset = field.nullable || field.optional ? [scope.shared("Unset")] : [];
  const type = field.type;
  switch (type.kind) {
    case "int":
    case "float":
      return [...given, `${scope.shared("NumberUpdate")}<number>`, ...unset];
    case "bigint":
      return [...given, `${scope.shared("NumberUpdate")}<bigint>`, ...unset];
    case "array": {
      const element = [...valueOptions(type.element, scope, true), ...(type.nullableElement ? ["null"] : [])];
      return [...given, `${scope.shared("ListUpdate")}<${element.join(" | ")}>`, ...unset];
    }
    case "object":
    case "record":
      return [
        ...given,
        `${scope.shared("ObjectUpdate")}<${inputOptions({ ...field, nullable: false }, scope).join(" | ")}>`,
        ...unset,
      ];
    default:
      return [...given, `${scope.shared("SetTo")}<${whole}>`, ...unset];
  }
}

/** Parentheses where `[]` would bind to the last option only. */
export function group(options: readonly string[]): string {
  const text = options.join(" | ");
  return options.length > 1 || text.startsWith("readonly ") ? `(${text})` : text;
}

export function unique(options: readonly string[]): readonly string[] {
  return [...new Set(options)];
}
