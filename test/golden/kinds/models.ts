import { defineModel } from "tenon";
import { z } from "zod";

const point = z.object({ lat: z.number(), lng: z.number() }).meta({ id: "Point" });

/** Everything a field can be. */
export const Thing = defineModel(
  "Thing",
  z.object({
    id: z.uuidv7(),
    /** The name on the label. */
    name: z.string().min(1),
    email: z.email().describe("Where mail goes; */ is no end."),
    nickname: z.string().nullish(),
    count: z.int().default(0),
    weight: z.number().optional(),
    big: z.bigint(),
    on: z.boolean(),
    born: z.date().nullable(),
    raw: z.instanceof(Uint8Array),
    size: z.enum(["s", "m", "l"]).default("m"),
    timezone: z.enum([
      "Africa/Abidjan", "America/Bogota", "America/New_York", "Asia/Tokyo", "Europe/Berlin", "Europe/Paris",
    ]),
    tags: z.array(z.string()),
    scores: z.array(z.number()).optional(),
    address: z.object({
      /** Where. */
      city: z.string(),
      zip: z.string().optional(),
      country: z.string().default("FR"),
      at: point.nullable(),
    }),
    lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
    names: z.record(z.string(), z.string()),
    pair: z.tuple([z.string(), z.number()]),
    shape: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number(), at: point }),
    ]),
    anything: z.unknown(),
  }),
  { indexes: ["size", { on: "email", unique: true }, { on: ["address.city"], unique: true }] },
);
