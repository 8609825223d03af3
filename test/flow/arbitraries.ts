/** Random flows of every kind of step and offer, and random walks through them. */
import fc from "fast-check";
import type {
  Choice,
  FlowConfig,
  Offer,
  Reason,
  Settlement,
  Step,
  Subscription,
} from "../../src/api/wire.ts";
import { currentNode, type FlowState, type MachineEvent } from "../../src/flow/machine.ts";
import { configOf, DAY, NOW, offers, settlementOf, subscription } from "./fixtures.ts";

/** Mostly ordinary names, some that objects have already. */
const word = fc.oneof(
  { weight: 9, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/) },
  fc.constantFrom("constructor", "valueOf", "__proto__", "confirm"),
);

const ids = (length: number) => fc.uniqueArray(word, { minLength: length, maxLength: length });

export const offer: fc.Arbitrary<Offer> = fc.oneof(
  fc.constantFrom<Offer>(...Object.values(offers)),
  fc
    .record({ months: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }), open: fc.boolean() })
    .map(({ months, open }): Offer => {
      const dates = open ? { dates: { min: NOW, max: NOW + 30 * DAY } } : {};
      return { ...offers.pause, terms: { startsAt: NOW, months, ...dates } };
    }),
  fc.constant<Offer>({ ...offers.plan_change, terms: { plans: [], startsAt: NOW } }),
);

const flag = fc.option(fc.boolean(), { nil: undefined });

const reasons: fc.Arbitrary<Reason[]> = fc.integer({ min: 0, max: 4 }).chain((length) =>
  fc
    .tuple(
      ids(length),
      fc.array(fc.tuple(fc.option(offer), flag, fc.boolean()), { minLength: length, maxLength: length }),
    )
    .map(([names, extras]) =>
      names.map((id, index) => {
        const [hanging, required, asks] = extras[index] as [Offer | null, boolean | undefined, boolean];
        return {
          id,
          label: id,
          ...(hanging ? { offer: hanging } : {}),
          ...(asks ? { followup: { label: "?", ...(required === undefined ? {} : { required }) } } : {}),
        };
      }),
    ),
);

type Unnamed = Step extends infer Each ? (Each extends Step ? Omit<Each, "id"> : never) : never;

const step: fc.Arbitrary<Unnamed> = fc.oneof(
  fc.record({ type: fc.constant("survey" as const), reasons, required: flag }),
  fc.record({ type: fc.constant("offer" as const), offer }),
  fc.record({
    type: fc.constant("feedback" as const),
    required: flag,
    minLength: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  }),
  fc.record({ type: fc.constant("losses" as const), items: fc.array(fc.string(), { maxLength: 2 }) }),
  fc.record({
    type: fc.constant("confirm" as const),
    effective: fc.constantFrom("period_end", "immediately"),
  }),
  fc.record({ type: fc.constant("success" as const) }),
  fc.record({ type: fc.constant("custom" as const), name: fc.constant("ours"), required: flag }),
) as fc.Arbitrary<Unnamed>;

/** Zero to seven steps in any order: also those that no editor would make. */
export const steps: fc.Arbitrary<Step[]> = fc
  .array(step, { maxLength: 7, size: "max" })
  .chain((unnamed) =>
    ids(unnamed.length).map((names) =>
      unnamed.map((each, index) => ({ ...each, id: names[index] as string }) as Step),
    ),
  );

export const settlement: fc.Arbitrary<Settlement> = fc
  .record({ outcome: fc.constantFrom("retained", "cancelled"), status: fc.constantFrom("done", "requested") })
  .map(({ outcome, status }) => settlementOf(outcome, { status }));

const ending: Partial<Subscription>[] = [
  {},
  {},
  {},
  {},
  {},
  {},
  {},
  {},
  { cancelAt: NOW },
  { status: "cancelled" },
];

/** A flow that can be walked. */
export const openConfig: fc.Arbitrary<FlowConfig> = steps.map((each) => configOf(each));

/** Also sessions that were decided before and subscriptions that end already. */
export const config: fc.Arbitrary<FlowConfig> = fc
  .tuple(
    openConfig,
    fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, settlement),
    fc.constantFrom(...ending),
  )
  .map(([base, settled, change]) => ({
    ...base,
    session: { ...base.session, ...(settled ? { settlement: settled } : {}) },
    subscription: { ...subscription, ...change },
  }));

