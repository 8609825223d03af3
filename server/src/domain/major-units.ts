/** Amounts as people write them, at the edge: inside they are integers in minor units. */
import { minorDigits } from "../../../src/flow/offers.ts";
import { Problem } from "./problem.ts";

/**
 * Rounds as people do. The decimal point is moved in the text, because 1.005 × 100 is less than 100.5 to a machine.
 * @throws Problem parameter_invalid
 */
export function toMinor(amount: number, currency: string, param: string): number {
  const [digits, exponent = "0"] = String(amount).split("e");
  const minor = Math.round(Number(`${digits}e${Number(exponent) + minorDigits(currency)}`));
  if (Number.isSafeInteger(minor)) return minor;
  throw new Problem("parameter_invalid", { param, message: `${param}: too large` });
}

export const toMajor = (minor: number, currency: string): number => minor / 10 ** minorDigits(currency);
