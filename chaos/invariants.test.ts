/** Each promise sees when it is broken: records that are made up, with one thing wrong in each. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FlowEvent } from "../src/api/wire.ts";
import { type Ending, isQuiet, type Known, type Records, type Story, violationsOf } from "./invariants.ts";
import type { Shown } from "./page.ts";

const SESSION = "ses_1";
const event: FlowEvent = { id: "1", run: "r", seq: 0, at: 1, type: "open" };
const stored = { session_id: SESSION, id: "1", run: "r", seq: 0, data: JSON.stringify(event) };
const look: Ending = { wish: "look", at: "cancelled" };

interface Change {
  readonly customer?: Partial<Story>;
  readonly records?: Partial<Records>;
  readonly billed?: Partial<Known["billed"]>;
  readonly effects?: Known["effects"];
  readonly mayBeTooLate?: boolean;
}

const session = (outcome: string | null, id = SESSION): Records["sessions"][number] => ({
  id,
  outcome,
  settlement: outcome && JSON.stringify({ outcome, status: "done" }),
});

const action = (decision: "cancel" | "accept", id = "act_1", of = SESSION): Records["actions"][number] => ({
  id,
  session_id: of,
  status: "succeeded",
  decision: JSON.stringify({ type: decision }),
});

const row = (outcome: string, of: string | null = SESSION): Records["ledger"][number] => ({
  session_id: of,
  outcome,
  confirmed: 1,
  offer_type: outcome === "retained" ? "discount" : null,
  undone_at: null,
});

const shown = (outcome: Shown["outcome"], offer?: string): Shown => ({
  outcome,
  status: "done",
  session: SESSION,
  offer,
});

const fact = (type: string, id = "evt_1"): Records["facts"][number] => ({ id, type, session_id: SESSION });

/** Somebody who wanted to leave, and has left. */
function leaving(change: Change = {}): Known {
  return {
    customer: {
      person: { id: "cus_1", subscription: "sub_1" },
      acknowledged: new Map([["1", { session: SESSION, event }]]),
      shown: [shown("cancelled")],
      tooLate: new Set(),
      violations: [],
      hasConfirmed: true,
      isAlone: true,
      endings: [{ wish: "cancel", at: "cancelled" }, look],
      ...change.customer,
    },
    records: {
      sessions: [session("cancelled")],
      events: [stored],
      actions: [action("cancel")],
      ledger: [row("cancelled")],
      facts: [fact("cancel.canceled")],
      undelivered: 0,
      jobs: 0,
      ...change.records,
    },
    billed: { isEnding: true, isDiscounted: false, ...change.billed },
    effects: change.effects ?? [{ type: "cancel", key: "act_1" }],
    mayBeTooLate: change.mayBeTooLate ?? false,
  };
}

/** Somebody who has taken the discount. */
const staying = (change: Change = {}): Known =>
  leaving({
    effects: [{ type: "discount", key: "act_1" }],
    mayBeTooLate: false,
    ...change,
    customer: {
      shown: [shown("retained", "discount")],
      hasConfirmed: false,
      endings: [
        { wish: "discount", at: "discount" },
        { wish: "look", at: "discount" },
      ],
      ...change.customer,
    },
    records: {
      sessions: [session("retained")],
      actions: [action("accept")],
      ledger: [row("retained")],
      facts: [fact("cancel.saved")],
      ...change.records,
    },
    billed: { isEnding: false, isDiscounted: true, ...change.billed },
  });

/** Somebody who keeps the subscription as it is, which billing hears nothing of. */
const keeping = (change: Change = {}): Known =>
  leaving({
    effects: [],
    ...change,
    customer: {
      shown: [shown("retained")],
      hasConfirmed: false,
      endings: [
        { wish: "keep", at: "retained" },
        { wish: "look", at: "step" },
      ],
      ...change.customer,
    },
    records: { sessions: [session(null)], actions: [], ledger: [], facts: [], ...change.records },
    billed: { isEnding: false, ...change.billed },
  });

