import { expect, waitUntil } from "@open-wc/testing";
import { Renumerate } from "../../src/sdk/renumerate.ts";

// Before ours comes.
for (const name of ["retention-modal", "subscription-hub"])
  customElements.define(`renumerate-${name}`, class extends HTMLElement {});

describe("a page with other elements of the same names", () => {
  it("63: the customer is told whom to write to, and the dialog can be closed", async () => {
    const outcomes: string[] = [];
    const renumerate = new Renumerate({
      fallbackEmail: "help@example.com",
      callbacks: { onComplete: ({ outcome }) => outcomes.push(outcome) },
    });
    const dialog = renumerate.showRetentionView("ret_x");
    await waitUntil(() => dialog.querySelector(".renumerate-error-content"), "no failure is shown");
    expect(dialog.querySelector("renumerate-retention-modal")).to.equal(null);
    expect(dialog.querySelector("a")?.textContent).to.equal("help@example.com");
    dialog.querySelector<HTMLElement>(".renumerate-dialog-close")?.click();
    expect(dialog.isConnected).to.equal(false);
    expect(outcomes).to.deep.equal(["abandoned"]);
    renumerate.cleanup();
  });

  it("63: so is who looks for the hub", async () => {
    document.body.innerHTML = `<div id="a"></div>`;
    const renumerate = new Renumerate({ fallbackEmail: "help@example.com" });
    const wrapper = renumerate.mountSubscriptionHub("a", "sub_x");
    await waitUntil(() => wrapper.querySelector(".renumerate-error-content"), "no failure is shown");
    expect(wrapper.querySelector("a")?.textContent).to.equal("help@example.com");
    renumerate.cleanup();
    expect(wrapper.childElementCount).to.equal(0);
  });
});
