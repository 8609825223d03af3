/** The React components drawn by a server, in Node, and taken over in a browser. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type ServerSide, serverSideOf } from "../fixtures/react/builds.ts";
import { dialogOf, LOOKER, openSite, type ReactSite, type Visited } from "../fixtures/react/site.ts";

const config = { fallbackEmail: "help@shop.example" };

for (const version of ["19", "18"] as const) {
  describe(`React ${version} on a server`, () => {
    let server: ServerSide;
    let site: ReactSite;
    let visited: Visited | undefined;
    before(async () => {
      [server, site] = await Promise.all([serverSideOf(version), openSite(version)]);
    });
    after(() => site.close());
    afterEach(() => visited?.close());

    it("is drawn in the version that is meant, where there is no window", ({ mock }) => {
      const complaints = mock.method(console, "error");
      assert.ok(server.version.startsWith(version));
      assert.equal(typeof window, "undefined");
      const html = server.render({ scene: "button", config, ids: ["ret_x"] });
      assert.match(
        html,
        /<button aria-haspopup="dialog" type="button" class="renumerate-cancel-btn">Cancel Subscription<\/button>/,
      );
      assert.match(
        server.render({ scene: "hub", config, ids: ["sub_x"] }),
        /<div id="first" class="renumerate-subscription-hub"><renumerate-subscription-hub class="renumerate-subscription-hub-iframe"><\/renumerate-subscription-hub><\/div>/,
      );
      const waiting = server.render({ scene: "plainToken", config, tokens: ["never"] });
      assert.match(waiting, /disabled="">Cancel Subscription/);
      assert.match(waiting, /<div class="renumerate-subscription-hub"><div>Loading...<\/div><\/div>/);
      assert.equal(complaints.mock.callCount(), 0);
    });

    const outside = {
      outsideButton: "CancelButton must be used within a RenumerateProvider",
      outsideOldButton: "useRenumerate must be used within a RenumerateProvider",
      outsideHub: "SubscriptionHub must be used within a RenumerateProvider",
      outsideHook: "useRenumerate must be used within a RenumerateProvider",
      outsideContext: "useRenumerateContext must be used within a RenumerateProvider",
    } as const;
    for (const [scene, message] of Object.entries(outside)) {
      it(`42: ${scene} is an error: ${message}`, () => {
        assert.throws(() => server.render({ scene: scene as keyof typeof outside, config }), { message });
      });
    }

    it("44: SubscriptionHub throws on the id of a retention session", () => {
      assert.throws(() => server.render({ scene: "refused", config, ids: ["ret_x"] }), {
        message: "Invalid sessionId: ret_x. Expected a subscription session ID.",
      });
    });

    for (const isLate of [false, true]) {
      it(`is taken over without a complaint${isLate ? ", although the hub is at work already" : ""}`, async () => {
        const given = {
          scene: "hub" as const,
          ids: [await site.mint("subscription", LOOKER)],
          config: { ...config, apiUrl: site.world.url },
        };
        visited = await site.open(given, { html: server.render(given) });
        const { page, said } = visited;
        assert.ok(await page.evaluate((isLate) => window.hydrate(isLate), isLate), "the same nodes");
        const leaving = page
          .locator("#first")
          .getByRole("button", { name: /^Cancel subscription/ })
          .first();
        await leaving.click();
        await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
        assert.deepEqual(said, []);
      });
    }

    it("is taken over without a complaint while there is no session yet", async () => {
      const given = {
        scene: "token" as const,
        tokens: [site.tokenOf(LOOKER)],
        config: { ...config, apiUrl: site.world.url },
      };
      visited = await site.open(given, { html: server.render(given) });
      const { page, said } = visited;
      assert.ok(await page.getByRole("button", { name: "Leave us" }).isDisabled());
      assert.ok(await page.evaluate(() => window.hydrate(false)), "the same nodes");
      await page.getByRole("button", { name: "Leave us" }).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      assert.deepEqual(said, []);
    });
  });
}
