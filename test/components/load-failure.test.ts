import { expect, waitUntil } from "@open-wc/testing";
import type { CancelButton } from "../../src/components/cancel-button.ts";
import { settle } from "../fixtures/settle.ts";

/** The dialog's code cannot be evaluated on this page, so its import fails as it would without a network. */
const { define } = customElements;
customElements.define = function (this: CustomElementRegistry, name, ...rest) {
  if (name === "renumerate-retention-modal") throw new Error("no such code");
  return Reflect.apply(define, this, [name, ...rest]);
};

describe("when the code of the dialog does not come", () => {
  const errors: unknown[] = [];
  const hear = (event: CustomEvent) => errors.push(event.detail);

  before(async () => {
    await import("../../src/components/cancel-button.ts");
    document.addEventListener("renumerate-error", hear);
  });
  after(() => document.removeEventListener("renumerate-error", hear));
  afterEach(() => {
    errors.length = 0;
    document.body.replaceChildren();
  });

  const place = (html: string): CancelButton => {
    document.body.innerHTML = `<renumerate-cancel-button fallback-email="help@example.com">${html}</renumerate-cancel-button>`;
    return document.body.firstElementChild as CancelButton;
  };
  const linkOf = (button: CancelButton) => button.shadowRoot?.querySelector("a") as HTMLAnchorElement;

  it("warming up says nothing", async () => {
    const button = place("");
    button.shadowRoot?.querySelector("button")?.dispatchEvent(new Event("pointerenter"));
    await settle();
    expect(errors).to.deep.equal([]);
    expect(linkOf(button).checkVisibility()).to.equal(false);
  });

  it("shows the fallback content in a live region, and stays clickable", async () => {
    const button = place(` <a href="/hosted">Cancel here</a> `);
    const link = button.querySelector("a") as HTMLAnchorElement;
    expect(link.checkVisibility()).to.equal(false);
    for (let times = 1; times <= 2; times++) {
      button.shadowRoot?.querySelector("button")?.click();
      await waitUntil(() => errors.length === times);
    }
    expect(errors[0]).to.deep.equal({ code: "load_failed", retryable: true });
    expect(link.checkVisibility()).to.equal(true);
    expect(link.assignedSlot?.parentElement?.role).to.equal("alert");
    expect(linkOf(button).checkVisibility()).to.equal(false);
    expect(button.matches(":state(error)")).to.equal(true);
    expect(button.matches(":state(loading)")).to.equal(false);
    await expect(button).to.be.accessible();
  });

  it("without content, a mail link", async () => {
    const button = place("\n  \n");
    await button.open();
    expect(linkOf(button).checkVisibility()).to.equal(true);
    expect(linkOf(button).textContent).to.equal("help@example.com");
    expect(linkOf(button).href).to.match(
      /^mailto:help@example\.com\?subject=Cancel%20subscription&body=\d{4}-\d\d-\d\dT/,
    );
  });
});
