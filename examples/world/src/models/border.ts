import { belongsTo, defineModel } from "tenon";
import { z } from "zod";

/** The rows between two countries: a land border, once from each side. */
export const Border = defineModel(
  "Border",
  z.object({ countryCode: z.string().length(3), neighbourCode: z.string().length(3) }),
  {
    key: ["countryCode", "neighbourCode"],
    relations: {
      country: belongsTo("Country", { from: "countryCode", onDelete: "cascade" }),
      neighbour: belongsTo("Country", { from: "neighbourCode", onDelete: "cascade" }),
    },
  },
);
