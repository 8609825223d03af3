import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import type { Settlement } from "../../src/api/wire.ts";
import type { Reply } from "../fixtures/fake-server.ts";
import { offering, offers, settlements, usual } from "../fixtures/flows.ts";
import { click, focused, heading, serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import {
  begun,
  cancelled,
  confirm,
  cornerOf,
  create,
  dialogOf,
  dialogs,
  down,
  gone,
  kept,
  leave,
  recorder,
  reported,
} from "./page.ts";

const isLocked = () => getComputedStyle(document.documentElement).overflowY === "hidden";

describe("a dialog that is treated badly", () => {
  afterEach(leave);

  it("a callback that throws changes nothing, and is reported", async () => {
    serve(usual);
    const fail = (name: string) => () => {
      throw new Error(name);
    };
    const messages = await reported(async () => {
      create().showRetentionView("ret_x", {
        onCancelled: fail("cancelled"),
        onComplete: fail("complete"),
      });
      const modal = await begun();
      await cancelled(modal);
      cornerOf().click();
    });
    expect(messages).to.deep.equal(["cancelled", "complete"]);
    expect(dialogs()).to.deep.equal([]);
    expect(isLocked()).to.equal(false);
  });

  it("a callback that throws does not keep the next dialog from opening", async () => {
    const { server } = serve(usual);
    const renumerate = create();
    const messages = await reported(async () => {
      renumerate.showRetentionView("ret_a", {
        onComplete() {
          throw new Error("complete");
        },
      });
      await begun();
      expect(renumerate.showRetentionView("ret_b").open).to.equal(true);
      await begun();
    });
    expect(messages).to.deep.equal(["complete"]);
    expect(server.flows.at(-1)?.token).to.equal("ret_b");
  });

  for (const [state, config] of [
    ["a step", usual],
    ["the failure", down],
    ["the loading", new Promise<never>(() => {})],
  ] as const) {
    it(`a page that removes the dialog during ${state} gets scrolling and focus back, and hears of it once`, async () => {
      serve(config);
      const opener = document.createElement("button");
      document.body.append(opener);
      opener.focus();
      const { calls, callbacks } = recorder();
      const dialog = create().showRetentionView("ret_x", callbacks);
      await waitUntil(isLocked, "the page scrolls");
      if (state !== "the loading")
        await waitUntil(
          () =>
            dialog.querySelector(".renumerate-error-content") ??
            dialog
              .querySelector("renumerate-retention-modal")
              ?.shadowRoot?.querySelector("[part=panel][aria-busy=false]"),
        );
      dialog.remove();
      await waitUntil(() => calls.length, "nobody was told");
      expect(isLocked()).to.equal(false);
      expect(focused()).to.equal(opener);
      await settle();
      expect(calls).to.deep.equal(["complete:abandoned"]);
    });
  }

  it("a page that moves the dialog does not close it", async () => {
    serve(usual);
    const { calls, callbacks } = recorder();
    const dialog = create().showRetentionView("ret_x", callbacks);
    await begun();
    const elsewhere = document.createElement("main");
    document.body.append(elsewhere);
    elsewhere.append(dialog);
    await settle();
    expect(calls).to.deep.equal([]);
    expect(dialog.matches(":modal")).to.equal(true);
    expect(heading(await begun())).to.contain("Ada");
    cornerOf().click();
    expect(calls).to.deep.equal(["complete:abandoned"]);
  });

  it("a dialog that the page has closed is not taken for an open one", async () => {
    serve(usual);
    const { calls, callbacks } = recorder();
    const renumerate = create();
    renumerate.showRetentionView("ret_x", callbacks).close();
    const dialog = renumerate.showRetentionView("ret_x", callbacks);
    expect(dialog.open).to.equal(true);
    await begun();
    expect(dialogOf()).to.equal(dialog);
    expect(calls).to.deep.equal(["complete:abandoned"]);
  });

  it("opening from inside a callback", async () => {
    serve(usual);
    const renumerate = create();
    let again = 0;
    const onComplete = () => {
      if (!again++) renumerate.showRetentionView("ret_x", { onComplete });
    };
    renumerate.showRetentionView("ret_x", { onComplete });
    await begun();
    cornerOf().click();
    expect(dialogOf().open).to.equal(true);
    await begun();
    cornerOf().click();
    expect(dialogs()).to.deep.equal([]);
    expect(again).to.equal(2);
    expect(isLocked()).to.equal(false);
  });

  it("a callback that opens again does not stand behind what was asked for meanwhile", async () => {
    serve(usual);
    const renumerate = create();
    const onComplete = () => void renumerate.showRetentionView("ret_a", { onComplete });
    renumerate.showRetentionView("ret_a", { onComplete });
    await begun();
    const dialog = renumerate.showRetentionView("ret_b");
    expect(dialogOf()).to.equal(dialog);
    await begun();
    cornerOf().click();
    expect(dialogs()).to.deep.equal([]);
  });

  for (const outcome of ["cancelled", "retained"] as const) {
    it(`closed while billing is asked: that it is ${outcome} is told once, and then that it is complete`, async () => {
      const answer = Promise.withResolvers<Reply>();
      const { server } = serve(offering(offers.discount), answer.promise);
      const { calls, callbacks } = recorder();
      create().showRetentionView("ret_x", callbacks);
      const modal = await begun();
      if (outcome === "cancelled") await confirm(modal);
      else await click(modal, "Accept discount");
      await waitUntil(() => server.decisions.length, "billing is not asked");
      await sendKeys({ press: "Escape" });
      await gone();
      await settle();
      // It would not be true: what has been decided is not known yet.
      expect(calls).to.deep.equal([]);
      const settlement: Settlement = outcome === "cancelled" ? settlements.cancelled : settlements.discount;
      answer.resolve({ body: settlement });
      await waitUntil(() => calls.length === 2, "the outcome is not told");
      await settle();
      expect(calls).to.deep.equal([outcome, `complete:${outcome}`]);
    });
  }

  it("closed while billing is asked, which refuses: it is complete, and nothing has happened", async () => {
    const answer = Promise.withResolvers<Reply>();
    serve(offering(offers.discount), answer.promise);
    const { calls, callbacks } = recorder();
    create().showRetentionView("ret_x", callbacks);
    await click(await begun(), "Accept discount");
    cornerOf().click();
    answer.resolve({ status: 409, code: "offer_not_available" });
    await waitUntil(() => calls.length, "nobody was told");
    expect(calls).to.deep.equal(["complete:abandoned"]);
  });

  it("who has taken an offer and then only looks again is still retained", async () => {
    serve(offering(offers.discount), settlements.discount);
    const { calls, callbacks } = recorder();
    create().showRetentionView("ret_x", callbacks);
    const modal = await begun();
    await click(modal, "Accept discount");
    await waitUntil(() => calls.length, "not retained");
    const taken = heading(modal);
    modal.shadowRoot?.querySelector<HTMLElement>("[part~=quiet]")?.click();
    await waitUntil(() => heading(modal) !== taken && heading(modal), "no second look");
    await begun();
    cornerOf().click();
    expect(calls).to.deep.equal(["retained", "complete:retained"]);
  });

  it("cleanup() in mid-flow calls nobody, not even when billing answers later", async () => {
    const answer = Promise.withResolvers<Reply>();
    const { server } = serve(usual, answer.promise);
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    renumerate.showRetentionView("ret_x");
    await confirm(await begun());
    await waitUntil(() => server.decisions.length, "billing is not asked");
    renumerate.cleanup();
    expect(dialogs()).to.deep.equal([]);
    expect(isLocked()).to.equal(false);
    answer.resolve({ body: settlements.cancelled });
    await settle();
    expect(calls).to.deep.equal([]);
  });

  it("cleanup() after closing, while billing is asked, calls nobody either", async () => {
    const answer = Promise.withResolvers<Reply>();
    serve(usual, answer.promise);
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    renumerate.showRetentionView("ret_x");
    await confirm(await begun());
    cornerOf().click();
    renumerate.cleanup();
    answer.resolve({ body: settlements.cancelled });
    await settle();
    expect(calls).to.deep.equal([]);
  });

  it("two openings of one session, one after the other, each tell of their own", async () => {
    serve(usual, settlements.kept);
    const first = recorder("first");
    const second = recorder("second");
    const renumerate = create();
    renumerate.showRetentionView("ret_x", first.callbacks);
    await kept(await begun());
    cornerOf().click();
    renumerate.showRetentionView("ret_x", second.callbacks);
    await kept(await begun());
    cornerOf().click();
    expect(first.calls).to.deep.equal(["first retained", "first complete:retained"]);
    expect(second.calls).to.deep.equal(["second retained", "second complete:retained"]);
  });

  it("keys that are typed in it do not reach the page's shortcuts", async () => {
    serve(usual);
    const keys: string[] = [];
    const hear = ({ key }: KeyboardEvent) => keys.push(key);
    document.addEventListener("keydown", hear);
    create().showRetentionView("ret_x");
    await begun();
    await sendKeys({ press: "c" });
    document.removeEventListener("keydown", hear);
    expect(keys).to.deep.equal([]);
  });

  it("a session id is no part of an address, whatever is in it", async () => {
    const { server } = serve(usual);
    const id = "ret_a&x=1#y?z/../%2f";
    create().showRetentionView(id);
    await begun();
    const { url, token } = server.flows[0] as (typeof server.flows)[0];
    expect(url.pathname + url.search + url.hash).to.equal("/v1/widget/flow");
    expect(token).to.equal(id);
  });
});
