/** "Did you mean …?": the nearest known name by edit distance. */

/** Damerau-Levenshtein distance (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(current[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/** The closest of `known` to `name` when at most 40 % of it differs, else null. */
export function nearest(name: string, known: Iterable<string>): string | null {
  const wanted = name.slice(0, 64).toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.floor(Math.max(wanted.length, 3) * 0.4) + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.slice(0, 64).toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** `did you mean "x"?`, or a list of what exists when nothing is near. */
export function suggestion(name: string, known: Iterable<string>): string {
  const all = [...known];
  const near = nearest(name, all);
  if (near !== null) return `did you mean "${near}"?`;
  if (all.length === 0) return "there are none";
  const shown = all.slice(0, 12).join(", ");
  return `use one of: ${shown}${all.length > 12 ? `, … (${all.length} in all)` : ""}`;
}
