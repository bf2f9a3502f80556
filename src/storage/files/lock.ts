/**
 * One writer process: a lock file that says who holds it.
 *
 *   lock  = JSON { id, pid, boot, scope, start, since }     written whole to a temporary file, then linked to its name
 *   claim = `<lock>.<id of a dead holder>.claim`, same contents: the right to replace that very lock
 *
 * Taking over a dead holder's lock. Removing "the stale file" by name is unsafe: two processes may both find it stale, and
 * the slower one would remove the quicker one's new lock. So a contender first creates the claim that is named after the
 * dead lock's id; only one can. It then checks that the lock is still that dead one (otherwise somebody took over and
 * cleaned up in between, and the claim is withdrawn), and renames its own lock over it. A claim whose owner died is itself
 * claimed in the same way, so a crash inside a take-over blocks nobody.
 */
import { LockedError } from "../../base/errors.js";
import type { Disk, ProcessIdentity } from "./disk.js";
import { errorCode } from "./errors.js";
import { uniqueName } from "./unique.js";
import { writeAll } from "./write-all.js";

interface Holder extends ProcessIdentity {
  readonly id: string;
  readonly since: string;
}

/** Locks of this process that it gave back but could not remove: nobody holds them. */
const abandoned = new Set<string>();

/** Rounds until a lock that keeps changing hands is reported as taken. */
const ROUNDS = 20;

export async function acquireLock(disk: Disk, path: string): Promise<AsyncDisposable> {
  const mine: Holder = { id: uniqueName(), ...(await disk.identity()), since: new Date().toISOString() };
  const temporary = `${path}.${mine.id}.tmp`;
  await writeHolder(disk, temporary, mine);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (await linked(disk, temporary, path)) return release(disk, path, mine);
      if (await takenOver(disk, path, temporary, mine)) return release(disk, path, mine);
    }
  } finally {
    await disk.unlink(temporary).catch(() => {});
  }
  throw lockedError(path, await readHolder(disk, path), "it keeps changing hands");
}

/** Whether this process now holds the lock; false: things have changed, look again. Throws LockedError. */
async function takenOver(disk: Disk, path: string, temporary: string, mine: Holder): Promise<boolean> {
  const dead = await readHolder(disk, path);
  if (dead === null) return false;
  await refuseUnlessDead(disk, path, dead);
  const claims: string[] = [];
  let target = dead;
  for (;;) {
    const claim = `${path}.${target.id}.claim`;
    if (claims.includes(claim)) throw lockedError(path, null, "its lock file and the claims to it are damaged");
    claims.push(claim);
    if (await linked(disk, temporary, claim)) {
      try {
        // While the claim stands nobody else may replace that lock; but it may have been replaced before the claim was made.
        if ((await readHolder(disk, path))?.id !== dead.id) {
          await disk.unlink(claim);
          return false;
        }
        // A copy is renamed, since the temporary file is also the claim's file.
        const copy = `${path}.${uniqueName()}.tmp`;
        await writeHolder(disk, copy, mine);
        await disk.rename(copy, path);
      } catch (error) {
        await disk.unlink(claim).catch(() => {});
        throw error;
      }
      for (const name of claims) await disk.unlink(name).catch(() => {});
      return true;
    }
    const claimant = await readHolder(disk, claim);
    if (claimant === null) return false;
    await refuseUnlessDead(disk, path, claimant);
    target = claimant;
  }
}

async function refuseUnlessDead(disk: Disk, path: string, holder: Holder): Promise<void> {
  if (abandoned.has(holder.id)) return;
  const state = await disk.alive(holder);
  if (state === "alive") throw lockedError(path, holder, "it is running");
  if (state === "unknown") {
    throw lockedError(
      path,
      holder,
      "it ran in another container or machine, so whether it still runs cannot be seen from here",
    );
  }
}

function lockedError(path: string, holder: Holder | null, why: string): LockedError {
  const who = holder === null ? "another process" : `process ${holder.pid} (since ${holder.since})`;
  return new LockedError(`The database is locked by ${who}: ${why} (${path})`, {
    meta: { path, pid: holder?.pid, since: holder?.since },
    fix: `close the database there first; if you are sure that nothing uses it any more, delete ${path}`,
  });
}

function release(disk: Disk, path: string, mine: Holder): AsyncDisposable {
  let held = true;
  return {
    async [Symbol.asyncDispose]() {
      if (!held) return;
      held = false;
      try {
        if ((await readHolder(disk, path))?.id === mine.id) await disk.unlink(path);
      } catch {
        abandoned.add(mine.id);
      }
    },
  };
}

async function linked(disk: Disk, from: string, to: string): Promise<boolean> {
  try {
    await disk.link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function writeHolder(disk: Disk, path: string, holder: Holder): Promise<void> {
  const file = await disk.open(path, "create");
  try {
    await writeAll(file, 0, new TextEncoder().encode(`${JSON.stringify(holder)}\n`));
    // Or a power cut could leave the name without the contents, and nobody could tell whose it was.
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Null when there is no file. A file that says nothing sensible (a power cut emptied it) counts as a dead holder's. */
async function readHolder(disk: Disk, path: string): Promise<Holder | null> {
  let text: string;
  try {
    const file = await disk.open(path, "read");
    try {
      text = new TextDecoder().decode(await file.read(0, 4096));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  return parseHolder(text) ?? { id: "unreadable", pid: 0, boot: "", scope: "", start: null, since: "unknown" };
}

function parseHolder(text: string): Holder | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { id, pid, boot, scope, start, since } = value as Record<string, unknown>;
  if (typeof id !== "string" || !/^[0-9a-f]+$/.test(id) || typeof pid !== "number") return null;
  if (typeof boot !== "string" || typeof scope !== "string" || typeof since !== "string") return null;
  return { id, pid, boot, scope, start: typeof start === "string" ? start : null, since };
}
