/** What a campaign counts: plain data, so that the parts of several processes can be added up. */
export interface Tally {
  cases: number;
  /** Queries generated, each counted once however many targets answered it. */
  queries: number;
  writes: number;
  /** Writes that the reference refused with an error. */
  refused: number;
  /** Queries that found something. */
  found: number;
  /** Query answers compared, over all targets. */
  compared: number;
  /** Calls through a client, nested writes among them, each counted once. */
  calls: number;
  /** Answers to queries by target. */
  readonly by: Record<string, number>;
}

export function emptyTally(): Tally {
  return { cases: 0, queries: 0, writes: 0, refused: 0, found: 0, compared: 0, calls: 0, by: {} };
}

export function addTo(sum: Tally, part: Tally): void {
  for (const name of ["cases", "queries", "writes", "refused", "found", "compared", "calls"] as const)
    sum[name] += part[name];
  for (const [target, count] of Object.entries(part.by)) sum.by[target] = (sum.by[target] ?? 0) + count;
}
