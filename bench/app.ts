/** The app over a store, with a workspace and a key of its own, and a clock that only the benchmark moves. */
import { pino } from "pino";
import { createApp } from "../server/src/app.ts";
import type { Deps } from "../server/src/deps.ts";
import { createKey, randomText } from "../server/src/domain/workspaces.ts";
import type { Scope, Store } from "../server/src/store/store.ts";

const key = new Uint8Array(32).fill(7);

export async function openApp(store: Store, clock: { now: number }) {
  const deps: Deps = {
    store,
    billing: () => {
      throw new Error("Nobody asks billing for figures");
    },
    clock: () => clock.now,
    newId: (prefix) => `${prefix}_${randomText(22)}`,
    keys: { session: key, signing: key, result: key, webhook: key },
    limits: {
      perKey: 60,
      perSession: 60,
      perAddress: 60,
      linkTtl: 1,
      sessionTtl: 1,
      idle: 1,
      webhook: 1,
    },
    outgoing: { allowPrivate: false, resolve: async () => [] },
    cancelAtBilling: "record",
    log: pino({ level: "silent" }),
    publicUrl: "http://localhost",
    version: "0.0.0",
  };
  const scope: Scope = { workspaceId: `ws_${randomText(22)}`, environment: "prod" };
  const workspace = { id: scope.workspaceId, name: "Bench", status: "active" as const };
  await store.insertWorkspace({ ...workspace, settings: { allowedOrigins: [] }, createdAt: clock.now });
  const { key: secret } = await createKey(deps, { ...scope, kind: "secret", name: "bench" });
  return { app: createApp(deps), key: secret, scope, clock };
}

export type OpenApp = Awaited<ReturnType<typeof openApp>>;
