/**
 * A workload of which every state follows from one number: commit k puts item k and takes item k - WINDOW away, in one
 * transaction. So a database tells how many commits it holds, and whether it holds exactly those.
 */
import type { Engine } from "../../src/engine/engine.js";
import { eq, find, insert, remove } from "../engine/support.js";
import { FIRST_SHAPE, versionOf } from "./schemas.js";

const WINDOW = 20;
/** Commits in a database that is opened on a failing disk. */
export const BEGUN = 3;
export const SEQUENCE = versionOf(FIRST_SHAPE).schema;

const textOfItem = (k: number): string => `${k}-${"é\n".repeat((k * 37) % 300)}`;

export async function commitNumber(engine: Engine, k: number): Promise<void> {
  const tx = await engine.begin({ mode: "write" });
  await tx.write(insert("Item", { id: k, n: k % 7, text: textOfItem(k) }));
  if (k > WINDOW) await tx.write(remove("Item", eq("id", k - WINDOW)));
  await tx.commit();
}

/** Opened and with its schema. */
export async function openSequence(engine: Engine): Promise<Engine> {
  await engine.open(SEQUENCE);
  if ((await engine.admin.inspect()) === null) await engine.admin.apply([], SEQUENCE);
  return engine;
}

/** How many commits the database holds; throws when it holds anything but the state after them. */
export async function commitsIn(engine: Engine): Promise<number> {
  if ((await engine.admin.inspect()) === null) return 0;
  const rows = await engine.find(find("Item"));
  const last = (rows.at(-1)?.id as number | undefined) ?? 0;
  const first = Math.max(1, last - WINDOW + 1);
  const right =
    rows.length === last - first + 1 &&
    rows.every((row, at) => row.id === first + at && row.text === textOfItem(first + at) && row.n === (first + at) % 7);
  if (!right) throw new TypeError(`the items are not those after ${last} commits: ${rows.map((row) => row.id).join()}`);
  return last;
}
