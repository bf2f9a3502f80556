/** What handlers need of a request. */
import type { Context } from "hono";
import { Refused } from "./problems.js";

const LONGEST = 20_000;

/** Ends with the request: the client is gone, or has waited long enough. Queries that carry it are cancelled. */
export function signalOf(context: Context): AbortSignal {
  return AbortSignal.any([context.req.raw.signal, AbortSignal.timeout(LONGEST)]);
}

/** The body as an object. Which fields it may have is for the models to say. */
export async function bodyOf<T extends object>(context: Context): Promise<T> {
  let body: unknown;
  try {
    body = await context.req.json();
  } catch {
    throw new Refused(400, "BODY", "The body is no JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new Refused(400, "BODY", "The body must be a JSON object");
  return body as T;
}

/** The revision that the client has read: `If-Match: "3"`. */
export function revisionOf(context: Context): number {
  const text = context.req.header("if-match");
  if (text === undefined) throw new Refused(428, "IF_MATCH", "Send the ETag of what you read as If-Match");
  const found = /^"(\d{1,15})"$/.exec(text);
  if (found === null) throw new Refused(400, "IF_MATCH", "If-Match is no ETag of this service");
  return Number(found[1]);
}

export function limitOf(context: Context): number {
  const limit = Number(context.req.query("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw new Refused(400, "LIMIT", "limit is a whole number from 1 to 100");
  return limit;
}

/** Where a page ends, for the client to hand back; it may not look inside. */
export function cursorText(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

export function cursorOf<T extends object>(context: Context): T | null {
  const text = context.req.query("after");
  if (text === undefined) return null;
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString()) as T;
  } catch {
    throw new Refused(400, "CURSOR", "after is no cursor of this service");
  }
}
