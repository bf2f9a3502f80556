/**
 * Plays a script through the public SPI of the engine and keeps books: the state after every commit that was attempted, and
 * which of them were acknowledged. A refusal that the model foresees is checked; any other failure ends the run.
 */

import { TenonError } from "../../src/base/errors.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { Engine, Executor } from "../../src/engine/engine.js";
import type { WriteCommand } from "../../src/query/ir.js";
import type { Store } from "../../src/storage/store.js";
import { eq, find, insert, remove, set, update } from "../engine/support.js";
import { applied, NOTHING, reshaped, type State, stateText, type Write } from "./model.js";
import {
  FIRST_SHAPE,
  opsBetween,
  type Shape,
  textField,
  textOf,
  type Version,
  versionByHash,
  versionOf,
} from "./schemas.js";
import type { Step } from "./script.js";

export interface Books {
  /** Texts of the states: [0] is before the first commit. */
  readonly states: string[];
  /** Number of the last acknowledged commit. */
  acknowledged: number;
}

export interface Player {
  readonly books: Books;
  /** The first failure that the model does not foresee: a storage error, or a wrong answer. */
  failure: unknown;
  /** An acknowledgement came after a commit had failed. */
  afterFailure: boolean;
  engine: Engine | null;
  /** The last schema that was attempted. */
  version: Version;
}

export interface PlayOptions {
  readonly open: () => Store;
  /** Called at the start with the books that are going to be kept. */
  readonly onBooks?: (player: Player) => void;
  readonly onAcknowledged?: () => void;
  readonly onStep?: () => void;
}

export function newBooks(): Books {
  return { states: [stateText(NOTHING)], acknowledged: 0 };
}

export function command(shape: Shape, write: Write): WriteCommand {
  const text = textField(shape);
  switch (write.kind) {
    case "putItem": {
      const doc = { id: write.id, n: write.n, [text]: write.text };
      return insert("Item", shape.extra ? { ...doc, extra: null } : doc);
    }
    case "textOfN":
      return update("Item", eq("n", write.n), set(text, write.text));
    case "addN":
      return update("Item", eq("id", write.id), { path: ["n"], op: "inc", value: write.by });
    case "dropItem":
      return remove("Item", eq("id", write.id));
    case "addNote":
      return insert("Note", { itemId: write.itemId, text: write.text });
    case "dropNotes":
      return remove("Note", eq("itemId", write.itemId));
    case "putTag":
      return insert("Tag", { id: write.id, n: write.n });
  }
}

/** Everything that the engine holds, as text. */
export async function observed(engine: Engine): Promise<string> {
  const schema = await engine.admin.inspect();
  if (schema === null) return "nothing";
  const version = versionByHash(schema.hash);
  if (version === undefined) throw new TypeError(`the database has a schema that it was never given: ${schema.hash}`);
  return textUnder(engine, version);
}

/** The same for a database that has lost its schema and was opened with `version`. */
export async function observedAs(engine: Engine, version: Version): Promise<string> {
  return (await engine.admin.inspect()) === null ? textUnder(engine, version) : observed(engine);
}

async function textUnder(engine: Engine, version: Version): Promise<string> {
  await using reader = await engine.begin({ mode: "read" });
  let text = version.schema.hash;
  for (const [model, fields] of version.fields) text += `\n${textOf(model, fields, await reader.find(find(model)))}`;
  return text;
}

export async function play(script: readonly Step[], options: PlayOptions): Promise<Player> {
  const player: Player = {
    books: newBooks(),
    failure: undefined,
    afterFailure: false,
    engine: null,
    version: versionOf(FIRST_SHAPE),
  };
  options.onBooks?.(player);
  const run = new Run(player, options);
  try {
    await run.open();
    for (const step of script) {
      await run.step(step);
      options.onStep?.();
      if (player.failure !== undefined) break;
    }
  } catch (error) {
    player.failure ??= error;
  }
  return player;
}

class Run {
  readonly #player: Player;
  readonly #options: PlayOptions;
  #state: State = NOTHING;
  #store: Store | null = null;

