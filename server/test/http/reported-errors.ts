/** Refusals of what a business reports, links to and looks up, provoked as its server would. */
import { createHash, createHmac } from "node:crypto";
import type { ProblemCode } from "../../src/domain/problem.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { Reply, World } from "../harness.ts";
import { least, openSandbox, read, report, update } from "./cancelling.ts";

const LINK = "/api/v1/cancel-link";
const BACK = "https://shop.example/back";

async function listing(world: World, returnHosts: string[]): Promise<void> {
  const { settings } = (await world.deps.store.workspace(world.scope.workspaceId)) ?? { settings: undefined };
  if (settings)
    await world.deps.store.updateWorkspace(world.scope.workspaceId, {
      settings: { ...settings, returnHosts },
    });
}

const link = (world: World, more: object = {}): Promise<Reply> =>
  world.request(LINK, { key: world.key, json: { userId: "user_1", ...more } });

const look = (world: World, path: string): Promise<Reply> => world.request(path, { key: world.key });

/** A token that says it is signed with no key of ours. */
function foreignToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const kid = createHash("sha256").update("another").digest("hex").slice(0, 8);
  const signed = `${part({ alg: "HS256", typ: "JWT", kid })}.${part({ outcome: "churned" })}`;
  return `${signed}.${createHmac("sha256", "another").update(signed).digest("base64url")}`;
}

export const reported: Partial<Record<ProblemCode, (world: World) => Promise<Reply>>> = {
  async demo_workspace(world) {
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "demo" });
    return report(world, least);
  },
  async insufficient_scope(world) {
    const scopes = ["analytics:read" as const];
    const { key } = await createKey(world.deps, { ...world.scope, kind: "secret", name: "reads", scopes });
    return report(world, least, { key });
  },
  cancellation_not_found: (world) => update(world, "evt_nobody", { outcome: "churned" }),
  async environment_mismatch(world) {
    await openSandbox(world);
    await report(world, { ...least, environment: "sandbox" });
    return read(world, least.eventId);
  },
  reason_not_enabled: (world) => report(world, { ...least, reasonKey: "no_such_reason" }),
  hosted_session_not_allowed: (world) => report(world, { ...least, sessionId: "cs_1" }),
  async return_url_not_allowed(world) {
    await listing(world, ["shop.example"]);
    return link(world, { returnUrl: "https://shop.example.evil.example/back" });
  },
  return_url_missing: (world) => link(world),
  cancel_session_not_found: (world) => look(world, "/api/v1/cancel-sessions/cs_nobody"),
  async cancel_link_used(world) {
    await listing(world, ["shop.example"]);
    const { body } = await link(world, { returnUrl: BACK });
    world.pass(86_400_000);
    const { pathname } = new URL(body.url as string);
    return world.request(`${pathname}/return`, { json: { outcome: "abandoned", final: true } });
  },
  result_token_invalid: (world) =>
    world.request("/api/v1/cancel-sessions/verify", { key: world.key, json: { token: foreignToken() } }),
  issue_not_found: (world) => look(world, "/api/v1/issues/iss_nobody"),
};
