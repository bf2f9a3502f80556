/**
 * Errors of the system itself: strace makes the n-th call of a kind fail in a process that opens, commits, compacts and
 * closes, once or from then on; and a real file system that is full. Whatever fails: errors are typed, nothing is acknowledged
 * after a commit failed, and everything acknowledged is there at the next opening.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { embedded } from "../../src/engine/embedded/engine.js";
import { acknowledgedBy, type Bundle, start } from "./children.js";
import { BEGUN, commitNumber, commitsIn, openSequence } from "./sequence.js";
import { IN_FILES, type StorageCase } from "./storages.js";

export interface SyscallTally {
  faults: number;
  /** Runs in which the fault showed as an error to the caller. */
  felt: number;
  full: number;
}

const CALLS: readonly (readonly [call: string, codes: readonly string[]])[] = [
  ["fsync", ["EIO", "ENOSPC"]],
  ["fdatasync", ["EIO", "ENOSPC"]],
  ["pwrite64", ["EIO", "ENOSPC"]],
  ["rename", ["EIO", "ENOSPC"]],
  ["ftruncate", ["EIO"]],
  ["openat", ["EMFILE", "EIO"]],
  ["link", ["EIO"]],
  ["unlink", ["EIO"]],
  ["mkdir", ["ENOSPC", "EIO"]],
  ["pread64", ["EIO"]],
  ["statx", ["EIO"]],
  ["getdents64", ["EIO"]],
];

export function whyNoStrace(): string | null {
  try {
    execFileSync("strace", ["-f", "-e", "trace=none", "-e", "inject=fsync:error=EIO", "true"], { stdio: "pipe" });
    return null;
  } catch (error) {
    return `strace is not installed or may not trace here (${String(error).split("\n")[0]})`;
  }
}

interface Plan {
  readonly storage: StorageCase;
  readonly call: string;
  readonly code: string;
  readonly when: string;
}

/** Every plan, interleaved so that a part of them covers all kinds. */
function plans(most: number): Plan[] {
  const all: Plan[] = [];
  const storages = IN_FILES.filter((each) => each.lost !== "with the process");
  for (let n = 1; n <= most; n++) {
    for (const [call, codes] of CALLS) {
      for (const code of codes) {
        for (const when of [`${n}`, `${n}+`]) for (const storage of storages) all.push({ storage, call, code, when });
      }
    }
  }
  return all;
}

export async function syscalls(
  size: number,
  bundle: Bundle,
  folder: string,
  tally: SyscallTally,
  onProgress: () => void = () => {},
): Promise<string | null> {
  const bases = new Map<string, string>();
  const all = plans(Math.ceil(size / 20) + 1);
  // Small runs take plans from everywhere.
  const stride = Math.max(1, Math.floor(all.length / size));
  for (let at = 0; at < all.length && tally.faults < size; at += stride) {
    const plan = all[at]!;
    let base = bases.get(plan.storage.name);
    if (base === undefined) {
      base = join(folder, `base-${bases.size}`);
      await prepare(plan.storage, base);
      bases.set(plan.storage.name, base);
    }
    const dir = join(folder, "run");
    rmSync(dir, { recursive: true, force: true });
    cpSync(base, dir, { recursive: true });
    const failure = await run(plan, dir, bundle, tally);
    if (failure !== null) return `${plan.storage.name}, ${plan.call} ${plan.code} when=${plan.when}: ${failure}`;
    onProgress();
  }
  return null;
}

/** Starting node makes these calls, too; the others are made for the database alone. */
const BY_NAME = new Set(["openat", "pread64", "statx", "getdents64"]);
/** What they are made for, besides the directory itself. */
const OPENED = [
  ...["db.json", "db.journal", "db.registry.json", "db.lock"],
  ...["tenon.json", "tenon.journal", "registry.json", "tenon.lock", "items.json", "items.json.gz"],
  ...["items", "items/meta.json", "items/shard_1.json", "items/shard_1.json.gz"],
];

async function prepare(storage: StorageCase, dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const engine = await openSequence(embedded({ storage: storage.open(dir) }));
  for (let k = 1; k <= BEGUN; k++) await commitNumber(engine, k);
  await engine.close();
}

