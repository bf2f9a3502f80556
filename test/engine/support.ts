/** A small schema by hand, and short forms of queries and commands, for the tests of the embedded engine. */
import { memory } from "../../src/embedded.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { Engine } from "../../src/engine/engine.js";
import { ALL_ROWS } from "../../src/query/all-rows.js";
import type { Change, Filter, FindQuery, OrderTerm, WriteCommand } from "../../src/query/ir.js";
import { schemaHash } from "../../src/schema/json.js";
import type {
  Doc,
  FieldMeta,
  FieldType,
  IndexMeta,
  Json,
  KeyGeneration,
  ModelMeta,
  RelationMeta,
  Schema,
} from "../../src/schema/model.js";
import type { SchemaOp } from "../../src/schema/ops.js";
import type { Store } from "../../src/storage/store.js";

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

export function index(name: string, paths: readonly string[], unique = false): IndexMeta {
  return { name, paths: paths.map((path) => path.split(".")), unique };
}

export function relation(
  name: string,
  kind: RelationMeta["kind"],
  target: string,
  from: readonly string[],
  to: readonly string[],
  more: Partial<RelationMeta> = {},
): RelationMeta {
  const one = kind === "belongsTo" || kind === "hasOne";
  return {
    name,
    kind,
    target,
    arity: one ? "one" : "many",
    nullable: one,
    from,
    to,
    through: null,
    inverse: null,
    onDelete: "restrict",
    description: null,
    ...more,
  };
}

export function model(
  name: string,
  collection: string,
  fields: readonly FieldMeta[],
  more: {
    key?: readonly string[];
    keyGeneration?: KeyGeneration;
    relations?: RelationMeta[];
    indexes?: IndexMeta[];
    partitionBy?: string | null;
  } = {},
): ModelMeta {
  return {
    name,
    collection,
    key: more.key ?? ["id"],
    keyGeneration: more.keyGeneration ?? "increment",
    fields,
    relations: more.relations ?? [],
    indexes: more.indexes ?? [],
    partitionBy: more.partitionBy ?? null,
    description: null,
  };
}

export function schemaOf(...models: readonly ModelMeta[]): Schema {
  const byName = new Map(models.map((one) => [one.name, one]));
  return { hash: schemaHash(byName), models: byName };
}

const nullable = { nullable: true };

export const User = model(
  "User",
  "users",
  [
    field("id", int),
    field("email", string),
    field("name", string, nullable),
    field("role", string),
    field("age", int, nullable),
    field(
      "address",
      {
        kind: "object",
        name: null,
        properties: [
          { name: "city", type: string, nullable: true, optional: true, hasDefault: false, description: null },
        ],
        unknownKeys: "strip",
      },
      nullable,
    ),
    field("tags", { kind: "array", element: string, nullableElement: false }),
    field("managerId", int, nullable),
  ],
  {
    indexes: [
      index("users_email", ["email"], true),
      index("users_role_age", ["role", "age"]),
      index("users_city", ["address.city"]),
      index("users_managerId", ["managerId"]),
    ],
    relations: [
      relation("posts", "hasMany", "Post", ["id"], ["authorId"]),
      relation("profile", "hasOne", "Profile", ["id"], ["userId"]),
      relation("manager", "belongsTo", "User", ["managerId"], ["id"], { onDelete: "setNull" }),
      relation("reports", "hasMany", "User", ["id"], ["managerId"], { onDelete: "setNull" }),
      relation("labels", "manyToMany", "Label", ["id"], ["id"], {
        through: { model: "UserLabel", from: ["userId"], to: ["labelId"] },
      }),
    ],
  },
);

