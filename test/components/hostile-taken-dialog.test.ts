import { expect } from "@open-wc/testing";
import { buttonIn } from "../fixtures/hostile.ts";

/** Somebody else's element, which even knows some of the same words. */
class Taken extends HTMLElement {
  static touched = 0;
  connectedCallback() {
    Taken.touched++;
  }
  show() {
    Taken.touched++;
  }
}

describe("when the dialog's tag belongs to somebody else", () => {
  it("the page stays as it is, and the button shows its fallback", async () => {
    customElements.define("renumerate-retention-modal", Taken);
    const errors: unknown[] = [];
    document.addEventListener("renumerate-error", ({ detail }) => errors.push(detail));
    await import("../../src/embed.ts");
    await import("../../src/components/retention-modal.ts");
    const button = buttonIn();
    button.innerHTML = `<a href="/by-mail">By mail</a>`;
    await button.open();
    expect(button.querySelector("a")?.checkVisibility()).to.equal(true);
    expect(errors).to.deep.equal([{ code: "load_failed", retryable: true }]);
    expect(Taken.touched).to.equal(0);
    expect(customElements.get("renumerate-retention-modal")).to.equal(Taken);
    button.remove();
  });
});
