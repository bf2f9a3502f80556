/**
 * Tuples of values <-> order-preserving keys: `encodeKey(a) < encodeKey(b)` (JavaScript's own `<`) exactly when the tuple
 * a sorts before b. Order of kinds: null < boolean < number < bigint < string < Date < bytes < array < object; strings by
 * code point; -0 equals 0; a shorter tuple sorts before the longer ones that it begins.
 *
 *   key       = component*
 *   component = "0"                                   null
 *             | "1" | "2"                             false, true
 *             | "3" double                            number
 *             | "4" length digits                     bigint
 *             | "5" text end                          string
 *             | "6" double                            Date, in milliseconds
 *             | "7" escaped end                       bytes, a character each
 *             | "8" component* end                    array
 *             | "9" (text end component)* end         object, names in code point order
 *   double    = 8 bytes big-endian, all bits flipped when negative, else the sign bit set
 *   length    = 4 bytes big-endian, 0x80000000 + number of digits (negative: 0x7fffffff - number)
 *   digits    = magnitude, big-endian bytes without leading zeros (negative: bits flipped)
 *   end       = U+0000; a U+0000 inside text or bytes is written U+0000 U+00FF
 *   text      = UTF-16 units, U+E000..U+FFFF moved below the surrogates so that units sort as code points do
 *
 * Every character is one byte wide unless a string needs more: V8 compares one-byte strings more than twice as fast.
 */
import { invariant } from "../base/assert.js";
import type { Json, Scalar } from "../schema/model.js";
import type { Key, Range } from "./store.js";

const END = "\0";
/** Greater than every tag, so `prefix + AFTER` is above every key that continues `prefix` with a whole component. */
const AFTER = "\xff";
const NUL = /\0/g;
const NUL_ESCAPED = /\0\xff/g;
const NEEDS_CARE = /[\0\ud800-\uffff]/;

const double = new Float64Array(1);
const bytes = new Uint8Array(double.buffer);
double[0] = 1;
const LITTLE = bytes[7] !== 0;
const B0 = LITTLE ? 7 : 0;
const STEP = LITTLE ? -1 : 1;

function encodeDouble(tag: number, value: number): string {
  // + 0 turns -0 into 0; NaN has one encoding, above every number.
  double[0] = value + 0;
  const first = bytes[B0]!;
  const flip = first & 0x80 && !Number.isNaN(value) ? 0xff : 0;
  return String.fromCharCode(
    tag,
    flip === 0 ? first | 0x80 : first ^ 0xff,
    bytes[B0 + STEP]! ^ flip,
    bytes[B0 + 2 * STEP]! ^ flip,
    bytes[B0 + 3 * STEP]! ^ flip,
    bytes[B0 + 4 * STEP]! ^ flip,
    bytes[B0 + 5 * STEP]! ^ flip,
    bytes[B0 + 6 * STEP]! ^ flip,
    bytes[B0 + 7 * STEP]! ^ flip,
  );
}

function decodeDouble(key: string, at: number): number {
  const first = key.charCodeAt(at);
  const flip = first & 0x80 ? 0 : 0xff;
  for (let i = 0; i < 8; i++) bytes[B0 + i * STEP] = key.charCodeAt(at + i) ^ flip;
  bytes[B0] = flip === 0 ? first & 0x7f : first ^ 0xff;
  return double[0]!;
}

/** UTF-16 units so that comparing units compares code points: surrogates go above U+FFFF's old place. */
function reorder(text: string, back: boolean): string {
  let out = "";
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800) continue;
    out += text.slice(start, i);
    start = i + 1;
    if (back) out += String.fromCharCode(unit >= 0xf800 ? unit - 0x2000 : unit + 0x800);
    else out += String.fromCharCode(unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);
  }
  return out + text.slice(start);
}

function encodeText(text: string): string {
  return NEEDS_CARE.test(text) ? reorder(text, false).replace(NUL, "\0\xff") : text;
}

function encodeBigint(value: bigint): string {
  const negative = value < 0n;
  let hex = (negative ? -value : value).toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const length = value === 0n ? 0 : hex.length / 2;
  const header = negative ? 0x7fffffff - length : 0x80000000 + length;
  let out = String.fromCharCode(52, header >>> 24, (header >>> 16) & 0xff, (header >>> 8) & 0xff, header & 0xff);
  const flip = negative ? 0xff : 0;
  for (let i = 0; i < length; i++) out += String.fromCharCode(Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16) ^ flip);
  return out;
}

function encodeBytes(value: Uint8Array): string {
  let out = "7";
  for (const byte of value) out += byte === 0 ? "\0\xff" : String.fromCharCode(byte);
  return out + END;
}

const units = (text: string) => reorder(text, false);

function encodeObject(value: { readonly [key: string]: Json }): string {
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  names.sort((a, b) => (units(a) < units(b) ? -1 : 1));
  let out = "9";
  // A name begins with a tag of its own, so that the end of the object sorts before any further name.
  for (const name of names) out += `5${encodeText(name)}${END}${encodeValue(value[name]!)}`;
  return out + END;
}

function encodeValue(value: Json): string {
  switch (typeof value) {
    case "number":
      return encodeDouble(51, value);
    case "string":
      return `5${encodeText(value)}${END}`;
    case "boolean":
      return value ? "2" : "1";
    case "bigint":
      return encodeBigint(value);
    case "undefined":
      return "0";
    default:
      if (value === null) return "0";
      if (value instanceof Date) return encodeDouble(54, value.getTime());
      if (value instanceof Uint8Array) return encodeBytes(value);
      if (Array.isArray(value)) {
        let out = "8";
        for (const element of value as readonly Json[]) out += encodeValue(element);
        return out + END;
      }
      return encodeObject(value as { readonly [key: string]: Json });
  }
}

