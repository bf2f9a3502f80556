/** The blog workloads on PostgreSQL: Tenon beside the raw driver and other libraries over the same driver. */
import { run as sql } from "./sql.mjs";

export const run = (options) => sql({ ...options, engines: ["postgres"] });
