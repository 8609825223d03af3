/** What was planned for a subscription and had to be taken off its schedule, as its metadata remembers it. */

/** Metadata of a subscription: what a cancellation has put aside, until it is undone. */
export const PLANNED = "renumerate_planned";

/** `resumesAt`: the end of a pause that stops the service, s. */
export type Plan = { price: string; quantity: number } | { resumesAt: number };

export const written = (plan: Plan): string => JSON.stringify(plan);

/** Anybody with access to the account can write there. */
export function parsed(text: string | undefined): Plan | undefined {
  if (!text) return undefined;
  try {
    const { price, quantity, resumesAt } = JSON.parse(text) as Record<string, unknown>;
    if (typeof resumesAt === "number") return { resumesAt };
    if (typeof price === "string" && typeof quantity === "number") return { price, quantity };
  } catch {
    // As if nothing were noted.
  }
  return undefined;
}