/** Turns a state into an event that may or may not mean something there. */
export type Move = (state: FlowState, config: FlowConfig) => MachineEvent;

const always = (event: MachineEvent): Move => {
  return () => event;
};

const ways = ["next", "back", "accept", "decline", "leave"] as const;
const ends = ["confirm", "keep", "close"] as const;
const rest = ["open", "retry", "restart"] as const;

const plain = fc.constantFrom(...ways, ...ends, ...rest).map((type) => always({ type }));

const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

function choiceOf(offer: Offer | undefined, index: number): Choice {
  if (offer?.type === "plan_change") return { priceId: pick(offer.terms.plans, index)?.price.id ?? "none" };
  if (offer?.type !== "pause") return index % 5 ? {} : { months: 1 };
  const { dates, months } = offer.terms;
  if (index % 3 === 0) return { until: (dates?.min ?? NOW) + (index - 40) * DAY };
  const length = pick(months, index);
  return length === undefined ? {} : { months: length };
}

function reasonOf(step: Step | undefined, index: number): string {
  return (step?.type === "survey" ? pick(step.reasons, index)?.id : undefined) ?? "none";
}

const answer: fc.Arbitrary<Move> = fc.oneof(
  fc.nat(100).map((index): Move => {
    return (state) => ({ type: "select", reason: reasonOf(currentNode(state)?.step, index) });
  }),
  fc.nat(100).map((index): Move => {
    return (state) => ({ type: "choose", choice: choiceOf(currentNode(state)?.offer, index) });
  }),
  fc.constantFrom("", " ", "ab", "enough words").map((text) => always({ type: "write", text })),
  fc.jsonValue().map((value) => always({ type: "fill", value })),
);

const fault = fc.record({
  code: fc.constantFrom("network", "timeout", "offer_not_available", "session_completed", "offer_changed"),
  retryable: fc.boolean(),
});

/** A decision that failed; of a cancellation that is kept in the browser, or not. */
const rejection = fc.record({ fault, keptAt: fc.option(fc.constant(NOW), { nil: undefined }) }).map(
  ({ fault, keptAt }): MachineEvent => ({
    type: "rejected",
    fault,
    ...(keptAt !== undefined && { keptAt }),
  }),
);

const failure = fc.record({ fault, waiting: fc.option(fc.constant(NOW), { nil: undefined }) }).map(
  ({ fault, waiting }): MachineEvent => ({
    type: "failed",
    fault,
    ...(waiting !== undefined && { waiting }),
  }),
);

const loaded: Move = (_, config) => ({ type: "loaded", config });

const outside: fc.Arbitrary<Move> = fc.oneof(
  fc.constant(loaded),
  failure.map(always),
  rejection.map(always),
  settlement.map((each) => always({ type: "settled", settlement: each })),
);

/** An event that the phase waits for, so that walks get somewhere. */
const fitting: fc.Arbitrary<Move> = fc
  .record({
    way: fc.constantFrom(...ways),
    inside: answer,
    answers: fc.boolean(),
    rejection,
    queued: fc.constantFrom("keep", "retry", "close", "open", "answer"),
    settlement,
    fails: fc.boolean(),
  })
  .map((draw): Move => {
    return (state, config) => {
      switch (state.phase) {
        case "closed":
          return { type: "open" };
        case "loading":
          return { type: "loaded", config };
        case "unavailable":
          return { type: "retry" };
        case "step":
          return draw.answers ? draw.inside(state, config) : { type: draw.way };
        case "queued":
          if (draw.queued !== "answer") return { type: draw.queued };
          return draw.fails ? draw.rejection : { type: "settled", settlement: draw.settlement };
        case "deciding":
          return draw.fails ? draw.rejection : { type: "settled", settlement: draw.settlement };
        case "done":
          return { type: draw.fails ? "restart" : "close" };
      }
    };
  });

/** Mostly what a customer would do, and anything at any time. */
export const walk: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fitting },
    { weight: 2, arbitrary: plain },
    { weight: 1, arbitrary: answer },
    { weight: 2, arbitrary: outside },
  ),
  { maxLength: 60, size: "max" },
);
