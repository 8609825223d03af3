import { expect, waitUntil } from "@open-wc/testing";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { fakeServer } from "../fixtures/fake-server.ts";
import { usual } from "../fixtures/flows.ts";
import { settle } from "../fixtures/settle.ts";

describe("embed", () => {
  it("knows the button at once, and loads the dialog when its tag appears", async () => {
    const server = fakeServer(usual);
    await import("../../src/embed.ts");
    expect(customElements.get("renumerate-cancel-button")).to.not.equal(undefined);
    await settle();
    expect(customElements.get("renumerate-retention-modal")).to.equal(undefined);

    const holder = document.createElement("div");
    holder.innerHTML = `<renumerate-retention-modal session-id="ret_1" open></renumerate-retention-modal>`;
    document.body.append(holder);
    const modal = holder.firstElementChild as RetentionModal;
    await customElements.whenDefined("renumerate-retention-modal");
    await waitUntil(() => modal.shadowRoot?.querySelector("h2")?.textContent?.includes("Ada"));
    expect(server.flows[0]?.url.origin, "the server is where the script came from").to.equal(location.origin);
    holder.remove();
    server.restore();
  });

  it("is of the version of the package", async () => {
    const { VERSION } = await import("../../src/define.ts");
    expect(VERSION).to.equal((await (await fetch("/package.json")).json()).version);
  });

  it("a second copy changes nothing", async () => {
    const { define, VERSION } = await import("../../src/define.ts");
    const first = customElements.get("renumerate-cancel-button");
    const { warn } = console;
    const warnings: unknown[] = [];
    console.warn = (text) => warnings.push(text);
    define("renumerate-cancel-button", class extends HTMLElement {});
    expect(warnings).to.deep.equal([]);
    customElements.define(
      "renumerate-old",
      class extends HTMLElement {
        static version = "0.0.1";
      },
    );
    define("renumerate-old", class extends HTMLElement {});
    console.warn = warn;
    expect(warnings).to.deep.equal([`<renumerate-old> ${VERSION}: already loaded as 0.0.1`]);
    expect(customElements.get("renumerate-cancel-button")).to.equal(first);
  });
});
