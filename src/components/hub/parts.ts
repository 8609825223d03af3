/** What the parts of a hub that ask for something themselves know of it. */
import type { ReactiveControllerHost } from "lit";
import type { Client } from "../../api/client.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";

export interface HubParts extends ReactiveControllerHost {
  /** Of the session that what is shown was loaded with; none before the first answer, and once the session has ended. */
  readonly client: Client | undefined;
  readonly format: HubFormat;
  /** Loads the hub anew. Resolves when what came, or that it failed, is shown; never rejects. */
  refresh(): Promise<void>;
}
