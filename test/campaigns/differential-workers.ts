/** Processes that run cases of the differential campaign: each gets a seed, and answers with what it counted and found. */
import { type ChildProcess, fork } from "node:child_process";
import type { CaseResult } from "../differential/campaign.js";

export interface Answer {
  readonly seed: number;
  readonly result: CaseResult;
}

export interface Workers {
  /** The worker with the fewest cases at hand takes it. */
  run(seed: number): Promise<CaseResult>;
  stop(): void;
}

interface Waiting {
  readonly resolve: (result: CaseResult) => void;
  readonly reject: (error: Error) => void;
}

interface Worker {
  readonly child: ChildProcess;
  readonly waiting: Map<number, Waiting>;
}

function started(engines: readonly string[] | null): Worker {
  const file = new URL("./differential-worker.ts", import.meta.url);
  const child = fork(file, [JSON.stringify(engines)], { execArgv: ["--import", "tsx"] });
  const waiting = new Map<number, Waiting>();
  child.on("message", (message) => {
    const { seed, result } = message as Answer;
    waiting.get(seed)?.resolve(result);
    waiting.delete(seed);
  });
  child.on("exit", (code, signal) => {
    for (const [seed, { reject }] of waiting)
      reject(new RangeError(`a worker ended with ${code ?? signal} while it ran seed ${seed}`));
    waiting.clear();
  });
  return { child, waiting };
}

export function startWorkers(count: number, engines: readonly string[] | null): Workers {
  const workers = Array.from({ length: count }, () => started(engines));
  return {
    run: (seed) =>
      new Promise((resolve, reject) => {
        const { child, waiting } = workers.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
        if (!child.connected) {
          reject(new RangeError(`a worker ended before it ran seed ${seed}`));
          return;
        }
        waiting.set(seed, { resolve, reject });
        child.send({ seed });
      }),
    stop: () => {
      for (const { child } of workers) child.disconnect();
    },
  };
}
