import { expect, waitUntil } from "@open-wc/testing";
import type { Renumerate } from "../../src/sdk/renumerate.ts";

/** The elements' code cannot be evaluated on this page, so its import fails as it would without a network. */
const { define } = customElements;
customElements.define = function (this: CustomElementRegistry, name, ...rest) {
  if (name.startsWith("renumerate-")) throw new Error("no such code");
  return Reflect.apply(define, this, [name, ...rest]);
};

describe("when the code of the elements does not come", () => {
  let renumerate: Renumerate;
  const calls: string[] = [];
  const boxes = () => [...document.querySelectorAll(".renumerate-error-content")];
  const said = () => boxes().map((box) => [...box.querySelectorAll("h2, p")].map((each) => each.textContent));

  beforeEach(async () => {
    const { Renumerate } = await import("../../src/sdk/renumerate.ts");
    renumerate = new Renumerate({
      fallbackEmail: "help@example.com",
      callbacks: { onComplete: ({ outcome }) => calls.push(outcome) },
    });
  });
  afterEach(() => {
    renumerate.cleanup();
    document.body.replaceChildren();
    calls.length = 0;
  });

  it("35, 63: the dialog says so at once, and the button is never disabled", async () => {
    document.body.innerHTML = `<div id="a"></div>`;
    renumerate.mountCancelButton("a", "ret_x");
    const button = document.querySelector("button") as HTMLButtonElement;
    for (let times = 1; times <= 2; times++) {
      button.dispatchEvent(new Event("pointerenter"));
      button.click();
      await waitUntil(() => boxes().length, "no failure is shown");
      expect(said()).to.deep.equal([
        [
          "We're sorry!",
          "We're having trouble loading the cancellation form.",
          "Please email us at help@example.com to cancel your subscription.",
        ],
      ]);
      expect(document.querySelector("dialog")?.contains(document.activeElement)).to.equal(true);
      document.querySelector<HTMLElement>(".renumerate-dialog-close")?.click();
      expect(document.querySelector("dialog")).to.equal(null);
      expect(button.disabled).to.equal(false);
      expect(calls.length).to.equal(times);
    }
  });

  it("on a page in another language too: there is nobody else who could say it", async () => {
    document.documentElement.lang = "de";
    renumerate.showRetentionView("ret_x");
    await waitUntil(() => boxes().length, "no failure is shown");
    expect(boxes()[0]?.getAttribute("lang")).to.equal("en");
    document.documentElement.lang = "en";
  });

  it("63: so does the hub, once for each, with the address and a way to try again", async () => {
    document.body.innerHTML = `<div id="a"></div><div id="b"></div>`;
    for (const id of ["a", "b"]) renumerate.mountSubscriptionHub(id, "sub_x");
    await waitUntil(() => boxes().length === 2, "no failure is shown");
    for (const lines of said()) {
      expect(lines).to.deep.equal([
        "We're sorry!",
        "We're having trouble loading your subscription information.",
        "In the meantime email us at help@example.com for any urgent issues.",
      ]);
    }
    expect(document.querySelector("#a .renumerate-error-content")?.parentElement?.className).to.equal(
      "renumerate-subscription-hub",
    );
    document.querySelector<HTMLElement>("#a .renumerate-retry")?.click();
    await waitUntil(() => boxes().length === 2, "the second failure is not shown");
    renumerate.cleanup();
    expect(boxes()).to.deep.equal([]);
  });
});