/** The cancellation was confirmed, and has not happened. */
const lost = (change: Change = {}): Known =>
  keeping({ ...change, customer: { shown: [], hasConfirmed: true, endings: [look], ...change.customer } });

const ended = (wish: Ending["wish"], at: Ending["at"]): Change => ({ customer: { endings: [{ wish, at }] } });

const good: Readonly<Record<string, Known>> = {
  "who has left": leaving(),
  "who has taken the discount": staying(),
  "who keeps the subscription": keeping(),
  "two tabs, each with a session and a decision": leaving({
    records: {
      sessions: [session("cancelled"), session("cancelled", "ses_2")],
      actions: [action("cancel"), action("cancel", "act_2", "ses_2")],
      facts: [fact("cancel.canceled"), { ...fact("cancel.canceled", "evt_2"), session_id: "ses_2" }],
    },
    effects: [
      { type: "cancel", key: "act_1" },
      { type: "cancel", key: "act_2" },
    ],
  }),
  "a cancellation that billing has not confirmed when it is shown": leaving({
    customer: { endings: [{ wish: "cancel", at: "requested" }, look] },
  }),
  "two tabs, of which the other has decided": leaving({
    customer: { isAlone: false, endings: [{ wish: "discount", at: "cancelled" }, look] },
  }),
  "a cancellation that came too late after a month": lost({
    mayBeTooLate: true,
    customer: { tooLate: new Set([SESSION]) },
  }),
};

