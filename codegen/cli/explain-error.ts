/** `tenon explain-error CODE`: what an error code means. Without a code: all of them. */
import { ConfigError, ERROR_CODES } from "../../src/base/errors.js";
import { suggestion } from "../../src/base/suggest.js";
import { EXIT, type Output } from "./output.js";

export function runExplainError(output: Output, code: string | undefined): number {
  const entries = Object.entries(ERROR_CODES);
  const wanted = code?.toUpperCase();
  const shown = wanted === undefined ? entries : entries.filter(([name]) => name === wanted);
  if (shown.length === 0) {
    throw new ConfigError(
      "CONFIG.INVALID",
      `unknown error code ${code}; ${suggestion(wanted ?? "", Object.keys(ERROR_CODES))}`,
    );
  }
  output.result({ codes: shown.map(([name, { summary, retryable }]) => ({ code: name, summary, retryable })) });
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, { summary, retryable }] of shown)
    output.data(`${name.padEnd(width)}  ${summary}${retryable ? " Trying again may succeed." : ""}`);
  return EXIT.ok;
}