async function run(
  { storage, call, code, when }: Plan,
  dir: string,
  bundle: Bundle,
  tally: SyscallTally,
): Promise<string | null> {
  const log = `${dir}.strace`;
  const strace = ["strace", "-f", "-qq", "-o", log];
  if (BY_NAME.has(call)) for (const name of ["", ...OPENED]) strace.push("-P", join(dir, name));
  strace.push("-e", `trace=${call}`, "-e", `inject=${call}:error=${code}:when=${when}`);
  const child = start(bundle, ["fail", storage.name, dir, "1"], strace);
  await child.gone;
  tally.faults++;
  const injected = readFileSync(log, "utf8").includes("(INJECTED)");
  const { lines } = child;
  if (!injected && lines.some((line) => line.startsWith("ERROR")))
    return `an error without a fault: ${lines.join("; ")}`;
  return judge(lines, child.errors, storage, dir, tally);
}

async function judge(
  lines: readonly string[],
  errors: readonly string[],
  storage: StorageCase,
  dir: string,
  tally: SyscallTally,
): Promise<string | null> {
  const shown = lines.filter((line) => line.startsWith("ERROR"));
  if (shown.length > 0) tally.felt++;
  if (lines.at(-1) !== "END") return `the process ended early: ${lines.join("; ")} ${errors.join("")}`;
  const untyped = shown.find((line) => !/^ERROR \w+ (STORAGE|CORRUPTION|CONFLICT|LOCKED)\.\w+$/.test(line));
  if (untyped !== undefined) return untyped;
  const wrong = shown.find((line) => line.includes("CORRUPTION"));
  if (wrong !== undefined) return `a failing call was reported as damage: ${wrong}`;
  const late = lines.find((line) => line.startsWith("LATE"));
  if (late !== undefined) return `acknowledged after a commit had failed: ${lines.join("; ")}`;
  const acknowledged = Math.max(BEGUN, acknowledgedBy(lines));
  const engine = await openSequence(embedded({ storage: storage.open(dir) }));
  const found = await commitsIn(engine);
  await engine.close();
  if (found < acknowledged) return `${found} commits are there, ${acknowledged} had been acknowledged`;
  return found > BEGUN + 4 ? `${found} commits are there, more than were made` : null;
}

/** A tmpfs with so much room left: writing goes on until it is full, then room is made. */
export async function fullDisk(
  storage: StorageCase,
  roomKilobytes: number,
  folder: string,
  tally: SyscallTally,
): Promise<string | null> {
  const at = join(folder, "full");
  mkdirSync(at, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=1m`, "tmpfs", at], { stdio: "pipe" });
  try {
    const dir = join(at, "data");
    let acknowledged = 0;
    const engine = embedded({ storage: storage.open(dir) });
    try {
      await openSequence(engine);
      const { bfree, bsize } = statfsSync(at);
      writeFileSync(join(at, "ballast"), Buffer.alloc(Math.max(0, bfree * bsize - roomKilobytes * 1024)));
      for (;;) {
        await commitNumber(engine, acknowledged + 1);
        acknowledged++;
        // Packed, everything fits into little room: then there is none.
        if (acknowledged === 500) writeFileSync(join(at, "more"), Buffer.alloc(statfsSync(at).bfree * bsize));
        if (acknowledged > 5000) return "the disk never became full";
      }
    } catch (error) {
      // A checkpoint in the background may be what met the full disk: then the commit after it says so.
      const codes = [error, (error as Error).cause].map((each) => (each as { code?: unknown } | undefined)?.code);
      if (!codes.includes("STORAGE.FULL")) return `a full disk came out as ${String(error)}`;
    }
    const late = await commitNumber(engine, acknowledged + 1).then(
      () => acknowledged > 0,
      () => false,
    );
    if (late) return "a commit was acknowledged after one had failed";
    await engine.close().catch(() => {});
    rmSync(join(at, "ballast"));
    rmSync(join(at, "more"), { force: true });
    const again = await openSequence(embedded({ storage: storage.open(dir) }));
    const found = await commitsIn(again);
    await commitNumber(again, found + 1);
    await again.close().catch(() => {});
    tally.full++;
    return found === acknowledged || found === acknowledged + 1
      ? null
      : `${found} commits are there, ${acknowledged} had been acknowledged`;
  } finally {
    execFileSync("umount", ["-l", at], { stdio: "pipe" });
  }
}
