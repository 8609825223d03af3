import { expect, waitUntil } from "@open-wc/testing";
import type { Renumerate } from "../../src/sdk/renumerate.ts";
import type { TokenConfig } from "../../src/sdk/types.ts";
import { usual } from "../fixtures/flows.ts";
import { heading, serve } from "../fixtures/open.ts";
import { exchanging, Site, sessionAnswer, tokenFor } from "./exchange.ts";
import {
  begun,
  buttonIn,
  cancelled,
  container,
  cornerOf,
  create,
  dialogOf,
  dialogs,
  leave,
  trouble,
} from "./page.ts";

const KEY = "renumerate_sdk_session";
const kept = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");

const because = (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error: Error) => error.message,
  );

describe("one customer after the other", () => {
  afterEach(leave);

  const bearers = (server: { flows: { token: string }[] }) => server.flows.map(({ token }) => token);

  async function open(renumerate: Renumerate<TokenConfig>): Promise<void> {
    await renumerate.showRetentionView();
    await begun();
    cornerOf().click();
  }

  it("69: signing in as somebody else between two openings, with one instance and one callback", async () => {
    exchanging();
    const { server } = serve(usual);
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    await open(renumerate);
    await open(renumerate);
    site.customer = "cus_2";
    await open(renumerate);
    expect(bearers(server)).to.deep.equal(["r10_1", "r10_1", "r10_2"]);
  });

  it("69: with another instance, and what the former has left in the storage", async () => {
    const exchange = exchanging();
    const { server } = serve(usual);
    await open(create({ getAuthToken: new Site("cus_1").getAuthToken }));
    await open(create({ getAuthToken: new Site("cus_1").getAuthToken }));
    await open(create({ getAuthToken: new Site("cus_2").getAuthToken }));
    expect(bearers(server)).to.deep.equal(["r10_1", "r10_1", "r10_2"]);
    expect(exchange.asked.length).to.equal(2);
  });

  it("69: with another callback by updateConfig, also while the former's session is on its way", async () => {
    const exchange = exchanging();
    const late = Promise.withResolvers<void>();
    exchange.answer = async (count) => {
      if (count === 1) await late.promise;
      return sessionAnswer(`r10_${count}`);
    };
    const renumerate = create({ getAuthToken: new Site("cus_1").getAuthToken });
    const first = renumerate.getSession();
    await waitUntil(() => exchange.asked.length);
    renumerate.updateConfig({ getAuthToken: new Site("cus_2").getAuthToken });
    const second = renumerate.getSession();
    late.resolve();
    expect([(await first).sessionId, (await second).sessionId]).to.deep.equal(["r10_1", "r10_2"]);
    expect((await renumerate.getSession()).sessionId).to.equal("r10_2");
  });

  it("69: what is slow for the former customer is not waited for, not shared, and not kept", async () => {
    const exchange = exchanging();
    const { server } = serve(usual);
    const late = Promise.withResolvers<void>();
    exchange.answer = async (count) => {
      if (count === 1) await late.promise;
      return sessionAnswer(`r10_${count}`);
    };
    const { now } = performance;
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    await renumerate.showRetentionView();
    await waitUntil(() => exchange.asked.length);
    cornerOf().click();
    site.customer = "cus_2";
    try {
      // Nobody signs out and somebody else in within half a second.
      performance.now = () => now.call(performance) + 500;
      await open(renumerate);
      expect(await renumerate.getSubscriptionHubUrl()).to.contain("session_id=r10_2");
      late.resolve();
      await waitUntil(() => kept()?.sessionId);
      expect((await renumerate.refreshSession()).sessionId).to.equal("r10_3");
      expect((await renumerate.getSession()).sessionId).to.equal("r10_3");
    } finally {
      performance.now = now;
    }
    // What the closed dialog still asks for comes after it.
    expect(bearers(server)[0]).to.equal("r10_2");
    expect(kept().sessionId).to.equal("r10_3");
  });

  it("69: what arrives late for the former customer does not take the place of the next one's", async () => {
    const exchange = exchanging();
    const late = Promise.withResolvers<void>();
    exchange.answer = async (count) => {
      if (count === 1) await late.promise;
      return sessionAnswer(`r10_${count}`);
    };
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    const first = renumerate.getSession();
    await waitUntil(() => exchange.asked.length);
    site.customer = "cus_2";
    await renumerate.refreshSession();
    late.resolve();
    expect((await first).sessionId).to.equal("r10_1");
    expect(renumerate.getCurrentSession()?.sessionId).to.equal("r10_2");
    expect((await renumerate.getSession()).sessionId).to.equal("r10_2");
    expect(kept().sessionId).to.equal("r10_2");
  });

  it("69: the same customer's exchange that is slow is shared, however late", async () => {
    const exchange = exchanging();
    const late = Promise.withResolvers<void>();
    exchange.answer = async (count) => {
      await late.promise;
      return sessionAnswer(`r10_${count}`);
    };
    const { now } = performance;
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    const first = renumerate.getSession();
    await waitUntil(() => exchange.asked.length);
    try {
      performance.now = () => now.call(performance) + 500;
      const second = renumerate.getSession();
      await waitUntil(() => site.asked === 2);
      late.resolve();
      expect([(await first).sessionId, (await second).sessionId]).to.deep.equal(["r10_1", "r10_1"]);
    } finally {
      performance.now = now;
    }
    expect(exchange.asked.length).to.equal(1);
  });

  it("69: the same customer of another workspace, or at another server, has another session", async () => {
    const exchange = exchanging();
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    await renumerate.getSession();
    renumerate.updateConfig({ apiUrl: "https://other.example.com" });
    expect((await renumerate.getSession()).sessionId).to.equal("r10_2");
    const getAuthToken = async () => tokenFor("cus_1", "pk_other");
    renumerate.updateConfig({ getAuthToken });
    expect((await renumerate.getSession()).sessionId).to.equal("r10_3");
    expect((await create({ getAuthToken }).getSession()).sessionId).to.equal("r10_4");
    expect(exchange.asked.map(({ url }) => url.origin)).to.deep.equal([
      location.origin,
      "https://other.example.com",
      "https://other.example.com",
      location.origin,
    ]);
  });

  it("a flow is one customer's to its end, whoever signs in meanwhile", async () => {
    exchanging();
    const { server } = serve(usual);
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    await renumerate.showRetentionView();
    const modal = await begun();
    site.customer = "cus_2";
    await cancelled(modal);
    expect(server.decisions.map(({ token }) => token)).to.deep.equal(["r10_1"]);
    expect(site.asked).to.equal(1);
  });

  it("a new callback each time the page draws asks who it is, and makes no new session", async () => {
    const exchange = exchanging();
    const { server } = serve(usual);
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    const sessions: string[] = [];
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        renumerate.updateConfig({ getAuthToken: () => site.getAuthToken() });
        sessions.push((await renumerate.getSession()).sessionId);
      }),
    );
    for (let times = 0; times < 3; times++) {
      renumerate.updateConfig({ getAuthToken: () => site.getAuthToken() });
      sessions.push((await renumerate.getSession()).sessionId);
      await open(renumerate);
    }
    expect([...new Set(sessions)]).to.deep.equal(["r10_1"]);
    expect(exchange.asked.length).to.equal(1);
    expect(new Set(bearers(server)).size).to.equal(1);
  });

  it("tokens that do not say whose they are get a session each", async () => {
    const exchange = exchanging();
    const getAuthToken = async () => "opaque";
    await create({ getAuthToken }).getSession();
    await create({ getAuthToken }).getSession();
    expect(exchange.asked.length).to.equal(2);
  });

  it("clearSession during an exchange: what comes late is not kept", async () => {
    const exchange = exchanging();
    const late = Promise.withResolvers<Response>();
    exchange.answer = (count) => (count === 1 ? late.promise : sessionAnswer(`r10_${count}`));
    const renumerate = create({ getAuthToken: new Site("cus_1").getAuthToken });
    const first = renumerate.getSession();
    await waitUntil(() => exchange.asked.length);
    renumerate.clearSession();
    const second = renumerate.getSession();
    expect((await second).sessionId).to.equal("r10_2");
    late.resolve(sessionAnswer("r10_late"));
    expect((await first).sessionId).to.equal("r10_late");
    expect(renumerate.getCurrentSession()?.sessionId).to.equal("r10_2");
    expect(kept().sessionId).to.equal("r10_2");
  });

  it("a session that the server does not know any more is renewed while the flow opens", async () => {
    exchanging();
    const { server } = serve(usual);
    const expired = { status: 401, code: "session_expired" };
    Object.defineProperty(server, "config", { get: () => (server.flows.length === 1 ? expired : usual) });
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    await renumerate.getSession();
    await renumerate.showRetentionView();
    expect(heading(await begun())).to.contain("Ada");
    expect(bearers(server)).to.deep.equal(["r10_1", "r10_2"]);
  });
});

