/** The row interface of a model, and the interfaces of the nested objects that its file declares. */
import type { ModelMeta, PropertyMeta } from "../src/schema/model.js";
import type { EnumType, NamedType, ObjectType } from "./naming.js";
import type { Scope } from "./scope.js";
import { aliasText, interfaceText, type Member } from "./text.js";
import { filterOptions, inputDiffers, inputOptions, rowOptions, unique } from "./types.js";
import { hasOrder, orderOptions } from "./where.js";

export function renderModel(model: ModelMeta, scope: Scope): string {
  const members = model.fields.map(
    (field): Member => ({
      name: field.name,
      readonly: scope.options.readonlyRows,
      optional: field.optional,
      type: rowOptions(field, scope),
      description: scope.description(`${model.name}.${field.name}`, field.description),
    }),
  );
  return interfaceText(model.name, members, scope.description(model.name, model.description));
}

/** Named types of the fields, each with its filter, its order and, where it differs, its input. */
export function renderNamed(entry: NamedType, scope: Scope): string {
  return entry.type.kind === "enum" ? renderEnum(entry.name, entry.type) : renderObject(entry.name, entry.type, scope);
}

function renderEnum(name: string, type: EnumType): string {
  return aliasText(
    name,
    type.values.map((value) => JSON.stringify(value)),
  );
}

function renderObject(name: string, type: ObjectType, scope: Scope): string {
  const member = (property: PropertyMeta, options: readonly string[], optional: boolean): Member => ({
    name: property.name,
    readonly: scope.options.readonlyRows,
    optional,
    type: options,
    description: property.description,
  });
  const open = type.unknownKeys === "passthrough" ? [{ name: "[key: string]", type: ["unknown"] }] : [];
  const blocks = [
    openInterface(name, [...type.properties.map((p) => member(p, rowOptions(p, scope), p.optional)), ...open]),
  ];
  if (inputDiffers(type)) {
    const given = type.properties.map((p) => member(p, inputOptions(p, scope), p.optional || p.hasDefault));
    blocks.push(openInterface(`${name}Input`, [...given, ...open]));
  }
  const filters = type.properties.map(
    (property): Member => ({
      name: property.name,
      optional: true,
      type: unique(filterOptions(property.type, property.nullable || property.optional, scope)),
    }),
  );
  blocks.push(interfaceText(`${name}Where extends ${scope.shared("ValueFilter")}<${name} | null>`, filters));
  if (hasOrder(type)) {
    const order = type.properties.flatMap((property): Member[] => {
      const options = orderOptions(property.type, scope);
      return options === null ? [] : [{ name: property.name, optional: true, type: options }];
    });
    blocks.push(interfaceText(`${name}OrderBy`, order));
  }
  return blocks.join("\n\n");
}

/** An index signature is no property key: it must not be quoted. */
function openInterface(name: string, members: readonly Member[]): string {
  return interfaceText(name, members).replace('"[key: string]"', "[key: string]");
}
