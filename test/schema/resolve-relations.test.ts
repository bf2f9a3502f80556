/** Mistakes in relations and indexes, each with its exact message; and how right ones are linked. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { SchemaError } from "../../src/base/errors.js";
import { collectModels } from "../../src/declare/collect.js";
import { defineModel, type ModelHandle } from "../../src/declare/define-model.js";
import type { ModelOptions } from "../../src/declare/options.js";
import { belongsTo, hasMany, hasOne, manyToMany } from "../../src/declare/relations.js";
import type { ModelMeta, RelationMeta } from "../../src/schema/model.js";

const id = z.int();

function model(name: string, shape: z.ZodRawShape, options: ModelOptions = {}): ModelHandle {
  const fields: z.ZodRawShape = { id, ...shape };
  return defineModel(name, z.object(fields), options) as unknown as ModelHandle;
}

function resolve(...models: ModelHandle[]): ReadonlyMap<string, ModelMeta> {
  return collectModels({ models }).resolve().schema.models;
}

function mistakes(...models: ModelHandle[]): string[] {
  try {
    resolve(...models);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    for (const issue of error.issues) expect(issue.at?.file, issue.message).toBe(import.meta.filename);
    return error.issues.map((issue) => `${issue.message}; ${issue.fix}`);
  }
  return [];
}

const User = (relations: ModelOptions["relations"] = {}, options: ModelOptions = {}) =>
  model("User", { name: z.string(), email: z.email() }, { ...options, relations });
const Post = (relations: ModelOptions["relations"] = {}, shape: z.ZodRawShape = {}) =>
  model("Post", { authorId: id, editorId: id.nullable(), ...shape }, { relations });
const author = () => ({ author: belongsTo("User", { from: "authorId" }) });

describe("mistakes in relations", () => {
  const cases: [string, ModelHandle[], string[]][] = [
    [
      "an unknown target",
      [User(), Post({ author: belongsTo("Usr", { from: "authorId" }) })],
      ["`author` of Post names model `Usr`; did you mean `User`?"],
    ],
    [
      "an unknown foreign key",
      [User(), Post({ author: belongsTo("User", { from: "autorId" }) })],
      ["the foreign key of `author` of Post names field `autorId`, which Post lacks; did you mean `authorId`?"],
    ],
    [
      "a foreign key that is not there at all",
      [User(), Post({ owner: belongsTo("User", { from: "holderOfIt" }) })],
      [
        "the foreign key of `owner` of Post names field `holderOfIt`, which Post lacks; add the field `holderOfIt`, or name another one",
      ],
    ],
    [
      "no foreign key",
      [User(), Post({ author: belongsTo("User", { from: [] }) })],
      ['`author` of Post names no foreign key; add one: { from: "authorId" }'],
    ],
    [
      "an unknown target field",
      [User(), Post({ author: belongsTo("User", { from: "authorId", to: "idd" }) })],
      ["`author` of Post points at field `idd`, which User lacks; did you mean `id`?"],
    ],
    [
      "a target field that is not unique",
      [User(), Post({ author: belongsTo("User", { from: "who", to: "name" }) }, { who: z.string() })],
      [
        '`author` of Post points at `name` of User, which is not unique there; point at its key (`id`), or add to User: indexes: [{ on: "name", unique: true }]',
      ],
    ],
    [
      "another type",
      [User(), Post({ author: belongsTo("User", { from: "who" }) }, { who: z.string() })],
      ["foreign key `who` of Post is of type string, but `id` of User is of type int; give both the same type"],
    ],
    [
      "a float for an int",
      [User(), Post({ author: belongsTo("User", { from: "who" }) }, { who: z.number() })],
      ["foreign key `who` of Post is of type float, but `id` of User is of type int; declare `who` as z.int()"],
    ],
    [
      "an object as foreign key",
      [User(), Post({ author: belongsTo("User", { from: "who" }) }, { who: z.object({}) })],
      [
        "foreign key `who` of Post is of type object, which cannot be a key; use an int, a string or another single value",
      ],
    ],
    [
      "another number of fields",
      [User(), Post({ author: belongsTo("User", { from: ["authorId", "editorId"] }) })],
      [
        "`author` of Post has 2 foreign key fields, but points at 1 (`id`) of User; name as many fields on both sides, in the same order",
      ],
    ],
    [
      "setNull of a required field",
      [User(), Post({ author: belongsTo("User", { from: "authorId", onDelete: "setNull" }) })],
      [
        'onDelete of `author` of Post is "setNull", but `authorId` cannot be null; make it .nullable(), or use restrict or cascade',
      ],
    ],
    [
      "onDelete on the other side",
      [User({ posts: hasMany("Post", { onDelete: "cascade" } as object) }), Post(author())],
      [
        "`posts` of User sets onDelete, which belongs on the side with the foreign key; set it on the belongsTo of Post",
      ],
    ],
    [
      "hasMany without its belongsTo",
      [User({ posts: hasMany("Post", { to: "authorId" }) }), Post()],
      [
        '`posts` of User needs a belongsTo of Post that points at User by `authorId`; add to the relations of Post: user: belongsTo("User", { from: "authorId" })',
      ],
    ],
    [
      "hasOne without its belongsTo",
      [User({ post: hasOne("Post") }), Post()],
      [
        '`post` of User needs a belongsTo of Post that points at User; add to the relations of Post: user: belongsTo("User", { from: "userId" })',
      ],
    ],
    [
      "hasMany by an unknown field",
      [User({ posts: hasMany("Post", { to: "autorId" }) }), Post(author())],
      ["`posts` of User names field `autorId`, which Post lacks; did you mean `authorId`?"],
    ],
    [
      "two candidates",
      [User({ posts: hasMany("Post") }), Post({ ...author(), editor: belongsTo("User", { from: "editorId" }) })],
      [
        '`posts` of User could be the other side of `author` and `editor` of Post; say which: { to: "authorId" or "editorId" }',
      ],
    ],
    [
      "two sides for one key",
      [
        User({ posts: hasMany("Post", { to: "authorId" }), articles: hasMany("Post", { to: "authorId" }) }),
        Post(author()),
      ],
      ["`posts` and `articles` of User are both the other side of `author` of Post; keep one of them"],
    ],
    [
      "field and relation",
      [User(), Post({ authorId: belongsTo("User", { from: "authorId" }) })],
      ["`authorId` of Post is both a field and a relation; rename the relation"],
    ],
    [
      "the name of a count",
      [User({ posts: hasMany("Post") }, {}), Post({ ...author() })].map((handle, index) =>
        index === 0
          ? model("User", { postsCount: id }, { relations: { posts: hasMany("Post", { to: "authorId" }) } })
          : handle,
      ),
      ["field `postsCount` of User has the name that the count of relation `posts` needs; rename the field"],
    ],
    [
      "two relations with one builder step",
      [
        User(),
        Post({
          owner: belongsTo("User", { from: "authorId" }),
          Owner: belongsTo("User", { from: "editorId" }),
        }),
      ],
      ["relations `owner` and `Owner` of Post both make the step `withOwner`; rename one"],
    ],
    [
      "a reserved relation name",
      [User(), Post({ $author: belongsTo("User", { from: "authorId" }) })],
      [
        "the relation name `$author` of Post starts with $, which marks an operator; rename it, for example to `author`",
      ],
    ],
    [
      "a ring of required keys",
      [
        model("A", { bId: id }, { relations: { b: belongsTo("B", { from: "bId" }) } }),
        model("B", { aId: id }, { relations: { a: belongsTo("A", { from: "aId" }) } }),
      ],
      [
        "A -> B -> A all reference each other by required foreign keys, so none can be created first; make one of these foreign keys .nullable()",
      ],
    ],
    [
      "a required reference to itself",
      [model("Node", { parentId: id }, { relations: { parent: belongsTo("Node", { from: "parentId" }) } })],
      [
        "every Node must reference another Node, so the first one cannot be created; make one of these foreign keys .nullable()",
      ],
    ],
  ];
  test.each(cases)("%s", (_name, models, expected) => {
    expect(mistakes(...models)).toEqual(expected);
  });

  const Label = () => model("Label", { text: z.string() });
  const Link = (relations: ModelOptions["relations"]) => model("Link", { userId: id, labelId: id }, { relations });
  const both = () => ({
    user: belongsTo("User", { from: "userId" }),
    label: belongsTo("Label", { from: "labelId" }),
  });
  const through: [string, ModelHandle[], string[]][] = [
    [
      "an unknown through model",
      [User({ labels: manyToMany("Label", { through: "Lnk" }) }), Label(), Link(both())],
      ["`labels` of User goes through model `Lnk`; did you mean `Link`?"],
    ],
    [
      "no through model",
      [User({ labels: manyToMany("Label", {} as { through: string }) }), Label()],
      ['`labels` of User names no through model; add one: { through: "…" }'],
    ],
    [
      "a through model without its belongsTo's",
      [User({ labels: manyToMany("Label", { through: "Link", from: "userId", to: "labelId" }) }), Label(), Link({})],
      [
        '`labels` of User needs a belongsTo of Link that points at User by `userId`; add to the relations of Link: user: belongsTo("User", { from: "userId" })',
        '`labels` of User needs a belongsTo of Link that points at Label by `labelId`; add to the relations of Link: label: belongsTo("Label", { from: "labelId" })',
      ],
    ],
    [
      "an unknown field of the through model",
      [User({ labels: manyToMany("Label", { through: "Link", from: "usrId" }) }), Label(), Link(both())],
      ["`labels` of User names field `usrId`, which Link lacks; did you mean `userId`?"],
    ],
    [
      "self without saying which",
      [
        User({ friends: manyToMany("User", { through: "Friend" }) }),
        model(
          "Friend",
          { aId: id, bId: id },
          { relations: { a: belongsTo("User", { from: "aId" }), b: belongsTo("User", { from: "bId" }) } },
        ),
      ],
      [
        '`friends` of User could be the other side of `a` and `b` of Friend; say which: { from: "aId" or "bId" }',
        '`friends` of User could be the other side of `a` and `b` of Friend; say which: { to: "aId" or "bId" }',
      ],
    ],
    [
      "the same key twice",
      [
        User({ friends: manyToMany("User", { through: "Friend", from: "aId", to: "aId" }) }),
        model("Friend", { aId: id }, { relations: { a: belongsTo("User", { from: "aId" }) } }),
      ],
      ["`friends` of User uses the same foreign key of Friend on both sides; name two: { from: …, to: … }"],
    ],
  ];
  test.each(through)("manyToMany: %s", (_name, models, expected) => {
    expect(mistakes(...models)).toEqual(expected);
  });
});

describe("mistakes in indexes", () => {
  const address = z.object({ city: z.string(), tags: z.array(z.string()), deep: z.object({ x: id }) });
  const indexed = (indexes: ModelOptions["indexes"]) =>
    model("M", { name: z.string(), role: z.string(), address, tags: z.array(z.string()) }, { indexes: indexes ?? [] });
  const cases: [string, ModelHandle[], string[]][] = [
    [
      "unknown field",
      [indexed(["nmae"])],
      ["the index on `nmae` of M names `nmae`, which it lacks; did you mean `name`?"],
    ],
    [
      "unknown property",
      [indexed(["address.ctiy"])],
      ["the index on `address.ctiy` of M names `address.ctiy`, which it lacks; did you mean `address.city`?"],
    ],
    [
      "a path through a list",
      [indexed(["address.tags.x"])],
      [
        "the index on `address.tags.x` of M names `address.tags.x`, which it lacks; `address.tags` is of type array, which has no properties to index",
      ],
    ],
    [
      "a list",
      [indexed(["tags"])],
      [
        "the index on `tags` of M names `tags`, which is of type array; an index holds single values; index another field",
      ],
    ],
    [
      "an object",
      [indexed([{ on: "address", name: "by_address" }])],
      [
        "index `by_address` of M names `address`, which is of type object; an index holds single values; index one of its properties, such as `address.city`",
      ],
    ],
    [
      "twice the same",
      [indexed(["name", { on: ["name"] }])],
      ["the index on `name` of M is the same as index `ms_name`; remove one"],
    ],
    [
      "a field twice",
      [indexed([["name", "name"]])],
      ["the index on `name` and `name` of M names `name` twice; remove one"],
    ],
    ["no field", [indexed([[]])], ['an index of M names no field; name at least one: "email" or ["role", "name"]']],
    [
      "the key",
      [indexed([{ on: "id", unique: true }])],
      ["the index on `id` of M is the same as its key; remove it: the key is unique already"],
    ],
    [
      "a name with a quote",
      [indexed([{ on: "name", name: 'a"b' }])],
      ['the index name `a"b` of M must start with a letter and hold letters, digits and _ only; choose another name'],
    ],
    [
      "one name in two models",
      [
        model("A", { x: id }, { indexes: [{ on: "x", name: "by_x" }] }),
        model("B", { x: id }, { indexes: [{ on: "x", name: "BY_X" }] }),
      ],
      ["the index name `BY_X` of B is used already, by an index of A; give one of the two another name"],
    ],
  ];
  test.each(cases)("%s", (_name, models, expected) => {
    expect(mistakes(...models)).toEqual(expected);
  });
});

describe("what is resolved", () => {
  test("the relations of a blog, linked both ways, with the indexes that foreign keys need", () => {
    const models = resolve(
      User({
        posts: hasMany("Post"),
        profile: hasOne("Profile", { to: "userId" }),
        labels: manyToMany("Label", { through: "Link" }),
      }),
      Post(author()),
      model(
        "Profile",
        { userId: id },
        { relations: { user: belongsTo("User", { from: "userId", onDelete: "cascade" }) } },
      ),
      model("Label", { text: z.string() }, { relations: { users: manyToMany("User", { through: "Link" }) } }),
      defineModel("Link", z.object({ userId: id, labelId: id }), {
        key: ["userId", "labelId"],
        relations: { user: belongsTo("User", { from: "userId" }), label: belongsTo("Label", { from: "labelId" }) },
      }) as unknown as ModelHandle,
    );
    const one = (name: string, relation: string) =>
      models.get(name)?.relations.find((candidate) => candidate.name === relation) as RelationMeta;
    expect(one("User", "posts")).toEqual({
      name: "posts",
      kind: "hasMany",
      target: "Post",
      arity: "many",
      nullable: false,
      from: ["id"],
      to: ["authorId"],
      through: null,
      inverse: "author",
      onDelete: "restrict",
      description: null,
    });
    expect(one("Post", "author")).toMatchObject({
      arity: "one",
      nullable: false,
      inverse: "posts",
      from: ["authorId"],
      to: ["id"],
    });
    expect(one("User", "profile")).toMatchObject({
      arity: "one",
      nullable: true,
      inverse: "user",
      onDelete: "cascade",
    });
    expect(one("User", "labels")).toMatchObject({
      from: ["id"],
      to: ["id"],
      through: { model: "Link", from: ["userId"], to: ["labelId"] },
      inverse: "users",
    });
    expect(one("Label", "users")).toMatchObject({ through: { from: ["labelId"], to: ["userId"] }, inverse: "labels" });
    const indexes = [...models.values()].flatMap((meta) => meta.indexes);
    expect(indexes).toEqual([
      { name: "posts_authorId", paths: [["authorId"]], unique: false },
      { name: "profiles_userId_key", paths: [["userId"]], unique: true },
      // The key of Link starts with userId, so only the other side needs an index.
      { name: "links_labelId", paths: [["labelId"]], unique: false },
    ]);
  });

  test("self relations, and relations to another unique field", () => {
    const models = resolve(
      model(
        "Country",
        { code: z.string(), borderCode: z.string().nullable(), parentId: id.nullable() },
        {
          indexes: [{ on: "code", unique: true }],
          relations: {
            parent: belongsTo("Country", { from: "parentId", onDelete: "setNull" }),
            children: hasMany("Country", { to: "parentId" }),
            border: belongsTo("Country", { from: "borderCode", to: "code" }),
          },
        },
      ),
    );
    const [parent, children, border] = models.get("Country")?.relations ?? [];
    expect(parent).toMatchObject({ inverse: "children", nullable: true, onDelete: "setNull" });
    expect(children).toMatchObject({ inverse: "parent", onDelete: "setNull", from: ["id"], to: ["parentId"] });
    expect(border).toMatchObject({ inverse: null, from: ["borderCode"], to: ["code"] });
  });

  test("a declared index that starts with the foreign key serves it", () => {
    const models = resolve(
      User(),
      model("Post", { authorId: id, at: id }, { indexes: [["authorId", "at"]], relations: author() }),
    );
    expect(models.get("Post")?.indexes.map((index) => index.name)).toEqual(["posts_authorId_at"]);
  });

  test("the schema is frozen through and through", () => {
    const user = resolve(User()).get("User");
    expect(Object.isFrozen(user?.fields[0]?.type)).toBe(true);
    expect(Object.isFrozen(user?.relations)).toBe(true);
  });
});

test("one error prints every mistake with its place", () => {
  try {
    resolve(Post({ author: belongsTo("Usr", { from: "authorId" }) }), User({}, { indexes: ["nme"] }));
    expect.unreachable();
  } catch (error) {
    const lines = (error as Error).message.split("\n");
    expect(lines[0]).toBe("2 mistakes in the models:");
    expect(lines[1]).toMatch(
      /^ {2}- `author` of Post names model `Usr`; did you mean `User`\? \(.*resolve-relations\.test\.ts:\d+:\d+\)$/,
    );
    expect(lines[2]).toMatch(/^ {2}- the index on `nme` of User names `nme`, which it lacks; did you mean `name`\? \(/);
  }
});
