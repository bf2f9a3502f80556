import { defineModel, hasMany, manyToMany } from "tenon";
import { z } from "zod";
import { Location } from "./shared.js";

const Names = z.object({ common: z.string(), official: z.string() }).meta({ id: "Names" });

/** A model by zod: the shape, then what lies beside the shape. */
export const Country = defineModel(
  "Country",
  z.object({
    cca3: z.string().length(3).describe("ISO 3166-1 alpha-3"),
    cca2: z.string().length(2).describe("ISO 3166-1 alpha-2"),
    name: z.object({ common: z.string(), official: z.string(), native: z.record(z.string(), Names) }),
    region: z.enum(["Africa", "Americas", "Antarctic", "Asia", "Europe", "Oceania"]),
    subregion: z.string(),
    capital: z.array(z.string()),
    languages: z.record(z.string(), z.string()).describe("name by ISO 639-3 code"),
    currencies: z.record(z.string(), z.object({ name: z.string(), symbol: z.string() })).describe("by ISO 4217 code"),
    area: z.number().describe("square kilometres; negative when unknown"),
    location: Location,
    landlocked: z.boolean(),
    independent: z.boolean().nullable(),
    tld: z.array(z.string()),
    flag: z.string(),
  }),
  {
    key: { field: "cca3", generate: "given" },
    collection: "countries",
    indexes: [{ on: "cca2", unique: true }, "region", { on: ["name.common"], name: "by_name" }],
    relations: {
      cities: hasMany("City", { to: "countryCode" }),
      neighbours: manyToMany("Country", { through: "Border", from: "countryCode", to: "neighbourCode" }),
    },
    version: "rev",
    timestamps: true,
    description: "A country or dependent territory.",
  },
);
