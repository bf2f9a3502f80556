/** Errors -> answers (RFC 9457, application/problem+json). Tenon's errors have codes, so that no message is ever matched. */
import { HTTPException } from "hono/http-exception";
import { TenonError, ValidationError } from "tenon";

/** A rule of the shop itself. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** By the first part of the code, or by the whole of it. */
const STATUS: Readonly<Record<string, number>> = {
  VALIDATION: 422,
  QUERY: 400,
  UNIQUE: 409,
  "FOREIGN_KEY.MISSING_PARENT": 422,
  "FOREIGN_KEY.STILL_REFERENCED": 409,
  NOT_FOUND: 404,
  "CONFLICT.VERSION": 412,
  // The client is gone; nobody reads this.
  ABORT: 499,
};

function statusOf(error: TenonError): number {
  const [first = ""] = error.code.split(".");
  // Busy, disconnected, conflicts that outlasted the retries: another attempt may go through.
  return STATUS[error.code] ?? STATUS[first] ?? (error.retryable ? 503 : 500);
}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return { status: error.status, code: error.code, title: error.message };
  if (error instanceof HTTPException) return { status: error.status, code: "HTTP", title: error.message };
  if (!(error instanceof TenonError)) return { status: 500, code: "INTERNAL", title: "Something went wrong" };
  const status = statusOf(error);
  const { code } = error;
  // What went wrong inside is for the log.
  if (status === 500) return { status, code, title: "Something went wrong" };
  const [title = ""] = error.message.split("\n");
  if (!(error instanceof ValidationError)) return { status, code, title };
  return {
    status,
    code,
    title,
    issues: error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
  };
}

export function answer(error: unknown): Response {
  const problem = problemOf(error);
  if (problem.status === 500) console.error(error);
  const headers = {
    "content-type": "application/problem+json",
    ...(problem.status === 503 ? { "retry-after": "1" } : {}),
  };
  return new Response(JSON.stringify({ type: "about:blank", ...problem }), { status: problem.status, headers });
}
