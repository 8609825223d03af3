/** Answers that are well-formed and yet not what a widget of this version expects: hostile, older, newer. */
import type { FlowConfig } from "../../../src/api/wire.ts";
import type { Fault } from "../fault-proxy.ts";
import { changed, refusal } from "./faults.ts";

type Config = { -readonly [Key in keyof FlowConfig]: FlowConfig[Key] };

/** The configuration of a flow, changed by whoever wishes us ill or knows more than we do. */
const config = (change: (config: Config) => unknown): Fault =>
  changed((text) => {
    const value = JSON.parse(text) as Config;
    return JSON.stringify(change(value) ?? value);
  });

/** Every text of a flow, its ids and kinds left alone. */
function retold(value: unknown, text: string): unknown {
  if (Array.isArray(value)) return value.map((each) => retold(each, text));
  if (typeof value !== "object" || !value) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      /^(title|body|label|name|acceptLabel|declineLabel|description|items|features)$/.test(key) &&
      typeof each === "string"
        ? text
        : retold(each, text),
    ]),
  );
}

export const MARKUP = `<img src=x onerror="window.harmed = true"><script>window.harmed = true</script>`;

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** A step of the page's own with data that somebody else has written. */
const withData = (data: string): Fault =>
  changed((text) =>
    text.replace('"steps":[', `"steps":[{"type":"custom","id":"own","name":"own","data":${data}},`),
  );

export const prototypes = changed((text) =>
  text.replaceAll(
    /\{(?=")/g,
    '{"__proto__":{"harmed":true},"constructor":{"prototype":{"harmed":true}},"toString":1,',
  ),
);
export const huge = config((value) => ({ ...value, ballast: "x".repeat(50_000_000) }));
export const deep = withData(nested(100_000));
export const scripts = config((value) => {
  const url = "javascript:window.harmed = true";
  value.fallbackEmail = "help@shop.example?cc=everyone@evil.example&body=%0A";
  for (const step of value.flow.steps) {
    step.body = `[Look](${url}) [here](data:text/html,<script>window.harmed=true</script>)`;
    if (step.type !== "survey") continue;
    for (const { offer } of step.reasons) if (offer && "url" in offer.terms) offer.terms.url = url;
  }
});
export const markup = config((value) => retold(value, MARKUP));
/** `1e999` is read as infinity. */
export const infinite = changed((text) => text.replace(/"now":\d+/, '"now":1e999'));
export const numbersAsText = changed((text) => text.replace(/"periodEnd":\d+/, '"periodEnd":"NaN"'));
/** Whole numbers, but no dates, no currencies. */
export const impossible = config((value) => {
  value.subscription.periodEnd = 9_000_000_000_000_000;
  Object.assign(value.subscription.price ?? {}, { currency: "no such currency" });
});
export const unknownSteps = config((value) => {
  value.flow.steps = [{ type: "hologram", id: "one" }] as never;
});
export const noSteps = config((value) => {
  value.flow.steps = [];
});
/** Two steps, reasons or offers of one name. */
export const twins = config((value) => {
  value.flow.steps = [...value.flow.steps, ...value.flow.steps];
});

/** A server of next year: more kinds of everything, more fields, among what is known. */
export const newer = config((value) => {
  const [survey] = value.flow.steps;
  value.flow.steps = [{ type: "hologram", id: "first", title: "Step inside" }, ...value.flow.steps] as never;
  if (survey?.type === "survey") {
    survey.reasons = survey.reasons.map(
      (reason) => ({ ...reason, mood: "blue", offer: { type: "teleport", id: "beam", terms: {} } }) as never,
    );
  }
  return { ...value, region: "moon", session: { ...value.session, sealed: true } };
});
/** It has decided a session in a way that this widget has never heard of. */
export const newOutcome = config((value) => {
  value.session.settlement = {
    outcome: "transferred" as never,
    status: "done",
    at: value.now,
    subscription: value.subscription,
  };
});

/** A server of last year gives neither a delivery token nor words. */
export const olderFlow = config(({ messages: _, ...value }) => {
  const { deliveryToken: __, ...session } = value.session;
  return { ...value, session };
});

/** A settlement whose numbers cannot be shown. */
export const impossibleSettlement = changed((text) => {
  const value = JSON.parse(text);
  value.subscription.cancelAt = 9_000_000_000_000_000;
  Object.assign(value.subscription.price ?? {}, { currency: "no such currency" });
  return JSON.stringify(value);
});

/** It refuses what it does not know, as every server of ours does. */
export const olderDecision: Fault = async (exchange) => {
  const { age, seen: _, ...known } = JSON.parse(exchange.body.toString());
  if (age === undefined && Object.keys(known).every((key) => ["token", "session", "events"].includes(key)))
    return exchange.send(await exchange.answer());
  return refusal(400, "parameter_unknown")(exchange);
};
