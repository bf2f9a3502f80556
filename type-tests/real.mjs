/**
 * A test written for tsd, said so that any compiler can judge it: `expectType<T>(x)` becomes a proof that the types are the
 * same, not only assignable, and `expectError(x)` a line on which an error is expected.
 */

const HEAD = `type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<T>(): <U>(value: U, ...proof: Same<T, U> extends true ? [] : [never]) => void;
declare function assignable<T>(value: T): void;
`;
const NOT_WRITTEN = -1;

/** Where the bracket that opens at `start` closes; arrows, strings and regular expressions of a test are no brackets. */
function closing(text, start, open, close) {
  let depth = 0;
  let quote = "";
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (quote !== "") {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'" || char === "`") quote = char;
    else if (char === open) depth++;
    else if (char === close && text[i - 1] !== "=" && --depth === 0) return i;
  }
  return NOT_WRITTEN;
}

/** Answers with the text for compilers and how many expectations are in it. */
export function forCompilers(source) {
  let text = source.replace(/^import \{[^}]*\} from "tsd";\n/m, "");
  let count = 0;
  for (const found of [...text.matchAll(/expectType</g)].reverse()) {
    const end = closing(text, found.index + "expectType".length, "<", ">");
    text = `${text.slice(0, end + 1)}()${text.slice(end + 1)}`;
    count++;
  }
  text = text.replaceAll("expectType<", "same<").replaceAll("expectAssignable<", "assignable<");
  for (const found of [...text.matchAll(/^( *)expectError\(/gm)].reverse()) {
    const start = found.index + found[0].length - 1;
    const end = closing(text, start, "(", ")");
    const inside = text.slice(start + 1, end).replace(/\s*\n\s*/g, " ");
    text = `${text.slice(0, found.index)}${found[1]}// @ts-expect-error\n${found[1]}void (${inside})${text.slice(end + 1)}`;
    count++;
  }
  if (/expect(?:Type|Error|Assignable)\b(?!-)/.test(text)) throw new TypeError("an expectation was not understood");
  return { text: `${HEAD}${text}`, count };
}
