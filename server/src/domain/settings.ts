/** What a business decides about its workspace: every change is made of what is stored then, never of what was read before. */
import type { Queries, Store, WorkspaceRow, WorkspaceSettings } from "../store/store.ts";

type Changeable = Pick<WorkspaceRow, "name" | "status" | "settings">;

/**
 * Two who change different things at once lose neither.
 * @param change may be called several times. What it throws leaves everything as it was; what it leaves out stays
 * @returns the workspace as it is now
 */
export function changeWorkspace(
  store: Pick<Store, "transaction">,
  id: string,
  change: (before: WorkspaceRow) => Partial<Changeable>,
): Promise<WorkspaceRow> {
  return store.transaction(async (tx) => {
    await tx.lock(`workspace:${id}`);
    const before = await workspaceOf(tx, id);
    const changed = change(before);
    await tx.updateWorkspace(id, changed);
    return { ...before, ...changed };
  });
}

/**
 * @param change may be called several times. It answers with all settings; with those that it was given if all stay
 * @returns the settings as they are now
 */
export async function changeSettings(
  store: Pick<Store, "transaction">,
  workspaceId: string,
  change: (before: WorkspaceSettings) => WorkspaceSettings,
): Promise<WorkspaceSettings> {
  const { settings } = await changeWorkspace(store, workspaceId, (before) => {
    const after = change(before.settings);
    return after === before.settings ? {} : { settings: after };
  });
  return settings;
}

/** Nobody outside names a workspace: one that is not there is a mistake of ours. */
async function workspaceOf(store: Pick<Queries, "workspace">, id: string): Promise<WorkspaceRow> {
  const workspace = await store.workspace(id);
  if (!workspace) throw new Error(`There is no workspace ${id}`);
  return workspace;
}
