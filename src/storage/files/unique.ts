/** Names that no other process or call uses. */
import { randomBytes } from "node:crypto";

export function uniqueName(): string {
  return randomBytes(8).toString("hex");
}