export const Post = model(
  "Post",
  "posts",
  [
    field("id", int),
    field("authorId", int),
    field("title", string),
    field("views", int),
    field("reviewerId", int, nullable),
  ],
  {
    indexes: [
      index("posts_authorId", ["authorId"]),
      index("posts_reviewerId", ["reviewerId"]),
      index("posts_views", ["views"]),
    ],
    relations: [
      relation("author", "belongsTo", "User", ["authorId"], ["id"], { onDelete: "cascade" }),
      relation("reviewer", "belongsTo", "User", ["reviewerId"], ["id"], { onDelete: "restrict" }),
      relation("comments", "hasMany", "Comment", ["id"], ["postId"]),
    ],
  },
);

export const Comment = model(
  "Comment",
  "comments",
  [field("id", int), field("postId", int), field("text", string), field("authorEmail", string, nullable)],
  {
    indexes: [index("comments_postId", ["postId"]), index("comments_authorEmail", ["authorEmail"])],
    relations: [
      relation("post", "belongsTo", "Post", ["postId"], ["id"], { onDelete: "cascade" }),
      relation("author", "belongsTo", "User", ["authorEmail"], ["email"], { onDelete: "restrict" }),
    ],
  },
);

export const Profile = model("Profile", "profiles", [field("id", int), field("userId", int), field("bio", string)], {
  indexes: [index("profiles_userId", ["userId"], true)],
  relations: [relation("user", "belongsTo", "User", ["userId"], ["id"], { onDelete: "cascade" })],
});

export const Label = model("Label", "labels", [field("id", int), field("name", string)], {
  relations: [
    relation("users", "manyToMany", "User", ["id"], ["id"], {
      through: { model: "UserLabel", from: ["labelId"], to: ["userId"] },
    }),
  ],
});

export const UserLabel = model("UserLabel", "userLabels", [field("userId", int), field("labelId", int)], {
  key: ["userId", "labelId"],
  keyGeneration: "given",
  indexes: [index("userLabels_labelId", ["labelId"])],
  relations: [
    relation("user", "belongsTo", "User", ["userId"], ["id"], { onDelete: "cascade" }),
    relation("label", "belongsTo", "Label", ["labelId"], ["id"], { onDelete: "cascade" }),
  ],
});

export const blog = schemaOf(User, Post, Comment, Profile, Label, UserLabel);

/** An engine over `storage` that holds `schema`. */
export async function openEngine(schema: Schema = blog, storage: Store = memory()): Promise<Engine> {
  const engine = embedded({ storage });
  await engine.open(schema);
  const creates: SchemaOp[] = [...schema.models.values()].map((one) => ({ kind: "createModel", model: one }));
  if ((await engine.admin.inspect()) === null) await engine.admin.apply(creates, schema);
  return engine;
}

export function asc(path: string): OrderTerm {
  return { key: { kind: "path", path: path.split(".") }, direction: "asc", nulls: "first" };
}

export function desc(path: string): OrderTerm {
  return { key: { kind: "path", path: path.split(".") }, direction: "desc", nulls: "last" };
}

export function find(of: string, more: Partial<FindQuery> = {}): FindQuery {
  const key = blog.models.get(of)?.key ?? ["id"];
  return {
    kind: "find",
    model: of,
    ...ALL_ROWS,
    orderBy: key.map(asc),
    lock: "none",
    ...more,
  };
}

export function eq(path: string, value: Json): Filter {
  return { kind: "compare", path: path.split("."), op: "eq", value };
}

export function insert(of: string, ...docs: readonly Doc[]): WriteCommand {
  return { kind: "insert", model: of, docs, onConflict: { kind: "fail" }, returning: true };
}

export function update(of: string, where: Filter | null, ...changes: readonly Change[]): WriteCommand {
  return { kind: "update", model: of, where, changes, limit: null, returning: true };
}

export function set(path: string, value: Json): Change {
  return { path: path.split("."), op: "set", value };
}

export function remove(of: string, where: Filter | null): WriteCommand {
  return { kind: "delete", model: of, where, limit: null, returning: true };
}

export function user(email: string, more: { readonly [field: string]: Json } = {}): Doc {
  return { email, role: "member", tags: [], ...more };
}
