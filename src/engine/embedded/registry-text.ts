/**
 * The text of `registry.json`: what the database's schema is, how it came about, and a change that is under way.
 *
 *   { "tenon": 1, "database": <id>, "generation": N, "schema": <schema> | null,
 *     "pending": null | { "ops": [<op>], "target": <schema> }, "history": [{ "id", "from", "to", "at" }],
 *     "checksum": "crc32 HHHHHHHH" }
 *
 * `schema` is the canonical form of schema/json.ts. `pending` is there between the start and the end of a change: the
 * next open finishes it. `generation` counts the changes, `database` is a random id; a record among the data says the same
 * of both (registry-match.ts), so that a registry of another database or of another time is noticed. The checksum is of the
 * text without it, indented as it is here.
 */
import { crc32 } from "node:zlib";
import { CorruptionError } from "../../base/errors.js";
import { schemaFromJson, schemaToJson } from "../../schema/json.js";
import type { Schema } from "../../schema/model.js";
import type { Applied } from "../admin.js";
import { type DataOp, dataOpsFromJson } from "./data-ops.js";

export interface RegistryState {
  /** Random; empty until the first change. */
  readonly database: string;
  /** Number of changes that were finished. */
  readonly generation: number;
  readonly schema: Schema | null;
  readonly pending: { readonly ops: readonly DataOp[]; readonly target: Schema } | null;
  readonly history: readonly Applied[];
}

export const EMPTY_REGISTRY: RegistryState = {
  database: "",
  generation: 0,
  schema: null,
  pending: null,
  history: [],
};

const FORMAT = 1;

export function registryToText(state: RegistryState): string {
  const root = {
    tenon: FORMAT,
    database: state.database,
    generation: state.generation,
    schema: state.schema === null ? null : JSON.parse(schemaToJson(state.schema)),
    pending:
      state.pending === null
        ? null
        : { ops: state.pending.ops, target: JSON.parse(schemaToJson(state.pending.target)) },
    history: state.history,
  };
  return `${JSON.stringify({ ...root, checksum: checksumOf(root) }, null, 2)}\n`;
}

function checksumOf(root: object): string {
  return `crc32 ${crc32(JSON.stringify(root, null, 2))
    .toString(16)
    .padStart(8, "0")}`;
}

export function registryFromText(text: string): RegistryState {
  const bad = (
    what: string,
    cause?: unknown,
    code: "CORRUPTION.FORMAT" | "CORRUPTION.CHECKSUM" = "CORRUPTION.FORMAT",
  ) =>
    new CorruptionError(code, `registry.json is not a registry of Tenon: ${what}`, {
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
  const { checksum, ...rest } = root;
  const { pending, history, database = "", generation = 0 } = rest;
  // Registries of before there were checksums have no generation either.
  if ((checksum !== undefined || Object.hasOwn(rest, "generation")) && checksum !== checksumOf(rest)) {
    throw bad("its checksum does not fit its contents", undefined, "CORRUPTION.CHECKSUM");
  }
  if (typeof database !== "string" || typeof generation !== "number") throw bad("its head is malformed");
  if (!Array.isArray(history)) throw bad("it lacks `history`");
  return {
    database,
    generation,
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
