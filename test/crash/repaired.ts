/**
 * What verify and repair must say and do about damaged files: verify finds damage exactly where opening refuses; repair leaves the
 * original alone, a clean report means that nothing is missing, and no document in the copy is one that never was.
 */
import { CorruptionError } from "../../src/base/errors.js";
import { storeAt } from "../../src/engine/embedded/database-files.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import { type RepairReport, repairDatabase } from "../../src/engine/embedded/repair.js";
import { verifyDatabase } from "../../src/engine/embedded/verify.js";
import type { MemoryDisk } from "../../src/storage/files/memory.js";
import { DIR } from "./images.js";
import { type FileSet, neverRewrites } from "./mutations.js";
import { observedAs } from "./play.js";
import type { Version } from "./schemas.js";
import type { StorageCase } from "./storages.js";

const COPY = "/copy";

export interface Damaged {
  readonly storage: StorageCase;
  readonly states: readonly string[];
  readonly version: Version;
  readonly kind: string;
  readonly files: FileSet;
  /** What the damaged database was opened with; null: it was refused. */
  readonly opened: string | null;
}

/** Null: repair refused, because nobody knows the schema. */
export async function expectRepair(damaged: Damaged, disk: MemoryDisk): Promise<RepairReport | null> {
  const { storage, states, version, kind, files, opened } = damaged;
  const fail = (what: string): never => {
    throw new TypeError(what);
  };
  const verified = await verifyDatabase(storage.path(DIR), disk.files);
  if (verified.ok !== (opened !== null)) fail(`verify says ok: ${verified.ok} (${JSON.stringify(verified.damage)})`);
  if (!verified.ok && verified.damage.length === 0) fail("verify names no damage");
  let report: RepairReport;
  try {
    report = await repairDatabase(storage.path(DIR), storage.path(COPY), { files: disk.files });
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    if (opened !== null) fail(`repair refuses what can be opened: ${error.message}`);
    return null;
  } finally {
    for (const [path, bytes] of files) {
      if (!Buffer.from(disk.peek(path) ?? []).equals(bytes)) fail(`verify or repair changed ${path}`);
    }
  }
  const copy = embedded({ storage: storeAt(storage.path(COPY), report.layout, disk.files, true) });
  if (opened !== null && !storage.name.startsWith(report.layout)) fail(`the copy is a ${report.layout}`);
  await copy.open(version.schema);
  const text = await observedAs(copy, version);
  await copy.close();
  const isClean = !report.suspect && report.left.length === 0;
  if (isClean !== (opened !== null)) fail(`the report of the repair is clean: ${isClean} (${JSON.stringify(report)})`);
  if (opened !== null && text !== opened) fail(`repair changed what is intact:\n${text}\ninstead of\n${opened}`);
  if (neverRewrites(kind, storage.name.includes("gzip"))) {
    const known = new Set(states.flatMap((state) => state.split("\n")));
    const invented = text.split("\n").filter((line) => line.startsWith("[") && !known.has(line));
    if (invented.length > 0) fail(`repair made up ${invented.join()}`);
  }
  return report;
}
