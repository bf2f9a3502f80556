/** `tenon db verify` and `tenon db repair`: look at the files of a database, and copy what is intact of a damaged one. */
import { resolve } from "node:path";
import { repairDatabase, verifyDatabase } from "../../src/embedded.js";
import type { CliContext } from "./context.js";
import { EXIT, type Output } from "./output.js";

const DEFAULT_PATH = "data/db.json";

interface Damage {
  readonly file: string;
  readonly offset: number | null;
  readonly what: string;
}

/** 0: intact; 4: damaged. */
export async function runDbVerify(context: CliContext, output: Output, path = DEFAULT_PATH): Promise<number> {
  const report = await verifyDatabase(resolve(context.cwd, path));
  output.result(report);
  for (const [file, size] of Object.entries(report.files))
    output.data(`${file}  ${size === null ? "none" : `${size} bytes`}`);
  for (const [name, count] of Object.entries(report.documents)) output.data(`${name}  ${count} documents`);
  showDamage(output, report.damage);
  if (report.ok) {
    output.success(`${path} is intact`);
    return EXIT.ok;
  }
  output.note(`✖ ${path} is damaged; nothing was changed\n→ npx tenon db repair ${path} --out <new file or folder>`);
  return EXIT.findings;
}

/** 0: everything was copied; 4: something was lost or may have changed. */
export async function runDbRepair(context: CliContext, output: Output, path: string, out: string): Promise<number> {
  const report = await repairDatabase(resolve(context.cwd, path), resolve(context.cwd, out));
  output.result(report);
  for (const [name, count] of Object.entries(report.documents)) output.data(`${name}  ${count} documents copied`);
  showDamage(output, report.damage);
  for (const what of report.left) output.data(`left out: ${what}`);
  if (!report.suspect && report.left.length === 0) {
    output.success(`${path} was intact; ${out} is a copy`);
    return EXIT.ok;
  }
  output.note(
    `✖ ${out} holds what could be read; compare it with a backup: a document of a damaged file may have changed`,
  );
  return EXIT.findings;
}

function showDamage(output: Output, damage: readonly Damage[]): void {
  for (const { file, offset, what } of damage) output.data(`${file}${offset === null ? "" : `:${offset}`}  ${what}`);
}
