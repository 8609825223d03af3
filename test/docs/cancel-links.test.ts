/** docs/cancel-links.md: its verification of result tokens is run in each language, its return page in a browser. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { chooseBackends } from "../../scripts/backends.ts";
import type { Deps } from "../../server/src/deps.ts";
import { resultKeys, signResult } from "../../server/src/domain/result-token.ts";
import type { WorkspaceRow } from "../../server/src/store/store.ts";
import { chromiumDriver } from "../e2e/drivers/chromium.ts";
import { html, type Served, serve } from "../e2e/serve.ts";
import { block, blocksOf } from "./blocks.ts";
import { type Case, type Settings, type Verdict, verifyAll } from "./result-programs.ts";

const { backends, notices } = chooseBackends();
for (const notice of notices) console.warn(notice);

const blocks = blocksOf("docs/cancel-links.md");

const audience = "ws_7Yw2KpLq0sXvBn4RtJc8Zd";
const serverOf = (seed: number) => ({
  keys: { result: new Uint8Array(32).fill(seed) } as Deps["keys"],
  clock: Date.now,
});
/** Its key was changed a minute ago. */
const workspace: WorkspaceRow = {
  id: audience,
  name: "Papercrane",
  status: "active",
  settings: {
    allowedOrigins: [],
    resultKeys: { prod: { generation: 1, changedAt: Date.now() - 60_000 } },
  },
  createdAt: 0,
};
const { current, previous = assert.fail() } = resultKeys(serverOf(1), workspace, "prod");
const { current: stranger } = resultKeys(serverOf(2), workspace, "prod");

const of: Settings = {
  keys: { [current.kid]: current.secret, [previous.kid]: previous.secret },
  issuer: "https://renumerate.example.com",
  audience,
  environment: "prod",
};
const userId = "user_456";
const now = Math.floor(Date.now() / 1000);

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

let made = 0;
const claims = (changes: object = {}): Record<string, unknown> => ({
  iss: of.issuer,
  aud: of.audience,
  sub: userId,
  sid: "cs_4mYkW0vPq8sJx2RbTzL6dN",
  env: "prod",
  outcome: "recovered",
  reason_key: "too_expensive",
  offer: {
    type: "discount",
    accepted: true,
    label: "20 % off, für 3 Monate",
    id: "off_1",
    terms: { percentOff: 20, months: 3 },
  },
  iat: now,
  exp: now + 900,
  jti: `res_${made++}`,
  ...changes,
});

interface Signed {
  key?: { kid: string; secret: string };
  header?: object;
  hash?: string;
}

function sign(payload: unknown, { key = current, header = {}, hash = "sha256" }: Signed = {}): string {
  const signed = `${base64url({ alg: "HS256", typ: "JWT", kid: key.kid, ...header })}.${base64url(payload)}`;
  return `${signed}.${createHmac(hash, key.secret).update(signed).digest("base64url")}`;
}

const forged = (token: string, at: number, part: string) => token.split(".").with(at, part).join(".");

/** What must be taken: the title, what is in the token, and what is different about it. */
const good: [title: string, payload: Record<string, unknown>, signed?: Signed & { userId?: string }][] = [
  ["a token of this moment", claims()],
  ["one of the key before", claims(), { key: previous }],
  ["one that has expired within the last minute", claims({ iat: now - 930, exp: now - 30 })],
  [
    "the outcome abandoned, without a reason and an offer",
    claims({ outcome: "abandoned", reason_key: null, offer: { type: "none", accepted: false } }),
  ],
  ["an id of any alphabet", claims({ sub: 'Zoë/"<b>\\&+ 9 مرحبا' }), { userId: 'Zoë/"<b>\\&+ 9 مرحبا' }],
];

const taken = sign(claims());
const own = sign(claims());
const [, , signature = ""] = own.split(".");

/** As the server makes it. */
const { aud: _aud, iat: _iat, exp: _exp, ...result } = claims();
const real = signResult(serverOf(1), workspace, result as Parameters<typeof signResult>[2]);

