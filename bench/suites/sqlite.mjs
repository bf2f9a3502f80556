/** The blog workloads on SQLite: Tenon beside the raw driver and other libraries over the same driver. */
import { run as blog } from "./blog.mjs";

export const PEERS = ["better-sqlite3", "drizzle", "kysely", "tenon-sqlite"];

export const run = (options) => blog({ ...options, peers: options.peers ?? PEERS });
