/** Runs the encoding of values; whatever makes one impossible to store comes out as one kind of error. */
import { QueryError, TenonError } from "../base/errors.js";

export function storable<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (error instanceof TenonError) throw error;
    throw new QueryError("QUERY.INVALID_VALUE", "A value cannot be stored: it is cyclic, too deep, or no data", {
      cause: error,
      fix: "store strings, numbers, bigints, booleans, dates, bytes, null, and plain objects and arrays of them",
    });
  }
}
