/** Schemas for tests of templates, written compactly and resolved by the real registry. */
import type { ModelDraft, RelationDraft } from "../../src/schema/draft.js";
import type { FieldMeta, FieldType, OnDelete, Schema } from "../../src/schema/model.js";
import { Registry } from "../../src/schema/registry.js";
import type { ModelValidator } from "../../src/schema/validator.js";

export const string: FieldType = { kind: "string", format: null };
export const int: FieldType = { kind: "int" };

export function field(name: string, type: FieldType, more: Partial<FieldMeta> = {}): FieldMeta {
  return {
    name,
    column: name,
    type,
    input: null,
    nullable: false,
    optional: false,
    default: null,
    role: "plain",
    description: null,
    meta: null,
    ...more,
  };
}

/** Templates validate nothing. */
const ACCEPT_ALL: ModelValidator = {
  create: () => ({ ok: true, value: {} }),
  field: () => ({ ok: true, value: null }),
  stored: () => [],
  hasObjectChecks: false,
  hasChecks: () => false,
};

interface RelationParts {
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly through?: { readonly model: string; readonly from: readonly string[]; readonly to: readonly string[] };
  readonly onDelete?: OnDelete;
  readonly description?: string;
}

export function relation(
  name: string,
  kind: RelationDraft["kind"],
  target: string,
  parts: RelationParts = {},
): RelationDraft {
  return {
    name,
    kind,
    target,
    from: parts.from ?? null,
    to: parts.to ?? null,
    through: parts.through ?? null,
    onDelete: parts.onDelete ?? null,
    description: parts.description ?? null,
    location: null,
  };
}

export function draft(
  name: string,
  fields: readonly FieldMeta[],
  relations: readonly RelationDraft[] = [],
  more: Partial<ModelDraft> = {},
): ModelDraft {
  return {
    name,
    collection: null,
    key: { fields: ["id"], generate: null },
    fields,
    relations,
    indexes: [],
    createdAt: null,
    updatedAt: null,
    version: null,
    partitionBy: null,
    description: null,
    issues: [],
    location: null,
    fieldLocations: new Map(),
    validator: () => ACCEPT_ALL,
    ...more,
  };
}

export function unique(on: string): ModelDraft["indexes"][number] {
  return { name: null, on: [on], unique: true, location: null };
}

export function schemaOf(drafts: readonly ModelDraft[]): Schema {
  const registry = new Registry();
  for (const each of drafts) registry.add(each);
  return registry.resolve().schema;
}

/** The schema of the type budget: `count` models in groups of five (user, profile, post, comment, tag). */
export function blogSchema(count: number): Schema {
  const drafts: ModelDraft[] = [];
  for (let group = 0; group * 5 < count; group++) {
    const n = group === 0 ? "" : String(group);
    const names = {
      user: `User${n}`,
      profile: `Profile${n}`,
      post: `Post${n}`,
      comment: `Comment${n}`,
      tag: `Tag${n}`,
    };
    drafts.push(
      draft(
        names.user,
        [
          field("id", int),
          field("email", { kind: "string", format: "email" }, { description: "Where mail goes." }),
          field("name", string, { nullable: true }),
          field("age", int),
          field("role", { kind: "enum", values: ["admin", "member"] }, { default: { kind: "value", value: "member" } }),
          field("active", { kind: "boolean" }),
          field("score", { kind: "float" }, { nullable: true }),
          field("createdAt", { kind: "date" }),
        ],
        [
          relation("posts", "hasMany", names.post, { to: ["authorId"] }),
          relation("profile", "hasOne", names.profile, { to: ["userId"] }),
          relation("comments", "hasMany", names.comment, { to: ["authorId"] }),
        ],
        { indexes: [unique("email")], createdAt: "createdAt", description: "A person with an account." },
      ),
      draft(
        names.profile,
        [field("id", int), field("bio", string), field("website", string, { nullable: true }), field("userId", int)],
        [relation("user", "belongsTo", names.user, { from: ["userId"] })],
        { indexes: [unique("userId")] },
      ),
      draft(
        names.post,
        [
          field("id", int),
          field("title", string),
          field("body", string, { nullable: true }),
          field("status", { kind: "enum", values: ["draft", "live", "gone"] }),
          field("views", int, { default: { kind: "value", value: 0 } }),
          field("rating", { kind: "float" }, { nullable: true }),
          field("publishedAt", { kind: "date" }, { nullable: true }),
          field("authorId", int),
        ],
        [
          relation("author", "belongsTo", names.user, { from: ["authorId"] }),
          relation("comments", "hasMany", names.comment, { to: ["postId"] }),
          relation("tags", "hasMany", names.tag, { to: ["postId"] }),
        ],
      ),
      draft(
        names.comment,
        [field("id", int), field("text", string), field("postId", int), field("authorId", int)],
        [
          relation("post", "belongsTo", names.post, { from: ["postId"] }),
          relation("author", "belongsTo", names.user, { from: ["authorId"] }),
        ],
      ),
      draft(
        names.tag,
        [field("id", int), field("label", string), field("postId", int)],
        [relation("post", "belongsTo", names.post, { from: ["postId"] })],
      ),
    );
  }
  return schemaOf(drafts);
}
