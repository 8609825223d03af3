/** The hosted pages as a browser gets them: status, policy, words. What their script does is seen in a browser. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { sealSession } from "../../src/domain/session-token.ts";
import { DAY, john, onEachStore, type Reply, type World } from "../harness.ts";

const PAGES = ["/retention", "/subs"] as const;

const policyOf = ({ headers }: Reply): Record<string, string> =>
  Object.fromEntries(
    (headers.get("content-security-policy") ?? "").split("; ").map((rule) => {
      const [name = "", ...sources] = rule.split(" ");
      return [name, sources.join(" ")];
    }),
  );

const refusalOf = ({ text }: Reply) => /data-refusal="(\w+)"/.exec(text)?.[1];

onEachStore("Hosted pages", ({ open }) => {
  const show = async (world: World, path: string, id: string, more = "", headers = {}) =>
    world.request(`${path}?session_id=${id}${more}`, { headers });

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
    const claims = {
      ...world.scope,
      tokenId: "tok_1",
      customerId: john,
      expiresAt: world.clock.now + DAY,
    };
    for (const prefix of ["ret_", "sub_", "r10_", "dlv_"] as const) {
      const id = sealSession(world.deps.keys.session, prefix, claims);
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
    const lines = world.log.filter((line) => /"path":"\/(retention|subs)"/.test(line));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).workspace),
      [world.scope.workspaceId, world.scope.workspaceId, undefined, undefined],
    );
    assert.ok(!world.log.join("").includes(id.slice(4, 60)));
  });

  it("come with their style sheet", async () => {
    const world = await open();
    const { status, headers, text } = await world.request("/hosted.css");
    assert.deepEqual([status, headers.get("content-type")], [200, "text/css; charset=utf-8"]);
    assert.match(text, /color-scheme: light dark/);
  });
});
