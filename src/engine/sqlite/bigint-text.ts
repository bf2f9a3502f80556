/**
 * A bigint of any size as text that sorts as the number does:
 *
 *   "1" length(7 digits) digits                        zero and above
 *   "0" 9999999-length(7 digits) nines' complement     below zero
 */

const WIDTH = 7;
const MOST = 10 ** WIDTH - 1;

function complement(digits: string): string {
  let result = "";
  for (const digit of digits) result += String(9 - Number(digit));
  return result;
}

export function bigintToText(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString();
  const length = String(value < 0n ? MOST - digits.length : digits.length).padStart(WIDTH, "0");
  return value < 0n ? `0${length}${complement(digits)}` : `1${length}${digits}`;
}

export function bigintFromText(text: string): bigint {
  const digits = text.slice(WIDTH + 1);
  return text.startsWith("1") ? BigInt(digits) : -BigInt(complement(digits));
}
