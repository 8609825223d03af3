/** Workspaces and their keys. */
import { hash } from "node:crypto";
import type { FlowDefinition } from "../contract/flow-definition.ts";
import type { Deps } from "../deps.ts";
import type { KeyRow, Queries, Scope, WorkspaceRow, WorkspaceSettings } from "../store/store.ts";
import { takeChance } from "./chance.ts";
import { defaultFlow } from "./default-flow.ts";
import { publishVersion } from "./flows.ts";
import { isAllowed, type KeyScope } from "./scopes.ts";
import { seal, unseal } from "./seal.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** @param length characters of 5.95 bits each */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    // 248 is the largest multiple of 62 below 256: what is above it would favour some characters.
    for (const byte of takeChance(length)) if (byte < 248 && text.length < length) text += BASE62[byte % 62];
  }
  return text;
}

/** Keys hold ~238 bits of chance, so a plain digest is enough and a look-up by it leaks nothing. */
export const hashKey = (key: string): string => hash("sha256", key, "hex");

export interface NewKey extends Scope {
  kind: KeyRow["kind"];
  name: string;
  scopes?: (KeyScope | "*")[];
  /** A key that exists already, from the environment. */
  key?: string | undefined;
}

/** A signature stands for a session, so only a key that may make one can have made it. */
const maySign = (key: Pick<KeyRow, "kind" | "scopes">): boolean =>
  key.kind === "secret" && isAllowed(key, "sessions:write");

/** @returns the key itself, which nothing can show again */
export async function createKey(
  deps: Deps,
  { key, scopes = ["*"], ...rest }: NewKey,
  store: Queries = deps.store,
): Promise<{ key: string; row: KeyRow }> {
  const text = key ?? `rk_${rest.kind === "secret" ? "sk" : "pk"}_${randomText(40)}`;
  const id = deps.newId("key");
  const row: KeyRow = {
    workspaceId: rest.workspaceId,
    environment: rest.environment,
    kind: rest.kind,
    name: rest.name,
    id,
    hash: hashKey(text),
    ...(maySign({ kind: rest.kind, scopes }) ? { sealed: seal(deps.keys.signing, id, text) } : {}),
    lastFour: text.slice(-4),
    scopes,
    createdAt: deps.clock(),
  };
  await store.insertKey(row);
  return { key: text, row };
}

/**
 * The secret keys of a scope that signatures can be checked with: those that may make sessions, neither revoked nor from
 * before they were sealed.
 */
export async function secretsOf(deps: Deps, scope: Scope): Promise<{ key: KeyRow; secret: string }[]> {
  const keys = await deps.store.keys(scope.workspaceId);
  return keys.flatMap((key) => {
    if (key.environment !== scope.environment || !maySign(key)) return [];
    if (key.sealed === undefined || key.revokedAt !== undefined) return [];
    try {
      return [{ key, secret: unseal(deps.keys.signing, key.id, key.sealed) }];
    } catch {
      // Sealed under another master secret: as good as not sealed at all.
      return [];
    }
  });
}

/** Last use is for people who tidy up keys: a minute's precision spares a write on every request. */
const TOUCH_EVERY = 60_000;

export async function touchKey(deps: Deps, { id, lastUsedAt = 0 }: KeyRow): Promise<void> {
  const now = deps.clock();
  if (now - lastUsedAt >= TOUCH_EVERY) await deps.store.touchKey(id, now);
}

export interface FirstWorkspace {
  name: string;
  settings: WorkspaceSettings;
  /** Instead of the default one. */
  flow?: FlowDefinition;
  publicKey?: string | undefined;
  privateKey?: string | undefined;
}

/** Makes the first workspace with its keys and a flow in both environments, unless there is one. */
export async function ensureWorkspace(
  deps: Deps,
  first: FirstWorkspace,
): Promise<{ workspace: WorkspaceRow; created?: { publicKey: string; privateKey: string } }> {
  const [existing] = await deps.store.workspaces();
  if (existing) return { workspace: existing };
  const workspace: WorkspaceRow = {
    id: deps.newId("ws"),
    name: first.name,
    status: "active",
    settings: first.settings,
    createdAt: deps.clock(),
  };
  // All or nothing: a start that dies in the middle must not leave a workspace without keys or a flow.
  const created = await deps.store.transaction(async (tx) => {
    await tx.lock("first-workspace");
    if ((await tx.workspaces()).length) return undefined;
    await tx.insertWorkspace(workspace);
    for (const environment of ["prod", "sandbox"] as const) {
      await publishVersion(deps, tx, { workspaceId: workspace.id, environment }, first.flow ?? defaultFlow);
    }
    const scope = { workspaceId: workspace.id, environment: "prod" as const, name: "first" };
    const secret = await createKey(deps, { ...scope, kind: "secret", key: first.privateKey }, tx);
    const open = await createKey(deps, { ...scope, kind: "public", key: first.publicKey }, tx);
    return { publicKey: open.key, privateKey: secret.key };
  });
  return created ? { workspace, created } : { workspace: (await deps.store.workspaces())[0] as WorkspaceRow };
}
