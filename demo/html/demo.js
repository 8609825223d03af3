/** Glue: customer and view live in the address, the facts on the server; everything is drawn from these two. */
import { DAY, dateTime, update } from "./dom.js";
import * as panel from "./panel.js";
import { account, hostedExit, portal, shop } from "./shop.js";

const REFRESH = 5000;
const HEARD = 50;
const at = (id) => document.getElementById(id);
const views = () => document.querySelectorAll(".views a");

let state;
let failed;
/** While a flow is open the page behind it stays as it is, so that focus finds its way back. */
let flowOpen = false;
const heard = [];

/** What the page has of ours: a view of none has the buttons. */
const VIEWS = {
  "": [
    (customer, now) => shop(customer, now),
    (chosen) => panel.snippet(location.origin, chosen.subscriptions[0]),
  ],
  hub: [portal, () => panel.hubSnippet(location.origin)],
  link: [(customer, now) => shop(customer, now, hostedExit), () => panel.linkSnippet(location.origin)],
};

/** Another view or customer keeps the other. */
const address = (customer, view) => `?${new URLSearchParams({ customer, ...(view ? { view } : {}) })}`;

function draw() {
  const parameters = new URLSearchParams(location.search);
  const wanted = parameters.get("customer");
  const wished = parameters.get("view") ?? "";
  const view = Object.hasOwn(VIEWS, wished) ? wished : "";
  const [show, embed] = VIEWS[view];
  const known = state?.customers.find((each) => each.id === wanted);
  const stranger = state && wanted && !known;
  at("trouble").hidden = !failed && !stranger;
  at("retry").hidden = !failed;
  const trouble = failed
    ? `The demo server does not answer (${failed}).${state ? " What you see may be out of date." : ""}`
    : `There is no customer “${wanted}” in this demo. Choose one from the list.`;
  const said = at("trouble").firstElementChild;
  if (said.textContent !== trouble) said.textContent = trouble;
  if (!state) return;

  const { now, ledger, events } = state;
  const customers = panel.inOrder(state.customers);
  const chosen = known ?? customers[0];
  if (!flowOpen) {
    update(at("account"), account(chosen));
    update(at("shop"), show(chosen, now));
    document.querySelector("main").ariaBusy = "false";
  }
  for (const link of views()) {
    link.href = address(chosen.id, link.dataset.view);
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  update(
    at("list"),
    panel.people(customers, chosen, now, (id) => address(id, view)),
  );
  at("who").textContent = chosen.name ?? chosen.id;
  at("clock").textContent = dateTime(now);
  update(at("dom"), panel.domEvents(heard));
  update(at("ledger"), panel.ledger(ledger, customers));
  update(at("events"), panel.events(events, customers));
  update(at("billing"), panel.billing(chosen));
  const snippet = embed(chosen);
  if (at("snippet").textContent !== snippet) at("snippet").textContent = snippet;
}

let asked = 0;
async function refresh() {
  const mine = ++asked;
  try {
    const answer = await fetch("/demo/api/state", { signal: AbortSignal.timeout(REFRESH * 2) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = await answer.json();
    // A later question may have been answered first.
    if (mine !== asked) return;
    state = fresh;
    failed = undefined;
  } catch (error) {
    if (mine !== asked) return;
    failed = error.message;
  }
  draw();
}

/** Links stay real links: they open in a new tab, and "back" works. @returns whether it was followed here */
function follow(event) {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return false;
  event.preventDefault();
  history.pushState(null, "", link.href);
  draw();
  return true;
}
at("list").addEventListener("click", (event) => {
  if (!follow(event) || wide.matches) return;
  at("people").open = false;
  at("people").firstElementChild.focus();
});
document.querySelector(".views").addEventListener("click", follow);
addEventListener("popstate", draw);
at("retry").addEventListener("click", refresh);

/** To a page of the server, by a link that the business's backend has made. */
at("shop").addEventListener("click", async ({ target }) => {
  const { customer, subscription } = target.closest("[data-subscription]")?.dataset ?? {};
  if (!subscription) return;
  try {
    const answer = await fetch("/demo/api/cancel-link", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ customer, subscription }),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error.message);
    location.assign(said.url);
  } catch (error) {
    failed = error.message;
    draw();
  }
});

/** The next month has its own length, and no 31st if it has none. */
function daysToNextMonth(now) {
  const next = new Date(now);
  next.setUTCMonth(next.getUTCMonth() + 1);
  if (next.getUTCDate() !== new Date(now).getUTCDate()) next.setUTCDate(0);
  return (next - now) / DAY;
}

async function move(days) {
  const moved = at("moved");
  try {
    const answer = await fetch("/demo/api/clock", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ days }),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error?.message ?? `status ${answer.status}`);
    moved.textContent = `It is now ${dateTime(said.now)}.`;
  } catch (error) {
    moved.textContent = `The clock did not move: ${error.message}`;
  }
  await refresh();
  // What it shows depends on billing's clock, and it cannot know that somebody has moved it.
  await document.querySelector("renumerate-subscription-hub")?.refresh?.();
}
at("move").addEventListener("click", ({ target: { value } }) => {
  if (value === "month") void move(daysToNextMonth(state?.now ?? Date.now()));
  else if (value === "day" || value === "week") void move(value === "day" ? 1 : 7);
});
at("move").addEventListener("submit", (event) => {
  event.preventDefault();
  void move(event.target.elements.days.valueAsNumber);
});

for (const name of ["open", "step", "retained", "cancelled", "complete", "change", "close", "error"]) {
  document.addEventListener(`renumerate-${name}`, async ({ type, detail, target }) => {
    const subscription =
      target.getAttribute("subscription-id") || target.subscriptionId || detail.subscriptionId;
    heard.unshift({
      key: `${Date.now()}-${heard.length}-${type}`,
      type,
      at: Date.now(),
      detail,
      subscription,
    });
    heard.length = Math.min(heard.length, HEARD);
    if (name === "open") flowOpen = true;
    if (name === "close") flowOpen = false;
    draw();
    if (!["complete", "change", "close"].includes(name)) return;
    await refresh();
    // The button is gone once its subscription ends: go on at its card.
    if (!flowOpen && document.activeElement === document.body) at(`card-${subscription}`)?.focus();
  });
}

at("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(at("snippet").textContent);
    at("copied").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(at("snippet"));
    at("copied").textContent = "Selected: copy it with your keyboard";
  }
});

const theme = at("theme");
const paint = () => {
  document.documentElement.dataset.theme = theme.value;
};
try {
  theme.value = localStorage.getItem("demo-theme") ?? "";
} catch {}
paint();
theme.addEventListener("change", () => {
  paint();
  try {
    localStorage.setItem("demo-theme", theme.value);
  } catch {}
});

/** Side by side there is room for everything; below each other both lists begin folded. */
const wide = matchMedia("(min-width: 72rem)");
const fold = () => {
  for (const id of ["people", "panel"]) at(id).open = wide.matches;
};
fold();
wide.addEventListener("change", fold);

void refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, REFRESH);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void refresh();
});
