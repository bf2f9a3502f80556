/**
 * Verify and repair on a disk that fails at any call, and repair cut short by a crash at any call: the original is never touched,
 * a failing disk is never called damage, and what is left of the copy is all of it or cannot be taken for it.
 */
import { describe, expect, test } from "vitest";
import { CorruptionError, TenonError } from "../../src/base/errors.js";
import { storeAt } from "../../src/engine/embedded/database-files.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import { type RepairReport, repairDatabase } from "../../src/engine/embedded/repair.js";
import { verifyDatabase } from "../../src/engine/embedded/verify.js";
import type { MemoryDisk } from "../../src/storage/files/memory.js";
import { Random } from "../differential/random.js";
import { diskOf, prepare } from "./fuzz.js";
import { DIR } from "./images.js";
import { damage, type FileSet } from "./mutations.js";
import { observed } from "./play.js";
import type { Version } from "./schemas.js";
import { storageNamed } from "./storages.js";

const COPY = "/copy";
const NAMES = ["file", "file, gzip", "folder", "shards", "shards, gzip"];
const KINDS = [null, "flip", "truncate", "dropPiece"];
const SEEDS = 2;

interface Victim {
  readonly name: string;
  readonly files: FileSet;
  readonly version: Version;
}

/** Intact and damaged databases. */
async function victims(name: string): Promise<readonly Victim[]> {
  const found: Victim[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const prepared = await prepare(storageNamed(name), seed);
    for (const kind of KINDS) {
      const damaged = kind === null ? prepared : damage(kind, prepared, true, new Random(seed * 31));
      if (damaged !== null)
        found.push({
          name: `seed ${seed}, ${kind ?? "intact"}`,
          files: damaged.files,
          version: prepared.version,
        });
    }
  }
  return found;
}

function expectUntouched(disk: MemoryDisk, { name, files }: Victim): void {
  const changed = [...files].filter(([path, bytes]) => !Buffer.from(disk.peek(path) ?? []).equals(bytes));
  expect(
    changed.map(([path]) => path),
    name,
  ).toEqual([]);
}

/** What the copy holds; null: nothing, or it is refused. */
async function copied(disk: MemoryDisk, out: string, layout: RepairReport["layout"], version: Version) {
  const engine = embedded({ storage: storeAt(out, layout, disk.files, false) });
  try {
    await engine.open(version.schema);
    const text = await observed(engine);
    return text === "nothing" ? null : text;
  } catch (error) {
    if (error instanceof CorruptionError) return null;
    throw error;
  } finally {
    await engine.close().catch(() => {});
  }
}

describe.each(NAMES)("%s", (name) => {
  const storage = storageNamed(name);
  const path = storage.path(DIR);
  const out = storage.path(COPY);

  /** What repair does on a disk that works; null: it refuses, as the schema is lost. */
  async function right(victim: Victim): Promise<{ report: RepairReport; text: string; calls: number } | null> {
    const disk = diskOf(victim.files);
    try {
      const report = await repairDatabase(path, out, { files: disk.files });
      const { calls } = disk;
      const text = await copied(disk, out, report.layout, victim.version);
      return { report, text: text!, calls };
    } catch (error) {
      if (error instanceof CorruptionError) return null;
      throw error;
    }
  }

  test("a disk that fails", { timeout: 240_000 }, async () => {
    let felt = 0;
    for (const victim of await victims(name)) {
      const expected = await right(victim);
      if (expected === null) continue;
      const verified = await verifyDatabase(path, diskOf(victim.files).files);
      const random = new Random(expected.calls);
      for (let at = 1; at <= expected.calls; at += random.int(1, 9)) {
        const code = random.pick(["EIO", "ENOSPC", "EMFILE", "SHORT"]);
        const isForEver = random.chance(0.4);
        const where = `${victim.name}, ${code} at call ${at}${isForEver ? " and for ever" : ""}`;
        const disk = diskOf(victim.files).crash(null, {
          fault: ({ number }) => (number === at || (isForEver && number > at) ? code : null),
        });
        const report = await repairDatabase(path, out, { files: disk.files }).catch((error: unknown) => error);
        expectUntouched(disk, victim);
        const after = await copied(disk.crash(null), out, expected.report.layout, victim.version);
        if (report instanceof Error) {
          felt++;
          expect(report instanceof TenonError && report.code, where).toMatch(/^STORAGE\./);
          expect([null, expected.text], where).toContain(after);
        } else {
          expect(report, where).toEqual(expected.report);
          expect(after, where).toBe(expected.text);
        }
        const again = diskOf(victim.files).crash(null, {
          fault: ({ number }) => (number === at || (isForEver && number > at) ? code : null),
        });
        const looked = await verifyDatabase(path, again.files).catch((error: unknown) => error);
        expectUntouched(again, victim);
        if (looked instanceof Error) expect(looked instanceof TenonError && looked.code, where).toMatch(/^STORAGE\./);
        else expect(looked, where).toEqual(verified);
      }
    }
    expect(felt).toBeGreaterThan(30);
  });

  test("a crash", { timeout: 240_000 }, async () => {
    for (const victim of await victims(name)) {
      const expected = await right(victim);
      if (expected === null) continue;
      const images = new Map<string, { readonly disk: MemoryDisk; readonly where: string }>();
      const disk: MemoryDisk = diskOf(victim.files).crash(null, {
        fault: ({ number, operation, path: of }) => {
          if (/^(read|list|size|close)$/.test(operation)) return null;
          for (const cut of [null, number, -number]) {
            const image = disk.crash(cut);
            images.set(image.digest(), { disk: image, where: `${victim.name}, cut ${cut} before ${operation} ${of}` });
          }
          return null;
        },
      });
      await repairDatabase(path, out, { files: disk.files });
      expectUntouched(disk, victim);
      const seen = new Set<string | null>();
      for (const image of images.values()) {
        expectUntouched(image.disk, victim);
        const text = await copied(image.disk, out, expected.report.layout, victim.version);
        expect([null, expected.text], image.where).toContain(text);
        seen.add(text);
      }
      expect(seen.has(null)).toBe(true);
      for (const cut of [null, 1, 2, 3])
        expect(await copied(disk.crash(cut), out, expected.report.layout, victim.version)).toBe(expected.text);
    }
  });
});