const bad: readonly (readonly [string, Known, RegExp])[] = [
  ["an event is lost", leaving({ records: { events: [] } }), /^event 1 \(open\) was acknowledged and is not/],
  [
    "an event is in another session",
    leaving({
      records: { events: [{ ...stored, session_id: "x" }] },
    }),
    /in another session/,
  ],
  [
    "an event has other words",
    leaving({
      records: { events: [{ ...stored, data: "{}" }] },
    }),
    /with other words/,
  ],
  [
    "a decision is pending",
    keeping({ records: { actions: [{ ...action("cancel"), status: "pending" }] } }),
    /still pending/,
  ],
  [
    "two decisions of a session are carried out",
    leaving({
      records: { actions: [action("cancel"), action("cancel", "act_2")] },
    }),
    /2 decisions of session ses_1 were carried out/,
  ],
  [
    "billing is asked twice for a cancellation",
    leaving({ effects: [{ type: "cancel" }, { type: "cancel" }] }),
    /did a cancel 2 times, and 1 were decided/,
  ],
  [
    "billing is asked twice for a discount",
    staying({ effects: [{ type: "discount" }, { type: "discount" }] }),
    /did a discount 2 times, and 1 were decided/,
  ],
  [
    "billing does what nobody has asked for",
    leaving({ effects: [{ type: "cancel" }, { type: "items" }] }),
    /did a items 1 times, and 0 were decided/,
  ],
  [
    "billing does what nobody has written down",
    leaving({ effects: [{ type: "cancel", key: "act_9" }] }),
    /a cancel that nobody has written down/,
  ],
  [
    "a discount that was accepted is not there",
    staying({ billed: { isDiscounted: false } }),
    /^discounts: 1 accepted/,
  ],
  [
    "a discount that nobody has accepted is there",
    keeping({ billed: { isDiscounted: true } }),
    /^discounts: 0 accepted/,
  ],
  [
    "a cancellation in the ledger is not confirmed",
    leaving({ records: { ledger: [{ ...row("cancelled"), confirmed: 0 }] } }),
    /is not confirmed/,
  ],
  [
    "the ledger counts two cancellations",
    leaving({ records: { ledger: [row("cancelled"), row("cancelled", null)] } }),
    /counts 2 cancellations/,
  ],
  [
    "a session is twice in the ledger",
    leaving({ records: { ledger: [row("cancelled"), { ...row("cancelled"), undone_at: 1 }] } }),
    /2 times in the ledger/,
  ],
  [
    "the ledger knows nothing of it",
    leaving({ records: { ledger: [] } }),
    /has 0 cancellations, and at billing it ends: true/,
  ],
  [
    "the ledger says something else",
    staying({ records: { ledger: [row("retained", null), { ...row("cancelled"), undone_at: 1 }] } }),
    /session ses_1: retained, in the ledger cancelled/,
  ],
  [
    "two outcomes are shown",
    leaving({ customer: { shown: [shown("cancelled"), shown("retained", "pause")] } }),
    /shown as cancelled and retained/,
  ],
  [
    "what was shown is not settled",
    leaving({ records: { sessions: [{ ...session("cancelled"), settlement: null }] } }),
    /is not settled/,
  ],
  [
    "it was settled otherwise than it was shown",
    leaving({ customer: { shown: [shown("retained", "pause")] } }),
    /shown retained, settled cancelled/,
  ],
  [
    "a cancellation is shown to one of two tabs, and the subscription goes on",
    leaving({
      billed: { isEnding: false },
      records: { ledger: [{ ...row("cancelled"), undone_at: 1 }] },
      customer: { isAlone: false },
    }),
    /was shown, and the subscription goes on/,
  ],
  [
    "a discount that was shown is not in the ledger",
    staying({ records: { ledger: [] } }),
    /the ledger has it 0 times/,
  ],
  [
    "what was confirmed does not happen",
    lost(),
    /confirmed and never taken back, and the subscription goes on/,
  ],
  [
    "who was shown to stay leaves",
    leaving({
      customer: { shown: [shown("retained")], hasConfirmed: false },
    }),
    /has stayed, and the subscription ends/,
  ],
  [
    "a decision is refused as too old that was not",
    leaving({ customer: { tooLate: new Set([SESSION]) } }),
    /was refused as too old, and it was not/,
  ],
  [
    "who was refused as too late, and was still there, gets nothing either",
    lost({
      mayBeTooLate: true,
      customer: {
        tooLate: new Set([SESSION]),
        endings: [{ wish: "cancel", at: "requested" }, look],
      },
    }),
    /confirmed and never taken back/,
  ],
  ...(
    [
      "unavailable",
      "queued",
      "loading",
      "step",
      "refused",
      "nothing",
      "closed",
      "retained",
      "discount",
    ] as const
  ).map(
    (at) =>
      [
        `who wants to leave is left with "${at}"`,
        leaving(ended("cancel", at)),
        /everything works again/,
      ] as const,
  ),
  ["who wants the discount does not get it", staying(ended("discount", "retained")), /left with "retained"/],
  [
    "who keeps the subscription is not let go",
    keeping(ended("keep", "unavailable")),
    /left with "unavailable"/,
  ],
  ["who closes the flow cannot", keeping(ended("close", "step")), /left with "step"/],
  [
    "one of two tabs is not served",
    leaving({ customer: { isAlone: false, endings: [{ wish: "cancel", at: "queued" }] } }),
    /left with "queued"/,
  ],
  [
    "who looks in again is shown a failure",
    leaving({ customer: { endings: [{ wish: "look", at: "unavailable" }] } }),
    /wanted "look" is left with "unavailable"/,
  ],
  ["nobody has looked in again", leaving({ customer: { endings: [] } }), /nobody has looked in again/],
  [
    "a fact is told twice",
    leaving({ records: { facts: [fact("cancel.canceled"), fact("cancel.canceled", "evt_2")] } }),
    /was told 2 times/,
  ],
  ["a fact is not told", leaving({ records: { facts: [] } }), /was not told/],
];

describe("What must hold after a scenario", () => {
  for (const [name, known] of Object.entries(good))
    it(`holds for ${name}`, () => assert.deepEqual(violationsOf(known), []));

  for (const [name, known, words] of bad)
    it(`sees that ${name}`, () => {
      const found = violationsOf(known);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", words);
    });

  it("is looked at when nothing is under way any more", () => {
    const { records } = leaving();
    assert.equal(isQuiet(records), true);
    for (const change of [
      { jobs: 1 },
      { undelivered: 1 },
      { actions: [{ ...action("cancel"), status: "pending" }] },
    ])
      assert.equal(isQuiet({ ...records, ...change }), false);
  });
});
