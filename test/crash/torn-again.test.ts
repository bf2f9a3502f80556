/** A power cut while a torn end of the journal is being cut off: what the first one left is found again, wherever the sectors tear. */
import { expect, test } from "vitest";
import { file } from "../../src/storage/file/file.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { dump, put, spaces } from "../storage/support.js";

const JOURNAL = "/db.journal";
const SEEDS = 200;

test("recovery from a power cut survives a power cut", { timeout: 120_000 }, async () => {
  const disk = new MemoryDisk();
  const store = file("/db.json", { files: disk.files });
  await store.open(spaces);
  await store.commit([put("posts", 1, { text: "kept" })]);
  await store.commit([put("posts", 2, { text: "lost ".repeat(600) })]);
  const whole = Buffer.from(disk.crash(null).peek(JOURNAL)!);
  const start = whole.lastIndexOf("TNRC");
  // The last record with one of its sectors missing.
  const torn = Buffer.from(whole);
  torn.fill(0, Math.ceil((start + 1500) / 512) * 512, Math.ceil((start + 1500) / 512) * 512 + 512);
  const first = disk.crash(null);
  first.put(JOURNAL, torn);
  const images = new Map<string, { readonly disk: MemoryDisk; readonly where: string }>();
  const recovering: MemoryDisk = first.crash(null, {
    fault: ({ number, operation, path }) => {
      if (!path.startsWith(JOURNAL) || !/^(write|sync|rename|syncDir)$/.test(operation)) return null;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const image = recovering.crash(number * SEEDS + seed);
        images.set(image.digest(), { disk: image, where: `seed ${seed}, ${operation} ${path}` });
      }
      return null;
    },
  });
  const again = file("/db.json", { files: recovering.files });
  await again.open(spaces);
  expect(images.size).toBeGreaterThan(1);
  for (const image of images.values()) {
    const reopened = file("/db.json", { files: image.disk.files });
    await reopened.open(spaces).catch((error: unknown) => expect.fail(`${image.where}: ${String(error)}`));
    expect((await dump(reopened)).posts, image.where).toHaveLength(1);
    await reopened.close();
  }
});
