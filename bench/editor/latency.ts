/**
 * What an editor waits for: completion, hover and the round trip of a typo in the compiler's own editor service. The services
 * of all peers are open at once and asked in turn, so that whatever else the machine does falls on all alike.
 */
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Editor } from "../../test/editor/editor.js";
import { CASE } from "../../test/editor/project.js";
import type { Server } from "../../test/editor/servers.js";
import { median, reasonOf, say, timeFor } from "./limit.js";
import type { Peer } from "./peers.js";

const FIRST_MS = 120_000;
const WARM_MS = 60_000;
/** What one peer may take of all rounds; at least three are done. */
const SHARE_MS = 8_000;

/** How often each thing is asked for before it counts: an editor is asked thousands of times, its first answers are compiled. */
const WARM_UP = 20;
/** What that may take of a peer, for each thing. */
const WARM_UP_MS = 4_000;
/** Numbers of the texts meanwhile; those of the rounds are below. */
const WARM_UP_FROM = 1_000_000;

type Action = (n: number) => Promise<void>;

export interface Asked {
  readonly peer: Peer;
  readonly folder: string;
}

export interface Answered {
  readonly peer: Peer;
  readonly figures: Readonly<Record<string, number>>;
  /** What a hover shows of the result with relations of relations. */
  readonly hover: string;
  readonly failed: string | null;
}

async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  const ended = new AbortController();
  const late = sleep(timeFor(ms), undefined, { signal: ended.signal }).then(() => {
    throw new TypeError(`${what} took longer than ${ms / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}

class Conversation {
  readonly peer: Peer;
  readonly #editor: Editor;
  readonly #file: string;
  readonly times: Record<"completion" | "hover" | "error", number[]> = { completion: [], hover: [], error: [] };
  hover = "";
  spent = 0;

  constructor(peer: Peer, editor: Editor, folder: string) {
    this.peer = peer;
    this.#editor = editor;
    this.#file = join(folder, CASE);
  }

  readonly complete: Action = async (n) => {
    const { head, complete } = this.peer;
    await this.#editor.open(this.#file, `${head}${complete.replace("|", "")}\n// ${n}`);
    const entries = await this.#editor.completions(this.#file, head.length + complete.indexOf("|"));
    if (entries.length < 2 || entries.some((each) => each.name === "AbortSignal"))
      throw new TypeError("no completions");
  };

  readonly look: Action = async (n) => {
    const { head, queries } = this.peer;
    await this.#editor.open(this.#file, `${head}const rows${n} = ${queries[4]};`);
    this.hover = (await this.#editor.hover(this.#file, head.length + "const ro".length)).text;
    if (this.hover === "") throw new TypeError("no hover");
  };

  readonly mistype: Action = async (n) => {
    const { head, typo } = this.peer;
    await this.#editor.open(this.#file, `${head}export const r${n} = ${typo[n % 2]};`);
    if ((await this.#editor.errors(this.#file)).length > 0 !== (n % 2 === 1))
      throw new TypeError("the typo was not noticed");
  };

  async time(action: Action, n: number, ms: number): Promise<number> {
    const start = performance.now();
    await within(action(n), ms, this.peer.name);
    const took = performance.now() - start;
    this.spent += took;
    return took;
  }

  async #warmUp(action: Action): Promise<void> {
    const before = this.spent;
    const until = performance.now() + timeFor(WARM_UP_MS);
    for (let n = 0; n < WARM_UP && (n === 0 || performance.now() < until); n++)
      await this.time(action, WARM_UP_FROM + n, n === 0 ? FIRST_MS : WARM_MS);
    this.spent = before;
  }

  async round(n: number): Promise<void> {
    const steps = [
      [this.complete, this.times.completion],
      [this.look, this.times.hover],
      [this.mistype, this.times.error],
    ] as const;
    for (const [action, times] of steps) {
      if (n === 0) await this.#warmUp(action);
      times.push(await this.time(action, 2 * n + 1, WARM_MS), await this.time(action, 2 * n + 2, WARM_MS));
    }
  }

  close(): Promise<void> {
    return this.#editor.close();
  }
}

export async function latencies(server: Server, asked: readonly Asked[], rounds: number): Promise<readonly Answered[]> {
  const answers = new Map<Peer, Answered>();
  const fail = (peer: Peer, error: unknown): void => {
    answers.set(peer, { peer, figures: {}, hover: "", failed: reasonOf(error) });
  };
  const open: { talk: Conversation; first: number }[] = [];
  try {
    for (const { peer, folder } of asked)
      try {
        if (server.open === null) throw new TypeError(server.why);
        const talk = new Conversation(peer, await server.open(folder), folder);
        open.push({ talk, first: Number.NaN });
        const first = await talk.time(talk.complete, 0, FIRST_MS);
        open[open.length - 1] = { talk, first };
        talk.spent = 0;
      } catch (error) {
        fail(peer, error);
      }
    for (let round = 0; round < rounds; round++)
      for (const { talk } of open) {
        if (answers.has(talk.peer) || (round >= 3 && talk.spent > SHARE_MS)) continue;
        try {
          await talk.round(round);
        } catch (error) {
          fail(talk.peer, error);
        }
      }
    for (const { talk, first } of open) {
      if (answers.has(talk.peer)) continue;
      const { completion, hover, error } = talk.times;
      const figures = { first, completion: median(completion), hover: median(hover), error: median(error) };
      answers.set(talk.peer, { peer: talk.peer, figures, hover: talk.hover, failed: null });
      say(`  ${talk.peer.name}: completion ${figures.completion.toFixed(1)} ms, first ${first.toFixed(0)} ms`);
    }
  } finally {
    for (const { talk } of open) await talk.close();
  }
  return [...answers.values()];
}
