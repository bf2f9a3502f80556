/** `generate --check`: is what lies in the output folder what would be generated now? */
import { unifiedDiff } from "./diff.js";
import { type FileChange, normalize } from "./emit.js";

/** The differences as one readable text. */
export function describeChanges(changes: readonly FileChange[]): string {
  return changes
    .map((change) => unifiedDiff(change.path, change.before === null ? null : normalize(change.before), change.after))
    .filter((text) => text !== "")
    .join("\n");
}
