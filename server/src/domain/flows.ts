/** Flow definitions: checked and published as immutable versions, and resolved for one customer. */
import type { z } from "zod";
import type { Flow, FlowConfig, Offer, Reason, Step } from "../../../src/api/wire.ts";
import { activationsToCancel } from "../../../src/flow/describe.ts";
import type { BillingProvider } from "../billing/provider.ts";
import { FlowDefinition, type OfferDefinition, type StepDefinition } from "../contract/flow-definition.ts";
import type { Deps } from "../deps.ts";
import type { FlowRow, Json, Scope, Transaction } from "../store/store.ts";
import { holds } from "./conditions.ts";
import { type Customer, firstOffer } from "./offers.ts";

export interface LintIssue {
  /** `steps/0/reasons/2/offers/0/percentOff` */
  path: string;
  message: string;
}

export interface FlowFacts {
  steps: number;
  offers: number;
  /** From the open dialog to the request that cancels, without answering or accepting anything. */
  activationsToCancel: number;
}

export type LintResult =
  | { ok: true; definition: FlowDefinition; facts: FlowFacts }
  | { ok: false; issues: LintIssue[] };

/** Everything wrong with a definition, each with the path of its fault, or the definition and what is known of it. */
export function lintFlow(input: unknown): LintResult {
  if (isDeeper(input, DEEPEST)) return { ok: false, issues: [{ path: "", message: "nested too deeply" }] };
  const parsed = FlowDefinition.safeParse(input);
  if (!parsed.success) return { ok: false, issues: issuesOf(parsed.error) };
  const definition = parsed.data;
  const offers = [...definition.steps.flatMap(offersOf), ...(definition.proactive?.offers ?? [])];
  const facts: FlowFacts = {
    steps: definition.steps.length,
    offers: new Set(offers.map(({ id }) => id)).size,
    activationsToCancel: activationsToCancel(skeleton(definition)),
  };
  return { ok: true, definition, facts };
}

export const issuesOf = ({ issues }: z.ZodError): LintIssue[] =>
  issues.map(({ path, message }) => ({ path: path.map(String).join("/"), message }));

/** Deeper than any condition that somebody could still read. */
const DEEPEST = 40;

const isDeeper = (value: unknown, most: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (most === 0 || Object.values(value).some((each) => isDeeper(each, most - 1)));

const offersOf = (step: StepDefinition): OfferDefinition[] =>
  step.type === "survey"
    ? step.reasons.flatMap((reason) => reason.offers ?? [])
    : step.type === "offer"
      ? step.offers
      : [];

/** The definition with all its conditions met and no terms: enough to walk its graph. */
function skeleton({ steps }: FlowDefinition): FlowConfig {
  const placeholder = (list: readonly OfferDefinition[] = []) =>
    list[0] && ({ type: "custom", id: list[0].id, terms: { name: list[0].id } } satisfies Offer);
  const walkable = steps.map((step) => {
    if (step.type === "survey") {
      return {
        ...step,
        reasons: step.reasons.map(({ offers, ...rest }) => ({ ...rest, offer: placeholder(offers) })),
      };
    }
    return step.type === "offer" ? { ...step, offer: placeholder(step.offers) } : step;
  });
  const flow: Flow = { id: "lint", version: 0, steps: walkable as Step[] };
  return { flow, session: {}, subscription: {} } as FlowConfig;
}

/** Publishes as the next version and makes it the active one. A version never changes afterwards. */
export function publishFlow(deps: Deps, scope: Scope, definition: FlowDefinition): Promise<FlowRow> {
  return deps.store.transaction((tx) => publishVersion(deps, tx, scope, definition));
}

/** The same as a part of a larger transaction. */
export async function publishVersion(
  deps: Deps,
  tx: Transaction,
  scope: Scope,
  definition: FlowDefinition,
): Promise<FlowRow> {
  await tx.lock(`flows:${scope.workspaceId}:${scope.environment}`);
  const row: FlowRow = {
    workspaceId: scope.workspaceId,
    environment: scope.environment,
    id: deps.newId("flow"),
    version: (await tx.latestFlowVersion(scope)) + 1,
    definition: definition as unknown as Json,
    active: true,
    createdAt: deps.clock(),
  };
  await tx.publishFlow(row);
  return row;
}

/**
 * Prices that billing does not sell: an offer of one would never be shown.
 * @returns one issue for each place that names such a price
 */
export async function unknownPrices(
  definition: FlowDefinition,
  billing: BillingProvider,
): Promise<LintIssue[]> {
  const named: { path: string; priceId: string }[] = [];
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || !value) return;
    for (const [key, each] of Object.entries(value)) {
      const at = path ? `${path}/${key}` : key;
      if (key === "priceId" && typeof each === "string") named.push({ path: at, priceId: each });
      else if (key !== "data") visit(each, at);
    }
  };
  visit(definition, "");
  const issues: LintIssue[] = [];
  for (const { path, priceId } of named) {
    if (!(await billing.price(priceId))) issues.push({ path, message: `billing has no price "${priceId}"` });
  }
  return issues;
}

/** The flow as this customer gets it: conditions decided, offers chosen, terms computed. */
export async function resolveFlow(row: FlowRow, customer: Customer, billing: BillingProvider): Promise<Flow> {
  const { steps } = row.definition as unknown as FlowDefinition;
  const resolved: Step[] = [];
  for (const step of steps) {
    if (!holds(step.when, customer.subscription, customer.now)) continue;
    const { when: _, ...rest } = step;
    if (rest.type === "survey") {
      const reasons: Reason[] = [];
      for (const { offers, ...reason } of rest.reasons) {
        const offer = offers && (await firstOffer(offers, customer, billing));
        reasons.push({ ...reason, ...(offer ? { offer } : {}) });
      }
      resolved.push({ ...rest, reasons });
    } else if (rest.type === "offer") {
      const { offers, ...head } = rest;
      const offer = await firstOffer(offers, customer, billing);
      if (offer) resolved.push({ ...head, offer });
    } else {
      resolved.push(rest);
    }
  }
  return { id: row.id, version: row.version, steps: resolved };
}

/**
 * The definition of an offer in the version that a session runs, if its conditions still hold. One offer may stand at
 * several places, each with its own conditions: those of one of them must hold.
 */
export function definitionOf(
  row: FlowRow,
  offerId: string,
  { subscription, now }: Pick<Customer, "subscription" | "now">,
): OfferDefinition | undefined {
  const applies = ({ when }: Pick<OfferDefinition, "when">) => holds(when, subscription, now);
  return (row.definition as unknown as FlowDefinition).steps
    .filter(applies)
    .flatMap(offersOf)
    .find((definition) => definition.id === offerId && applies(definition));
}
