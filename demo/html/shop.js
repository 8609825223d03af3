/** What the customer sees: the billing page of Papercrane. Plain functions from billing's facts to elements. */
import { counted, DAY, date, h, money, percent } from "./dom.js";

const SUPPORT = "support@example.com";

export function account({ name, email, id }) {
  return [h("strong", {}, h("bdi", {}, name ?? id)), h("span", {}, email ?? "")];
}

/** @param exit the way out that each card has, made from customer, subscription and label */
export function shop(customer, now, exit = cancelButton) {
  const { subscriptions, invoices } = customer;
  return [
    h("h1", {}, "Plan and billing"),
    subscriptions.length
      ? h("div", { class: "cards" }, ...subscriptions.map((each) => card(customer, each, now, exit)))
      : h("p", { class: "quiet" }, "You have no plan yet."),
    h(
      "section",
      { class: "invoices", "aria-labelledby": "invoices" },
      h("h2", { id: "invoices" }, "Invoices"),
      ...history(invoices, subscriptions),
    ),
  ];
}

/** The same page with the tag that shows and does everything by itself. */
export const portal = ({ id }) => [
  h("h1", {}, "Plan and billing"),
  h(
    "renumerate-subscription-hub",
    { "session-url": sessionUrl(id), "fallback-email": SUPPORT },
    h("a", { href: `mailto:${SUPPORT}?subject=Plan` }, "Write to us about your plan"),
  ),
];

const sessionUrl = (customer) => `/demo/api/session?customer=${encodeURIComponent(customer)}`;

/** In words for a badge, and how it feels. */
export function stateOf({ status, cancelAt, trialEnd, pausedUntil }, now) {
  if (status === "cancelled") return ["off", `Ended ${date(cancelAt)}`];
  if (cancelAt !== undefined) return ["warn", `Ends ${date(cancelAt)}`];
  if (status === "trialing")
    return ["info", `Trial: ${counted(Math.ceil((trialEnd - now) / DAY), "day")} left`];
  if (status === "paused") return ["info", pausedUntil ? `Paused until ${date(pausedUntil)}` : "Paused"];
  if (status === "past_due") return ["bad", "Past due"];
  return ["good", "Active"];
}

export const badge = ([tone, text]) => h("span", { class: `badge ${tone}` }, text);

const per = ({ interval, intervalCount }) =>
  intervalCount === 1 ? `per ${interval}` : `every ${counted(intervalCount, interval)}`;

export const off = ({ percentOff, amountOff }, { currency }) =>
  percentOff === undefined ? money(amountOff, currency) : percent(percentOff);

/** What a period costs while the discount runs; undefined when it does not touch the next charge. */
function reduced({ price, discount, nextCharge }) {
  if (!discount || !nextCharge || discount.endsAt <= nextCharge.at) return undefined;
  const less = discount.amountOff ?? Math.round((price.amount * discount.percentOff) / 100);
  return Math.max(0, price.amount - less);
}

function card(customer, subscription, now, exit) {
  const { id, status, plan, price, quantity, startedAt, nextCharge, metadata } = subscription;
  const full = money(price.amount, price.currency);
  const lower = reduced(subscription);
  const several = customer.subscriptions.length > 1;
  return h(
    "article",
    { class: "card", "data-key": id, id: `card-${id}`, tabindex: "-1", "aria-labelledby": `title-${id}` },
    h(
      "header",
      {},
      h("h2", { id: `title-${id}` }, plan.name),
      badge(stateOf(subscription, now)),
      metadata.team !== undefined && h("p", { class: "team" }, h("bdi", {}, metadata.team)),
    ),
    h(
      "p",
      { class: "price" },
      h("strong", {}, lower === undefined ? full : money(lower, price.currency)),
      " ",
      lower !== undefined && [h("s", {}, h("span", { class: "sr" }, "instead of "), full), " "],
      h("span", {}, per(price)),
    ),
    ...notices(subscription, customer.invoices, full, lower),
    h(
      "dl",
      {},
      ...fact(
        "Next charge",
        nextCharge ? `${money(nextCharge.amount, nextCharge.currency)} on ${date(nextCharge.at)}` : "None",
      ),
      ...(quantity > 1
        ? fact("Seats", `${quantity} × ${money(price.amount / quantity, price.currency)}`)
        : []),
      ...fact("Customer since", date(startedAt)),
    ),
    h("ul", {}, ...plan.features.map((each) => h("li", {}, h("bdi", {}, each)))),
    status !== "cancelled" &&
      subscription.cancelAt === undefined &&
      h("footer", {}, exit(customer, subscription, several ? `Cancel ${plan.name}` : undefined)),
  );
}

