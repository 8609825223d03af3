/**
 * The demo business's own backend: it mints sessions for whoever is chosen on the page, and shows what the simulator,
 * the ledger and the events say. Mounted only where billing is simulated.
 */
import type { Hono } from "hono";
import { z } from "zod";
import type { Simulator } from "../billing/simulator.ts";
import type { Deps } from "../deps.ts";
import { Problem } from "../domain/problem.ts";
import { mintSession } from "../domain/sessions.ts";
import { readJson } from "../http/body.ts";
import type { Env } from "../http/route.ts";
import type { Scope } from "../store/store.ts";

/** As many as the page shows. */
const INVOICES = 24;

const Move = z.object({ days: z.number().min(0).max(3650) });

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
    const move = Move.safeParse(await readJson(context.req.raw));
    if (!move.success) throw new Problem("parameter_invalid", { param: "days" });
    return context.json({ now: await simulator.advance({ by: Math.round(move.data.days * 86_400_000) }) });
  });
}
