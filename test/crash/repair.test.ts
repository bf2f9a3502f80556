/** verifyDatabase and repairDatabase on databases that random workloads left, damaged and not, and the commands on top. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../codegen/cli/program.js";
import { repairDatabase, verifyDatabase } from "../../src/embedded.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import { file } from "../../src/storage/file/file.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { HEAD_BYTES, nextRecord } from "../../src/storage/record.js";
import { shards } from "../../src/storage/shards/shards.js";
import { Random } from "../differential/random.js";
import { eq, insert, set, update } from "../engine/support.js";
import { diskOf, prepare } from "./fuzz.js";
import { DIR } from "./images.js";
import { damage } from "./mutations.js";
import { observed, observedAs } from "./play.js";
import { FIRST_SHAPE, type Version, versionOf } from "./schemas.js";
import { commitNumber, commitsIn, openSequence, SEQUENCE } from "./sequence.js";
import { IN_FILES, type StorageCase, storageNamed } from "./storages.js";

const COPY = "/copy";

async function contentsOf(storage: StorageCase, disk: MemoryDisk, dir: string, version: Version): Promise<string> {
  const engine = embedded({ storage: storage.open(dir, disk.files) });
  await engine.open(version.schema);
  const text = await observedAs(engine, version);
  await engine.close();
  return text;
}

describe.each(IN_FILES.map(({ name }) => name))("%s", (name) => {
  const storage = storageNamed(name);
  const PATH = storage.path(DIR);
  const OUT = storage.path(COPY);

  test("an intact database is called intact, and repairing it is copying it", async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const prepared = await prepare(storageNamed(name), seed);
      const disk = diskOf(prepared.files);
      const report = await verifyDatabase(PATH, disk.files);
      expect(report, `seed ${seed}`).toMatchObject({ ok: true, damage: [] });
      const repaired = await repairDatabase(PATH, OUT, { files: disk.files });
      expect(repaired, `seed ${seed}`).toMatchObject({ suspect: false, damage: [], left: [] });
      expect(await contentsOf(storage, disk, COPY, prepared.version), `seed ${seed}`).toBe(prepared.states.at(-1));
      for (const [path, bytes] of prepared.files) expect(disk.peek(path), path).toEqual(bytes);
    }
  });

  test("whatever cannot be opened is called damaged; repairing touches nothing and gives a database that is intact", async () => {
    let broken = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const prepared = await prepare(storageNamed(name), seed);
      for (const kind of ["flip", "noise", "cut", "truncate", "dropPiece", "remove", "other"]) {
        const damaged = damage(kind, prepared, prepared.storage.journaled, new Random(seed));
        if (damaged === null) continue;
        const disk = diskOf(damaged.files);
        const opened = await contentsOf(storage, diskOf(damaged.files), DIR, prepared.version).catch(
          (error: unknown) => error,
        );
        const where = `seed ${seed}, ${kind} in ${damaged.file}`;
        const report = await verifyDatabase(PATH, disk.files);
        if (typeof opened !== "string") {
          broken++;
          expect(report.ok, where).toBe(false);
          expect(report.damage.length, where).toBeGreaterThan(0);
        }
        const repaired = await repairDatabase(PATH, OUT, { files: disk.files }).catch((error: unknown) => error);
        for (const [path, bytes] of damaged.files)
          expect(Buffer.from(disk.peek(path)!).equals(bytes), `${where}: ${path}`).toBe(true);
        if (repaired instanceof Error) expect(repaired, where).toMatchObject({ code: "CORRUPTION.FORMAT" });
        else {
          expect(await verifyDatabase(OUT, disk.files), where).toMatchObject({ ok: true });
          await contentsOf(storage, disk, COPY, prepared.version);
        }
      }
    }
    expect(broken).toBeGreaterThan(8);
  });
});

test("one damaged line costs one document; a damaged record costs its commits, which are named", async () => {
  const PATH = "/data/db.json";
  const OUT = "/data/copy.json";
  const prepared = await prepare(storageNamed("file"), 3);
  const disk = diskOf(prepared.files);
  const engine = embedded({ storage: file(PATH, { files: disk.files }) });
  await engine.open(prepared.version.schema);
  await engine.close();
  const before = await verifyDatabase(PATH, disk.files);
  const text = Buffer.from(disk.peek(PATH)!).toString();
  disk.put(PATH, Buffer.from(text.replace(/\n\{"id":/, '\n{"id"#')));
  const repaired = await repairDatabase(PATH, OUT, { files: disk.files });
  const count = (documents: Readonly<Record<string, number>>) => Object.values(documents).reduce((a, b) => a + b, 0);
  expect(count(repaired.documents)).toBe(count(before.documents) - 1);
  expect(repaired.damage.map(({ what }) => what).join()).toContain('a document cannot be read: {"id"#');
});

test("what stands among documents and is none is left out", async () => {
  const PATH = "/data/db.json";
  const disk = new MemoryDisk();
  const engine = await openSequence(embedded({ storage: file(PATH, { files: disk.files }) }));
  await commitNumber(engine, 1);
  await engine.close();
  const text = Buffer.from(disk.peek(PATH)!).toString();
  const among = text.replace('"default":[\n{"id":1', '"default":[\n["sequence",1],\n{"n":3},\n{"id":1');
  expect(among).not.toBe(text);
  disk.put(PATH, Buffer.from(among));
  const report = await repairDatabase(PATH, "/copy/db.json", { files: disk.files });
  expect(report.documents.items).toBe(1);
  expect(report.left).toEqual([`2 × a document of "items" in ${PATH} without its key`]);
  expect(await verifyDatabase("/copy/db.json", disk.files)).toMatchObject({ ok: true });
});

test("the commands: exit 0 when intact, 4 with the damage listed, 2 for what the user must mend; nothing is overwritten", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "tenon-db-"));
  try {
    const run = async (...argv: string[]) => {
      let stdout = "";
      const streams = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => true } };
      const code = await runCli(argv, { ...streams, cwd, env: {}, signal: new AbortController().signal });
      return { code, stdout };
    };
    const prepared = await prepare(storageNamed("file"), 5);
    mkdirSync(join(cwd, "data"));
    for (const [path, bytes] of prepared.files) writeFileSync(join(cwd, path), bytes);
    expect((await run("db", "verify")).code).toBe(0);
    expect(JSON.parse((await run("db", "verify", "data/db.json", "--json")).stdout)).toMatchObject({ ok: true });
    expect((await run("db", "verify", "nothing.json")).code).toBe(2);
    expect((await run("db", "repair", "data/db.json", "--out", "data/db.json")).code).toBe(2);
    expect((await run("db", "repair", "data/db.json", "--out", "data/copy.json")).code).toBe(0);
    const copy = embedded({ storage: file(join(cwd, "data/copy.json")) });
    await copy.open(prepared.version.schema);
    expect(await observed(copy)).toBe(prepared.states.at(-1));
    await copy.close();
    const journal = readFileSync(join(cwd, "data/db.journal"));
    journal[9]! ^= 1;
    writeFileSync(join(cwd, "data/db.journal"), journal);
    const verified = await run("db", "verify", "data/db.json");
    expect(verified).toMatchObject({ code: 4 });
    expect(verified.stdout).toContain("db.journal:0");
    expect((await run("db", "repair", "data/db.json", "--out", "data/second.json")).code).toBe(4);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});

test.each(["folder", "shards"] as const)(
  "%s: the commands take a folder, name the file and the byte, and copy the rest",
  async (layout) => {
    const cwd = mkdtempSync(join(tmpdir(), "tenon-db-"));
    try {
      const run = async (...argv: string[]) => {
        let stdout = "";
        const streams = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => true } };
        const code = await runCli(argv, { ...streams, cwd, env: {}, signal: new AbortController().signal });
        return { code, stdout };
      };
      const storage = storageNamed(layout);
      const engine = await openSequence(embedded({ storage: storage.open(join(cwd, "data")) }));
      for (let k = 1; k <= 20; k++) await commitNumber(engine, k);
      await engine.close();
      expect((await run("db", "verify", "data")).code).toBe(0);
      expect((await run("db", "repair", "data", "--out", "data")).code).toBe(2);
      expect((await run("db", "repair", "data", "--out", "copy")).code).toBe(0);
      const copy = embedded({ storage: storage.open(join(cwd, "copy"), undefined, true) });
      await copy.open(SEQUENCE);
      expect(await commitsIn(copy)).toBe(20);
      await copy.close();
      const name = layout === "folder" ? "items.json" : join("items", "shard_3.json");
      const damaged = join(cwd, "data", name);
      writeFileSync(damaged, readFileSync(damaged, "utf8").replace('"id":3,', '"id"#3,'));
      const verified = await run("db", "verify", "data");
      expect(verified.code).toBe(4);
      expect(verified.stdout).toMatch(new RegExp(`${name}:\\d+  `));
      const repaired = await run("db", "repair", "data", "--out", "second", "--json");
      expect(repaired.code).toBe(4);
      expect(JSON.parse(repaired.stdout)).toMatchObject({ suspect: true, documents: { items: 19 } });
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  },
);

test("shards: a lost record of the journal leaves the older copy of a document that moved behind, and says so", async () => {
  const disk = new MemoryDisk();
  const storage = storageNamed("shards");
  const engine = await openSequence(embedded({ storage: shards(DIR, { files: disk.files }) }));
  await engine.write(insert("Item", { id: 1, n: 1, text: "here" }));
  await engine.close();
  const again = await openSequence(embedded({ storage: shards(DIR, { files: disk.files }) }));
  await again.write(update("Item", eq("id", 1), set("n", 2)));
  await again.write(update("Item", eq("id", 1), set("text", "there")));
  const crashed = disk.crash(null);
  await again.close();
  const journal = crashed.peek(`${DIR}/tenon.journal`)!;
  const first = nextRecord(Buffer.from(journal), 0, Buffer.from(journal).readUInt32LE(12));
  journal[first + HEAD_BYTES + 3]! ^= 1;
  crashed.put(`${DIR}/tenon.journal`, journal);
  const report = await repairDatabase(DIR, COPY, { files: crashed.files });
  expect(report).toMatchObject({ suspect: true, documents: { items: 1 } });
  expect(report.left).toEqual(['1 × a document of "items" that are in two files: the older ones']);
  const text = await contentsOf(storage, crashed, COPY, versionOf(FIRST_SHAPE));
  expect(text).toContain('[1,2,"there"]');
});
