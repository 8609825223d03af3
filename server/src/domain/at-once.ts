/**
 * What a transaction is asked at once, where none of it has to do with another: one way to the database for all. Waits for
 * each of them even where one has failed: what a transaction is asked after its end would hold by itself.
 */
export async function atOnce<Results extends readonly unknown[]>(
  ...asked: { readonly [Place in keyof Results]: Promise<Results[Place]> }
): Promise<Results> {
  await Promise.allSettled(asked);
  return Promise.all(asked) as Promise<unknown> as Promise<Results>;
}
