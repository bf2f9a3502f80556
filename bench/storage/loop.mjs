/**
 * How long the event loop was kept from other work: the longest gap between two turns of a timer that is always due. On a busy
 * machine most of that is other programs' turn; `busyMs` is the part in which this process's main thread ran (Linux), the
 * longest of any gap.
 */
import { readFileSync } from "node:fs";

/** Milliseconds that the main thread ran so far; 0 where the system does not say. */
function ranMs() {
  try {
    return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    return 0;
  }
}

export function watchLoop() {
  let last = performance.now();
  let ran = ranMs();
  let stallMs = 0;
  let busyMs = 0;
  const look = () => {
    const now = performance.now();
    const running = ranMs();
    stallMs = Math.max(stallMs, now - last);
    busyMs = Math.max(busyMs, running - ran);
    last = now;
    ran = running;
  };
  const timer = setInterval(look, 1);
  return {
    /** Ends watching; the gap that lasts until now is included. */
    stop() {
      clearInterval(timer);
      look();
      return { stallMs, busyMs };
    },
  };
}
