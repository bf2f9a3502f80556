/**
 * Links: the foreign keys of a create that can be said in two ways (`authorId: 7` or `author: { connect: … }`) or that
 * a nested create must leave out, because the row above sets them. Each link becomes a part of its own in the create
 * type, so that `PostCreate` = its other fields and every link, and `PostCreateWithoutAuthor` = the same without one.
 */
import type { FieldMeta, ModelMeta, RelationMeta, Schema } from "../src/schema/model.js";
import { fieldOf } from "./fields.js";
import { pascal } from "./text.js";

export interface Link {
  /** `Author`: after the relation, else after the fields. */
  readonly name: string;
  /** The belongsTo that holds the key, when declared. */
  readonly relation: RelationMeta | null;
  /** The foreign key, but for fields that another link has too. */
  readonly fields: readonly FieldMeta[];
  /** Whether a create must give it. */
  readonly required: boolean;
}

/** What a link adds to the model's name: `CreateAuthor`. */
export const linkSuffix = (link: Link): string => `Create${link.name}`;

/** The create type without a link; without its only link, the other fields are left. */
export function withoutSuffix(links: readonly Link[], link: Link): string {
  return links.length === 1 ? "CreateFields" : `CreateWithout${link.name}`;
}

/** What types are made for the links of a model adds to its name. */
export function linkTypeNames(links: readonly Link[]): readonly string[] {
  return links.flatMap((link) => {
    const own = linkSuffix(link);
    const forms = link.required && link.relation !== null ? [`${own}Key`, `${own}Row`] : [];
    return [own, ...forms, ...(links.length > 1 ? [withoutSuffix(links, link)] : [])];
  });
}

/** Beyond this, alternatives would multiply too far: the rest take either form without checking that one is given. */
const MAX_ALTERNATIVES = 6;

/** Whether a create may leave the field out. */
export function mayOmit(model: ModelMeta, field: FieldMeta): boolean {
  if (field.optional || field.nullable || field.default !== null || field.role !== "plain") return true;
  return model.keyGeneration !== "given" && model.key.includes(field.name);
}

/** Every template asks for the links of every model that it points at: they are found once a schema. */
function oncePerModel<T>(find: (schema: Schema, model: ModelMeta) => T): (schema: Schema, model: ModelMeta) => T {
  const known = new WeakMap<Schema, Map<ModelMeta, T>>();
  return (schema, model) => {
    const found = known.get(schema) ?? new Map<ModelMeta, T>();
    known.set(schema, found);
    const value = found.get(model) ?? find(schema, model);
    found.set(model, value);
    return value;
  };
}

/** Relations by the model that they lead to or through, so that no search goes over all models. */
const relationsAt = new WeakMap<Schema, ReadonlyMap<string, Around>>();

interface Around {
  /** hasOne and hasMany. */
  readonly pointing: RelationMeta[];
  readonly through: NonNullable<RelationMeta["through"]>[];
}

const NOTHING: Around = { pointing: [], through: [] };

function around(schema: Schema, model: ModelMeta): Around {
  let all = relationsAt.get(schema);
  if (all === undefined) {
    const made = new Map(
      [...schema.models.keys()].map((name): [string, Around] => [name, { pointing: [], through: [] }]),
    );
    for (const { relations } of schema.models.values())
      for (const relation of relations) {
        if (relation.kind === "hasOne" || relation.kind === "hasMany")
          made.get(relation.target)?.pointing.push(relation);
        if (relation.through) made.get(relation.through.model)?.through.push(relation.through);
      }
    relationsAt.set(schema, made);
    all = made;
  }
  return all.get(model.name) ?? NOTHING;
}

export const linksOf = oncePerModel(findLinks);

function findLinks(schema: Schema, model: ModelMeta): readonly Link[] {
  const groups = new Map<string, { names: readonly string[]; relation: RelationMeta | null; pointed: boolean }>();
  for (const relation of model.relations)
    if (relation.kind === "belongsTo")
      groups.set(keyOf(relation.from), { names: relation.from, relation, pointed: false });
  const { pointing, through } = around(schema, model);
  for (const names of [...pointing.map(({ to }) => to), ...through.flatMap(({ from, to }) => [from, to])]) {
    const known = groups.get(keyOf(names));
    groups.set(keyOf(names), { names, relation: known?.relation ?? null, pointed: true });
  }
  const shared = sharedFields([...groups.values()].map((group) => group.names));
  const links: Link[] = [];
  let alternatives = 0;
  for (const { names, relation, pointed } of groups.values()) {
    const fields = names.filter((name) => !shared.has(name)).map((name) => fieldOf(model, name));
    let required = fields.some((field) => !mayOmit(model, field));
    if (!required && !pointed) continue;
    if (required && relation !== null && ++alternatives > MAX_ALTERNATIVES) required = false;
    links.push({ name: pascal(relation?.name ?? names.join("_")), relation, fields, required });
  }
  return links;
}

/** Fields that belong to more than one foreign key: any of them may set it, so no create can be asked for it. */
export const sharedLinkFields = oncePerModel(findSharedFields);

function findSharedFields(schema: Schema, model: ModelMeta): ReadonlySet<string> {
  const keys = new Map<string, readonly string[]>();
  for (const relation of model.relations)
    if (relation.kind === "belongsTo") keys.set(keyOf(relation.from), relation.from);
  for (const { to } of around(schema, model).pointing) keys.set(keyOf(to), to);
  return sharedFields([...keys.values()]);
}

/** The link that rows written through this relation must leave out, null when the target has none. */
export function linkOf(schema: Schema, target: ModelMeta, names: readonly string[]): Link | null {
  const shared = sharedLinkFields(schema, target);
  const own = keyOf(names.filter((name) => !shared.has(name)));
  return linksOf(schema, target).find((link) => keyOf(link.fields.map((field) => field.name)) === own) ?? null;
}

function keyOf(names: readonly string[]): string {
  return [...names].sort().join(",");
}

function sharedFields(groups: readonly (readonly string[])[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const names of groups) for (const name of names) (seen.has(name) ? shared : seen).add(name);
  return shared;
}
