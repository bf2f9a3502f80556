/** Medians and quantiles of a few rounds, and numbers that a person can read. */

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

export function summary(values) {
  return { median: median(values), p10: quantile(values, 0.1), p90: quantile(values, 0.9), rounds: values.length };
}

/** 1234567 -> "1.23M", 9876 -> "9.88k", 12.345 -> "12.3" */
export function short(value) {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e3) return `${(value / 1e3).toPrecision(3)}k`;
  return value.toPrecision(3);
}

export const ratio = (value) => `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}x`;
