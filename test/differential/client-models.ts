/** The models of the random calls: every kind of key and relation, payload on links, values that only look alike. */
import { z } from "zod";
import { belongsTo, bytes, defineModel, hasMany, hasOne, manyToMany } from "../../src/index.js";

export const CLIENT_MODELS = {
  Person: defineModel(
    "Person",
    z.object({
      id: z.int(),
      email: z.string().min(1),
      name: z.string(),
      age: z.int().min(0).nullable(),
      score: z.number().optional(),
      tags: z.array(z.string()).default([]),
      home: z
        .object({
          city: z.string(),
          "zip code": z.string().optional(),
          since: z.date().nullable(),
          debt: z.bigint().optional(),
          key: bytes().optional(),
        })
        .optional(),
      bossId: z.int().nullable(),
      rev: z.int(),
    }),
    {
      collection: "people",
      indexes: [{ on: "email", unique: true }, "age", { on: ["home.city"], name: "by_city" }],
      relations: {
        boss: belongsTo("Person", { from: "bossId", onDelete: "setNull" }),
        reports: hasMany("Person", { to: "bossId" }),
        card: hasOne("Card", { to: "personId" }),
        notes: hasMany("Note", { to: "ownerId" }),
        teams: manyToMany("Team", { through: "Membership", from: "personId", to: "teamName" }),
      },
      version: "rev",
      timestamps: true,
    },
  ),
  Card: defineModel(
    "Card",
    z.object({ id: z.string(), personId: z.int(), text: z.string(), data: bytes().nullable() }),
    {
      key: { field: "id", generate: "uuid7" },
      relations: { person: belongsTo("Person", { from: "personId", onDelete: "cascade" }) },
    },
  ),
  Note: defineModel(
    "Note",
    z.object({
      id: z.string(),
      ownerId: z.int().nullable(),
      title: z.string(),
      rank: z.int().nullable(),
      amount: z.bigint(),
      at: z.date().nullable(),
    }),
    {
      key: { field: "id", generate: "ulid" },
      indexes: [{ on: "rank", unique: true }, ["title", "at"]],
      relations: {
        owner: belongsTo("Person", { from: "ownerId", onDelete: "setNull" }),
        remarks: hasMany("Remark", { to: "noteId" }),
      },
    },
  ),
  Remark: defineModel("Remark", z.object({ noteId: z.string(), line: z.int(), text: z.string() }), {
    key: ["noteId", "line"],
    relations: { note: belongsTo("Note", { from: "noteId", onDelete: "cascade" }) },
  }),
  Team: defineModel("Team", z.object({ name: z.string(), size: z.int().default(0) }), {
    key: "name",
    relations: { members: manyToMany("Person", { through: "Membership", from: "teamName", to: "personId" }) },
  }),
  Membership: defineModel(
    "Membership",
    z.object({
      personId: z.int(),
      teamName: z.string(),
      role: z.enum(["lead", "member"]).default("member"),
      weight: z.int().default(1),
    }),
    {
      key: ["personId", "teamName"],
      relations: {
        person: belongsTo("Person", { from: "personId", onDelete: "cascade" }),
        team: belongsTo("Team", { from: "teamName", onDelete: "restrict" }),
      },
    },
  ),
};

export type Collection = "people" | "cards" | "notes" | "remarks" | "teams" | "memberships";
