/**
 * Addresses of the simulator's own pages. Each holds a sealed token that names workspace, environment and the one thing
 * that it opens, so nothing is stored for it, nobody can alter it, and it opens nothing else.
 */
import { seal, unseal } from "../domain/seal.ts";
import type { Scope } from "../store/store.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

export interface LinkDeps {
  /** 32 bytes, for this purpose alone. */
  key: Uint8Array;
  /** The machine's clock, ms: billing's can be moved. */
  clock: () => number;
  /** Where the world reaches this server, without a trailing slash. Known only once it listens. */
  base: () => string;
}

/** One invoice, as what was asked for or as what was paid. */
export interface InvoiceLink {
  kind: "invoice" | "receipt";
  id: string;
}

export interface PaymentLink {
  customerId: string;
  subscriptionId: string;
  returnUrl: string;
}

interface Kinds {
  invoices: InvoiceLink;
  "payment-method": PaymentLink;
}

/** What an address opens; also its part of the address. */
export type LinkKind = keyof Kinds;

const GOOD_FOR: Record<LinkKind, number> = { invoices: DAY, "payment-method": HOUR };

export type Opened<Kind extends LinkKind> = Kinds[Kind] & { scope: Scope; expiresAt: number };

/** What the simulator of a workspace's environment puts into its answers. */
export function simulatorPages({ key, clock, base }: LinkDeps, { workspaceId, environment }: Scope) {
  const link = <Kind extends LinkKind>(kind: Kind, what: Kinds[Kind]): string => {
    const opened = { ...what, scope: { workspaceId, environment }, expiresAt: clock() + GOOD_FOR[kind] };
    return `${base()}/simulator/${kind}/${seal(key, kind, JSON.stringify(opened))}`;
  };
  return {
    invoice: (id: string, kind: InvoiceLink["kind"]): string => link("invoices", { kind, id }),
    payment: ({ customerId, subscriptionId, returnUrl }: PaymentLink): string =>
      link("payment-method", { customerId, subscriptionId, returnUrl }),
  };
}

/** @returns what was sealed, expired or not, or undefined for anything that was not made for this kind of page */
export function openLink<Kind extends LinkKind>(
  { key }: LinkDeps,
  kind: Kind,
  token: string,
): Opened<Kind> | undefined {
  try {
    return JSON.parse(unseal(key, kind, token));
  } catch {
    return undefined;
  }
}
