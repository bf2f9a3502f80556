/** What every command is given; tests hand in their own. */
import type { Streams } from "./output.js";

export interface CliContext extends Streams {
  readonly cwd: string;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}
