/** The colour and the logo of a business, and the pages that show them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { parseBranding } from "../../src/domain/branding.ts";
import { john, onEachStore } from "../harness.ts";

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><path d="M0 0h4v4z"/></svg>';
const branding = parseBranding({ color: "#ffd400", logo: Buffer.from(svg) });

onEachStore("Branding", ({ open }) => {
  it("is a style sheet and an image that a browser keeps and asks for again", async () => {
    const world = await open({ settings: { branding } });
    const folder = `/branding/${world.scope.workspaceId}`;
    for (const [path, type, body] of [
      [
        `${folder}.css`,
        "text/css; charset=utf-8",
        /--renumerate-accent: light-dark\(#[0-9a-f]{6}, #ffd400\)/,
      ],
      [`${folder}/logo`, "image/svg+xml", svg],
    ] as const) {
      const reply = await world.request(path);
      assert.equal(reply.status, 200);
      assert.equal(reply.headers.get("content-type"), type);
      assert.equal(reply.headers.get("cache-control"), "no-cache");
      assert.equal(reply.headers.get("x-content-type-options"), "nosniff");
      if (typeof body === "string") assert.equal(reply.text, body);
      else assert.match(reply.text, body);
      const etag = reply.headers.get("etag") ?? "";
      const again = await world.request(path, { headers: { "If-None-Match": etag } });
      assert.deepEqual([again.status, again.text], [304, ""]);
      const other = await world.request(path, { headers: { "If-None-Match": '"another"' } });
      assert.equal(other.status, 200);
    }
  });

  it("opens a logo by itself as an image that can do nothing", async () => {
    const world = await open({ settings: { branding } });
    const { headers } = await world.request(`/branding/${world.scope.workspaceId}/logo`);
    assert.equal(
      headers.get("content-security-policy"),
      "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    );
  });

  it("is not found where there is none, and of nobody", async () => {
    const world = await open();
    for (const id of [world.scope.workspaceId, "ws_nobodys", "..%2f"])
      for (const path of [`/branding/${id}.css`, `/branding/${id}/logo`])
        assert.equal((await world.request(path)).status, 404, path);
  });

  it("is on both pages: the logo is called as the business is, and without one its name is there", async () => {
    const world = await open({ settings: { branding } });
    const plain = await open();
    const { name } = (await world.deps.store.workspace(world.scope.workspaceId)) ?? {};
    for (const path of ["/retention", "/subs"]) {
      const { text } = await world.request(`${path}?session_id=${await world.mint(john)}`);
      const folder = `branding/${world.scope.workspaceId}`;
      assert.ok(text.includes(`<link rel="stylesheet" href="${folder}.css">`));
      assert.ok(text.includes(`<h1><img class="logo" src="${folder}/logo" alt="${name}"></h1>`), text);
      const without = await plain.request(`${path}?session_id=${await plain.mint(john)}`);
      assert.ok(without.text.includes(`<h1>${name}</h1>`));
      assert.doesNotMatch(without.text, /branding|data-back|id="close"/);
    }
  });
});
