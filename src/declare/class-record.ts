/**
 * What the decorators of one class have written down, and where it is kept until the class is read. Legacy decorators
 * know the class (through the prototype), stage-3 ones know `context.metadata`; both lead to the same record.
 */
import { ConfigError } from "../base/errors.js";
import type { DraftIssue } from "../schema/draft.js";
import type { KeyGeneration, SourceLocation } from "../schema/model.js";
import type { IndexOptions, ModelOptions } from "./options.js";
import type { RelationSpec } from "./relations.js";

export interface FieldRecord {
  /** A zod schema or one of the simple constructors; undefined: work it out. */
  readonly type: unknown;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface MemberRecord {
  field?: FieldRecord;
  id?: FieldRecord & { readonly generate: KeyGeneration | undefined };
  role?: "createdAt" | "updatedAt" | "version";
  readonly indexes: Omit<IndexOptions<string>, "on">[];
  relation?: RelationSpec;
  /** What `emitDecoratorMetadata` says, where a toolchain emits it. */
  designType?: unknown;
  location: SourceLocation | null;
}

export interface ClassRecord {
  readonly members: Map<string, MemberRecord>;
  readonly indexes: IndexOptions<string>[];
  readonly issues: DraftIssue[];
  model: { readonly options: ModelOptions; readonly name: string; readonly location: SourceLocation | null } | null;
}

// Stage-3 output of every toolchain looks for this symbol; node has none yet.
const symbols = Symbol as unknown as { readonly metadata?: symbol };
if (symbols.metadata === undefined) {
  Object.defineProperty(Symbol, "metadata", { value: Symbol.for("Symbol.metadata"), configurable: true });
}
const METADATA = symbols.metadata as symbol;
const RECORD = Symbol.for("tenon.class.record");

type Holder = Record<symbol, unknown>;

function ownRecord(holder: object): ClassRecord {
  if (!Object.hasOwn(holder, RECORD)) {
    const record: ClassRecord = { members: new Map(), indexes: [], issues: [], model: null };
    Object.defineProperty(holder, RECORD, { value: record, configurable: true });
  }
  return (holder as Holder)[RECORD] as ClassRecord;
}

/** The parts of a stage-3 decorator context that matter here. */
export interface Context {
  readonly kind: string;
  readonly name: string | symbol | undefined;
  readonly static?: boolean;
  readonly private?: boolean;
  readonly metadata?: object | undefined;
}

export function isContext(value: unknown): value is Context {
  return typeof value === "object" && value !== null && "kind" in value && "name" in value;
}

function fromContext(context: Context): ClassRecord {
  if (typeof context.metadata === "object" && context.metadata !== null) return ownRecord(context.metadata);
  throw new ConfigError("CONFIG.INVALID", "this toolchain calls decorators without context.metadata", {
    fix: "update it (TypeScript 5.2, esbuild 0.21, Babel 7.23 or later), or set experimentalDecorators in tsconfig.json",
  });
}

/** The record for a decorated member, and its name; null (with an issue written) where a member cannot be a field. */
export function memberOf(
  target: unknown,
  where: unknown,
  decorator: string,
  location: SourceLocation | null,
): { readonly record: ClassRecord; readonly member: MemberRecord } | null {
  const context = isContext(where) ? where : null;
  const isStatic = context === null ? typeof target === "function" : context.static === true;
  const record =
    context === null ? ownRecord(isStatic ? (target as object) : (target as object).constructor) : fromContext(context);
  const name = context === null ? where : context.name;
  const refuse = (what: string, fix: string) => {
    record.issues.push({ member: String(name), message: `@${decorator} is on ${what}`, fix, location });
    return null;
  };
  if (typeof name !== "string") return refuse("a member without a name of its own", "use it on a named field");
  if (isStatic) return refuse(`\`${name}\`, which is static`, "remove `static`: fields belong to rows");
  if (context?.private === true) return refuse(`\`${name}\`, which is private`, "remove the #");
  if (context !== null && context.kind !== "field" && context.kind !== "accessor") {
    return refuse(`\`${name}\`, which is a ${context.kind}`, "use it on a field");
  }
  let member = record.members.get(name);
  if (member === undefined) {
    member = { indexes: [], location };
    record.members.set(name, member);
  }
  if (context === null) readDesignType(member, target as object, name);
  return { record, member };
}

/** The record for a decorated class. The class itself holds it from now on. */
export function recordOfClass(target: unknown, where: unknown): ClassRecord {
  const type = target as object;
  if (isContext(where)) {
    const record = fromContext(where);
    if (!Object.hasOwn(type, RECORD)) Object.defineProperty(type, RECORD, { value: record, configurable: true });
    return record;
  }
  return ownRecord(type);
}

/** Records of the class and its bases, the farthest base first. */
export function recordsOf(type: object): readonly ClassRecord[] {
  const out: ClassRecord[] = [];
  for (let at: object | null = type; at !== null && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    const metadata = Object.hasOwn(at, METADATA) ? (at as Holder)[METADATA] : undefined;
    if (Object.hasOwn(at, RECORD)) out.unshift((at as Holder)[RECORD] as ClassRecord);
    else if (typeof metadata === "object" && metadata !== null && Object.hasOwn(metadata, RECORD)) {
      out.unshift((metadata as Holder)[RECORD] as ClassRecord);
    }
  }
  return out;
}

/** Through reflect-metadata when the program has loaded it; Tenon never needs it. */
function readDesignType(member: MemberRecord, target: object, name: string): void {
  const { getMetadata } = Reflect as { getMetadata?: (key: string, target: object, name: string) => unknown };
  if (typeof getMetadata === "function") member.designType = getMetadata.call(Reflect, "design:type", target, name);
}
