/** The time that a whole run may take: what would begin later is left out, by name. */
import process from "node:process";

export class OutOfTime extends Error {}

let deadline = Number.POSITIVE_INFINITY;

export function limitTo(minutes: number): void {
  deadline = Date.now() + minutes * 60_000;
}

/** Milliseconds that a step may take; throws when there are none left. `most`: what the step may take at any time. */
export function timeFor(most: number): number {
  const left = deadline - Date.now();
  if (left <= 0) throw new OutOfTime("the time of the run is up (--minutes)");
  return Math.min(most, left + 10_000);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)] ?? Number.NaN;

/** Why something could not be measured, in one line. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").slice(0, 400);
