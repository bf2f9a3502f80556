/** Damaged files: the database opens with exactly what was stored, with a prefix of it where a tail was cut, or not at all. */
import { describe, expect, test } from "vitest";
import { CorruptionError } from "../../src/base/errors.js";
import { type FileOptions, file } from "../../src/storage/file/file.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { dump, put, putUser, spaces } from "./support.js";

const SIZE = Number(process.env.TENON_FUZZ_SIZE ?? 1);
const RUNS = Math.ceil(120 * SIZE);
const SEED = Number(process.env.TENON_FUZZ_SEED ?? 7);

function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

type Mutate = (bytes: Uint8Array, random: (below: number) => number) => Uint8Array;
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

const MUTATIONS: Readonly<Record<string, Mutate>> = {
  flip: (bytes, random) => {
    const copy = bytes.slice();
    copy[random(copy.length)]! ^= 1 << random(8);
    return copy;
  },
  truncate: (bytes, random) => bytes.slice(0, random(bytes.length)),
  zeros: (bytes, random) => {
    const copy = bytes.slice();
    const at = random(copy.length);
    copy.fill(0, at, at + 1 + random(600));
    return copy;
  },
  // Zeros at the end of a sector are what a torn write looks like; `zeros` has those.
  noise: (bytes, random) => {
    const copy = bytes.slice();
    const at = random(copy.length);
    for (let i = at; i < Math.min(copy.length, at + 1 + random(100)); i++) copy[i] = 1 + random(255);
    return copy;
  },
  repeat: (bytes, random) => {
    const at = random(bytes.length);
    const end = at + 1 + random(bytes.length - at);
    return join(bytes.slice(0, end), bytes.slice(at));
  },
  cut: (bytes, random) => {
    const at = random(bytes.length);
    return join(bytes.slice(0, at), bytes.slice(at + 1 + random(200)));
  },
};

async function prepared(options: FileOptions) {
  const disk = new MemoryDisk();
  const db = file("/db.json", { ...options, files: disk.files });
  await db.open(spaces);
  const states: string[] = [];
  const remember = async () => states.push(JSON.stringify(await dump(db)));
  for (let i = 1; i <= 6; i++) {
    await db.commit([...putUser(i, { age: i, name: `name ${i} é` }), put("posts", i, { text: "p".repeat(i * 60) })]);
    if (i === 3) await db.compact();
    if (i >= 3) await remember();
  }
  return { disk: disk.crash(null), states };
}

async function attempt(disk: MemoryDisk): Promise<{ state?: string; error?: unknown }> {
  const db = file("/db.json", { files: disk.files });
  try {
    await db.open(spaces);
    return { state: JSON.stringify(await dump(db)) };
  } catch (error) {
    return { error };
  } finally {
    await db.close();
  }
}

describe.each<[string, FileOptions]>([
  ["plain", {}],
  ["gzip", { compression: true }],
])("%s", (_, options) => {
  test.each(Object.keys(MUTATIONS))(
    "%s in the data file: exactly the data, or CorruptionError, and the file is kept",
    async (name) => {
      const { disk, states } = await prepared(options);
      const random = randomOf(SEED);
      const original = disk.peek("/db.json")!;
      for (let i = 0; i < RUNS; i++) {
        const damaged = MUTATIONS[name]!(original, random);
        const copy = disk.crash(null);
        copy.put("/db.json", damaged);
        const { state, error } = await attempt(copy);
        const where = `seed ${SEED}, ${name} ${i}`;
        if (error === undefined) expect(state, where).toBe(states.at(-1));
        else {
          expect(error, where).toBeInstanceOf(CorruptionError);
          expect((error as CorruptionError).meta, where).toMatchObject({ file: "/db.json" });
          expect(copy.peek("/db.json"), where).toEqual(damaged);
        }
      }
    },
  );
});

test.each(Object.keys(MUTATIONS))("%s in the journal: a state that was committed, or CorruptionError", async (name) => {
  const { disk, states } = await prepared({});
  const random = randomOf(SEED);
  const original = disk.peek("/db.journal")!;
  let shorter = 0;
  for (let i = 0; i < RUNS; i++) {
    const damaged = MUTATIONS[name]!(original, random);
    const copy = disk.crash(null);
    copy.put("/db.journal", damaged);
    const { state, error } = await attempt(copy);
    const where = `seed ${SEED}, ${name} ${i}`;
    if (error === undefined) {
      expect(states, where).toContain(state);
      if (state !== states.at(-1)) shorter++;
      // Only a tail that looks cut off may be missing: never a flipped bit or foreign bytes.
      if (name === "flip" || name === "noise") expect(state, where).toBe(states.at(-1));
    } else expect(error, where).toBeInstanceOf(CorruptionError);
  }
  if (name === "truncate") expect(shorter).toBeGreaterThan(0);
});
