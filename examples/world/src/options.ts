/** The flags of the example. */
import { parseArgs } from "node:util";

export interface Options {
  /** Where the data files lie; null: in memory only. */
  readonly file: string | null;
  readonly fresh: boolean;
  /** How many cities to load; null: all. */
  readonly cities: number | null;
  /** Only count what is stored: what the second process does. */
  readonly recount: boolean;
}

export const USAGE = `npm start -- [flags]
  --fresh        remove the data first; without it a second run reuses what is there
  --cities N     load only the first N cities
  --data FILE    where the data lies (default data/world.json)
  --memory       keep everything in memory
  --help         this text`;

export function readOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      fresh: { type: "boolean", default: false },
      cities: { type: "string" },
      data: { type: "string", default: "data/world.json" },
      memory: { type: "boolean", default: false },
      recount: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    file: values.memory ? null : values.data,
    fresh: values.fresh,
    cities: values.cities === undefined ? null : Number(values.cities),
    recount: values.recount,
  };
}
