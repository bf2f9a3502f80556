/**
 * `generate --watch`: runs again when a file that the last run read has changed. Folders are watched rather than files,
 * because editors replace files; events are gathered for a moment, because they come in bursts. Runs never overlap.
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";

const SETTLE_MS = 20;

export interface WatchOptions {
  /** Does one generation; answers with the files to watch. Must not reject. */
  readonly run: () => Promise<readonly string[]>;
  /** Whether a file has changed since `run` read it: asked when watching begins, because nobody was watching before. */
  readonly missed: () => boolean;
  readonly signal: AbortSignal;
}

/** Resolves when the signal fires. */
export async function watchAndRun({ run, missed, signal }: WatchOptions): Promise<void> {
  const watchers = new Map<string, FSWatcher>();
  let wake: (() => void) | null = null;
  let dirty = true;
  const notice = (): void => {
    dirty = true;
    wake?.();
  };
  signal.addEventListener("abort", notice, { once: true });
  try {
    while (!signal.aborted) {
      if (!dirty)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      wake = null;
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      dirty = false;
      const files = await run();
      const folders = new Set(files.map((file) => dirname(file)));
      for (const [folder, watcher] of watchers)
        if (!folders.has(folder)) {
          watcher.close();
          watchers.delete(folder);
        }
      const before = watchers.size;
      for (const folder of folders)
        if (!watchers.has(folder)) {
          const watcher = watch(folder, (_event, name) => {
            if (name === null || /\.(?:[cm]?[jt]s|json)$/.test(name)) notice();
          });
          // A folder that disappears is noticed by the next run, not by a crash.
          watcher.on("error", () => {});
          watchers.set(folder, watcher);
        }
      if (watchers.size > before && missed()) dirty = true;
    }
  } finally {
    for (const watcher of watchers.values()) watcher.close();
  }
}
