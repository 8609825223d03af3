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
  thrown,
} from "./page.ts";

const isLocked = () => getComputedStyle(document.documentElement).overflowY === "hidden";

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
      expect(server.flows.at(-1)?.headers.get("authorization")).to.equal(`Bearer ${id}`);
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
    expect(server.flows.at(-1)?.headers.get("authorization")).to.equal("Bearer ret_b");
  });
});

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
    expect(server.flows.at(-1)?.headers.get("authorization")).to.equal("Bearer ret_b");
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
    const { url, headers } = server.flows[0] ?? {};
    expect(url?.pathname + (url?.search ?? "") + (url?.hash ?? "")).to.match(
      /^\/v1\/widget\/flow(\?locale=en)?$/,
    );
    expect(headers?.get("authorization")).to.equal(`Bearer ${id}`);
  });
});
