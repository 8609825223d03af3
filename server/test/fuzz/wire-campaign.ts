/** Requests of all operations, each broken in one of the ways that only bytes can be. */
import fc from "fast-check";
import { operations } from "./campaign.ts";
import type { ProcessStage } from "./process-stage.ts";
import { plans, requestOf } from "./requests.ts";
import { WAYS, wayName } from "./wire.ts";

/**
 * @returns how often each way got which status
 * @throws Error of the first answer that is a failure of the server's
 */
export async function askInBytes(
  stage: ProcessStage,
  { seed, requests }: { seed: number; requests: number },
): Promise<Map<string, Map<string, number>>> {
  const found = new Map<string, Map<string, number>>();
  const each = Math.ceil(requests / operations.length);
  let way = 0;
  for (const operation of operations) {
    const property = fc.asyncProperty(plans(operation), async (plan) => {
      // Each of them as often as the others.
      const name = wayName(++way % WAYS);
      const status = await stage.sendBytes(requestOf(operation, plan, stage), way % WAYS);
      const counts = found.get(name) ?? new Map<string, number>();
      counts.set(status, (counts.get(status) ?? 0) + 1);
      found.set(name, counts);
    });
    const { errorInstance } = await fc.check(property, { numRuns: each, seed, endOnFailure: true });
    if (errorInstance) throw errorInstance;
  }
  return found;
}
