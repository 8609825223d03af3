/** Amounts as people write them, at the edge: inside they are integers in minor units. */
import { minorDigits } from "../../../src/flow/offers.ts";

/**
 * Rounds as people do. The decimal point is moved in the text, because 1.005 × 100 is less than 100.5 to a machine.
 */
export function toMinor(amount: number, currency: string): number {
  const [digits, exponent = "0"] = String(amount).split("e");
  return Math.round(Number(`${digits}e${Number(exponent) + minorDigits(currency)}`));
}

export const toMajor = (minor: number, currency: string): number => minor / 10 ** minorDigits(currency);
