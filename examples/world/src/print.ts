/** Headings and tables that fit 96 columns. */

const WIDTH = 96;
const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = (text: string): string => paint("1", text);
export const dim = (text: string): string => paint("2", text);

export const number = (value: number): string => Math.round(value).toLocaleString("en-US");
export const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
export const seconds = (ms: number): string =>
  ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`;

export function heading(text: string): void {
  console.log(`\n${bold(text)}\n${"─".repeat(Math.min(WIDTH, text.length))}`);
}

/** Columns that a terminal gives to a text; wide enough for the scripts that occur here. */
function columns(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const point = segment.codePointAt(0) ?? 0;
    width += point >= 0x1100 && (point <= 0x115f || (point >= 0x2e80 && point <= 0xffdc) || point >= 0x1f000) ? 2 : 1;
  }
  return width;
}

function fit(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let short = text;
  while (columns(short) > width - 1) short = short.slice(0, -1);
  return `${short}…`;
}

/** One line a row; numbers to the right, texts to the left and cut where a line would not fit. */
export function table<T>(rows: readonly T[], spec: Readonly<Record<string, (row: T) => string | number | null>>): void {
  const heads = Object.keys(spec);
  const cells = rows.map((row) => heads.map((head) => spec[head]?.(row) ?? ""));
  const texts = cells.map((row) => row.map((cell) => (typeof cell === "number" ? number(cell) : cell)));
  const room = Math.floor((WIDTH - 2 * heads.length) / heads.length) + 16;
  const widths = heads.map((head, i) =>
    Math.min(room, Math.max(columns(head), ...texts.map((row) => columns(row[i] ?? "")))),
  );
  const line = (row: readonly string[], right: (i: number) => boolean): string =>
    row
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        const text = fit(cell, width);
        const space = " ".repeat(width - columns(text));
        return right(i) ? space + text : text + space;
      })
      .join("  ")
      .trimEnd();
  const numeric = (i: number): boolean => cells.some((row) => typeof row[i] === "number");
  console.log(dim(line(heads, numeric)));
  for (const row of texts) console.log(line(row, numeric));
}

/** Text broken at spaces so that it fits. */
export function wrapped(text: string): string {
  return text
    .split(/\s*\n\s*/)
    .map(wrappedLine)
    .join("\n");
}

function wrappedLine(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = "   ";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
