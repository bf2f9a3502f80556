/** Cases run at once. Where all places of a target share one connection, they take it in turns. */
import { Mutex } from "../../src/base/mutex.js";
import { has, type Target } from "../support/target.js";

const turns = new Map<string, Mutex>();

export async function inItsTurn<T>(target: Target, work: () => Promise<T>): Promise<T> {
  if (has(target, "callsBesideTransactions")) return work();
  let turn = turns.get(target.name);
  if (turn === undefined) {
    turn = new Mutex();
    turns.set(target.name, turn);
  }
  const release = await turn.acquire();
  try {
    return await work();
  } finally {
    release();
  }
}
