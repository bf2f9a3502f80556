/**
 * Several files change as one: what they are to become is written, durably, into one file first; then they are replaced, some
 * at a time; then others are removed; then that file goes. A crash in between leaves it behind, and opening does all of it again.
 *
 *   intent = record (see storage/record.ts)      payload: header LF, the bytes of all files one after the other
 *   header = JSON [[path, length | null]…]       null: the file is removed
 */
import { CorruptionError } from "../base/errors.js";
import type { Files } from "../storage/files/files.js";
import { decodeHead, decodePayload, encodeRecord } from "../storage/record.js";
import type { FileChange } from "./layout.js";

/** As many as the thread pool of Node takes. */
const AT_ONCE = 4;

export async function applyTogether(
  files: Files,
  intent: string,
  changes: readonly FileChange[],
  apply: (change: FileChange) => Promise<void>,
): Promise<void> {
  if (changes.length <= 1) {
    for (const change of changes) await apply(change);
    return;
  }
  const header = JSON.stringify(changes.map(({ path, bytes }) => [path, bytes === null ? null : bytes.length]));
  const parts = [Buffer.from(`${header}\n`), ...changes.flatMap(({ bytes }) => (bytes === null ? [] : [bytes]))];
  await files.replace(intent, [encodeRecord(parts, { sequence: 0, synced: 0, count: changes.length })]);
  await eachAtOnce(
    changes.filter(({ bytes }) => bytes !== null),
    apply,
  );
  for (const change of changes) if (change.bytes === null) await apply(change);
  await files.remove(intent);
}

/** Returns when nothing is under way any more, also when something has failed. */
async function eachAtOnce(changes: readonly FileChange[], apply: (change: FileChange) => Promise<void>): Promise<void> {
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const done = await Promise.allSettled(changes.slice(at, at + AT_ONCE).map(apply));
    for (const each of done) if (each.status === "rejected") throw each.reason;
  }
}

/** Finishes what a crash interrupted. */
export async function finishIntent(
  files: Files,
  intent: string,
  apply: (change: FileChange) => Promise<void>,
): Promise<boolean> {
  if ((await files.size(intent)) === null) return false;
  const content = await files.read(intent);
  if (content === null) return false;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const head = decodeHead(bytes, 0);
  const payload = head === null ? null : decodePayload(bytes, 0, head);
  if (payload === null) {
    throw new CorruptionError("CORRUPTION.CHECKSUM", `${intent} is damaged`, {
      meta: { file: intent, offset: 0, what: "checksum" },
      fix: "restore a backup; or keep a copy of it and remove it: the last change may then be there in part only",
    });
  }
  const end = payload.indexOf(10);
  let at = end + 1;
  for (const [path, length] of JSON.parse(payload.toString("utf8", 0, end)) as [string, number | null][]) {
    await apply({ path, bytes: length === null ? null : payload.subarray(at, at + length) });
    at += length ?? 0;
  }
  await files.remove(intent);
  return true;
}
