/** Names that no other process or call uses. */
import { randomUUID } from "node:crypto";

export function uniqueName(): string {
  // Node draws many of these at once.
  return randomUUID().replaceAll("-", "").slice(0, 16);
}
