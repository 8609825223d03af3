/** What the developer sees: everybody in the demo, and what billing, the ledger and the page's own events say. */
import { date, dateTime, h, money, time } from "./dom.js";
import { badge, off, stateOf } from "./shop.js";

/** What each customer is good for, in the order of the list. */
const GOOD_FOR = {
  cus_NffrFeUfNV2Hib: "The usual case: monthly, discount or pause",
  cus_amara: "Pays yearly: a discount on the renewal",
  cus_mateo: "Begins on trial: more time, not a lower price",
  cus_ingrid: "Begins paused: no second pause",
  cus_sam: "Payments fail: can still cancel",
  cus_priya: "Cancelled: stays until the period ends",
  cus_olivia: "Left long ago: nothing to cancel",
  cus_lucia: "Two subscriptions, two buttons",
  cus_misaki: "Yen: no decimals, Japanese name",
  cus_tom: "Begins discounted: no second discount",
  cus_zoe: "A name that looks like HTML, five seats",
  cus_nour: "A long name, right to left",
  cus_eleanor: "Nine years, twelve seats: large amounts",
  cus_noah: "Began on a 31st: short months",
  cus_harbour: "Shares an e-mail address, pays yearly",
  cus_harbour_interns: "Shares an e-mail address, hundreds of invoices",
  cus_wren: "Has never subscribed",
};

export const inOrder = (customers) => {
  const ids = Object.keys(GOOD_FOR);
  const rank = ({ id }) => ids.indexOf(id) + 1 || ids.length + 1;
  return [...customers].sort((a, b) => rank(a) - rank(b));
};

/** @param address of a customer's page */
export const people = (customers, chosen, now, address) =>
  customers.map(({ id, name, subscriptions }) =>
    h(
      "li",
      { "data-key": id },
      h(
        "a",
        { href: address(id), "aria-current": id === chosen.id && "true" },
        h("strong", {}, h("bdi", {}, name ?? id)),
        h("span", {}, GOOD_FOR[id] ?? ""),
        subscriptions.length === 1 &&
          stateOf(subscriptions[0], now)[0] !== "good" &&
          badge(stateOf(subscriptions[0], now)),
      ),
    ),
  );

const empty = (text) => [h("li", { class: "quiet" }, text)];
const raw = (value) =>
  h("details", {}, h("summary", {}, "JSON"), h("pre", {}, JSON.stringify(value, null, 2)));

const row = (key, tone, title, when, lines, value) =>
  h(
    "li",
    { "data-key": key },
    h("p", {}, badge([tone, title]), h("time", {}, when)),
    ...lines.filter(Boolean).map((line) => h("p", { class: "line" }, line)),
    raw(value),
  );

const words = (name) => name.replaceAll("_", " ");
const person = (customers, id) => customers.find((each) => each.id === id)?.name ?? id;

const OUTCOMES = {
  retained: ["good", "Retained"],
  cancelled: ["bad", "Cancelled"],
  abandoned: ["off", "Abandoned"],
};

const cardOf = ({ brand, last4, expMonth, expYear }) =>
  [brand, last4 && `…${last4}`, expMonth && `${expMonth}/${expYear}`].filter(Boolean).join(" ");

/** @param rows newest first */
export function ledger(rows, customers) {
  if (!rows.length) return empty("Nobody has opened the flow yet.");
  return rows.map((each) => {
    const {
      id,
      outcome,
      confirmed,
      reason,
      feedback,
      reasonText,
      offerId,
      offerType,
      offerAccepted,
      mrr,
      currency,
    } = each;
    const [tone, title] = OUTCOMES[outcome] ?? ["info", "Open"];
    const certainty =
      outcome === "retained" || outcome === "cancelled" ? (confirmed ? ", confirmed" : ", requested") : "";
    const amount = money(mrr, currency);
    const effect =
      { retained: `saved MRR ${amount}`, cancelled: `lost MRR ${amount}` }[outcome] ?? `MRR ${amount}`;
    return row(
      id,
      tone,
      title + certainty,
      dateTime(each.occurredAt),
      [
        h(
          "span",
          {},
          h("bdi", {}, person(customers, each.customerId)),
          ` · ${each.plan} · `,
          h("strong", {}, effect),
        ),
        reason && `Reason: ${words(reason)}`,
        (reasonText ?? feedback) && h("q", {}, reasonText ?? feedback),
        offerType && `Offer: ${words(offerType)} (${offerId}), ${offerAccepted ? "accepted" : "not taken"}`,
        each.effectiveAt && `Access until ${date(each.effectiveAt)}`,
        each.undoneAt && `Taken back on ${date(each.undoneAt)}`,
      ],
      each,
    );
  });
}

/** By the last word of a type: those of the server's events, and those of the page's own. */
const KINDS = {
  retained: "good",
  saved: "good",
  undone: "good",
  ending_undone: "good",
  recovered: "good",
  cancelled: "bad",
  canceled: "bad",
  ended: "bad",
  lost: "bad",
  change_failed: "bad",
  abandoned: "off",
  ending: "warn",
  failed: "warn",
  requested: "warn",
  request_failed: "bad",
};

