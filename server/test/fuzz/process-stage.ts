/** The real program as a process of its own, asked over connections. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { simulatorStorage } from "../../src/billing/simulator-storage.ts";
import { openStore } from "../../src/store/database.ts";
import { type Asked, john, type Reply, replyOf } from "../harness.ts";
import { signed } from "../http/handshake.ts";
import { folder, serve } from "../process/child.ts";
import type { TestHome } from "../stores.ts";
import type { Draft } from "./requests.ts";
import { firstKnowledge, NO_CREDENTIALS, type Stage, welcome } from "./stage.ts";
import { answerTo, bytesOf, pipeable, responseIn, wayName } from "./wire.ts";

/** Reaching out to whatever address it made up is no part of it: without endpoints nothing is sent. */
export const NEVER_THERE = ["create_webhook_endpoint"];

/** Those that need an endpoint, or what only time brings about. */
export const UNKNOWN_THERE = /webhook|issue$|recovery$/;

export type ProcessStage = Stage &
  AsyncDisposable & { sendBytes(draft: Draft, way: number): Promise<string> };

export async function startProcess(home: TestHome): Promise<ProcessStage> {
  const stack = new AsyncDisposableStack();
  const { path, env } = stack.use(await folder());
  const place = home.name === "PostgreSQL" ? await home.place() : undefined;
  if (place) stack.defer(() => place.remove());
  const location = place?.location ?? { file: join(path, "data", "renumerate.db") };
  const server = stack.use(
    await serve({
      ...env,
      ...("url" in location ? { DATABASE_URL: location.url } : {}),
      RENUMERATE_SECRET: "s".repeat(40),
      RATE_LIMIT_PER_MINUTE: "10000000",
      RETURN_HOSTS: "shop.example",
      DEFAULT_RETURN_URL: "https://shop.example/back",
      DEMO: "off",
    }),
  );
  const { url: publicUrl, publicKey = "", privateKey: key = "" } = server;
  const port = Number(new URL(publicUrl).port);
  const printed = server.printed().length;
  const { store, db } = await openStore(location);
  stack.defer(() => store.close());
  const [workspace] = await store.workspaces();
  const workspaceId = workspace?.id ?? assert.fail("it has a workspace");
  const clock = {
    get now() {
      return Date.now();
    },
    set now(_) {},
  };
  const handshake = () =>
    signed(
      JSON.stringify({
        brandPub: publicKey,
        subscriberId: john,
        timestamp: Date.now(),
        nonce: crypto.randomUUID(),
      }),
      key,
    );

  async function request(path: string, { token, json, key, method, headers }: Asked = {}): Promise<Reply> {
    const all = new Headers(headers);
    if (key) all.set("X-Brand-Key", key);
    if (token) all.set("Authorization", `Bearer ${token}`);
    if (json !== undefined) all.set("Content-Type", "application/json");
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const init = { method: method ?? (json === undefined ? "GET" : "POST"), headers: all, ...body };
    return replyOf(await fetch(`${publicUrl}${path}`, init));
  }

  const knowledge = firstKnowledge();
  knowledge.add("workspace_id", workspaceId);
  const keys = await store.keys(workspaceId);
  knowledge.never(...keys.map(({ id }) => id));
  const sessions: string[] = [];
  for (const kind of ["retention", "retention", "subscription"]) {
    const { body } = await request(`/v1/${kind}/session`, { key, json: { [kind]: { customer_id: john } } });
    sessions.push(body.id as string);
  }
  knowledge.add("token", sessions[0] as string);
  const others = [publicKey, `${key.slice(0, -1)}x`, `${sessions[0]}x`, ...NO_CREDENTIALS];

  const exchange = async (draft: Draft, way: number) => {
    const bytes = bytesOf(draft, way);
    return { bytes, response: responseIn(await answerTo(bytes, port, way === 0)) };
  };

  return {
    clock,
    publicUrl,
    connected: true,
    key,
    knowledge,
    credentials: { keys: [key], sessions, others },
    request,
    handshake,
    newcomer: () => welcome(simulatorStorage(db), `${workspaceId}/prod`, Date.now()),
    send: async (draft) =>
      (await exchange(draft, 0)).response ?? assert.fail("the connection ended without an answer"),
    async sendBytes(draft, way) {
      const { bytes, response } = await exchange(draft, way);
      const status = response?.status ?? 0;
      assert.ok(status < 500, `${wayName(way)}: ${status}\n${pipeable(bytes, port)}`);
      return `${status || "no answer"}`;
    },
    // The keys that the first start prints are its answer, and no log.
    log: () => server.printed().slice(printed),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
