/**
 * Two ideas of a currency's smallest unit: Stripe's, and ISO 4217's, which everything else here goes by. A króna is 100 at
 * Stripe and 1 here, an ariary is 1 at Stripe and 100 here.
 */
import { minorDigits } from "../../../../src/flow/offers.ts";

/** https://docs.stripe.com/currencies#zero-decimal, without UGX: it is among the special cases below that list. */
const WHOLE = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
/** https://docs.stripe.com/currencies#three-decimal; the last digit must be 0. */
const THOUSANDTHS = new Set("bhd jod kwd omr tnd".split(" "));
/** https://docs.stripe.com/currencies#special-cases: written with two decimals, which must be 00. */
const WHOLE_HUNDREDTHS = new Set(["isk", "ugx"]);

const exponentOf = (currency: string) => (WHOLE.has(currency) ? 0 : THOUSANDTHS.has(currency) ? 3 : 2);

/** By how many digits an amount is longer at Stripe. */
const longerBy = (currency: string) => exponentOf(currency) - minorDigits(currency);

const shifted = (amount: number, digits: number) =>
  digits < 0 ? amount / 10 ** -digits : amount * 10 ** digits;

/** Rounded to our unit where Stripe has a smaller one. @param currency lower-case */
export function fromStripe(amount: number, currency: string): number {
  const result = Math.round(shifted(amount, -longerBy(currency)));
  // A zero without a sign, as JSON has it.
  return result === 0 ? 0 : result;
}

/** @throws RangeError for an amount that Stripe cannot take */
export function toStripe(amount: number, currency: string): number {
  const result = shifted(amount, longerBy(currency));
  const step = THOUSANDTHS.has(currency) ? 10 : WHOLE_HUNDREDTHS.has(currency) ? 100 : 1;
  if (!Number.isSafeInteger(result) || result % step !== 0)
    throw new RangeError(`Stripe takes no ${amount} of ${currency}`);
  return result === 0 ? 0 : result;
}
