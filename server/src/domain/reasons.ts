/** Reason keys that the ledger takes. */
import type { FlowDefinition } from "../contract/flow-definition.ts";
import type { Deps } from "../deps.ts";
import type { Scope, WorkspaceSettings } from "../store/store.ts";

/** What the active flow asks for and what the workspace has added, without what it has taken away. */
export async function enabledReasons(
  { store }: Pick<Deps, "store">,
  scope: Scope,
  { reasons = {} }: WorkspaceSettings,
): Promise<string[]> {
  const flow = (await store.activeFlow(scope))?.definition as unknown as FlowDefinition | undefined;
  const asked = (flow?.steps ?? []).flatMap((step) =>
    step.type === "survey" ? step.reasons.map(({ id }) => id) : [],
  );
  const settled = new Map(Object.entries(reasons));
  const added = [...settled.keys()].filter((key) => settled.get(key));
  return [...new Set([...asked, ...added])].filter((key) => settled.get(key) !== false);
}