  constructor(player: Player, options: PlayOptions) {
    this.#player = player;
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#store = this.#options.open();
    const engine = embedded({ storage: this.#store });
    this.#player.engine = engine;
    await engine.open(versionOf(FIRST_SHAPE).schema);
  }

  get #engine(): Engine {
    return this.#player.engine!;
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case "writes":
        await Promise.all(step.writes.map((write) => this.#single(write)));
        return;
      case "transaction":
        return this.#transaction(step);
      case "schema": {
        const from = this.#state.shape ?? FIRST_SHAPE;
        this.#state = reshaped(this.#state, step.to);
        this.#player.version = versionOf(step.to);
        const number = this.#attempt();
        await this.#engine.admin.apply(opsBetween(from, step.to), versionOf(step.to).schema);
        this.#acknowledge(number);
        return;
      }
      case "compact":
        return this.#store!.compact();
      case "reopen":
        await this.#engine.close();
        await this.open();
        return this.#expectState();
    }
  }

  async #single(write: Write): Promise<void> {
    const next = applied(this.#state, write);
    const { shape } = this.#state;
    if (shape === null) return;
    if (next === null) {
      if (write.kind === "putTag" && !shape.tags) return;
      await this.#refused(this.#engine.write(command(shape, write)));
      return;
    }
    this.#state = next;
    const number = this.#attempt();
    try {
      const { count } = await this.#engine.write(command(shape, write));
      // After a failure a write that finds nothing to change is a read: there is nothing to be made durable.
      if (count === 0 && this.#player.failure !== undefined) return;
      this.#acknowledge(number);
    } catch (error) {
      this.#player.failure ??= error;
    }
  }

  async #transaction(step: Extract<Step, { kind: "transaction" }>): Promise<void> {
    const { shape } = this.#state;
    if (shape === null) return;
    let state = this.#state;
    const tx = await this.#engine.begin({ mode: "write" });
    for (const { nested, keep, writes } of step.parts) {
      const before = state;
      let failed = false;
      const inner = nested ? await tx.begin({ mode: "write" }) : tx;
      for (const write of writes) {
        if (write.kind === "putTag" && !shape.tags) continue;
        const next = applied(state, write);
        if (next === null) {
          // Outside a savepoint a refusal would end the transaction: that case is the nested one's.
          if (!nested) continue;
          await this.#refused(inner.write(command(shape, write)));
          failed = true;
          break;
        }
        await inner.write(command(shape, write));
        state = next;
      }
      if (!nested) continue;
      if (keep && !failed) await inner.commit();
      else {
        await inner.rollback();
        state = before;
      }
    }
    if (!step.keep) {
      await tx.rollback();
      return;
    }
    this.#state = state;
    const number = this.#attempt();
    await tx.commit();
    this.#acknowledge(number);
  }

  async #refused(call: Promise<unknown>): Promise<void> {
    try {
      await call;
    } catch (error) {
      if (error instanceof TenonError && /^(UNIQUE|FOREIGN_KEY)\./.test(error.code)) return;
      this.#player.failure ??= error;
      return;
    }
    this.#player.failure ??= new TypeError("a write that breaks a rule was accepted");
  }

  async #expectState(): Promise<void> {
    const found = await observed(this.#engine);
    if (found !== stateText(this.#state)) throw new TypeError("the state after reopening is not the one before");
  }

  #attempt(): number {
    const { states } = this.#player.books;
    states.push(stateText(this.#state));
    return states.length - 1;
  }

  #acknowledge(number: number): void {
    const { books, failure } = this.#player;
    if (failure !== undefined) this.#player.afterFailure = true;
    if (number > books.acknowledged) books.acknowledged = number;
    this.#options.onAcknowledged?.();
  }
}

/** A write that works in every state that the scripts reach; used to see whether a database goes on. */
export async function oneMore(engine: Executor): Promise<void> {
  await engine.write(insert("Note", { itemId: null, text: "one more" }));
}
