/**
 * What a test asks of an editor, whichever language server answers: positions are offsets into the text that was opened
 * last. `tsserver.ts` speaks the protocol of TypeScript 5 and 6, `lsp.ts` that of TypeScript 7.
 */

export interface Entry {
  readonly name: string;
  /** "property", "method", "string", …: as the server calls it, in lower case. */
  readonly kind: string;
}

export interface Finding {
  readonly code: number;
  /** The first line, and the lines of its chain below it. */
  readonly message: string;
  readonly start: number;
  /** The text under the red line. */
  readonly word: string;
}

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The text of that line, from the column on. */
  readonly text: string;
}

export interface Editor {
  /** Opens a file, or replaces the text of an open one. */
  open(file: string, text: string): Promise<void>;
  completions(file: string, offset: number): Promise<readonly Entry[]>;
  /** The signature that a hover shows, without its doc comment; empty where there is nothing. */
  hover(file: string, offset: number): Promise<{ readonly text: string; readonly doc: string }>;
  errors(file: string): Promise<readonly Finding[]>;
  definition(file: string, offset: number): Promise<readonly Place[]>;
  close(): Promise<void>;
}

/** Line and column, both from 0. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length - 1;
  return { line, column: offset - (before.lastIndexOf("\n") + 1) };
}

/** The opposite: line and column from 0. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let i = 0; i < line; i++) start = text.indexOf("\n", start) + 1;
  return start + column;
}
