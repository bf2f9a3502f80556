/**
 * SQL text under construction: fragments of text with bound parameters in place. Values never enter the text; identifiers
 * only through the dialect's quoting. A fragment may be placed anywhere: parameters are numbered when it is rendered.
 */

/** A bound parameter, already in the driver's own form. */
export interface Bound {
  readonly bind: unknown;
}

export type SqlPart = string | Bound;

/** An immutable list of text pieces and parameters. */
export type Sql = readonly SqlPart[];

export const NOTHING: Sql = [];

export function bind(value: unknown): Sql {
  return [{ bind: value }];
}

/** `sql\`a = ${fragment}\``: interpolated strings are trusted text (keywords, quoted names), fragments are spliced. */
export function sql(strings: TemplateStringsArray, ...values: readonly (Sql | string)[]): Sql {
  const parts: SqlPart[] = [];
  strings.forEach((text, index) => {
    if (text !== "") parts.push(text);
    const value = values[index];
    if (typeof value === "string") parts.push(value);
    else if (value !== undefined) parts.push(...value);
  });
  return parts;
}

export function join(list: readonly Sql[], separator: string): Sql {
  const parts: SqlPart[] = [];
  list.forEach((item, index) => {
    if (index > 0) parts.push(separator);
    parts.push(...item);
  });
  return parts;
}

export interface Statement {
  readonly text: string;
  readonly params: readonly unknown[];
}

/** Numbers the parameters in order of appearance with the dialect's placeholder. */
export function render(parts: Sql, placeholder: (position: number) => string): Statement {
  let text = "";
  const params: unknown[] = [];
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else {
      params.push(part.bind);
      text += placeholder(params.length);
    }
  }
  return { text, params };
}
