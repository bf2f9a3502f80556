/** The table of anomalies in docs/transactions.md is what really happens, on every engine and level that runs here. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CASES } from "./cases.js";
import { COLUMNS, tableIn, tableText, verdicts } from "./table.js";

const page = readFileSync(new URL("../../docs/transactions.md", import.meta.url), "utf8");
const [head = "", ...lines] = tableIn(page)
  .split("\n")
  .filter((line) => !line.startsWith("| ---"));
const cells = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
const titles = cells(head);

describe("anomalies", () => {
  test("the table has a line for each case and a column for each engine and level", () => {
    expect(lines.map((line) => cells(line)[0]?.split(":")[0])).toEqual(CASES.map(({ name }) => name));
    for (const { title } of COLUMNS) expect(titles).toContain(title);
  });
  test.concurrent.each(COLUMNS.map((column) => [column.title, column.isolation, column] as const))(
    "%s, asked for %s",
    async (title, _, column) => {
      const played = tableText([[title, await verdicts(column)]])
        .split("\n")
        .slice(2);
      const at = titles.indexOf(title);
      expect(played.map((line) => cells(line)[1])).toEqual(lines.map((line) => cells(line)[at]));
    },
  );
});
