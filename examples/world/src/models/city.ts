import { belongsTo, Field, Id, Index, Model, Relation } from "tenon";
import { z } from "zod";
import { Location } from "./shared.js";

/** A model by decorators: the same data as with `defineModel`, beside the fields. */
@Model({
  collection: "cities",
  indexes: [["countryCode", "population"], { on: ["location.lat"], name: "by_latitude" }],
  description: "A populated place of 1,000 people or more.",
})
export class City {
  /** The number of the place at geonames.org. */
  @Id(z.int(), { generate: "given" }) id!: number;
  @Field(z.string().min(1)) @Index() name!: string;
  @Field(String) countryCode!: string;
  @Field(z.int().min(0)) @Index() population!: number;
  @Field(Location) location!: z.infer<typeof Location>;
  /** What kind of place: PPLC is a capital, PPLA the seat of a province, … */
  @Field(String) kind!: string;
  @Relation(belongsTo("Country", { from: "countryCode", to: "cca2" })) country?: unknown;
}
