/**
 * Opening a client: models -> schema, compared with the generated code (stale?) and with the database (drifted?), then
 * repositories over the engine. Whatever fails after the engine was opened closes it again.
 */
import { ConfigError, type ErrorDetails, SchemaDriftError, TenonError } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import { collectModels } from "../declare/collect.js";
import type { Engine } from "../engine/engine.js";
import { describeOp, diffSchemas, isAdditive } from "../schema/diff.js";
import type { Schema } from "../schema/model.js";
import type { SchemaOp } from "../schema/ops.js";
import { type Clock, makeCatalog } from "./catalog.js";
import { type Hook, Hooks } from "./hooks.js";
import { makeScopes } from "./scope.js";
import { type ClientCore, Session } from "./session.js";
import { show } from "./show.js";
import type { DynamicClient, DynamicTransaction } from "./surface.js";

/** What generated code knows of the schema it was made from. */
export interface Generated {
  readonly hash: string;
  readonly version?: number;
  /** The command that makes it anew. */
  readonly command?: string;
}

/** `Tx`: what hooks get as their transaction. */
export interface ClientOptions<Tx = DynamicTransaction> {
  /** The declared models: `import * as models from "./models/index.js"`, or a list. */
  readonly models: object;
  readonly engine: Engine;
  readonly hooks?: readonly Hook<Tx>[] | undefined;
  /** Milliseconds since the epoch; for createdAt, updatedAt and generated ids. Default `Date.now`. */
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS = ["models", "engine", "hooks", "clock", "signal"];
const DEFAULT_COMMAND = "npx tenon generate";

/** A client without generated code: rows and arguments are checked at run time only. */
export async function createClient<Names extends string = string>(
  options: ClientOptions,
): Promise<DynamicClient<Names>> {
  const client: unknown = await open(null, options);
  return client as DynamicClient<Names>;
}

/** For generated code, whose declarations say what the client really is. */
export async function createBoundClient(generated: Generated, options: ClientOptions): Promise<object> {
  return await open(generated, options);
}

async function open(generated: Generated | null, options: ClientOptions): Promise<DynamicClient> {
  const { models, engine, hooks = [], clock = Date.now, signal } = checkOptions(options);
  const { schema, validators } = collectModels(models as Readonly<Record<string, unknown>>).resolve();
  if (generated !== null) checkFresh(generated, schema);
  checkHooks(hooks, schema);
  await engine.open(schema, { signal });
  try {
    await bringUpToDate(engine, schema, signal);
  } catch (error) {
    await closeQuietly(engine);
    throw error;
  }
  const catalog = makeCatalog(schema, validators, clock);
  const scopes = makeScopes(catalog);
  const core: ClientCore = { catalog, engine, hooks: new Hooks(hooks, schema.models.keys()), view: scopes.view };
  return scopes.client(Session.root(core));
}

function checkOptions(options: unknown): ClientOptions {
  const refuse = (message: string, fix: string): never => {
    throw new ConfigError("CONFIG.INVALID", `createClient: ${message}`, { fix });
  };
  if (typeof options !== "object" || options === null)
    return refuse(`expected options, received ${show(options)}`, "call createClient({ models, engine })");
  for (const key of Object.keys(options))
    if (!OPTIONS.includes(key)) refuse(`unknown option "${key}"`, suggestion(key, OPTIONS));
  const { models, engine, hooks, clock, signal } = options as Partial<Record<keyof ClientOptions, unknown>>;
  if (typeof models !== "object" || models === null)
    refuse(
      `"models" must be the models' module or a list, received ${show(models)}`,
      'pass import * as models from "./models/index.js"',
    );
  if (!isEngine(engine)) refuse(`"engine" is not an engine`, 'pass embedded({ storage: … }) from "tenon/embedded"');
  if (hooks !== undefined && !Array.isArray(hooks))
    refuse(`"hooks" must be a list`, "pass [{ before, after, afterCommit }]");
  if (clock !== undefined && typeof clock !== "function")
    refuse(`"clock" must be a function`, "pass () => milliseconds");
  if (signal !== undefined && !(signal instanceof AbortSignal))
    refuse(`"signal" must be an AbortSignal`, "pass controller.signal");
  return options as ClientOptions;
}

function isEngine(value: unknown): value is Engine {
  return typeof value === "object" && value !== null && "admin" in value && "find" in value && "open" in value;
}

const HOOK_KEYS = ["models", "before", "after", "afterCommit"];

/** A hook on a model that does not exist would simply never run. */
function checkHooks(hooks: readonly Hook[], schema: Schema): void {
  for (const hook of hooks) {
    for (const key of Object.keys(hook))
      if (!HOOK_KEYS.includes(key))
        throw new ConfigError("CONFIG.INVALID", `createClient: a hook has no "${key}"`, {
          fix: suggestion(key, HOOK_KEYS),
        });
    for (const name of hook.models ?? [])
      if (!schema.models.has(name))
        throw new ConfigError("CONFIG.INVALID", `createClient: a hook names the unknown model "${name}"`, {
          fix: suggestion(name, schema.models.keys()),
        });
  }
}

function checkFresh(generated: Generated, schema: Schema): void {
  if (generated.hash === schema.hash) return;
  throw new SchemaDriftError("SCHEMA.STALE_CLIENT", "The generated client is older than the models", {
    fix: generated.command ?? DEFAULT_COMMAND,
    meta: { generated: generated.hash, models: schema.hash },
  });
}

/** Applies what only adds; refuses the rest, naming each difference. */
async function bringUpToDate(engine: Engine, schema: Schema, signal: AbortSignal | undefined): Promise<void> {
  const present = await engine.admin.inspect({ signal });
  if (present?.hash === schema.hash) return;
  await engine.admin.exclusive(
    async () => {
      // Looked at again: another process may have been first.
      const stored = await engine.admin.inspect({ signal });
      if (stored?.hash === schema.hash) return;
      const ops = diffSchemas(stored, schema);
      const refused = ops.filter((op) => !isAdditive(op, stored));
      if (refused.length > 0) throw drifted(engine, refused);
      await engine.admin.apply(ops, schema, { signal }).catch((error: unknown) => {
        throw isReadOnly(error) ? behind(engine, stored === null, ops, error) : error;
      });
    },
    { signal },
  );
}

function drifted(engine: Engine, refused: readonly SchemaOp[]): SchemaDriftError {
  return drift(
    `The database (${engine.name}) does not fit the models, and these differences are not additions`,
    refused,
    {
      fix: "change the models back, or move the data to a new database",
    },
  );
}

function isReadOnly(error: unknown): boolean {
  return error instanceof TenonError && error.code === "STORAGE.READ_ONLY";
}

/** Additions only, but to a database that may not be changed. */
function behind(engine: Engine, empty: boolean, missing: readonly SchemaOp[], cause: unknown): SchemaDriftError {
  const state = empty ? "is empty" : "was made from older models";
  return drift(
    `The database (${engine.name}) ${state}; open for reading only, it cannot be brought up to the models`,
    missing,
    {
      fix: "open it once for writing with these models, which adds what is new; or read it with the older models",
      cause,
    },
  );
}

function drift(message: string, operations: readonly SchemaOp[], details: ErrorDetails): SchemaDriftError {
  const differences = operations.map(describeOp);
  const lines = differences.map((difference) => `  - ${difference}`).join("\n");
  return new SchemaDriftError("SCHEMA.DRIFT", `${message}:\n${lines}`, {
    ...details,
    meta: { differences, operations },
  });
}

async function closeQuietly(engine: Engine): Promise<void> {
  try {
    await engine.close();
  } catch {
    // The error that brought us here says more.
  }
}
