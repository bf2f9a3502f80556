import { belongsTo, defineModel, hasMany } from "tenon";
import { z } from "zod";

// Names that generated code uses itself.
export const Plan = defineModel("Plan", z.object({ id: z.int(), price: z.number(), at: z.date() }), {
  relations: { rows: hasMany("Rows", { to: "planId" }) },
});
export const Rows = defineModel("Rows", z.object({ id: z.int(), planId: z.int() }), {
  collection: "rows",
  relations: { plan: belongsTo("Plan", { from: "planId" }) },
});
export const Transaction = defineModel("Transaction", z.object({ id: z.int(), "amount": z.number() }));
export const Iterable = defineModel("Iterable", z.object({ id: z.int() }));
export const HTTPLog = defineModel("HTTPLog", z.object({ id: z.int(), meta: z.object({ "user-agent": z.string() }) }));
