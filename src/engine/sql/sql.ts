/**
 * SQL text under construction: fragments of text with bound parameters in place. Values never enter the text; identifiers
 * only through the dialect's quoting. A fragment may be placed anywhere: parameters are numbered when it is rendered.
 */

import { InternalError } from "../../base/errors.js";
import type { Json } from "../../schema/model.js";

/** A bound parameter, already in the driver's own form. */
export interface Bound {
  readonly bind: unknown;
}

/** A parameter whose value comes with each run: the `slot`-th literal of the query, put into the driver's form. */
export interface Slot {
  readonly slot: number;
  readonly encode: (value: Json) => unknown;
}

export type SqlPart = string | Bound | Slot;

/** An immutable list of text pieces and parameters. */
export type Sql = readonly SqlPart[];

export function bind(value: unknown): Sql {
  return [{ bind: value }];
}

/** However many: arguments of a call are not. */
function append(parts: SqlPart[], more: Sql): void {
  for (const part of more) parts.push(part);
}

/** `sql\`a = ${fragment}\``: interpolated strings are trusted text (keywords, quoted names), fragments are spliced. */
export function sql(strings: TemplateStringsArray, ...values: readonly (Sql | string)[]): Sql {
  const parts: SqlPart[] = [];
  strings.forEach((text, index) => {
    if (text !== "") parts.push(text);
    const value = values[index];
    if (typeof value === "string") parts.push(value);
    else if (value !== undefined) append(parts, value);
  });
  return parts;
}

export function join(list: readonly Sql[], separator: string): Sql {
  const parts: SqlPart[] = [];
  list.forEach((item, index) => {
    if (index > 0) parts.push(separator);
    append(parts, item);
  });
  return parts;
}

/** The text of a piece without parameters, for DDL. */
export function text(parts: Sql): string {
  return parts.map((part) => (typeof part === "string" ? part : unexpectedParameter())).join("");
}

function unexpectedParameter(): never {
  throw new InternalError("a parameter where only text can stand");
}

export interface Statement {
  readonly text: string;
  readonly params: readonly unknown[];
}

/** A statement whose parameters are not all known yet. */
export interface Template {
  readonly text: string;
  readonly holes: readonly (Bound | Slot)[];
}

/** Numbers the parameters in order of appearance with the dialect's placeholder. */
export function render(parts: Sql, placeholder: (position: number) => string): Template {
  let text = "";
  const holes: (Bound | Slot)[] = [];
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else {
      holes.push(part);
      text += placeholder(holes.length);
    }
  }
  return { text, holes };
}

/** The statement for these literals. */
export function fill({ text, holes }: Template, values: readonly Json[]): Statement {
  const params = new Array<unknown>(holes.length);
  for (let index = 0; index < holes.length; index++) {
    const hole = holes[index]!;
    params[index] = "bind" in hole ? hole.bind : hole.encode(values[hole.slot] as Json);
  }
  return { text, params };
}
