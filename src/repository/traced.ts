/**
 * Keeps the caller's line in the stack of a rejection. A nested write passes through more functions than V8 records
 * (`Error.stackTraceLimit`, ten), so that the frames which matter most, the user's, would be cut off: they are added here.
 */

/** Awaits the work; an error of it gets the frames of whoever awaits this. */
export async function traced<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error) addFrames(error);
    throw error;
  }
}

const FRAME = /^\s+at /;

function addFrames(error: Error): void {
  const stack = error.stack?.split("\n") ?? [];
  const frames = stack.filter((line) => FRAME.test(line));
  // A shorter stack is complete.
  if (frames.length < Error.stackTraceLimit) return;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, addFrames);
  const known = new Set(frames);
  const more = (here.stack ?? "").split("\n").filter((line) => FRAME.test(line) && !known.has(line));
  if (more.length > 0) error.stack = [...stack, ...more].join("\n");
}
