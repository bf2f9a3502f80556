/**
 * Plays a case step by step on a database. A step that has to wait for another transaction is left waiting while the script
 * goes on; its transaction's next step comes after it. A transaction that a conflict ends takes no more steps.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError, LockedError } from "../../src/index.js";
import type { Case, Db, Run, Tx, Values } from "./cases.js";

export type Isolation = "readCommitted" | "snapshot" | "serializable";

/** How it ended: the anomaly `happens`; a transaction was refused (`conflict`) or had to wait (`waits`); nothing of it (`never`). */
export type Verdict = "happens" | "conflict" | "waits" | "never";

/** Turns of the event loop after which a step that has not ended waits for somebody, where nobody can say so. */
const TURNS = 20;

class Player {
  readonly seen: Values[] = [];
  committed = false;
  refused = false;
  #tx: Tx | null = null;
  #chain: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Db,
    private readonly isolation: Isolation,
    private readonly mode: "read" | "write",
  ) {}

  step(run: (tx: Tx, seen: readonly Values[]) => Promise<Values>, ends: boolean): Promise<void> {
    this.#chain = this.#chain.then(async () => {
      if (this.refused) return;
      try {
        this.#tx ??= await this.db.begin({ isolation: this.isolation, mode: this.mode });
        this.seen.push(await run(this.#tx, this.seen));
        if (ends) this.committed = true;
      } catch (error) {
        if (!(error instanceof ConflictError || error instanceof LockedError)) throw error;
        this.refused = true;
        await this.#tx?.[Symbol.asyncDispose]();
      }
    });
    return this.#chain;
  }

  ended(): Promise<void> {
    return this.#chain;
  }
}

/** `isBlocked`: whether somebody waits in the database; null: the event loop tells. */
export async function play(
  db: Db,
  isolation: Isolation,
  one: Case,
  isBlocked: (() => Promise<boolean>) | null,
): Promise<Verdict> {
  await db.cells.deleteMany({ where: { all: true } });
  await db.cells.createMany({
    data: [
      { id: 1, value: 10 },
      { id: 2, value: 20 },
    ],
  });
  const players = new Map<string, Player>();
  let waited = false;
  for (const { by, run } of one.steps) {
    let player = players.get(by);
    if (player === undefined) {
      player = new Player(db, isolation, one.readers.includes(by) ? "read" : "write");
      players.set(by, player);
    }
    let settled = false;
    const last = one.steps.findLast((step) => step.by === by)?.run === run;
    const step = player.step(run, last);
    step.then(
      () => (settled = true),
      () => (settled = true),
    );
    for (let turn = 0; !settled; turn++) {
      await sleep(2);
      if (settled) break;
      if (isBlocked === null ? turn >= TURNS : await isBlocked()) {
        waited = true;
        break;
      }
    }
  }
  for (const player of players.values()) await player.ended();
  const final = Object.fromEntries((await db.cells.findMany()).map((row) => [Number(row.id), Number(row.value)]));
  const outcome: Run = {
    seen: (name) => players.get(name)?.seen ?? [],
    committed: (...names) => names.every((name) => players.get(name)?.committed === true),
    final,
  };
  if (one.happened(outcome)) return "happens";
  if ([...players.values()].some(({ refused }) => refused)) return "conflict";
  return waited ? "waits" : "never";
}
