import { expect } from "@open-wc/testing";
import type { Renumerate } from "../../src/sdk/renumerate.ts";
import type { TokenConfig } from "../../src/sdk/types.ts";
import { usual } from "../fixtures/flows.ts";
import { serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import { exchanging, inSeconds, Site, sessionAnswer, tokenFor } from "./exchange.ts";
import {
  begun,
  buttonIn,
  cancelled,
  container,
  cornerOf,
  create,
  dialogOf,
  leave,
  recorder,
  thrown,
} from "./page.ts";

const KEY = "renumerate_sdk_session";
const kept = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");

const because = (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error: Error) => error.message,
  );

describe("sessions by exchange", () => {
  let site: Site;
  let renumerate: Renumerate<TokenConfig>;
  beforeEach(() => {
    site = new Site("cus_1");
    renumerate = create({ getAuthToken: site.getAuthToken });
  });
  afterEach(leave);

  it("47: getSession exchanges the token, answers with the session and keeps it in the tab", async () => {
    const exchange = exchanging();
    const expiresAt = inSeconds(3600);
    exchange.answer = () => sessionAnswer("r10_a", expiresAt);
    const token = tokenFor("cus_1");
    renumerate.updateConfig({ getAuthToken: async () => token });
    expect(await renumerate.getSession()).to.deep.equal({ sessionId: "r10_a", expiresAt });
    const [call, ...others] = exchange.asked;
    expect(others).to.deep.equal([]);
    expect(call?.url.href).to.equal(`${location.origin}/v1/session/exchange`);
    expect([call?.method, call?.type]).to.deep.equal(["POST", "text/plain;charset=UTF-8"]);
    expect(call?.body).to.deep.equal({ handshakeToken: token });
    expect(kept()).to.include({ sessionId: "r10_a", expiresAt });
  });

  it("48: two at once ask once, for one object; later ones are answered by what is there", async () => {
    const exchange = exchanging();
    const [first, second] = await Promise.all([renumerate.getSession(), renumerate.getSession()]);
    expect(first === second).to.equal(true);
    expect(await renumerate.getSession()).to.deep.equal(first);
    expect([site.asked, exchange.asked.length]).to.deep.equal([1, 1]);
  });

  for (const [left, used] of [
    [60, false],
    [62, true],
    [-1, false],
  ] as const) {
    it(`49: a stored session with ${left} s left is ${used ? "used" : "dropped"}`, async () => {
      const exchange = exchanging();
      await renumerate.getSession();
      sessionStorage.setItem(KEY, JSON.stringify({ ...kept(), expiresAt: inSeconds(left) }));
      const { sessionId } = await create({ getAuthToken: site.getAuthToken }).getSession();
      expect(sessionId).to.equal(used ? "r10_1" : "r10_2");
      expect(exchange.asked.length).to.equal(used ? 1 : 2);
    });
  }

  it("49: what else lies in the storage is no session", async () => {
    const exchange = exchanging();
    await renumerate.getSession();
    const { subscriber } = kept();
    for (const [count, value] of [
      "{",
      "7",
      "[]",
      JSON.stringify({ subscriber, expiresAt: inSeconds(3600) }),
      JSON.stringify({ subscriber, sessionId: 7, expiresAt: inSeconds(3600) }),
      // Of a client that kept no name with it.
      JSON.stringify({ sessionId: "r10_old", expiresAt: inSeconds(3600) }),
    ].entries()) {
      sessionStorage.setItem(KEY, value);
      const { sessionId } = await create({ getAuthToken: site.getAuthToken }).getSession();
      expect(sessionId, value).to.equal(`r10_${count + 2}`);
    }
    expect(exchange.asked.length).to.equal(7);
  });

  it("50: refreshSession always asks, clearSession empties, getCurrentSession never asks", async () => {
    const exchange = exchanging();
    expect(renumerate.getCurrentSession()).to.equal(null);
    const first = await renumerate.getSession();
    expect(renumerate.getCurrentSession()).to.deep.equal(first);
    const second = await renumerate.refreshSession();
    expect(second.sessionId).to.equal("r10_2");
    expect(renumerate.getCurrentSession()).to.deep.equal(second);
    renumerate.clearSession();
    expect(renumerate.getCurrentSession()).to.equal(null);
    expect(sessionStorage.length).to.equal(0);
    expect([site.asked, exchange.asked.length]).to.deep.equal([2, 2]);
    exchange.answer = () => sessionAnswer("r10_short", inSeconds(-5));
    const expired = await renumerate.getSession();
    expect(renumerate.getCurrentSession()).to.deep.equal(expired);
    await renumerate.getSession();
    expect(exchange.asked.length).to.equal(4);
  });

  for (const [title, answer, message] of [
    [
      "{error:{message}}",
      () => Response.json({ error: { message: "Token expired" } }, { status: 401 }),
      "Token expired",
    ],
    [
      "the server's own table",
      () =>
        Response.json(
          {
            error: { type: "authentication_error", code: "handshake_invalid", message: "Invalid signature" },
          },
          { status: 401 },
        ),
      "Invalid signature",
    ],
    ["{error: text}", () => Response.json({ error: "Brand not found" }, { status: 404 }), "Brand not found"],
    ["no words", () => Response.json({}, { status: 500 }), "Session exchange failed"],
    ["null", () => Response.json(null, { status: 500 }), "Session exchange failed"],
    ["a page", () => new Response("<h1>Bad gateway", { status: 502 }), "Session exchange failed"],
    ["no connection", () => Promise.reject(new TypeError("Failed to fetch")), "Session exchange failed"],
    ["200 and a page", () => new Response("<h1>It works"), "Session exchange failed"],
    ["200 without a session", () => Response.json({ sessionId: "r10_a" }), "Session exchange failed"],
    ["no time", () => sessionAnswer("r10_a", null), "Session exchange failed"],
    [
      "another kind of session",
      () => sessionAnswer("ret_secret"),
      "Invalid session ID format. Expected r10_ prefix, got: ret_",
    ],
  ] as [string, () => Response | Promise<Response>, string][]) {
    it(`51: an exchange that answers with ${title} rejects`, async () => {
      exchanging().answer = answer;
      expect(await because(renumerate.getSession())).to.equal(message);
      expect(await because(renumerate.refreshSession())).to.equal(message);
      expect(kept()).to.equal(null);
    });
  }

  it("51: a failure is forgotten", async () => {
    const exchange = exchanging();
    exchange.answer = (count) => (count === 1 ? new Response("", { status: 500 }) : sessionAnswer("r10_ok"));
    expect(await because(renumerate.getSession())).to.equal("Session exchange failed");
    expect((await renumerate.getSession()).sessionId).to.equal("r10_ok");
  });

  it("52: the view names a subscription only when one is given", async () => {
    exchanging();
    const { server } = serve(usual);
    for (const [id, query] of [
      [undefined, undefined],
      ["sub_1Mow", "sub_1Mow"],
      ["si_&x=1#y", "si_&x=1#y"],
    ] as const) {
      await renumerate.showRetentionView(id);
      await begun();
      const { token, body } = server.flows.at(-1) as (typeof server.flows)[0];
      expect(body.subscription_id).to.equal(query);
      expect(token).to.equal("r10_1");
      cornerOf().click();
    }
  });

  it("52: so does the button, which asks nobody before it is clicked", async () => {
    const exchange = exchanging();
    const { server } = serve(usual);
    const element = container("a");
    expect(renumerate.mountCancelButton("a", { subscriptionId: "sub_7", classes: "mine" })).to.equal(
      undefined,
    );
    renumerate.mountCancelButton("a", "also mine");
    renumerate.mountCancelButton("a");
    expect([...element.children].map(({ className }) => className)).to.deep.equal([
      "mine",
      "also mine",
      "renumerate-cancel-btn",
    ]);
    for (const intent of ["pointerenter", "focusin"]) buttonIn(element).dispatchEvent(new Event(intent));
    await settle();
    expect([site.asked, exchange.asked.length]).to.deep.equal([0, 0]);
    buttonIn(element).click();
    await begun();
    expect(server.flows[0]?.body.subscription_id).to.equal("sub_7");
    expect(thrown(() => renumerate.mountCancelButton("missing"))).to.equal(
      "Error: Element with id missing not found",
    );
  });

  it("53: the view can be awaited and is open then; the hub resolves to what surrounds it", async () => {
    exchanging();
    serve(usual);
    const element = container("a");
    const { calls, callbacks } = recorder();
    const opening = renumerate.showRetentionView(undefined, callbacks);
    expect(opening).to.be.instanceOf(Promise);
    expect(await opening).to.equal(undefined);
    expect(dialogOf().open).to.equal(true);
    await cancelled(await begun());
    cornerOf().click();
    expect(calls).to.deep.equal(["cancelled", "complete:cancelled"]);

    const wrapper = await renumerate.mountSubscriptionHub("a", "outer", "inner");
    expect(wrapper.parentElement === element).to.equal(true);
    expect([wrapper.className, wrapper.firstElementChild?.className]).to.deep.equal(["outer", "inner"]);
    expect(await because(renumerate.mountSubscriptionHub("missing"))).to.equal(
      "Element with id missing not found",
    );
  });

  it("53: the address of the hub is made for whoever is signed in now", async () => {
    const exchange = exchanging();
    exchange.answer = (count) => sessionAnswer(`r10_${count}&x=1`);
    const url = (id: string) => `${location.origin}/subs?session_id=${id}%26x%3D1`;
    expect(await renumerate.getSubscriptionHubUrl()).to.equal(url("r10_1"));
    site.customer = "cus_2";
    expect(await renumerate.getSubscriptionHubUrl()).to.equal(url("r10_2"));
  });

  it("55: with getAuthToken an id is a subscription's, without it a session's", async () => {
    exchanging();
    const { server } = serve(usual);
    await renumerate.showRetentionView("sub_1");
    await begun();
    cornerOf().click();
    const byId = create();
    const dialog = byId.showRetentionView("sub_1");
    await begun(dialog);
    dialog.close();
    expect(server.flows.map(({ token, body }) => [token, body.subscription_id])).to.deep.equal([
      ["r10_1", "sub_1"],
      ["sub_1", undefined],
    ]);
  });
});
