/**
 * Pages that a billing provider would show by itself: an invoice or a receipt, and where a customer gives another card.
 * Mounted only where billing is simulated. Whoever has the address may see the page, as with a provider's own links.
 */
import type { Context, Hono } from "hono";
import type { Simulator } from "../billing/simulator.ts";
import { type Log, loggable } from "../deps.ts";
import { Problem } from "../domain/problem.ts";
import { bytesOf, typeOf } from "../http/body.ts";
import type { Env } from "../http/route.ts";
import type { Scope } from "../store/store.ts";
import { fileName, invoicePage } from "./simulator-invoice.ts";
import { type LinkDeps, type LinkKind, type Opened, openLink } from "./simulator-links.ts";
import { type Html, simulatorMessage, simulatorPolicy } from "./simulator-page.ts";
import { cardOf, paymentPage } from "./simulator-payment.ts";
import { simulatorStyle } from "./simulator-style.ts";

const FORM_TYPE = "application/x-www-form-urlencoded";
/** Bytes: one short field. */
const MAX_FORM = 4096;

interface SimulatorPageDeps {
  links: LinkDeps;
  simulator(scope: Scope): Simulator;
  log: Log;
}

/** What a page answers; anything else about it is the same for all. */
interface Answer {
  page: Html;
  status?: 400 | 404 | 410 | 413 | 422 | 503;
  /** Origin that the form leads to. */
  target?: string;
}

export function mountSimulator(app: Hono<Env>, deps: SimulatorPageDeps): void {
  app.get("/simulator/style.css", (context) =>
    context.body(simulatorStyle, 200, {
      "Content-Type": "text/css; charset=utf-8",
      "Cache-Control": "no-cache",
    }),
  );

  app.get("/simulator/invoices/:token", (context) =>
    answer(context, deps, "invoices", (opened) => showInvoice(context, deps, opened)),
  );

  app.get("/simulator/payment-method/:token", (context) =>
    answer(context, deps, "payment-method", (opened) => showPayment(deps, opened)),
  );

  app.post("/simulator/payment-method/:token", async (context) => {
    let bytes: Uint8Array;
    try {
      bytes = await bytesOf(context, MAX_FORM);
    } catch (error) {
      const status = error instanceof Problem && error.code === "body_too_large" ? 413 : 400;
      return send(context, {
        page: simulatorMessage("The form was not read", "Load the page again."),
        status,
      });
    }
    const form = typeOf(context) === FORM_TYPE ? new TextDecoder().decode(bytes) : "";
    const chosen = new URLSearchParams(form).get("card");
    return answer(context, deps, "payment-method", (opened) => savePayment(context, deps, opened, chosen));
  });
}

const GONE = "This page is no longer available";

/** Opens what the address names, or says in plain words why not. */
async function answer<Kind extends LinkKind>(
  context: Context<Env>,
  deps: SimulatorPageDeps,
  kind: Kind,
  show: (opened: Opened<Kind>) => Promise<Answer | Response>,
): Promise<Response> {
  const opened = openLink(deps.links, kind, context.req.param("token") ?? "");
  if (!opened) return send(context, missing());
  const back = "returnUrl" in opened ? opened.returnUrl : undefined;
  // It was checked before it was sealed; what would run as a script is worth a second look.
  if (back !== undefined && !isPage(back)) return send(context, missing());
  context.set("workspaceId", opened.scope.workspaceId);
  if (deps.links.clock() >= opened.expiresAt) {
    const text =
      back === undefined
        ? "Open it again from your billing history."
        : "Open it again from the page you came from.";
    return send(context, {
      page: simulatorMessage(GONE, `Its address has expired. ${text}`, back),
      status: 410,
    });
  }
  try {
    const shown = await show(opened);
    return shown instanceof Response ? shown : send(context, shown);
  } catch (error) {
    deps.log.error({ request_id: context.get("requestId"), err: loggable(error) }, "simulator page failed");
    const page = simulatorMessage(
      "This is not working right now",
      "Nothing was changed. Load the page again in a moment.",
      back,
    );
    return send(context, { page, status: 503 });
  }
}

const isPage = (address: string): boolean =>
  URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);

const missing = (): Answer => ({
  page: simulatorMessage("There is nothing here", "The address is not complete, or what it showed is gone."),
  status: 404,
});

function send(context: Context<Env>, { page, status, target }: Answer): Response | Promise<Response> {
  context.header("Cache-Control", "no-store");
  context.header("Content-Security-Policy", simulatorPolicy(target));
  return context.html(page, status ?? 200);
}

async function showInvoice(
  context: Context<Env>,
  deps: SimulatorPageDeps,
  { kind, id, scope }: Opened<"invoices">,
): Promise<Answer> {
  const simulator = deps.simulator(scope);
  const invoice = await simulator.invoice(id);
  if (!invoice || (kind === "receipt" && invoice.status !== "paid")) return missing();
  const refunded = invoice.refunds === undefined ? undefined : await simulator.invoice(invoice.refunds);
  const alone = context.req.query("download") === "1";
  const sheet = { kind, invoice, alone, ...(refunded ? { refunded: refunded.number } : {}) };
  if (alone) context.header("Content-Disposition", `attachment; filename="${fileName(sheet)}"`);
  return { page: invoicePage(sheet) };
}

/** What went wrong with a card that was sent. */
interface Failed {
  error: string;
  chosen: unknown;
  status: 422 | 503;
}

async function showPayment(
  deps: SimulatorPageDeps,
  { customerId, subscriptionId, returnUrl, scope }: Opened<"payment-method">,
  failed?: Failed,
): Promise<Answer> {
  const simulator = deps.simulator(scope);
  const [now, all] = await Promise.all([simulator.now(), simulator.subscriptions(customerId)]);
  const running = all.filter(({ status }) => status !== "cancelled");
  const subscription = running.find(({ id }) => id === subscriptionId);
  if (!subscription) {
    const page = simulatorMessage("This subscription has ended", "No card is needed any more.", returnUrl);
    return { page, status: 410 };
  }
  const page = paymentPage({ subscription, several: running.length > 1, returnUrl, now, ...failed });
  return { page, target: originRule(returnUrl), ...(failed ? { status: failed.status } : {}) };
}

/** A policy cannot name an address in numbers with colons: there its scheme has to do. */
function originRule(address: string): string {
  const { origin, protocol, hostname } = new URL(address);
  return hostname.startsWith("[") ? protocol : origin;
}

async function savePayment(
  context: Context<Env>,
  deps: SimulatorPageDeps,
  opened: Opened<"payment-method">,
  chosen: string | null,
): Promise<Answer | Response> {
  const simulator = deps.simulator(opened.scope);
  const card = cardOf(chosen, await simulator.now());
  if (!card) return showPayment(deps, opened, { error: "Choose a card.", chosen, status: 422 });
  try {
    await simulator.setPaymentMethod(opened.customerId, card);
  } catch (error) {
    deps.log.error({ request_id: context.get("requestId"), err: loggable(error) }, "card not saved");
    return showPayment(deps, opened, {
      error: "The card could not be saved. Try again.",
      chosen,
      status: 503,
    });
  }
  context.header("Cache-Control", "no-store");
  return context.redirect(opened.returnUrl, 303);
}
