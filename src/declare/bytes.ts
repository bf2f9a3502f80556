/** A zod schema of bytes; `z.instanceof(Uint8Array)` says the same. */
import { z } from "zod";

/** Stored exactly, read back as Uint8Array (a Buffer is accepted and stored as its bytes). */
export function bytes(): z.ZodType<Uint8Array, Uint8Array> {
  return z.instanceof(Uint8Array) as z.ZodType<Uint8Array, Uint8Array>;
}
