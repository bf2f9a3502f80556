/**
 * Work that mostly need not wait. It yields the promise of whatever must be there first, and is otherwise run to its end in
 * one go: no promise is made for what is in memory, which costs more than the look-ups themselves.
 */
import type { Maybe } from "../storage/store.js";

export type Steps<T> = Generator<Promise<unknown>, T, undefined>;

/** The result, or its promise when something had to be waited for. */
export function finished<T>(steps: Steps<T>): Maybe<T> {
  const first = steps.next();
  return first.done === true ? first.value : later(steps, first.value);
}

async function later<T>(steps: Steps<T>, awaited: Promise<unknown>): Promise<T> {
  let waiting = awaited;
  for (;;) {
    const step = await waiting.then(
      () => steps.next(),
      (error: unknown) => steps.throw(error),
    );
    if (step.done === true) return step.value;
    waiting = step.value;
  }
}
