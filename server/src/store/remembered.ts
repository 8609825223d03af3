/** Who asks, of which workspace, by which flow: what hardly ever changes, and what every request wants to know. */
import type { Memory } from "./memory.ts";
import type { Queries } from "./store.ts";

type Remembered = Pick<Queries, "workspace" | "keyByHash" | "activeFlow" | "flow">;

export function remembered(queries: Queries, { remembering }: Memory): Queries {
  const activeFlow = remembering(["flows"], (workspaceId: string, environment: string) =>
    queries.activeFlow({ workspaceId, environment: environment as "prod" | "sandbox" }),
  );
  const flow = remembering(["flows"], (id: string, version: string) => queries.flow(id, Number(version)));
  const quick: Remembered = {
    workspace: remembering(["workspaces"], queries.workspace),
    keyByHash: remembering(["api_keys"], queries.keyByHash),
    activeFlow: ({ workspaceId, environment }) => activeFlow(workspaceId, environment),
    flow: (id, version) => flow(id, String(version)),
  };
  return { ...queries, ...quick };
}
