/** Opening the database: the same models on whatever engine. */
import { type Client, createClient } from "#tenon";
import type { Place } from "./engines.js";
import * as models from "./models/index.js";

export type Database = Client;

export function open({ engine }: Place): Promise<Database> {
  return createClient({ models, engine: engine() });
}
