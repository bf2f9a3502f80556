import { z } from "zod";

/** Where something is, in degrees. `id` names the generated interface. */
export const Location = z
  .object({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) })
  .meta({ id: "Location" });
