/** docs/webhooks.md: its verification of signatures is run in each language, on messages as the server signs them. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, describe, it } from "node:test";
import { chooseBackends } from "../../scripts/backends.ts";
import { signatureHeaders } from "../../server/src/outbox/webhook-signature.ts";
import { blocksOf } from "./blocks.ts";
import { type Case, type Verdict, verifyAll, type Way } from "./webhook-programs.ts";

const { backends, notices } = chooseBackends();
for (const notice of notices) console.warn(notice);

const blocks = blocksOf("docs/webhooks.md");

const secretOf = (letter: string) => `whsec_${Buffer.from(letter.repeat(32)).toString("base64")}`;
const [secret, older, stranger] = [secretOf("a"), secretOf("b"), secretOf("c")];
const now = Math.floor(Date.now() / 1000);
const id = "evt_6XbGQ3q1fWm0ZcK8aT2yVn";

const event = {
  id,
  type: "cancel.saved",
  timestamp: "2027-05-14T09:41:00.000Z",
  workspace_id: "ws_7Yw2KpLq0sXvBn4RtJc8Zd",
  data: { email: "zoë+مرحبا@example.com", cancel_reason: 'a "b" \\ <c>', saved_mrr_cents: 4900 },
};
const body = JSON.stringify(event);

/** Some languages have dates, and write them in their own way. */
function taken(verdict: Verdict): unknown {
  const { timestamp, ...rest } =
    "event" in verdict ? (verdict.event as typeof event) : assert.fail(verdict.refused);
  return { ...rest, timestamp: new Date(timestamp).toISOString() };
}

type Headers = Record<string, string>;

/** As the server signs it. */
const signed = (changes: Partial<Parameters<typeof signatureHeaders>[0]> = {}): Headers =>
  signatureHeaders({ id, timestamp: now, body, secrets: [secret], ...changes });

/** A case for each of the two headers. */
const both = (headers: Headers, changes: Partial<Case> = {}): Case[] =>
  (["standard", "retainly"] as const).map((of) => ({ of, body, headers, secret, ...changes }));

/** With another signature in both headers. */
function withSignature(change: (signature: string) => string): Headers {
  const headers = signed();
  const [standard = "", retainly = ""] = [headers["webhook-signature"], headers["x-retainly-signature"]];
  const [, hex = ""] = /v1=(\w+)/.exec(retainly) ?? [];
  return {
    ...headers,
    "webhook-signature": `v1,${change(standard.slice("v1,".length))}`,
    "x-retainly-signature": `t=${now},v1=${change(hex)}`,
  };
}

const good: [title: string, cases: Case[]][] = [
  ["a message of this moment", both(signed())],
  ["one of almost five minutes ago", both(signed({ timestamp: now - 270 }))],
  ["one that is almost five minutes ahead", both(signed({ timestamp: now + 270 }))],
  ["one of two secrets, by the new one", both(signed({ secrets: [secret, older] }))],
  ["one of two secrets, by the old one", both(signed({ secrets: [older, secret] }))],
  [
    "one with signatures of kinds that it does not know",
    both({
      ...signed(),
      "webhook-signature": `v1a,AAAA v9,é ${signed()["webhook-signature"]}`,
      "x-retainly-signature": `${signed()["x-retainly-signature"]},v0=00,x`,
    }),
  ],
];

