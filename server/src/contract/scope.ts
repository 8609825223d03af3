/** What a request with a key is about, as its query may name it. */
import { z } from "zod";

/** Of what its id alone finds, in either environment. */
export const workspaceQuery = {
  workspace_id: z
    .string()
    .max(255)
    .optional()
    .describe("If it is named, it must be the workspace of the key"),
};

export const scopeQuery = {
  environment: z
    .enum(["prod", "sandbox"])
    .optional()
    .describe("`prod` unless it is named; a key of the sandbox is for nothing else than `sandbox`"),
  ...workspaceQuery,
};
