/** What a write takes: the data of a create and of an update, with the writes of its relations. */
import type { ModelMeta, RelationMeta } from "../src/schema/model.js";
import { type Link, linkOf, linkSuffix, linksOf, mayOmit, sharedLinkFields, withoutSuffix } from "./links.js";
import type { Scope } from "./scope.js";
import { aliasText, interfaceText, type Member } from "./text.js";
import { inputOptions, updateOptions } from "./types.js";

export function renderCreate(model: ModelMeta, scope: Scope): string {
  const links = linksOf(scope.schema, model);
  const linked = new Set(links.flatMap((link) => link.fields.map((field) => field.name)));
  const shared = sharedLinkFields(scope.schema, model);
  const members: Member[] = model.fields
    .filter((field) => !linked.has(field.name))
    .map((field) => ({
      name: field.name,
      optional: shared.has(field.name) || mayOmit(model, field),
      type: inputOptions(field, scope),
      description: scope.description(`${model.name}.${field.name}`, field.description),
    }));
  for (const relation of model.relations)
    if (!links.some((link) => link.relation === relation))
      members.push({ name: relation.name, optional: true, type: [relationCreate(relation, scope)] });
  const doc = "For create.";
  if (links.length === 0) return interfaceText(`${model.name}Create`, members, doc);
  const fields = `${model.name}CreateFields`;
  const blocks = [
    interfaceText(fields, members),
    ...links.map((link) => linkText(linkName(model, link), link, scope)),
    aliasText(`${model.name}Create`, [[fields, ...links.map((link) => linkName(model, link))].join(" & ")], doc),
  ];
  for (const link of links) {
    const others = links.filter((other) => other !== link).map((other) => linkName(model, other));
    if (others.length > 0)
      blocks.push(aliasText(`${model.name}${withoutSuffix(links, link)}`, [[fields, ...others].join(" & ")]));
  }
  return blocks.join("\n");
}

function linkName(model: ModelMeta, link: Link): string {
  return `${model.name}${linkSuffix(link)}`;
}

/**
 * The link said by its fields (`Key`) or by its relation (`Row`). Interfaces with names, because the compiler instantiates
 * object literals that it meets in an intersection anew for every mistake.
 */
function linkText(name: string, link: Link, scope: Scope): string {
  const fields = (optional: boolean): Member[] =>
    link.fields.map((each) => ({ name: each.name, optional, type: inputOptions(each, scope) }));
  if (link.relation === null) return interfaceText(name, fields(!link.required));
  const row = (optional: boolean): Member => ({ name: relation, optional, type: [nested] });
  const relation = link.relation.name;
  const nested = relationCreate(link.relation, scope);
  if (!link.required) return interfaceText(name, [...fields(true), row(true)]);
  const none = (member: Member): Member => ({ ...member, optional: true, type: ["never"] });
  return [
    interfaceText(`${name}Key`, [...fields(false), none(row(true))]),
    interfaceText(`${name}Row`, [...fields(false).map(none), row(false)]),
    aliasText(name, [`${name}Key`, `${name}Row`]),
  ].join("\n");
}

export function renderUpdate(model: ModelMeta, scope: Scope): string {
  const fields: Member[] = model.fields
    .filter((field) => !model.key.includes(field.name) && field.role !== "version")
    .map((field) => ({ name: field.name, optional: true, type: updateOptions(field, scope) }));
  const doc = "For update: values or operators.";
  if (model.relations.length === 0) return interfaceText(`${model.name}Update`, fields, doc);
  const relations = model.relations.map(
    (relation): Member => ({
      name: relation.name,
      optional: true,
      type: [relationUpdate(relation, scope)],
    }),
  );
  return [
    interfaceText(`${model.name}UpdateFields`, fields, doc),
    interfaceText(`${model.name}Update extends ${model.name}UpdateFields`, relations),
  ].join("\n\n");
}

/** The type that updateMany takes: no relations. */
export function updateManyName(model: ModelMeta): string {
  return model.relations.length === 0 ? `${model.name}Update` : `${model.name}UpdateFields`;
}

function relationCreate(relation: RelationMeta, scope: Scope): string {
  const { create, unique } = relatedInputs(relation, scope);
  return `${scope.shared(relation.arity === "one" ? "ToOneCreate" : "ToManyCreate")}<${create}, ${unique}>`;
}

function relationUpdate(relation: RelationMeta, scope: Scope): string {
  const target = scope.target(relation.target);
  const { create, unique } = relatedInputs(relation, scope);
  const helper = relation.arity === "many" ? "ToManyUpdate" : relation.nullable ? "ToOptionalUpdate" : "ToOneUpdate";
  const rest = unique === scope.of(target, "Unique") ? "" : `, ${unique}`;
  return `${scope.shared(helper)}<${scope.of(target, "Types")}, ${create}${rest}>`;
}

/** What a nested create and a connect take: without the key that this row sets, with the payload of the row between. */
function relatedInputs(relation: RelationMeta, scope: Scope): { create: string; unique: string } {
  const target = scope.target(relation.target);
  const owned = relation.kind === "hasOne" || relation.kind === "hasMany" ? relation.to : null;
  const link = owned === null ? null : linkOf(scope.schema, target, owned);
  const create = scope.of(target, link === null ? "Create" : withoutSuffix(linksOf(scope.schema, target), link));
  const unique = scope.of(target, "Unique");
  const payload = relation.through === null ? null : payloadOf(relation.through, scope);
  if (payload === null) return { create, unique };
  const through = `${scope.shared("Through")}<${payload}>`;
  return { create: `${create} & ${through}`, unique: `${unique} & ${through}` };
}

/** The create type of a through row without its two foreign keys; null when nothing is left to say. */
function payloadOf(through: NonNullable<RelationMeta["through"]>, scope: Scope): string | null {
  const model = scope.target(through.model);
  const linked = new Set([...through.from, ...through.to]);
  const rest = model.fields.filter(
    (field) => !linked.has(field.name) && field.role === "plain" && field.default?.kind !== "generated",
  );
  if (rest.length === 0) return null;
  return scope.of(model, linksOf(scope.schema, model).length === 0 ? "Create" : "CreateFields");
}
