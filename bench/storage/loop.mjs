/** How long the event loop was kept from other work: the longest gap between two turns of a timer that is always due. */
export function watchLoop() {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return {
    /** Ends watching: milliseconds of the longest gap, the one that lasts until now included. */
    stop() {
      clearInterval(timer);
      return Math.max(longest, performance.now() - last);
    },
  };
}