describe("sessions where much is broken", () => {
  afterEach(leave);

  it("a storage that throws", async () => {
    const exchange = exchanging();
    serve(usual);
    const { sessionStorage: storage } = window;
    Object.defineProperty(window, "sessionStorage", {
      configurable: true,
      get() {
        throw new DOMException("no", "SecurityError");
      },
    });
    try {
      const renumerate = create({ getAuthToken: new Site("cus_1").getAuthToken });
      expect((await renumerate.getSession()).sessionId).to.equal("r10_1");
      await renumerate.showRetentionView();
      expect(heading(await begun())).to.contain("Ada");
      renumerate.clearSession();
      expect((await renumerate.getSession()).sessionId).to.equal("r10_2");
      expect(exchange.asked.length).to.equal(2);
    } finally {
      Object.defineProperty(window, "sessionStorage", { configurable: true, value: storage });
    }
  });

  for (const [title, getAuthToken] of [
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["rejects with nothing", () => Promise.reject()],
    ["never answers", () => new Promise(() => {})],
  ] as [string, () => Promise<string>][]) {
    it(`63: getAuthToken ${title}: the customer is told whom to write to`, async () => {
      exchanging();
      serve(usual);
      const renumerate = create({ getAuthToken, fallbackEmail: "help@example.com", timeout: 50 });
      const element = container("a");
      renumerate.mountCancelButton("a");
      buttonIn(element).click();
      expect((await trouble()).textContent).to.contain("Please email us at help@example.com");
      cornerOf().click();
      expect(buttonIn(element).disabled).to.equal(false);
      renumerate.updateConfig({ getAuthToken: new Site("cus_1").getAuthToken, timeout: 10_000 });
      buttonIn(element).click();
      expect(heading(await begun())).to.contain("Ada");
    });
  }

  for (const token of ["", "no dot", ".", "a.b", 7, null, undefined, { token: "a.b" }, "ä.ö"]) {
    it(`getAuthToken answers ${JSON.stringify(token)}: the server says what it thinks of it`, async () => {
      const exchange = exchanging();
      exchange.answer = () => Response.json({ error: "Invalid token format" }, { status: 401 });
      const renumerate = create({ getAuthToken: async () => token as string });
      expect(await because(renumerate.getSession())).to.equal("Invalid token format");
      expect(exchange.asked.length).to.equal(1);
    });
  }

  for (const [title, answer] of [
    ["500", () => new Response("", { status: 500 })],
    ["a page", () => new Response("<h1>It works")],
    ["no connection", () => Promise.reject(new TypeError("Failed to fetch"))],
    ["{error: text}", () => Response.json({ error: "Invalid signature" }, { status: 401 })],
    [
      "a refusal",
      () =>
        Response.json(
          {
            error: { type: "authentication_error", code: "handshake_invalid", message: "Invalid signature" },
          },
          { status: 401 },
        ),
    ],
  ] as [string, () => Response | Promise<Response>][]) {
    it(`63: the exchange answers with ${title}: the dialog says so at once, with the address`, async () => {
      exchanging().answer = answer;
      serve(usual);
      const renumerate = create({
        getAuthToken: new Site("cus_1").getAuthToken,
        fallbackEmail: "help@example.com",
      });
      await renumerate.showRetentionView();
      const link = () => {
        const modal = dialogOf().querySelector("renumerate-retention-modal");
        return [document.querySelector(".renumerate-error-content"), modal?.shadowRoot]
          .map((each) => each?.querySelector<HTMLAnchorElement>("a[href^='mailto:help@example.com']"))
          .find(Boolean);
      };
      await waitUntil(link, "no address is shown", { timeout: 8000 });
      expect(dialogs().length).to.equal(1);
    });
  }

  it("a refusal of the site's own making is said in its own words, without any of the server's", async () => {
    exchanging().answer = () => Response.json({ error: { message: "<b>secret</b>" } }, { status: 401 });
    serve(usual);
    await create({ getAuthToken: new Site("cus_1").getAuthToken }).showRetentionView();
    const box = await trouble();
    expect(box.textContent).not.to.contain("secret");
  });
});
