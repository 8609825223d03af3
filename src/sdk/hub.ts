/** A subscription hub in the page, whose cancel buttons open the dialog of the class. */
import type { SubscriptionHub } from "../components/subscription-hub.ts";
import type { CancelRequestDetail } from "../events.ts";
import { loadSubscriptionHub } from "../lazy.ts";
import type { Whose } from "./dialog.ts";
import { troubleBox } from "./trouble.ts";
import type { RenumerateConfig } from "./types.ts";

export interface HubOptions {
  whose: Whose;
  /** Read anew whenever it is needed. */
  config(): RenumerateConfig;
  apiUrl(): string;
  /** Opens the flow of one subscription; `done` when its dialog has closed. */
  onCancel(subscriptionId: string, done: () => void): void;
}

export interface AttachedHub {
  readonly hub: HTMLElement;
  /** Takes up what has changed in the configuration. */
  update(): void;
  detach(): void;
}

/** Makes a hub of a tag that is or will be in the page. */
export function attachHub(hub: HTMLElement, { whose, config, apiUrl, onCancel }: HubOptions): AttachedHub {
  const element = hub as SubscriptionHub;

  // Attributes, because the element need not be known yet.
  function update(): void {
    const { locale, fallbackEmail, colorScheme, timeout, debug } = config();
    const attributes = {
      "api-url": apiUrl(),
      locale,
      "fallback-email": fallbackEmail,
      "color-scheme": colorScheme,
      timeout,
    };
    for (const [name, value] of Object.entries(attributes)) {
      if (value) hub.setAttribute(name, `${value}`);
      else hub.removeAttribute(name);
    }
    hub.toggleAttribute("debug", !!debug);
  }
  update();
  // Where whoever reads the page's markup does not find it.
  element.sessionId = whose.sessionId ?? "";
  element.getSession = whose.getSession;

  let isGone = false;
  let box: HTMLElement | undefined;
  const request = (event: CustomEvent<CancelRequestDetail>) => {
    if (event.target !== hub) return;
    event.preventDefault();
    // Safari does not focus a button that is clicked, and the dialog gives the focus back to where it was.
    hub.focus();
    onCancel(event.detail.subscriptionId, () => {
      // Read back, whatever the outcome: what the customer sees is what billing says.
      if (!isGone) void element.refresh?.();
    });
  };
  hub.addEventListener("renumerate-cancel-request", request);

  const arrive = async () => {
    await loadSubscriptionHub(config().timeout);
    // Somebody else's element of that name, or one whose code has failed once and is not run again.
    if (hub.isConnected && typeof element.refresh !== "function") throw new TypeError("This is no hub");
  };
  const load = () => {
    arrive().catch(() => {
      if (isGone) return;
      hub.hidden = true;
      box = troubleBox({
        lines: ["We're having trouble loading your subscription information."],
        email: config().fallbackEmail,
        write: "In the meantime email us at {} for any urgent issues.",
        contact: "In the meantime contact support for any urgent issues.",
        reference: whose.subscriptionId ?? "",
        retry() {
          hub.hidden = false;
          load();
        },
      });
      hub.after(box);
    });
  };
  load();
  return {
    hub,
    update,
    detach() {
      isGone = true;
      box?.remove();
      hub.removeEventListener("renumerate-cancel-request", request);
    },
  };
}
