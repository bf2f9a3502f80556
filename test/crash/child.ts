/**
 * A process that writes, to be killed: `child.mjs MODE STORAGE DIR SEED`. It prints one line per event, at once:
 *
 *   write    OPEN k, then k for every commit that is acknowledged, until it is killed (or told to end by SIGTERM)
 *   contend  OPEN pid k | LOCKED | CLOSED | BROKEN why: opens again and again, beside others that do the same
 *   fail     errors and acknowledgements under a disk that fails: OPEN k, k, ERROR code, LATE k (acknowledged after an error)
 */
import { existsSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { LockedError, TenonError } from "../../src/base/errors.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { Engine } from "../../src/engine/engine.js";
import type { Store } from "../../src/storage/store.js";
import { Random } from "../differential/random.js";
import { BEGUN, commitNumber, commitsIn, openSequence } from "./sequence.js";
import { storageNamed } from "./storages.js";

const [mode = "", storageName = "", dir = "", seedText = "1"] = process.argv.slice(2);
const storage = storageNamed(storageName);
const random = new Random(Number(seedText));
const print = (line: string): void => void writeSync(1, `${line}\n`);
const codeOf = (error: unknown): string => (error instanceof TenonError ? error.code : String(error));

async function write(): Promise<void> {
  let ended = false;
  process.on("SIGTERM", () => {
    ended = true;
  });
  const store = storage.open(dir);
  const engine = await openSequence(embedded({ storage: store }));
  let k = await commitsIn(engine);
  print(`OPEN ${k}`);
  while (!ended) {
    const group = random.chance(0.3) ? random.int(2, 6) : 1;
    await Promise.all(
      Array.from({ length: group }, async () => {
        const mine = ++k;
        await commitNumber(engine, mine);
        print(String(mine));
      }),
    );
    if (random.chance(0.01)) await store.compact();
    if (random.chance(0.1)) await setTimeout(random.int(0, 3));
  }
  await engine.close();
}

const witness = `${dir}/witness`;

function testify(state: string): void {
  const temporary = `${witness}.${process.pid}`;
  writeFileSync(temporary, `${process.pid} ${state}`);
  renameSync(temporary, witness);
}

/** Who has the database open writes its number here; whoever opens it next looks whether that process is gone. */
function holderIsGone(): boolean {
  if (!existsSync(witness)) return true;
  const [pid = "", state] = readFileSync(witness, "utf8").split(" ");
  if (state === "closed" || pid === String(process.pid)) return true;
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
  return stat === "" || /\) [ZX] /.test(stat);
}

async function contend(): Promise<void> {
  for (;;) {
    const engine: Engine = embedded({ storage: storage.open(dir) });
    try {
      await openSequence(engine);
    } catch (error) {
      if (!(error instanceof LockedError))
        return print(`BROKEN ${codeOf(error)} ${error instanceof Error ? error.message : ""}`);
      print("LOCKED");
      await engine.close().catch(() => {});
      await setTimeout(random.int(1, 12));
      continue;
    }
    if (!holderIsGone()) return print("BROKEN two writers");
    testify("open");
    let k = await commitsIn(engine);
    print(`OPEN ${process.pid} ${k}`);
    for (let left = random.int(1, 12); left > 0; left--) {
      await commitNumber(engine, ++k);
      print(String(k));
    }
    if (random.chance(0.35)) process.kill(process.pid, "SIGKILL");
    testify("closed");
    await engine.close();
    print("CLOSED");
  }
}

/** What happens when a call of the system fails: each phase is tried whatever happened in the one before. */
async function fail(): Promise<void> {
  const store: Store = storage.open(dir);
  const engine: Engine = embedded({ storage: store });
  let failed = false;
  const attempt = async (phase: string, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      failed ||= phase === "commit";
      print(`ERROR ${phase} ${error instanceof TenonError ? error.code : `UNTYPED ${String(error)}`}`);
      return false;
    }
  };
  if (await attempt("open", () => openSequence(engine))) {
    // Collections may be read from disk only now.
    let k = BEGUN;
    const read = async () => {
      k = await commitsIn(engine);
    };
    if (await attempt("read", read)) print(`OPEN ${k}`);
    for (let at = 0; at < 4; at++) {
      const mine = k + 1;
      const late = failed;
      if (await attempt("commit", () => commitNumber(engine, mine))) {
        k = mine;
        print(late ? `LATE ${mine}` : String(mine));
      }
      if (at === 1) await attempt("compact", () => store.compact());
    }
  }
  await attempt("close", () => engine.close());
  print("END");
}

const MODES: Readonly<Record<string, () => Promise<void>>> = { write, contend, fail };
await MODES[mode]!();
