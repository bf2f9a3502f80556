/** docs/errors.md has a section for every code, and for nothing else. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../src/index.js";

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section): [string, string] => [/^`([^`]+)`/.exec(section)?.[1] ?? section.slice(0, 40), section]),
);

test("names exactly the codes that exist, in their order", () => {
  expect([...sections.keys()]).toEqual(Object.keys(ERROR_CODES));
});

test.each(Object.keys(ERROR_CODES) as ErrorCode[])("%s has its summary, an example message and a fix", (code) => {
  const section = sections.get(code) ?? "";
  expect(section).toContain(ERROR_CODES[code].summary);
  expect(section).toMatch(/```text\n.+\n/);
  expect(section).toMatch(/\*\*Fix:\*\* .+/);
  expect(section.includes(", retryable.")).toBe(ERROR_CODES[code].retryable);
});
