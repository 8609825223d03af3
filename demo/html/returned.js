/**
 * Where customers come back to from a hosted page. The result is in the fragment, which no server sees: it is taken out of
 * the address, so that it is in no list of visited pages, and handed to the business's backend, which alone can tell
 * whether it is genuine.
 */
import { h, update } from "./dom.js";

const at = (id) => document.getElementById(id);

try {
  document.documentElement.dataset.theme = localStorage.getItem("demo-theme") ?? "";
} catch {}

const token = new URLSearchParams(location.hash.slice(1)).get("ci_result_token");
history.replaceState(null, "", location.pathname + location.search);

const ENDINGS = {
  churned: [
    "You have cancelled",
    "We have your cancellation. You keep what you have paid for until it ends.",
  ],
  recovered: ["You are staying", "Thank you. Your plan goes on."],
  abandoned: [
    "Nothing has changed",
    "You closed the page without a decision, so your plan goes on as before.",
  ],
};

const taken = ({ type, label }) => `You have accepted: ${label ?? type.replaceAll("_", " ")}.`;

function say(title, ...words) {
  update(at("result"), h("h1", {}, title), ...words.filter(Boolean).map((each) => h("p", {}, each)));
}

async function show() {
  if (!token)
    return say("There is no result here", "This page is where customers come back to from a hosted page.");
  const answer = await fetch("/demo/api/result", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
    signal: AbortSignal.timeout(10_000),
  });
  const claims = await answer.json();
  if (!answer.ok) return say("We could not confirm this", claims.error.message);
  const { sub, outcome, offer } = claims;
  say(...ENDINGS[outcome], offer.accepted && taken(offer));
  at("back").href = `/?${new URLSearchParams({ customer: sub, view: "link" })}`;
  at("claims").hidden = false;
  at("claims").querySelector("pre").textContent = JSON.stringify(claims, null, 2);
}

show().catch((error) =>
  say("We could not confirm this", `The demo server does not answer (${error.message}).`),
);
