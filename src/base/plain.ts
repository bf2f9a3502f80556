/** What counts as a plain object: made by `{}` or `Object.create(null)`; never a class instance, array, Date, or bytes. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
