/** User data in messages: short, on one line, never throwing. */
const MAX_LENGTH = 120;

export function show(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === "bigint") return `${inner}n`;
      if (typeof inner === "function") return "(function)";
      if (typeof inner === "string" && inner.length > MAX_LENGTH) return `${inner.slice(0, MAX_LENGTH)}…`;
      if (inner instanceof Uint8Array) return `(${inner.length} bytes)`;
      return inner;
    });
  } catch {
    text = undefined;
  }
  const shown = text ?? String(value);
  return shown.length > MAX_LENGTH * 2 ? `${shown.slice(0, MAX_LENGTH * 2)}…` : shown;
}
