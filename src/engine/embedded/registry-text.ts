/**
 * The text of `registry.json`: what the database's schema is, how it came about, and a change that is under way.
 *
 *   { "tenon": 1, "schema": <schema> | null, "pending": null | { "ops": [<op>], "target": <schema> },
 *     "history": [{ "id", "from", "to", "at" }] }
 *
 * `schema` is the canonical form of schema/json.ts. `pending` is there between the start and the end of a change: the
 * next open finishes it.
 */
import { CorruptionError } from "../../base/errors.js";
import { schemaFromJson, schemaToJson } from "../../schema/json.js";
import type { Schema } from "../../schema/model.js";
import type { Applied } from "../admin.js";
import { type DataOp, dataOpsFromJson } from "./data-ops.js";

export interface RegistryState {
  readonly schema: Schema | null;
  readonly pending: { readonly ops: readonly DataOp[]; readonly target: Schema } | null;
  readonly history: readonly Applied[];
}

export const EMPTY_REGISTRY: RegistryState = { schema: null, pending: null, history: [] };

const FORMAT = 1;

export function registryToText(state: RegistryState): string {
  const root = {
    tenon: FORMAT,
    schema: state.schema === null ? null : JSON.parse(schemaToJson(state.schema)),
    pending:
      state.pending === null
        ? null
        : { ops: state.pending.ops, target: JSON.parse(schemaToJson(state.pending.target)) },
    history: state.history,
  };
  return `${JSON.stringify(root, null, 2)}\n`;
}

export function registryFromText(text: string): RegistryState {
  const bad = (what: string, cause?: unknown) =>
    new CorruptionError("CORRUPTION.FORMAT", `registry.json is not a registry of Tenon: ${what}`, {
      fix: "restore the file from a backup",
      meta: { file: "registry.json", what },
      cause,
    });
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw bad("it is not JSON", error);
  }
  if (!isRecord(root)) throw bad("it is not an object");
  if (typeof root.tenon !== "number") throw bad("it has no format version `tenon`");
  if (root.tenon > FORMAT) {
    throw new CorruptionError(
      "CORRUPTION.VERSION",
      `registry.json has format version ${root.tenon}; this version of Tenon reads up to ${FORMAT}`,
      { fix: "update tenon", meta: { file: "registry.json" } },
    );
  }
  const { pending, history } = root;
  if (!Array.isArray(history)) throw bad("it lacks `history`");
  return {
    schema: root.schema === null ? null : readSchema(root.schema),
    pending: isRecord(pending) ? { ops: dataOpsFromJson(pending.ops, bad), target: readSchema(pending.target) } : null,
    history: history.map((entry) => {
      if (!isRecord(entry) || typeof entry.at !== "string") throw bad("an entry of `history` is malformed");
      const at = new Date(entry.at);
      if (Number.isNaN(at.getTime())) throw bad("a date of `history` is malformed");
      return { id: String(entry.id), from: String(entry.from), to: String(entry.to), at };
    }),
  };
}

function readSchema(form: unknown): Schema {
  return schemaFromJson(JSON.stringify(form), "registry.json");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
