/**
 * The argument table: commands and options onto functions. One place that turns errors into exit codes. What a command
 * needs is loaded when it runs: `generate` would else wait for the storage that `db repair` reads with.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ConfigError } from "../../src/base/errors.js";
import { suggestion } from "../../src/base/suggest.js";
import type { CliContext } from "./context.js";
import type { GenerateOptions } from "./generate.js";
import type { InitOptions } from "./init.js";
import { createOutput, EXIT, type Output } from "./output.js";

/** Runs one command line (without node and script); answers with the exit code. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const output = createOutput(context, argv.includes("--json"));
  let code: number = EXIT.ok;
  const program = buildProgram(context, output, (result) => {
    code = result;
  });
  try {
    if (argv.length === 0) program.help();
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return usageError(error, program, output);
    return output.failure(error);
  }
}

function buildProgram(context: CliContext, output: Output, done: (code: number) => void): Command {
  const program = new Command("tenon")
    .description("Typed data access for TypeScript.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: () => {} });
  const command = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option("--config <file>", "path of the config file")
      .option("--json", "print one JSON object on stdout");

  command("init", "write a config and a pair of example models; keeps what exists")
    .option("-y, --yes", "accept the defaults (init asks nothing yet)")
    .action(async (options: InitOptions) => {
      const { runInit } = await import("./init.js");
      done(runInit(context, output, options));
    });
  command("generate", "generate the typed client from the models")
    .option("--out <folder>", "folder of the generated files")
    .option("--check", "write nothing; exit 4 with a diff when the output is out of date")
    .option("--watch", "generate again whenever a model changes")
    .action(async (options: GenerateOptions) => {
      const { runGenerate } = await import("./generate.js");
      done(await runGenerate(context, output, options));
    });
  command("validate", "run the models and list every mistake in them").action(async (options: GenerateOptions) => {
    const { runValidate } = await import("./validate.js");
    done(await runValidate(context, output, options));
  });
  const db = program.command("db").description("look at the files of a database, and rescue what is in them");
  db.command("verify [path]")
    .description("say whether the files are intact (exit 0) or what is damaged (exit 4); default data/db.json")
    .option("--json", "print one JSON object on stdout")
    .action(async (path: string | undefined) => {
      const { runDbVerify } = await import("./db.js");
      done(await runDbVerify(context, output, path));
    });
  db.command("repair <path>")
    .description("copy what is intact into a new database and list what is not; the original is only read")
    .requiredOption("--out <path>", "the new database")
    .option("--json", "print one JSON object on stdout")
    .action(async (path: string, options: { readonly out: string }) => {
      const { runDbRepair } = await import("./db.js");
      done(await runDbRepair(context, output, path, options.out));
    });
  for (const each of db.commands) each.exitOverride().copyInheritedSettings(db.copyInheritedSettings(program));
  command("explain-error [code]", "say what an error code means").action(async (code: string | undefined) => {
    const { runExplainError } = await import("./explain-error.js");
    done(runExplainError(output, code));
  });
  for (const each of program.commands) each.exitOverride().copyInheritedSettings(program);
  return program;
}

const OPTIONS = ["--config", "--json", "--out", "--check", "--watch", "--yes", "--help", "--version"];

/** Help and version end with code 0; anything else is the user's mistake. */
function usageError(error: CommanderError, program: Command, output: Output): number {
  if (error.exitCode === 0) return EXIT.ok;
  const [, what = "", name = ""] = /^error: unknown (option|command) '([^']+)'/.exec(error.message) ?? [];
  const known = what === "command" ? program.commands.map((each) => each.name()) : OPTIONS;
  const message = error.message.replace(/^error: /, "").replace(/\.$/, "");
  return output.failure(
    new ConfigError("CONFIG.INVALID", name === "" ? message : `${message}; ${suggestion(name, known)}`, {
      fix: "npx tenon --help",
    }),
  );
}

/** From package.json, which lies one folder higher when built. */
function version(): string {
  for (const path of ["../../../package.json", "../../package.json"]) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === "tenon" && manifest.version !== undefined) return manifest.version;
    } catch {
      // The other place has it.
    }
  }
  return "0.0.0";
}
