import { expect } from "@open-wc/testing";

class Taken extends HTMLElement {
  connectedCallback() {
    this.title = "theirs";
  }
}

describe("when the button's tag belongs to somebody else", () => {
  it("the page works as before, with a line in the console", async () => {
    customElements.define("renumerate-cancel-button", Taken);
    const warnings: unknown[] = [];
    const { warn } = console;
    console.warn = (text) => warnings.push(text);
    document.body.innerHTML = `<renumerate-cancel-button><a href="/by-mail">By mail</a></renumerate-cancel-button>`;
    await import("../../src/embed.ts");
    console.warn = warn;
    const theirs = document.body.firstElementChild as HTMLElement;
    expect(theirs).to.be.instanceOf(Taken);
    expect(theirs.title).to.equal("theirs");
    expect(theirs.querySelector("a")?.checkVisibility()).to.equal(true);
    expect(warnings.join()).to.match(/^<renumerate-cancel-button> .+ already loaded as undefined$/);
    theirs.remove();
  });
});