/** The key of a tuple. Missing values count as null. */
export function encodeKey(values: readonly Json[]): Key {
  if (values.length === 1) return encodeValue(values[0]!);
  let key = "";
  for (let i = 0; i < values.length; i++) key += encodeValue(values[i]!);
  return key;
}

/** The tuple of a key made of scalars. */
export function decodeKey(key: Key): Scalar[] {
  const values: Scalar[] = [];
  let at = 0;
  /** Text up to the next unescaped end; leaves `at` behind it. */
  const text = (): string => {
    let end = key.indexOf(END, at);
    while (end >= 0 && key[end + 1] === "\xff") end = key.indexOf(END, end + 2);
    invariant(end >= 0, "A key ends inside a component");
    const raw = key.slice(at, end).replace(NUL_ESCAPED, END);
    at = end + 1;
    return raw;
  };
  while (at < key.length) {
    const tag = key[at++];
    if (tag === "0") values.push(null);
    else if (tag === "1" || tag === "2") values.push(tag === "2");
    else if (tag === "3" || tag === "6") {
      const number = decodeDouble(key, at);
      values.push(tag === "3" ? number : new Date(number));
      at += 8;
    } else if (tag === "4") {
      let header = 0;
      for (let i = 0; i < 4; i++) header = header * 256 + key.charCodeAt(at++);
      const negative = header < 0x80000000;
      const length = negative ? 0x7fffffff - header : header - 0x80000000;
      let hex = "";
      for (let i = 0; i < length; i++) {
        hex += (key.charCodeAt(at++) ^ (negative ? 0xff : 0)).toString(16).padStart(2, "0");
      }
      const magnitude = length === 0 ? 0n : BigInt(`0x${hex}`);
      values.push(negative ? -magnitude : magnitude);
    } else if (tag === "5") values.push(reorder(text(), true));
    else {
      invariant(tag === "7", "A key holds a component that is no scalar");
      const raw = text();
      values.push(Uint8Array.from(raw, (character) => character.charCodeAt(0)));
    }
  }
  return values;
}

/** The first component of a key of scalars, as it is encoded. */
export function firstComponent(key: Key): Key {
  switch (key.charCodeAt(0)) {
    case 48: // null
    case 49: // false
    case 50: // true
      return key.slice(0, 1);
    case 51: // number
    case 54: // Date
      return key.slice(0, 9);
    case 52: {
      let header = 0;
      for (let at = 1; at < 5; at++) header = header * 256 + key.charCodeAt(at);
      return key.slice(0, 5 + (header < 0x80000000 ? 0x7fffffff - header : header - 0x80000000));
    }
    default: {
      let end = key.indexOf(END);
      while (end >= 0 && key[end + 1] === "\xff") end = key.indexOf(END, end + 2);
      invariant(end >= 0, "A key ends inside a component");
      return key.slice(0, end + 1);
    }
  }
}

/** The least string above every string that begins with `prefix`, or undefined when there is none. */
export function prefixEnd(prefix: Key): Key | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const unit = prefix.charCodeAt(i);
    if (unit !== 0xffff) return prefix.slice(0, i) + String.fromCharCode(unit + 1);
  }
  return undefined;
}

/** Every key whose first components are `values`. */
export function keyPrefixRange(values: readonly Json[]): Range & { readonly gte: Key; readonly lt: Key } {
  const gte = encodeKey(values);
  return { gte, lt: gte + AFTER };
}

export interface Bounds {
  readonly gt?: Json;
  readonly gte?: Json;
  readonly lt?: Json;
  readonly lte?: Json;
}

/** Where the values of the same kind begin and end (booleans have two tags). */
function kindRange(encoded: string): { readonly from: string; readonly to: string } {
  const tag = encoded[0]!;
  if (tag === "1" || tag === "2") return { from: "1", to: "3" };
  return { from: tag, to: String.fromCharCode(tag.charCodeAt(0) + 1) };
}

/**
 * Keys that begin with `prefix` and whose next component lies within the bounds. A side left open ends where the kind of
 * the other side's value ends, so `{ lt: 5 }` has no nulls. No bound at all is `keyPrefixRange(prefix)`.
 */
export function keyBoundsRange(
  prefix: readonly Json[],
  bounds: Bounds,
): Range & { readonly gte: Key; readonly lt: Key } {
  const start = encodeKey(prefix);
  let gte: Key | undefined;
  let lt: Key | undefined;
  let kind: { readonly from: string; readonly to: string } | undefined;
  const see = (value: Json): string => {
    const encoded = encodeValue(value);
    kind ??= kindRange(encoded);
    return start + encoded;
  };
  if (bounds.gte !== undefined) gte = see(bounds.gte);
  if (bounds.gt !== undefined) {
    const above = see(bounds.gt) + AFTER;
    if (gte === undefined || above > gte) gte = above;
  }
  if (bounds.lt !== undefined) lt = see(bounds.lt);
  if (bounds.lte !== undefined) {
    const above = see(bounds.lte) + AFTER;
    if (lt === undefined || above < lt) lt = above;
  }
  if (kind === undefined) return { gte: start, lt: start + AFTER };
  return { gte: gte ?? start + kind.from, lt: lt ?? start + kind.to };
}

/** Keys that begin with `prefix` and whose next component is a string that starts with `text`. */
export function keyStartsWithRange(
  prefix: readonly Json[],
  text: string,
): Range & { readonly gte: Key; readonly lt: Key } {
  const gte = `${encodeKey(prefix)}5${encodeText(text)}`;
  return { gte, lt: prefixEnd(gte)! };
}
