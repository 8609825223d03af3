/** The hosted pages as a browser gets them: status, policy, words. What their script does is seen in a browser. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { seal } from "../../src/domain/seal.ts";
import { sealSession, sealTicket, type TokenPrefix } from "../../src/domain/session-token.ts";
import { DAY, john, MINUTE, onEachStore, type Reply, type World } from "../harness.ts";

const PAGES = ["/retention", "/subs"] as const;

const policyOf = ({ headers }: Reply): Record<string, string> =>
  Object.fromEntries(
    (headers.get("content-security-policy") ?? "").split("; ").map((rule) => {
      const [name = "", ...sources] = rule.split(" ");
      return [name, sources.join(" ")];
    }),
  );

/** What a browser says of a link that somebody follows, and of a frame. */
const LINK = { "Sec-Fetch-Dest": "document" };
const FRAME = { "Sec-Fetch-Dest": "iframe" };

const sessionOf = ({ text }: Reply) => / data-session="([^"]*)"/.exec(text)?.[1];

const refusalOf = ({ text }: Reply) => /data-refusal="(\w+)"/.exec(text)?.[1];

onEachStore("Hosted pages", ({ open }) => {
  const show = async (world: World, path: string, id: string, more = "", headers = {}) =>
    world.request(`${path}?session_id=${id}${more}`, { headers });

  const sealed = ({ deps, scope, clock }: World, prefix: TokenPrefix) =>
    sealSession(deps.keys.session, prefix, {
      ...scope,
      tokenId: "tok_1",
      customerId: john,
      expiresAt: clock.now + DAY,
    });

  it("are kept nowhere, tell no one where they are, and run under the policy that we promise", async () => {
    const world = await open();
    for (const path of PAGES) {
      const reply = await show(world, path, await world.mint(john));
      assert.equal(reply.status, 200);
      assert.equal(reply.headers.get("content-type"), "text/html; charset=UTF-8");
      assert.equal(reply.headers.get("cache-control"), "no-store");
      assert.equal(reply.headers.get("referrer-policy"), "no-referrer");
      assert.deepEqual(policyOf(reply), {
        "default-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self' https://shop.example http://localhost:*",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
      });
      assert.doesNotMatch(reply.text, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
      assert.equal(refusalOf(reply), undefined);
    }
  });

  it("are shown for every kind of session, and for nothing else", async () => {
    const world = await open();
    for (const prefix of ["ret_", "sub_", "r10_", "dlv_"] as const) {
      const id = sealed(world, prefix);
      for (const path of PAGES) {
        const reply = await show(world, path, id);
        assert.equal(reply.status, prefix === "dlv_" ? 401 : 200, prefix);
      }
    }
  });

  it("hold no session id, whatever it is worth", async () => {
    const world = await open();
    const id = await world.mint(john);
    for (const each of [id, `${id.slice(0, -3)}AAA`])
      assert.ok(!(await show(world, "/subs", each)).text.includes(id.slice(4, -4)));
  });

  /** Where a browser that follows a link is sent. */
  const follow = async (world: World, path: string, id: string, more = ""): Promise<string> => {
    const { status, headers } = await show(world, path, id, more, LINK);
    assert.equal(status, 303);
    return path + headers.get("location");
  };

  it("take the session id out of the address of a link, and keep what else it says", async () => {
    const world = await open();
    const id = await world.mint(john);
    for (const path of PAGES) {
      const more = "&locale=de&subscription_id=sub_1&ticket=tkt_old";
      const reply = await show(world, path, id, more, LINK);
      assert.deepEqual([reply.status, reply.headers.get("cache-control")], [303, "no-store"]);
      assert.equal(reply.headers.get("referrer-policy"), "no-referrer");
      const location = reply.headers.get("location") ?? "";
      // Nothing but a query: under what path a proxy shows the page is its own matter.
      assert.match(
        location,
        /^\?(?=.*locale=de(&|$))(?=.*subscription_id=sub_1(&|$))(?!.*ticket=.*ticket=).*ticket=tkt_[\w-]+(&|$)/,
      );
      assert.ok(!(location + reply.text).includes(id.slice(4, 40)));
      // A browser may load a page twice.
      for (const headers of [LINK, LINK, {}]) {
        const page = await world.request(path + location, { headers });
        assert.deepEqual([page.status, page.headers.get("cache-control")], [200, "no-store"]);
        assert.equal(sessionOf(page), id);
        assert.match(page.text, /<html lang="de"/);
        assert.equal(policyOf(page)["frame-ancestors"], "'self' https://shop.example http://localhost:*");
      }
    }
  });

  it("leave the address of a frame as it is, and of a browser that does not say what it loads", async () => {
    const world = await open();
    const id = await world.mint(john);
    for (const headers of [FRAME, { "Sec-Fetch-Dest": "empty" }, {}]) {
      const reply = await show(world, "/retention", id, "", headers);
      assert.deepEqual(
        [reply.status, reply.headers.get("location"), sessionOf(reply)],
        [200, null, undefined],
      );
    }
  });

  it("send nobody on whose session does not hold", async () => {
    const world = await open({ limits: { sessionTtl: DAY } });
    const id = await world.mint(john);
    for (const wrong of [`${id.slice(0, -3)}AAA`, sealed(world, "dlv_"), ""])
      assert.equal((await show(world, "/subs", wrong, "", LINK)).status, 401);
    world.pass(DAY - 1);
    assert.equal((await show(world, "/subs", id, "", LINK)).status, 303);
    world.pass(1);
    const reply = await show(world, "/subs", id, "", LINK);
    assert.deepEqual([reply.status, refusalOf(reply), sessionOf(reply)], [401, "expired", undefined]);
  });

  it("are worth nothing at the address of a ticket when its minute or the session is over", async () => {
    const world = await open({ limits: { sessionTtl: DAY } });
    const id = await world.mint(john);
    const over = async (address: string) => {
      const reply = await world.request(address, { headers: LINK });
      assert.deepEqual([reply.status, refusalOf(reply), sessionOf(reply)], [401, "expired", undefined]);
      assert.match(reply.text, /href="mailto:help@papercrane\.example\?/);
      assert.ok(!reply.text.includes(id.slice(4, 40)));
    };
    const first = await follow(world, "/retention", id);
    world.pass(MINUTE - 1);
    assert.equal(sessionOf(await world.request(first)), id);
    world.pass(1);
    await over(first);
    world.pass(DAY - MINUTE - 2);
    const last = await follow(world, "/retention", id);
    world.pass(1);
    assert.equal(sessionOf(await world.request(last)), id);
    world.pass(1);
    await over(last);
  });

  it("take no ticket for a session, and no session for a ticket", async () => {
    const world = await open();
    const { session: key } = world.deps.keys;
    const id = await world.mint(john);
    const ticket = sealTicket(key, id, world.clock.now + MINUTE);
    const renamed = (text: string, prefix: string) => prefix + text.slice(4);
    assert.equal((await world.request(`/subs?ticket=${ticket}`)).status, 200);
    for (const wrong of [
      id,
      renamed(id, "tkt_"),
      `${ticket.slice(0, -3)}AAA`,
      renamed(ticket, "ret_"),
      "tkt_",
    ]) {
      const reply = await world.request(`/subs?ticket=${wrong}`);
      assert.deepEqual([reply.status, refusalOf(reply), sessionOf(reply)], [401, "invalid", undefined]);
    }
    assert.equal((await world.request("/v1/widget/flow", { token: id })).status, 200);
    for (const wrong of [ticket, renamed(ticket, "ret_"), renamed(ticket, "dlv_")]) {
      assert.equal((await world.request("/v1/widget/flow", { token: wrong })).status, 401);
      assert.equal(refusalOf(await show(world, "/subs", wrong)), "invalid");
    }
    // The same claims, sealed for the other purpose: what is sealed in decides, not what stands before it.
    const claims = JSON.stringify([id, world.clock.now + MINUTE]);
    assert.equal((await world.request(`/subs?ticket=tkt_${seal(key, "ret_", claims)}`)).status, 401);
    const delivery = sealTicket(key, sealed(world, "dlv_"), world.clock.now + MINUTE);
    const reply = await world.request(`/subs?ticket=${delivery}`);
    assert.deepEqual([reply.status, sessionOf(reply)], [401, undefined]);
  });

  it("say so to whom may frame them when a session has expired", async () => {
    const world = await open({ limits: { sessionTtl: DAY } });
    const id = await world.mint(john);
    world.pass(DAY - 1);
    assert.equal((await show(world, "/retention", id)).status, 200);
    world.pass(1);
    const reply = await show(world, "/retention", id);
    assert.deepEqual([reply.status, refusalOf(reply)], [401, "expired"]);
    assert.equal(reply.headers.get("www-authenticate"), "Bearer");
    assert.equal(policyOf(reply)["frame-ancestors"], "'self' https://shop.example http://localhost:*");
    assert.match(reply.text, /This page has been open for too long/);
    assert.match(reply.text, /href="mailto:help@papercrane\.example\?/);
    assert.doesNotMatch(reply.text, /embed\.js|<button/);
  });

  it("say so to everybody, and nothing of anybody, when a session is not one or missing", async () => {
    const world = await open();
    const id = await world.mint(john);
    const wrong = [
      ["?session_id=ret_nonsense", "invalid"],
      [`?session_id=${id.slice(0, -3)}AAA`, "invalid"],
      ["?session_id=", "missing"],
      ["", "missing"],
    ] as const;
    for (const [query, refusal] of wrong) {
      const reply = await world.request(`/subs${query}`);
      assert.deepEqual([reply.status, refusalOf(reply)], [401, refusal], query);
      assert.equal(policyOf(reply)["frame-ancestors"], "*");
      assert.equal(policyOf(reply)["default-src"], "'self'");
      assert.match(reply.text, /This page has been open for too long/);
      assert.doesNotMatch(reply.text, /Papercrane|mailto/);
    }
  });

  it("are pages even when the database does not answer", async () => {
    const world = await open();
    const id = await world.mint(john);
    world.deps.store = { ...world.deps.store, workspace: () => Promise.reject(new Error("gone")) };
    const reply = await show(world, "/retention", id);
    assert.deepEqual([reply.status, refusalOf(reply)], [503, "unavailable"]);
    assert.match(reply.text, /This is not working right now.*Try again/s);
    assert.ok(world.log.some((line) => line.includes("hosted page failed")));
    // The page tries again when the ticket may be over.
    const address = await follow(world, "/retention", id);
    const linked = await world.request(address);
    assert.deepEqual([linked.status, refusalOf(linked), sessionOf(linked)], [503, "unavailable", id]);
    world.pass(MINUTE);
    assert.equal(sessionOf(await world.request(address)), undefined);
  });

  it("speak the language that is asked for, or the browser's first that they know", async () => {
    const world = await open();
    const id = await world.mint(john);
    const cases = [
      ["&locale=de-AT", "fr", "de-AT", "ltr", "Abo kündigen"],
      ["&locale=ar", "", "ar", "rtl", "إلغاء الاشتراك"],
      ["&locale=no%20language", "pt-BR, en;q=0.5", "pt-BR", "ltr", "Cancelar assinatura"],
      ["", "xx, de;q=0.5, fr;q=0.8, *;q=0.1", "fr", "ltr", "Résilier l’abonnement"],
      ["", "de;q=0, en-GB", "en-GB", "ltr", "Cancel subscription"],
      ["&locale=xx", "", "en", "ltr", "Cancel subscription"],
    ] as const;
    for (const [query, header, lang, dir, title] of cases) {
      const { text } = await show(world, "/retention", id, query, { "Accept-Language": header });
      assert.match(text, new RegExp(`<html lang="${lang}" dir="${dir}">`), `${query} ${header}`);
      assert.match(text, new RegExp(`<title>${title} · Papercrane</title>`));
    }
  });

  it("use the business's own words", async () => {
    const world = await open({ settings: { messages: { en: { leave: "Say goodbye" } } } });
    const { text } = await show(world, "/retention", await world.mint(john));
    assert.match(text, /<title>Say goodbye · Papercrane<\/title>/);
  });

  it("show what a business has entered as text, and take no rule from it", async () => {
    const fallbackEmail = `"><img src=x onerror=alert(1)>"@shop.example`;
    const allowedOrigins = [
      "https://a.example;script-src",
      "https://b.example 'unsafe-inline'",
      "https://c.example",
    ];
    const world = await open({ settings: { fallbackEmail, allowedOrigins } });
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { name: "<b>Crane</b>" });
    const reply = await show(world, "/subs", await world.mint(john));
    assert.doesNotMatch(reply.text, /<img|<b>/);
    assert.match(reply.text, /<h1>&lt;b&gt;Crane&lt;\/b&gt;<\/h1>/);
    assert.equal(policyOf(reply)["frame-ancestors"], "'self' https://c.example");
    assert.equal(policyOf(reply)["script-src"], undefined);
  });

  it("leave no session id in the log", async () => {
    const world = await open();
    const id = await world.mint(john);
    for (const path of PAGES) await show(world, path, id);
    for (const path of PAGES) await show(world, path, `${id.slice(0, -3)}AAA`);
    const ticketed = await follow(world, "/subs", id);
    await world.request(ticketed);
    const lines = world.log.filter((line) => /"path":"\/(retention|subs)"/.test(line));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).workspace),
      [
        world.scope.workspaceId,
        world.scope.workspaceId,
        undefined,
        undefined,
        undefined,
        world.scope.workspaceId,
      ],
    );
    assert.ok(!world.log.join("").includes(id.slice(4, 60)));
    assert.ok(!world.log.join("").includes("tkt_"));
  });

  it("come with their style sheet", async () => {
    const world = await open();
    const { status, headers, text } = await world.request("/hosted.css");
    assert.deepEqual([status, headers.get("content-type")], [200, "text/css; charset=utf-8"]);
    assert.match(text, /color-scheme: light dark/);
  });
});
