#!/usr/bin/env node
/** The `tenon` command. Ctrl-C ends a watch cleanly; a second one ends at once. */
import process from "node:process";
import { EXIT } from "./output.js";
import { runCli } from "./program.js";

const controller = new AbortController();
process.on("SIGINT", () => {
  if (controller.signal.aborted) process.exit(EXIT.interrupted);
  controller.abort();
});

const { stdout, stderr, env } = process;
const code = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  stdout,
  stderr,
  env,
  signal: controller.signal,
});
// Set, not exit(): what was written to a pipe must still drain.
process.exitCode = controller.signal.aborted ? EXIT.interrupted : code;
