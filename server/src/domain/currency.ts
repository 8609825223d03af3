/** What a workspace counts in: reported amounts, sums and figures. */
import type { WorkspaceSettings } from "../store/store.ts";

/** Of workspaces that have not said it. */
export const DEFAULT_CURRENCY = "eur";

/** Lower-case ISO 4217. */
export const currencyOf = ({ currency = DEFAULT_CURRENCY }: Pick<WorkspaceSettings, "currency">): string =>
  currency;