/** The real tag. Its child is what a visitor can use if the script never comes. */
const cancelButton = (customer, { id }, label) =>
  h(
    "renumerate-cancel-button",
    {
      "session-url": sessionUrl(customer.id),
      "subscription-id": id,
      "fallback-email": SUPPORT,
      label,
    },
    h(
      "a",
      { href: `mailto:${SUPPORT}?subject=${encodeURIComponent(`Cancel ${id}`)}` },
      "Write to us to cancel",
    ),
  );

/** No script of ours at all: the backend makes a link to a page of the server, and the customer goes there. */
export const hostedExit = (customer, { id }, label = "Cancel subscription") =>
  h("button", { type: "button", "data-customer": customer.id, "data-subscription": id }, label);

const fact = (name, value) => [h("div", {}, h("dt", {}, name), h("dd", {}, h("bdi", {}, value)))];

function notices(subscription, invoices, full, lower) {
  const { id, status, price, discount, cancelAt, trialEnd, pausedUntil, scheduledChange } = subscription;
  const notice = (tone, text) => h("p", { class: `notice ${tone}` }, text);
  const said = [];
  const open = invoices.filter((each) => each.subscriptionId === id && each.status === "open");
  if (status === "cancelled") return [notice("off", "This plan has ended. Nothing more will be charged.")];
  for (const each of open) {
    said.push(
      notice(
        "bad",
        `Your payment of ${money(each.amount, each.currency)} on ${date(each.at)} did not go through.`,
      ),
    );
  }
  if (cancelAt !== undefined) {
    said.push(
      notice(
        "warn",
        `You have cancelled. Everything stays available until ${date(cancelAt)}, and nothing more will be charged.`,
      ),
    );
  } else if (status === "trialing") {
    said.push(notice("info", `Free until ${date(trialEnd)}.`));
  } else if (status === "paused") {
    said.push(
      notice(
        "info",
        `Nothing is charged while you pause.${pausedUntil ? ` We start again on ${date(pausedUntil)}.` : ""}`,
      ),
    );
  }
  if (scheduledChange) {
    const { name, price: next, at } = scheduledChange;
    said.push(
      notice("info", `From ${date(at)}: ${name}, ${money(next.amount, next.currency)} ${per(next)}.`),
    );
  }
  if (lower !== undefined) {
    const until = discount.endsAt
      ? `on charges before ${date(discount.endsAt)}, then ${full} again.`
      : "for as long as you stay.";
    said.push(notice("good", `${off(discount, price)} off ${until}`));
  }
  return said;
}

const SHOWN = 5;

function history(invoices, subscriptions) {
  if (!invoices.length) return [h("p", { class: "quiet" }, "No invoices yet.")];
  const earlier = invoices.slice(SHOWN, 24);
  return [
    table(invoices.slice(0, SHOWN), subscriptions, "Latest invoices"),
    ...(earlier.length
      ? [
          h(
            "details",
            {},
            h("summary", {}, "Earlier invoices"),
            table(earlier, subscriptions, "Earlier invoices"),
          ),
        ]
      : []),
  ];
}

const STATES = { paid: ["good", "Paid"], open: ["bad", "Open"], void: ["off", "Void"] };

function table(invoices, subscriptions, caption) {
  const heads = ["Date", "Plan", "Amount", "Status"].map((each) => h("th", { scope: "col" }, each));
  return h(
    "table",
    {},
    h("caption", { class: "sr" }, caption),
    h("thead", {}, h("tr", {}, ...heads)),
    h(
      "tbody",
      {},
      ...invoices.map(({ id, at, number, amount, currency, status, lines, subscriptionId }) =>
        h(
          "tr",
          { "data-key": id },
          h("td", {}, date(at), h("small", {}, number)),
          h(
            "td",
            {},
            lines[0]?.description ??
              subscriptions.find((each) => each.id === subscriptionId)?.plan.name ??
              "",
          ),
          h("td", {}, money(amount, currency)),
          h("td", {}, badge(STATES[status])),
        ),
      ),
    ),
  );
}
