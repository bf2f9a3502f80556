/** `tenon generate [--check] [--watch]`: writes the generated client, or says what is stale. */
import { relative } from "node:path";
import { performance } from "node:perf_hooks";
import { ConfigError } from "../../src/base/errors.js";
import { describeChanges } from "../check.js";
import { applyChanges, type FileChange, planChanges } from "../emit.js";
import { type Generated, generate } from "../generate.js";
import { loadProject, type Project } from "../load.js";
import { Session } from "../session.js";
import { watchAndRun } from "../watch.js";
import type { CliContext, CommonOptions } from "./context.js";
import { EXIT, type Output } from "./output.js";

export interface GenerateOptions extends CommonOptions {
  readonly out?: string;
  readonly check?: boolean;
  readonly watch?: boolean;
}

interface Run {
  readonly project: Project;
  readonly generated: Generated;
  readonly changes: readonly FileChange[];
  readonly ms: number;
}

export async function runGenerate(context: CliContext, output: Output, options: GenerateOptions): Promise<number> {
  if (options.check && options.watch)
    throw new ConfigError("CONFIG.INVALID", "--check and --watch exclude each other", { fix: "leave one of them out" });
  if (options.watch) return watchMode(context, output, options);
  const run = await once(context, options);
  if (options.check) {
    // Maps follow the lines of the sources and are for editors: old or absent ones are no reason to fail.
    const generated = { ...run.generated, files: withoutMaps(run.generated.files) };
    return reportCheck(output, { ...run, generated, changes: withoutMaps(run.changes) });
  }
  applyChanges(run.project.out, run.changes);
  reportWritten(context, output, run);
  return EXIT.ok;
}

async function once(context: CliContext, options: GenerateOptions): Promise<Run> {
  const start = performance.now();
  const project = await loadProject({ cwd: context.cwd, config: options.config, out: options.out });
  const generated = await generate(project);
  const changes = planChanges(project.out, generated.files);
  return { project, generated, changes, ms: performance.now() - start };
}

function reportCheck(output: Output, run: Run): number {
  const fresh = run.changes.length === 0;
  output.result({ fresh, out: run.project.out, changes: run.changes.map(({ path, kind }) => ({ path, kind })) });
  if (fresh) {
    output.success(`${countOf(run.generated.files.length, "generated file")} up to date`);
    return EXIT.ok;
  }
  output.data(describeChanges(run.changes));
  output.note(`✖ ${countOf(run.changes.length, "generated file")} out of date\n→ npx tenon generate`);
  return EXIT.findings;
}

function reportWritten(context: CliContext, output: Output, run: Run): void {
  const { project, generated } = run;
  const changes = withoutMaps(run.changes);
  const files = withoutMaps(generated.files);
  const schema = generated.loaded.models.schema;
  const ms = Math.round(run.ms);
  output.result({
    out: project.out,
    hash: schema.hash,
    models: schema.models.size,
    files: files.length,
    changes: changes.map(({ path, kind }) => ({ path, kind })),
    ms,
  });
  for (const change of changes) output.data(`${change.kind.padEnd(7)} ${change.path}`);
  const folder = relative(context.cwd, project.out) || ".";
  const what = changes.length === 0 ? "nothing changed" : `${changes.length} changed`;
  output.success(
    `${countOf(schema.models.size, "model")}, ${countOf(files.length, "file")} in ${folder}: ${what} (${ms} ms)`,
  );
}

async function watchMode(context: CliContext, output: Output, options: GenerateOptions): Promise<number> {
  const session = new Session({ cwd: context.cwd, config: options.config, out: options.out });
  await watchAndRun({
    signal: context.signal,
    missed: () => {
      session.warmUp();
      return session.changed();
    },
    run: async () => {
      try {
        const start = performance.now();
        const { project, generated } = await session.run();
        const changes = planChanges(project.out, generated.files);
        applyChanges(project.out, changes);
        reportWritten(context, output, { project, generated, changes, ms: performance.now() - start });
      } catch (error) {
        output.failure(error);
        // Without a config there is nothing to watch, so nothing could ever change.
        if (session.files().length === 0) throw error;
      }
      output.note("watching for changes; Ctrl-C ends");
      return session.files();
    },
  });
  return EXIT.interrupted;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Maps come and go with the files that they belong to: nobody wants to read of them. */
function withoutMaps<T extends { readonly path: string }>(files: readonly T[]): readonly T[] {
  return files.filter((file) => !file.path.endsWith(".map"));
}
