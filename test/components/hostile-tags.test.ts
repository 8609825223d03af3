import { expect, waitUntil } from "@open-wc/testing";
import type { CancelButton } from "../../src/components/cancel-button.ts";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { type FakeServer, fakeServer } from "../fixtures/fake-server.ts";
import { usual } from "../fixtures/flows.ts";
import { buttonIn, cancel, dialogs, isOnTop, opened } from "../fixtures/hostile.ts";

const TAG = "renumerate-cancel-button";
const MARKUP = `<${TAG} session-id="ret_test"><a href="/by-mail">By mail</a></${TAG}>`;

/** Markup with shadow roots in it, as a server or a template engine writes it. */
function declare(html: string): HTMLElement {
  const holder = document.createElement("div");
  (holder as HTMLElement & { setHTMLUnsafe(html: string): void }).setHTMLUnsafe(html);
  document.body.append(holder);
  return holder;
}

const inner = (button: CancelButton) => button.shadowRoot?.querySelectorAll("button") ?? [];

async function works(button: CancelButton): Promise<void> {
  expect(inner(button).length).to.equal(1);
  expect(inner(button)[0]?.textContent).to.equal("Cancel subscription");
  expect(getComputedStyle(inner(button)[0] as Element).cursor, "our style sheet").to.equal("pointer");
  await button.open();
  await cancel(await opened());
  for (const each of dialogs()) each.remove();
}

describe("tags in strange places and times", () => {
  let server: FakeServer;
  beforeEach(() => {
    server = fakeServer(usual);
  });
  afterEach(() => {
    for (const each of dialogs()) each.remove();
    document.body.replaceChildren();
    server.restore();
  });

  // First, because what is defined stays defined.
  it("are there long before the script, with properties, in a shadow root, and hide nothing", async () => {
    const holder = declare(
      `<section><template shadowrootmode="open">${MARKUP}</template></section>${MARKUP}`,
    );
    const hidden = holder.querySelector("section")?.shadowRoot?.querySelector(TAG) as CancelButton;
    const early = holder.querySelector(TAG) as CancelButton;
    early.locale = "en-GB";
    early.timeout = 700;
    expect(holder.querySelector("a")?.checkVisibility()).to.equal(true);
    await import("../../src/embed.ts");
    expect(holder.querySelector("a")?.checkVisibility()).to.equal(false);
    expect(early.getAttribute("locale")).to.equal("en-GB");
    expect(early.timeout).to.equal(700);
    expect(hidden.timeout, "the dialog has its own default").to.equal(undefined);
    await works(early);
    await works(hidden);
  });

  it("a dialog's tag in a shadow root becomes alive when the page asks for it", async () => {
    const { loadRetentionModal } = await import("../../src/embed.ts");
    const holder = declare(
      `<section><template shadowrootmode="open"><renumerate-retention-modal session-id="ret_test" open></renumerate-retention-modal></template></section>`,
    );
    await loadRetentionModal();
    const find = () =>
      holder.firstElementChild?.shadowRoot?.querySelector<RetentionModal>("renumerate-retention-modal");
    await waitUntil(() => find()?.shadowRoot?.querySelector("h2")?.textContent?.includes("Ada"));
    await cancel(find() as RetentionModal);
  });

  const ways: Record<string, () => CancelButton> = {
    "by innerHTML": () => {
      document.body.innerHTML = MARKUP;
      return document.body.firstElementChild as CancelButton;
    },
    "moved and appended again": () => {
      const button = buttonIn();
      const other = document.createElement("div");
      document.body.append(other);
      other.append(button);
      button.remove();
      document.body.append(button);
      return button;
    },
    "cloned with all that is in it": () => {
      document.body.innerHTML = MARKUP;
      const clone = document.body.firstElementChild?.cloneNode(true) as CancelButton;
      document.body.replaceChildren(clone);
      return clone;
    },
    "imported from a template": () => {
      const template = document.createElement("template");
      template.innerHTML = MARKUP;
      document.body.append(document.importNode(template.content, true));
      return document.body.firstElementChild as CancelButton;
    },
    "kept in a template for a while": () => {
      const button = buttonIn();
      const { content } = document.createElement("template");
      content.append(button);
      document.body.append(content);
      return button;
    },
    "drawn by a server, with a shadow root": () =>
      declare(MARKUP.replace(">", `><template shadowrootmode="open"><button>Drawn</button></template>`))
        .firstElementChild as CancelButton,
    "in a shadow root in a shadow root": () =>
      declare(
        `<div><template shadowrootmode="open"><div><template shadowrootmode="open">${MARKUP}</template></div></template></div>`,
      ).firstElementChild?.shadowRoot?.firstElementChild?.shadowRoot?.firstElementChild as CancelButton,
    "in an element of somebody else": () => {
      customElements.define(
        "some-card",
        class extends HTMLElement {
          connectedCallback() {
            if (!this.shadowRoot) this.attachShadow({ mode: "open" }).innerHTML = MARKUP;
          }
        },
      );
      const card = document.createElement("some-card");
      document.body.append(card);
      return card.shadowRoot?.firstElementChild as CancelButton;
    },
  };
  for (const [title, place] of Object.entries(ways)) {
    it(`a button ${title} works`, async () => {
      const button = place();
      await works(button);
      expect(server.decisions.length).to.equal(1);
    });
  }

  it("a button in a document without a window throws nothing", () => {
    const faults: unknown[] = [];
    const hear = (event: ErrorEvent) => faults.push(event.message);
    window.addEventListener("error", hear);
    const button = buttonIn();
    new DOMParser().parseFromString("", "text/html").body.append(button);
    button.setAttribute("label", "Leave");
    document.body.append(button);
    window.removeEventListener("error", hear);
    expect(faults).to.deep.equal([]);
    expect(getComputedStyle(inner(button)[0] as Element).cursor).to.equal("pointer");
  });

  it("a button that is removed while its dialog is open leaves the dialog working", async () => {
    const button = buttonIn();
    await button.open();
    const modal = await opened();
    button.remove();
    await cancel(modal);
    expect(document.adoptedStyleSheets.length).to.equal(1);
    modal.close();
    await waitUntil(() => !dialogs().length);
    expect(document.adoptedStyleSheets.length, "the page scrolls again").to.equal(0);
  });

  it("a dialog that is removed while it is open gives the page back", async () => {
    const button = buttonIn();
    await button.open();
    (await opened()).remove();
    expect(document.adoptedStyleSheets.length).to.equal(0);
    await new Promise((resolve) => queueMicrotask(() => resolve(0)));
    await works(button);
  });

  it("a button that is adopted into a frame works there, and looks the same", async () => {
    const frame = document.createElement("iframe");
    Object.assign(frame.style, { width: "600px", height: "600px" });
    document.body.append(frame);
    const inside = frame.contentDocument as Document;
    inside.documentElement.lang = "en";
    const button = buttonIn();
    inside.body.append(button);
    expect(getComputedStyle(inner(button)[0] as Element).cursor).to.equal("pointer");
    await button.open();
    const modal = await opened(inside);
    expect(isOnTop(modal)).to.equal(true);
    const dialog = modal.shadowRoot?.querySelector("dialog") as HTMLDialogElement;
    expect(getComputedStyle(dialog).display, "the dialog's style sheet").to.equal("flex");
    expect(inside.adoptedStyleSheets.length, "the frame is locked").to.equal(1);
    expect(document.adoptedStyleSheets.length, "the page around it is not").to.equal(0);
    await cancel(modal);
  });
});
