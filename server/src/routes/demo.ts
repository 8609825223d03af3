/**
 * The demo business's own backend: it mints sessions and links for whoever is chosen on the page, verifies the results
 * that come back, and shows what the simulator, the ledger and the events say. Mounted only where billing is simulated.
 */
import type { Hono } from "hono";
import { z } from "zod";
import type { Simulator } from "../billing/simulator.ts";
import type { Deps } from "../deps.ts";
import { createCancelLink } from "../domain/cancel-links.ts";
import { Problem } from "../domain/problem.ts";
import { verifyResultToken } from "../domain/result-token.ts";
import { mintSession } from "../domain/sessions.ts";
import { parse, readJson } from "../http/body.ts";
import type { Env } from "../http/route.ts";
import type { Scope, WorkspaceRow } from "../store/store.ts";

/** As many as the page shows. */
const INVOICES = 24;

const Move = z.object({ days: z.number().min(0).max(3650) });
const Leaving = z.object({ customer: z.string(), subscription: z.string() });
const Returned = z.object({ token: z.string() });

export function mountDemo(app: Hono<Env>, deps: Deps, scope: Scope, simulator: Simulator): void {
  app.get("/demo/api/session", async (context) => {
    const customer = context.req.query("customer") ?? "";
    const { id } = await mintSession(deps, scope, "ret_", { customer_id: customer });
    context.header("Cache-Control", "no-store");
    return context.json({ id });
  });

  app.get("/demo/api/state", async (context) => {
    const [snapshot, ledger, events] = await Promise.all([
      simulator.snapshot(),
      deps.store.ledger(scope, { limit: 20 }),
      deps.store.events(scope, { limit: 20 }),
    ]);
    context.header("Cache-Control", "no-store");
    const customers = snapshot.customers.map((each) => ({
      ...each,
      invoices: each.invoices.slice(0, INVOICES),
    }));
    return context.json({ ...snapshot, customers, ledger, events });
  });

  app.post("/demo/api/clock", async (context) => {
    // Only JSON is read: a page elsewhere cannot send that without being asked first.
    const move = Move.safeParse(await readJson(context));
    if (!move.success) throw new Problem("parameter_invalid", { param: "days" });
    return context.json({ now: await simulator.advance({ by: Math.round(move.data.days * 86_400_000) }) });
  });
  const workspace = async () => (await deps.store.workspace(scope.workspaceId)) as WorkspaceRow;

  app.post("/demo/api/cancel-link", async (context) => {
    const asked = parse(Leaving, await readJson(context)) as z.infer<typeof Leaving>;
    // Any key of the business will do, as long as it has one.
    const key = (await deps.store.keys(scope.workspaceId)).find(
      ({ kind, environment, revokedAt }) =>
        kind === "secret" && environment === scope.environment && revokedAt === undefined,
    );
    if (!key) throw new Problem("key_invalid");
    const { url } = await createCancelLink(
      deps,
      { key, workspace: await workspace() },
      {
        userId: asked.customer,
        customerId: asked.customer,
        subscriptionId: asked.subscription,
        environment: scope.environment,
      },
    );
    context.header("Cache-Control", "no-store");
    return context.json({ url });
  });

  app.post("/demo/api/result", async (context) => {
    const { token } = parse(Returned, await readJson(context)) as z.infer<typeof Returned>;
    context.header("Cache-Control", "no-store");
    const claims = verifyResultToken(deps, await workspace(), token);
    if (claims.env !== scope.environment) throw new Problem("result_token_invalid");
    return context.json(claims);
  });
}
