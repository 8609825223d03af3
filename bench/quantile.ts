/** The value that `part` of all are below, from 0 to below 1: 0.95 is the 95th of 100. */
export const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;

/**
 * By how much values that were taken at even distances grow from one to the next: the median of what lies between any two of
 * them, so that one that was off says little.
 */
export const slopeOf = (values: readonly number[]): number =>
  median(
    values.flatMap((one, index) =>
      values.slice(index + 1).map((later, apart) => (later - one) / (apart + 1)),
    ),
  );

/** Of an even number of values, half way between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