/** @param rows oldest first */
export function events(rows, customers) {
  if (!rows.length) return empty("What happened to sessions appears here, newest first.");
  return rows.toReversed().map((each) => {
    const { cancel_reason: reason, customer_id: customer, offer, change } = each.data;
    const lines = [
      h(
        "span",
        {},
        h("bdi", {}, person(customers, customer)),
        reason ? ` · ${words(reason)}` : "",
        offer ? ` · ${words(offer)}` : "",
        change ? ` · ${words(change)}` : "",
      ),
    ];
    return row(
      each.id,
      KINDS[each.type.split(".").at(-1)] ?? "info",
      each.type,
      dateTime(each.at),
      lines,
      each,
    );
  });
}

/** @param heard newest first: `{key, type, at, detail, subscription}` */
export function domEvents(heard) {
  if (!heard.length) return empty("Cancel or change a plan: what the tag tells your page appears here.");
  return heard.map(({ key, type, at, detail, subscription }) => {
    const tone = type === "renumerate-error" ? "bad" : (KINDS[type.slice("renumerate-".length)] ?? "info");
    // Ids and instants are for the JSON below; an offer is known by its kind.
    const told = Object.entries(detail)
      .map(([name, value]) => [name, value?.type ?? value])
      .filter(
        ([name, value]) => !name.endsWith("Id") && (typeof value === "string" || typeof value === "boolean"),
      );
    const text = told.map(([name, value]) => `${name}: ${value}`).join(", ");
    return row(key, tone, type, time(at), [text], { target: subscription, detail });
  });
}

export function billing({ subscriptions, invoices }) {
  if (!subscriptions.length) return [h("p", { class: "quiet" }, "This customer has never subscribed.")];
  return subscriptions.map((subscription) => {
    const { id, status, price, discount, nextCharge, paymentMethod, due } = subscription;
    const last = invoices.filter((each) => each.subscriptionId === id).slice(0, 3);
    const facts = {
      status,
      price: `${price.id}, ${money(price.amount, price.currency)}`,
      started: dateTime(subscription.startedAt),
      "period ends": dateTime(subscription.periodEnd),
      "trial ends": subscription.trialEnd && dateTime(subscription.trialEnd),
      "paused until": subscription.pausedUntil && dateTime(subscription.pausedUntil),
      "cancels at": subscription.cancelAt && dateTime(subscription.cancelAt),
      discount:
        discount &&
        `${off(discount, price)}, ${discount.endsAt ? `ends ${dateTime(discount.endsAt)}` : "for good"}`,
      "next charge": nextCharge
        ? `${money(nextCharge.amount, nextCharge.currency)}, ${dateTime(nextCharge.at)}`
        : "none",
      card: paymentMethod && cardOf(paymentMethod),
      due: due && `${money(due.amount, due.currency)}, since ${dateTime(due.at)}`,
    };
    const shown = Object.entries(facts).filter(([, value]) => value);
    for (const { number, amount, currency, status: paid, at } of last) {
      shown.push([number, `${money(amount, currency)}, ${paid}, ${date(at)}`]);
    }
    return h(
      "div",
      { class: "facts", "data-key": id },
      h("h4", {}, h("code", {}, id)),
      h(
        "dl",
        {},
        ...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, h("bdi", {}, value)))),
      ),
      raw({ subscription, invoices: last }),
    );
  });
}

export const hubSnippet = (origin) => `<!-- Anywhere on your billing page -->
<script type="module" src="${origin}/embed.js"></script>

<renumerate-subscription-hub
  session-url="/billing/session"
  fallback-email="support@example.com">
  <a href="mailto:support@example.com">Write to us about your plan</a>
</renumerate-subscription-hub>

<!-- Your own endpoint /billing/session asks
       POST ${origin}/v1/subscription/session
       {"subscription": {"customer_id": "cus_…"}}
     with the private key, and answers with {"id": "sub_…"}. -->`;

/** @param subscription undefined where the customer has none */
export const snippet = (origin, { id = "sub_…" } = {}) => `<!-- Anywhere on your billing page -->
<script type="module" src="${origin}/embed.js"></script>

<renumerate-cancel-button
  session-url="/billing/cancel-session"
  subscription-id="${id}"
  fallback-email="support@example.com">
  <a href="mailto:support@example.com">Write to us to cancel</a>
</renumerate-cancel-button>

<script type="module">
  // Your own endpoint /billing/cancel-session asks
  //   POST ${origin}/v1/retention/session
  //   {"retention": {"customer_id": "cus_…"}}
  // with the private key, and answers with {"id": "ret_…"}.
  addEventListener("renumerate-complete", ({ detail }) => {
    console.log(detail.outcome); // retained | cancelled | abandoned
  });
</script>`;

export const linkSnippet = (origin) => `# Nothing on your page. Your backend asks for a link:
curl ${origin}/api/v1/cancel-link \\
  --header "Authorization: Bearer $RENUMERATE_PRIVATE_KEY" \\
  --json '{"userId": "user_456",
    "returnUrl": "https://app.example.com/returned",
    "context": {"plan": "Pro", "mrr": 29}}'

# It sends the customer to the "url" of the answer. They come back
# to https://app.example.com/returned#ci_result_token=…
# Your page hands the token to your backend, which verifies it
# before it changes billing:
#   POST ${origin}/api/v1/cancel-sessions/verify
#   {"token": "…"}`;
