/** Plays the anomalies of isolation on every engine and level, and writes the table of them into docs/transactions.md. */
import { readFile, writeFile } from "node:fs/promises";
import type { Verdict } from "../hermitage/play.js";
import { COLUMNS, tableText, verdicts, withTable } from "../hermitage/table.js";
import type { Campaign } from "./run.js";

const PAGE = new URL("../../docs/transactions.md", import.meta.url);

export const hermitageCampaign: Campaign = async () => {
  const found = new Map<string, readonly Verdict[]>();
  let same = true;
  for (const column of COLUMNS) {
    const now = await verdicts(column);
    const before = found.get(column.title);
    if (before !== undefined && before.join() !== now.join()) {
      console.error(`${column.title} differs when ${column.isolation} is asked for: ${now.join(", ")}`);
      same = false;
    }
    found.set(column.title, now);
  }
  const table = tableText([...found]);
  await writeFile(PAGE, withTable(await readFile(PAGE, "utf8"), table));
  console.log(table);
  return same;
};