/** What must be refused, and for what. */
const bad: [title: string, token: string, refused: RegExp, userId?: string][] = [
  ["one that has expired", sign(claims({ iat: now - 990, exp: now - 90 })), /: exp$/],
  ["another audience", sign(claims({ aud: "ws_another" })), /: aud$/],
  ["another environment", sign(claims({ env: "sandbox" })), /: env$/],
  ["another issuer", sign(claims({ iss: "https://renumerate.example.org" })), /: iss$/],
  ["another user", sign(claims()), /: sub$/, "user_457"],
  ["no algorithm, no signature", forged(sign(claims(), { header: { alg: "none" } }), 2, ""), /: alg$/],
  ["no algorithm, signed all the same", sign(claims(), { header: { alg: "none" } }), /: alg$/],
  ["another algorithm, well signed", sign(claims(), { header: { alg: "HS512" }, hash: "sha512" }), /: alg$/],
  ["the algorithm in small letters", sign(claims(), { header: { alg: "hs256" } }), /: alg$/],
  ["a changed payload", forged(own, 1, base64url(claims({ outcome: "churned" }))), /: signature$/],
  ["a key that is not listed", sign(claims(), { key: stranger }), /: kid$/],
  [
    "another key under a listed id",
    sign(claims(), { key: { ...stranger, kid: current.kid } }),
    /: signature$/,
  ],
  [
    "the id of the other listed key",
    sign(claims(), { key: { ...current, kid: previous.kid } }),
    /: signature$/,
  ],
  ["an id that objects have anyway", sign(claims(), { header: { kid: "constructor" } }), /: kid$/],
  ["a cut signature", own.slice(0, -1), /: signature$/],
  ["a padded signature", `${own}=`, /: signature$/],
  ["a signature in other letters", forged(own, 2, `é${signature.slice(1)}`), /: signature$/],
  ["two parts", own.split(".").slice(0, 2).join("."), /: parts$/],
  ["four parts", `${own}.${signature}`, /: parts$/],
  ["nothing", "", /: parts$/],
  ["no JSON", "a.b.c", /./],
  ["a header that is a list", forged(own, 0, base64url([])), /./],
  ["a header that is nothing", forged(own, 0, base64url(null)), /./],
  ["one that was taken before", taken, /: jti$/],
];

describe("docs/cancel-links.md", () => {
  it("has the verification in each language", () => {
    const found = blocks.filter(({ headings }) => headings[0] === "Verify it yourself" && headings[1]);
    assert.deepEqual(
      found.map(({ headings }) => headings[1]),
      ["Node", "Python", "PHP", "Ruby", "Go"],
    );
  });

  for (const backend of backends) {
    describe(`verifies in ${backend}`, () => {
      let verdicts: Verdict[];
      const cases: Case[] = [
        ...good.map(([, payload, { userId: own = userId, ...signed } = {}]) => ({
          token: sign(payload, signed),
          userId: own,
        })),
        { token: taken, userId },
        { token: real, userId },
        ...bad.map(([, token, , other = userId]) => ({ token, userId: other })),
        // After all the refusals: none of them has used the token up.
        { token: own, userId },
      ];
      before(async () => {
        verdicts = await verifyAll(blocks, backend, of, cases);
      });

      for (const [index, [title, payload]] of good.entries()) {
        it(`takes ${title}`, () => assert.deepEqual(verdicts[index], { claims: payload }));
      }
      it("takes what the server makes", () => {
        const { claims } = verdicts[good.length + 1] as { claims: Record<string, unknown> };
        assert.deepEqual({ ...claims, iat: 0, exp: 0 }, { ...result, aud: audience, iat: 0, exp: 0 });
        assert.equal(Number(claims.exp) - Number(claims.iat), 900);
      });
      for (const [index, [title, , refused]] of bad.entries()) {
        it(`refuses ${title}`, () => {
          const verdict = verdicts[good.length + 2 + index] as { refused?: string };
          assert.match(verdict.refused ?? assert.fail("it was taken"), refused);
        });
      }
      it("has used up nothing that it refused", () => {
        assert.ok("claims" in (verdicts[good.length] as Verdict));
        assert.ok("claims" in (verdicts.at(-1) as Verdict));
      });
    });
  }
});

describe("the return page of docs/cancel-links.md", () => {
  const driver = chromiumDriver();
  const page = block(blocks, ["The return page"], "html");
  let site: Served;
  before(async () => {
    site = await serve(({ url }) => (new URL(url).pathname === "/cancelled" ? html(page) : undefined));
  });
  after(async () => {
    site.close();
    await driver.close();
  });

  async function comeBack(answer: { status: number; body: string } | "nothing") {
    const { page, faults, close } = await driver.open({});
    const posted: unknown[] = [];
    await page.route("**/api/cancel-result", (route) => {
      posted.push([route.request().method(), route.request().postDataJSON()]);
      return answer === "nothing" ? route.abort() : route.fulfill(answer);
    });
    await page.goto(`${site.url}/cancelled?from=settings#ci_result_token=${own}`);
    await page.waitForFunction(() => !/One moment/.test(document.body.textContent ?? ""));
    const seen = {
      posted,
      words: await page.textContent("[role=status]"),
      address: await page.evaluate(() => location.href),
      faults,
    };
    await close();
    return seen;
  }

  it("hands the token to its backend, takes it out of the address, and shows what the backend says", async () => {
    assert.deepEqual(await comeBack({ status: 200, body: "Your plan ends on 14 June." }), {
      posted: [["POST", { token: own }]],
      words: "Your plan ends on 14 June.",
      address: `${site.url}/cancelled?from=settings`,
      faults: [],
    });
  });

  for (const answer of [{ status: 400, body: "<b>refused</b>" }, "nothing"] as const) {
    const title = answer === "nothing" ? "a backend that does not answer" : "a refusal";
    it(`claims nothing after ${title}`, async () => {
      const { words, address, faults } = await comeBack(answer);
      assert.equal(words, "We could not confirm this. Please look at your subscription.");
      assert.equal(address, `${site.url}/cancelled?from=settings`);
      assert.deepEqual(faults, []);
    });
  }
});
