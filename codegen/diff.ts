/** A unified line diff, for people: what generation would change. */

type Edit = { readonly kind: " " | "-" | "+"; readonly line: string };

const CONTEXT = 3;
/** Above this many cells, the differing middle is shown as replaced whole. */
const MAX_CELLS = 4_000_000;

/** `--- a` / `+++ b` / `@@` hunks; empty when the texts are equal. */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  const edits = diffLines(lines(before), lines(after));
  if (edits.every((edit) => edit.kind === " ")) return "";
  const head = [
    `--- ${before === null ? "/dev/null" : `a/${path}`}`,
    `+++ ${after === null ? "/dev/null" : `b/${path}`}`,
  ];
  return [...head, ...hunks(edits)].join("\n");
}

function lines(text: string | null): readonly string[] {
  return text === null || text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function diffLines(a: readonly string[], b: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (line: string): Edit => ({ kind: " ", line });
  const middle = diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...a.slice(0, start).map(same), ...middle, ...a.slice(a.length - end).map(same)];
}

/** Longest common subsequence. */
function diffMiddle(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const removed = (line: string): Edit => ({ kind: "-", line });
  const added = (line: string): Edit => ({ kind: "+", line });
  if (a.length * b.length > MAX_CELLS) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left !== undefined && left === right) {
      edits.push({ kind: " ", line: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push(removed(left));
      i++;
    } else if (right !== undefined) {
      edits.push(added(right));
      j++;
    }
  }
  return edits;
}

function hunks(edits: readonly Edit[]): readonly string[] {
  const shown = edits.map((_, index) =>
    edits.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((edit) => edit.kind !== " "),
  );
  const out: string[] = [];
  let before = 1;
  let after = 1;
  for (let index = 0; index < edits.length; ) {
    if (!shown[index]) {
      before++;
      after++;
      index++;
      continue;
    }
    let end = index;
    while (end < edits.length && shown[end]) end++;
    const part = edits.slice(index, end);
    const old = part.filter((edit) => edit.kind !== "+").length;
    const now = part.filter((edit) => edit.kind !== "-").length;
    out.push(`@@ -${old === 0 ? before - 1 : before},${old} +${now === 0 ? after - 1 : after},${now} @@`);
    out.push(...part.map((edit) => `${edit.kind}${edit.line}`));
    before += old;
    after += now;
    index = end;
  }
  return out;
}
