import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import type { Reply } from "../fixtures/fake-server.ts";
import { DAY, NOW, offering, offers, settlements, usual } from "../fixtures/flows.ts";
import { click, focused, heading, serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import {
  begun,
  cancelled,
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
  thrown,
} from "./page.ts";

describe("showRetentionView, by session id", () => {
  afterEach(leave);

  it("4: refuses what is no session", () => {
    for (const id of ["cus_1", "", "r10_1", "RET_1"]) {
      expect(thrown(() => create().showRetentionView(id))).to.equal(
        `Error: Invalid sessionId: ${id}. Expected a retention or subscription session ID.`,
      );
    }
    expect(dialogs()).to.deep.equal([]);
  });

  it("5: takes retention and subscription sessions", async () => {
    const { server } = serve(usual);
    for (const id of ["ret_x", "sub_x"]) {
      const dialog = create().showRetentionView(id);
      await begun(dialog);
      expect(server.flows.at(-1)?.token).to.equal(id);
      dialog.close();
      await gone();
    }
  });

  it("15: returns an open modal dialog synchronously", async () => {
    serve(usual);
    const dialog = create().showRetentionView("ret_x");
    expect(dialog).to.be.instanceOf(HTMLDialogElement);
    expect(dialog.open).to.equal(true);
    expect(dialog.matches(":modal")).to.equal(true);
    expect(dialog.className).to.equal("renumerate-dialog");
    expect(dialog.parentElement).to.equal(document.body);
    dialog.close();
    await gone();
  });

  it("16: the dialog has its content and a close button", () => {
    serve(usual);
    const dialog = create().showRetentionView("ret_x");
    const content = dialog.querySelector(":scope > .renumerate-dialog-content");
    expect(content?.querySelectorAll(".renumerate-dialog-close").length).to.equal(1);
    expect(cornerOf().ariaLabel).to.equal("Close");
  });

  it("17: ✕ closes and removes it, while loading and afterwards", async () => {
    serve(usual);
    for (const wait of [async () => {}, () => begun()]) {
      create().showRetentionView("ret_x");
      await wait();
      cornerOf().click();
      expect(dialogs()).to.deep.equal([]);
    }
  });

  it("18: Escape closes and removes it, and onComplete is called", async () => {
    serve(usual);
    const { calls, callbacks } = recorder();
    create().showRetentionView("ret_x", callbacks);
    await begun();
    await sendKeys({ press: "Escape" });
    await gone();
    await sendKeys({ press: "Escape" });
    await settle();
    expect(calls).to.deep.equal(["complete:abandoned"]);
  });

  it("22: own callbacks take the place of the configuration's, key by key", async () => {
    serve(usual, settlements.kept);
    const all = recorder();
    const own = recorder("own");
    const renumerate = create({ callbacks: all.callbacks });
    const { onRetained } = own.callbacks;
    renumerate.showRetentionView("ret_x", { onRetained, onComplete: undefined });
    await kept(await begun());
    cornerOf().click();
    renumerate.showRetentionView("ret_x", { onRetained });
    await kept(await begun());
    cornerOf().click();
    expect(own.calls).to.deep.equal(["own retained", "own retained"]);
    expect(all.calls).to.deep.equal(["complete:retained", "complete:retained"]);
  });

  it("23: onRetained when an offer is taken, onCancelled when a cancellation is confirmed, neither on closing", async () => {
    const { server } = serve(offering(offers.discount), settlements.discount);
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    renumerate.showRetentionView("ret_x");
    await begun();
    cornerOf().click();
    expect(calls.splice(0)).to.deep.equal(["complete:abandoned"]);

    renumerate.showRetentionView("ret_x");
    await click(await begun(), "Accept discount");
    await waitUntil(() => calls.length, "nobody was called");
    expect(calls.splice(0)).to.deep.equal(["retained"]);
    cornerOf().click();
    expect(calls.splice(0)).to.deep.equal(["complete:retained"]);

    server.config = usual;
    server.decision = settlements.cancelled;
    renumerate.showRetentionView("ret_x");
    await cancelled(await begun());
    expect(calls).to.deep.equal(["cancelled"]);
  });

  it("24: callbacks need no arguments, and are told what happened", async () => {
    serve(usual);
    const heard: unknown[][] = [];
    create().showRetentionView("ret_x", {
      onCancelled: (...args) => heard.push(args),
      onComplete: (...args) => heard.push(args),
    });
    await cancelled(await begun());
    cornerOf().click();
    expect(heard.map(({ length }) => length)).to.deep.equal([1, 1]);
    expect(heard[0]?.[0]).to.include({ subscriptionId: "sub_1", status: "done" });
    expect(heard[1]?.[0]).to.deep.equal({ outcome: "cancelled" });
  });

  it("25: onComplete when the dialog closes, whatever the outcome", async () => {
    const { server } = serve(usual, settlements.kept);
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    for (const act of [async () => {}, begun, async () => kept(await begun())]) {
      renumerate.showRetentionView("ret_x");
      await act();
      dialogOf().close();
      await gone();
    }
    server.config = down;
    renumerate.showRetentionView("ret_x");
    await waitUntil(() => document.querySelector(".renumerate-error-content"));
    cornerOf().click();
    expect(calls.filter((call) => call.startsWith("complete"))).to.deep.equal([
      "complete:abandoned",
      "complete:abandoned",
      "complete:retained",
      "complete:abandoned",
    ]);
  });

  it("25: also where nothing can be decided any more, once", async () => {
    const { server } = serve({ ...usual, subscription: { ...usual.subscription, cancelAt: NOW + DAY } });
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    for (const leave of [() => cornerOf().click(), () => dialogOf().close()]) {
      renumerate.showRetentionView("ret_x");
      expect(heading(await begun())).to.equal("Your subscription is already cancelled");
      leave();
      await gone();
    }
    await settle();
    expect(calls).to.deep.equal(["complete:abandoned", "complete:abandoned"]);
    expect(server.decisions).to.deep.equal([]);
  });

  it("callbacks that are null are none", async () => {
    serve(usual);
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    renumerate.setCallbacks(null as never);
    expect(
      await reported(async () => {
        renumerate.showRetentionView("ret_x", null as never);
        await begun();
        cornerOf().click();
        await gone();
      }),
    ).to.deep.equal([]);
    expect(calls).to.deep.equal(["complete:abandoned"]);
  });

  it("60: onComplete once for each flow, by whichever way it is left", async () => {
    serve(usual);
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    renumerate.showRetentionView("ret_x");
    const modal = await begun();
    await cancelled(modal);
    await click(modal, "Done");
    await gone();
    await settle();
    expect(calls).to.deep.equal(["cancelled", "complete:cancelled"]);
  });

  it("67: the focus is inside from the first moment to the last, and the dialog has a name", async () => {
    const answer = Promise.withResolvers<Reply>();
    serve(answer.promise);
    const dialog = create().showRetentionView("ret_x");
    const hasFocus = () => dialog.contains(document.activeElement);
    expect(hasFocus()).to.equal(true);
    const title = document.getElementById(dialog.getAttribute("aria-labelledby") ?? "");
    expect(title?.textContent).to.equal("Cancel Subscription");
    answer.resolve({ body: usual });
    const modal = await begun();
    expect(focused()).to.equal(modal.shadowRoot?.querySelector("h2"));
    await cancelled(modal);
    expect(hasFocus()).to.equal(true);
  });

  it("67: also when the flow fails while it has the focus, and when it is tried again", async () => {
    const answer = Promise.withResolvers<Reply>();
    const { server } = serve(answer.promise);
    const dialog = create().showRetentionView("ret_x");
    await waitUntil(() => dialog.querySelector("renumerate-retention-modal")?.shadowRoot?.activeElement);
    answer.resolve(down);
    await waitUntil(() => dialog.querySelector(".renumerate-error-content"));
    expect(dialog.contains(document.activeElement)).to.equal(true);
    server.config = usual;
    dialog.querySelector<HTMLElement>(".renumerate-retry")?.click();
    expect(dialog.contains(document.activeElement)).to.equal(true);
    await begun();
    expect(dialog.contains(document.activeElement)).to.equal(true);
  });

  it("68: opening twice shows one dialog, with the callbacks of the second", async () => {
    serve(usual);
    const first = recorder("first");
    const second = recorder("second");
    const renumerate = create();
    const dialog = renumerate.showRetentionView("ret_x", first.callbacks);
    expect(renumerate.showRetentionView("ret_x", second.callbacks)).to.equal(dialog);
    await cancelled(await begun());
    cornerOf().click();
    expect(first.calls).to.deep.equal([]);
    expect(second.calls).to.deep.equal(["second cancelled", "second complete:cancelled"]);
  });

  it("68: another session takes the place of the open dialog", async () => {
    const { server } = serve(usual);
    const { calls, callbacks } = recorder();
    const renumerate = create();
    renumerate.showRetentionView("ret_a", callbacks);
    await begun();
    const dialog = renumerate.showRetentionView("ret_b");
    expect(dialogOf()).to.equal(dialog);
    expect(calls).to.deep.equal(["complete:abandoned"]);
    await begun();
    expect(server.flows.at(-1)?.token).to.equal("ret_b");
  });
});
