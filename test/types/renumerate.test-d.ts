/** What the compiler says to users of the class: both generations, and misspelt configuration. */
import { type EventData, Renumerate, type RenumerateConfig } from "../../src/index.ts";

const bySession = new Renumerate({ publicKey: "pk", callbacks: { onComplete: () => {} } });
export const dialog: HTMLDialogElement = bySession.showRetentionView("ret_1", { onRetained: ({ at }) => at });
export const wrapper: HTMLElement = bySession.mountSubscriptionHub("hub", "sub_1", "wrapper", "inner", {});
export const url: string = bySession.getSubscriptionHubUrl("sub_1");
bySession.mountCancelButton("cancel", "ret_1", { classes: "link", onCancelled: () => {} });

const byToken = new Renumerate({ getAuthToken: async () => "token" });
export const shown: Promise<void> = byToken.showRetentionView();
export const hub: Promise<HTMLElement> = byToken.mountSubscriptionHub("hub", "wrapper", "inner");
export const address: Promise<string> = byToken.getSubscriptionHubUrl();
byToken.mountCancelButton("cancel", { subscriptionId: "sub_1" });

// @ts-expect-error: a misspelt key would have no effect
new Renumerate({ publicKey: "pk", apiUrI: "https://renumerate.example.com" });
// @ts-expect-error: the same for the page's one instance
Renumerate.getInstance({ publicKey: "pk", fallbackemail: "help@example.com" });
// @ts-expect-error: an address is text
new Renumerate({ fallbackEmail: 1 });

const config: RenumerateConfig = { getAuthToken: async () => "token" };
const either: Renumerate = new Renumerate(config);
export const noted: Promise<void> = either.showRetentionView(undefined, { onComplete: () => {} });
export const mounted: Promise<HTMLElement> = either.mountSubscriptionHub("hub");
export const linked: Promise<string> = either.getSubscriptionHubUrl();
either.setCallbacks({ onComplete: undefined });
export const data: EventData = { plan: "team", seats: 3 };
