import "@renumerate/js/cancel-button";
import "@renumerate/js/subscription-hub";
import type { CompleteDetail, ErrorDetail, SettledDetail, SubscriptionHub } from "@renumerate/js";
import type { CancelButtonProps } from "@renumerate/js/jsx";
import { useRef, useState } from "react";
import { Components } from "./Components.tsx";

/** An address of this shop's own backend. It knows who is signed in; the demo takes the customer from the address. */
const customer = new URLSearchParams(location.search).get("customer") ?? "cus_NffrFeUfNV2Hib";
const sessionUrl = `/demo/api/session?customer=${encodeURIComponent(customer)}`;

const date = (at: number) => new Date(at).toLocaleDateString("en", { dateStyle: "long" });

export function Billing() {
  const hub = useRef<SubscriptionHub>(null);
  const [outcome, setOutcome] = useState("");
  const [events, setEvents] = useState<string[]>([]);
  const note = (line: string) => setEvents((before) => [...before, line]);

  function cancelled(detail: SettledDetail) {
    setOutcome(detail.cancelAt ? `Cancelled: yours until ${date(detail.cancelAt)}.` : "Cancelled.");
    note(`cancelled ${detail.subscriptionId}`);
    void hub.current?.refresh();
  }

  function retained(detail: SettledDetail) {
    setOutcome(detail.offer ? `Thank you for staying: ${detail.offer.type}.` : "Thank you for staying.");
    note(`retained ${detail.subscriptionId}`);
    void hub.current?.refresh();
  }

  const complete = (detail: CompleteDetail) => note(`complete ${detail.outcome}`);
  const failed = (detail: ErrorDetail) => note(`error ${detail.code}`);

  // In JSX, TypeScript lets every name with a hyphen pass. Here a name that the tag does not know is an error.
  const attributes = {
    "session-url": sessionUrl,
    "fallback-email": "support@papercrane.example",
    "onrenumerate-cancelled": ({ detail }) => cancelled(detail),
    "onrenumerate-retained": ({ detail }) => retained(detail),
    "onrenumerate-complete": ({ detail }) => complete(detail),
    "onrenumerate-error": ({ detail }) => failed(detail),
  } satisfies CancelButtonProps;

  return (
    <main>
      <h1>Papercrane billing</h1>
      <renumerate-subscription-hub ref={hub} {...attributes} />
      <h2>Leaving?</h2>
      <renumerate-cancel-button {...attributes}>
        <a href="mailto:support@papercrane.example?subject=Cancel">Cancel by e-mail</a>
      </renumerate-cancel-button>
      <p role="status" className="outcome">
        {outcome}
      </p>
      <h2>Events</h2>
      <ol className="events">
        {events.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added
          <li key={at}>{line}</li>
        ))}
      </ol>
      <h2>The same with components</h2>
      <Components
        sessionUrl={sessionUrl}
        onCancelled={cancelled}
        onRetained={retained}
        onComplete={complete}
      />
    </main>
  );
}