const tampered = body.replace("4900", "9900");
const unkeyed = createHmac("sha256", "").update(`${id}.${now}.${body}`).digest("base64");
const bad: [title: string, cases: Case[], refused: RegExp][] = [
  ["a changed body", both(signed(), { body: tampered }), /signature/i],
  ["a body that was read and written again", both(signed(), { body: `${body} ` }), /signature/i],
  ["one of another secret", both(signed({ secrets: [stranger] })), /signature/i],
  ["one from before a change of the secret", both(signed({ secrets: [older] })), /signature/i],
  ["one of more than five minutes ago", both(signed({ timestamp: now - 330 })), /timestamp/i],
  [
    "one whose time was changed",
    both({ ...signed({ timestamp: now - 330 }), "webhook-timestamp": String(now) }).map((each) => ({
      ...each,
      headers: {
        ...each.headers,
        "x-retainly-signature": String(each.headers["x-retainly-signature"]).replace(/t=\d+/, `t=${now}`),
      },
    })),
    /signature/i,
  ],
  ["a cut signature", both(withSignature((text) => text.slice(0, -2))), /signature/i],
  ["a longer signature", both(withSignature((text) => `${text}0`)), /signature/i],
  ["a signature in other letters", both(withSignature((text) => `é${text.slice(1)}`)), /./],
  ["an empty signature", both(withSignature(() => "")), /./],
  ["no headers", both({}), /./],
  [
    "a time that is no number",
    both({
      ...signed(),
      "webhook-timestamp": "soon",
      "x-retainly-signature": "t=soon,v1=00",
    }),
    /./,
  ],
];

/** What only one of the headers can have, or only one of them looks at. */
const oneSided: [title: string, test: Case, refused: RegExp][] = [
  [
    "another id",
    { of: "standard", body, headers: { ...signed(), "webhook-id": "evt_another" }, secret },
    /signature/i,
  ],
  [
    "a signature without a key",
    { of: "standard", body, headers: { ...signed(), "webhook-signature": `v1,${unkeyed}` }, secret },
    /signature/i,
  ],
  [
    "the signature under another kind",
    {
      of: "standard",
      body,
      headers: {
        ...signed(),
        "webhook-signature": String(signed()["webhook-signature"]).replace("v1", "v2"),
      },
      secret,
    },
    /signature/i,
  ],
  [
    "the signature under another kind",
    {
      of: "retainly",
      body,
      headers: {
        ...signed(),
        "x-retainly-signature": String(signed()["x-retainly-signature"]).replace("v1=", "v0="),
      },
      secret,
    },
    /signature/i,
  ],
];

/** Stripe's library takes it. */
const ahead: [string, Case[], RegExp] = [
  "one that is more than five minutes ahead",
  both(signed({ timestamp: now + 330 })),
  /timestamp/i,
];

describe("docs/webhooks.md", () => {
  it("has the verification in each language, for either header", () => {
    const found = blocks.filter(({ headings }) => headings[0] === "Verify the signature" && headings[1]);
    assert.deepEqual(
      found.map(({ headings }) => headings[1]),
      ["With a library", "Node", "Python", "PHP", "Ruby", "Go"].flatMap((name) => [name, name]),
    );
  });

  const ways: Way[] = [...backends, "libraries"];
  for (const way of ways) {
    describe(`verifies in ${way === "libraries" ? "Node, with libraries" : way}`, () => {
      const future = ahead[1].filter(({ of }) => way !== "libraries" || of === "standard");
      const refusals = [...bad, [ahead[0], future, ahead[2]] as const];
      const all = [
        ...good.flatMap(([title, cases]) => cases.map((each) => ({ title, each, refused: undefined }))),
        ...refusals.flatMap(([title, cases, refused]) => cases.map((each) => ({ title, each, refused }))),
        ...oneSided.map(([title, each, refused]) => ({ title, each, refused })),
      ];
      let verdicts: Verdict[];
      before(async () => {
        verdicts = await verifyAll(
          blocks,
          way,
          all.map(({ each }) => each),
        );
      });
      for (const [at, { title, each, refused }] of all.entries()) {
        it(`${refused ? "refuses" : "takes"} ${title}, by the ${each.of} header`, () => {
          const verdict = verdicts[at] as Verdict;
          if (!refused) return assert.deepEqual(taken(verdict), event);
          assert.match("refused" in verdict ? verdict.refused : assert.fail("it was taken"), refused);
        });
      }
    });
  }
});
