import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "../../codegen/diff.js";

/** Applies a unified diff the way `patch` does. */
function apply(before: string, diff: string): string {
  const source = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(2)) {
    const hunk = /^@@ -(\d+),(\d+) \+\d+,\d+ @@$/.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[2]) === 0 ? Number(hunk[1]) : Number(hunk[1]) - 1;
      out.push(...source.slice(at, start));
      at = start;
    } else if (line.startsWith("+")) out.push(line.slice(1));
    else {
      expect(source[at]).toBe(line.slice(1));
      if (line.startsWith(" ")) out.push(line.slice(1));
      at++;
    }
  }
  out.push(...source.slice(at));
  return out.length === 0 ? "" : `${out.join("\n")}\n`;
}

describe("unifiedDiff", () => {
  it("is empty for equal texts", () => {
    expect(unifiedDiff("a", "x\ny\n", "x\ny\n")).toBe("");
  });

  it("shows a change with three lines of context", () => {
    const lines = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    const changed = lines.map((line) => (line === "5" ? "five" : line));
    expect(unifiedDiff("f", `${lines.join("\n")}\n`, `${changed.join("\n")}\n`)).toBe(
      "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8",
    );
  });

  it("shows files that come and go", () => {
    expect(unifiedDiff("f", null, "x\n")).toBe("--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+x");
    expect(unifiedDiff("f", "x\n", null)).toBe("--- a/f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x");
  });

  it("turns one text into the other when applied", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "d e", "+", "-"), { minLength: 1, maxLength: 30 })
      .map((lines) => `${lines.join("\n")}\n`);
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = unifiedDiff("f", before, after);
        expect(diff === "" ? before : apply(before, diff)).toBe(after);
      }),
    );
  });
});
