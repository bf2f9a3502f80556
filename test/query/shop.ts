/** A schema with every kind of field and relation, for the tests of parsers and of the reference. */
import type { FieldType, ModelMeta } from "../../src/schema/model.js";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  type FieldSpec,
  float,
  int,
  json,
  nullable,
  object,
  oneOf,
  optional,
  record,
  schemaOf,
  string,
} from "../support/schema.js";

const literal = (...values: string[]): FieldType => ({ kind: "enum", values });
const circle = object({ kind: { type: literal("circle") }, radius: float });
const square = object({ kind: { type: literal("square") }, side: float, label: string });
const shape: FieldSpec = {
  type: { kind: "union", options: [circle.type, square.type], discriminator: "kind" },
};
const textOrList: FieldSpec = {
  type: { kind: "union", options: [string.type, array(string).type], discriminator: null },
};
const point: FieldSpec = { type: { kind: "tuple", items: [float.type, float.type], rest: null } };

export const shop = schemaOf({
  User: {
    fields: {
      id: int,
      email: string,
      name: nullable(string),
      age: optional(int),
      balance: nullable(bigint),
      role: oneOf("admin", "member"),
      active: boolean,
      born: nullable(date),
      photo: nullable(bytes),
      address: optional(object({ city: string, zip: optional(string), geo: nullable(object({ lat: float })) })),
      tags: array(string),
      lines: array(object({ sku: string, qty: int })),
      scores: record(int),
      shape: nullable(shape),
      title: nullable(textOrList),
      point: nullable(point),
      meta: nullable(json),
      bossId: nullable(int),
    },
    indexes: [
      { on: ["email"], unique: true },
      { on: ["address.city", "name"], unique: true, name: "by_place" },
    ],
    relations: {
      boss: { kind: "belongsTo", target: "User", from: ["bossId"], onDelete: "setNull" },
      team: { kind: "hasMany", target: "User", to: ["bossId"] },
      posts: { kind: "hasMany", target: "Post", to: ["authorId"] },
      profile: { kind: "hasOne", target: "Profile", to: ["userId"] },
    },
  },
  Profile: {
    fields: { id: int, userId: int, bio: string },
    indexes: [{ on: ["userId"], unique: true }],
    relations: { user: { kind: "belongsTo", target: "User", from: ["userId"], onDelete: "cascade" } },
  },
  Post: {
    fields: { id: int, title: string, views: int, authorId: int },
    relations: {
      author: { kind: "belongsTo", target: "User", from: ["authorId"], onDelete: "restrict" },
      comments: { kind: "hasMany", target: "Comment", to: ["postId"] },
      labels: { kind: "manyToMany", target: "Label", through: "PostLabel", from: ["postId"], to: ["labelName"] },
    },
  },
  Comment: {
    fields: { id: int, postId: int, text: string },
    relations: { post: { kind: "belongsTo", target: "Post", from: ["postId"], onDelete: "cascade" } },
  },
  Label: { fields: { name: string }, key: ["name"] },
  PostLabel: {
    fields: { postId: int, labelName: string },
    key: ["postId", "labelName"],
    relations: {
      post: { kind: "belongsTo", target: "Post", from: ["postId"], onDelete: "cascade" },
      label: { kind: "belongsTo", target: "Label", from: ["labelName"], onDelete: "restrict" },
    },
  },
});

export const model = (name: string): ModelMeta => shop.models.get(name)!;
export const User = model("User");
