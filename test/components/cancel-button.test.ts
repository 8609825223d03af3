import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys, sendMouse } from "@web/test-runner-commands";
import type { CancelButton } from "../../src/components/cancel-button.ts";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { languages, loadLanguage } from "../../src/i18n/languages.ts";
import { messagesFor } from "../../src/i18n/messages.ts";
import { usual } from "../fixtures/flows.ts";
import { click, closeAll, focused, heading, names, place, ready, root, serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";

const inner = (button: CancelButton) => root(button).querySelector("button") as HTMLButtonElement;
const modalOf = () => document.querySelector("renumerate-retention-modal") as RetentionModal;

describe("cancel button", () => {
  afterEach(closeAll);

  it("is a real button with a name", async () => {
    const button = place("renumerate-cancel-button");
    expect(inner(button).type).to.equal("button");
    expect(await names("button")).to.deep.equal(["Cancel subscription"]);
    button.label = "End membership";
    expect(await names("button")).to.deep.equal(["End membership"]);
    const icon = document.createElement("b");
    icon.slot = "label";
    icon.textContent = "Leave";
    button.append(icon);
    expect(await names("button")).to.deep.equal(["Leave"]);
    await expect(button).to.be.accessible();
  });

  it("opens with the mouse and with the keyboard, and gets the focus back", async () => {
    const { log } = serve(usual);
    const button = place("renumerate-cancel-button");
    for (const act of [
      () => {
        const { x, y } = button.getBoundingClientRect();
        return sendMouse({ type: "click", position: [Math.round(x) + 8, Math.round(y) + 8] });
      },
      async () => {
        button.focus();
        await sendKeys({ press: "Enter" });
      },
    ]) {
      await act();
      await waitUntil(() => modalOf()?.open);
      await ready(modalOf());
      expect(heading(modalOf())).to.contain("Ada");
      await sendKeys({ press: "Escape" });
      await waitUntil(() => !modalOf(), "the dialog stays in the page");
      expect(focused()).to.equal(inner(button));
    }
    expect(log.short.filter((name) => name === "open").length).to.equal(2);
  });

  it("does not take the focus that comes back for new intent", async () => {
    await sendMouse({ type: "move", position: [700, 500] });
    const { server } = serve(usual);
    const button = place("renumerate-cancel-button");
    button.focus();
    await sendKeys({ press: "Enter" });
    await waitUntil(() => modalOf()?.open);
    await ready(modalOf());
    await sendKeys({ press: "Escape" });
    expect(focused()).to.equal(inner(button));
    await settle();
    expect(server.flows.length).to.equal(1);
  });

  it("hands its settings to the dialog, and its events come from the button", async () => {
    const { server } = serve(usual);
    const button = place("renumerate-cancel-button", {
      sessionId: "ret_7",
      subscriptionId: "sub_7",
      apiUrl: "https://api.example.com",
      locale: "en-GB",
      colorScheme: "dark",
      debug: false,
      fallbackEmail: "a@example.com",
    });
    const heard: EventTarget[] = [];
    document.addEventListener("renumerate-open", (event) => heard.push(event.target as EventTarget), {
      once: true,
    });
    await button.open();
    await ready(modalOf());
    expect(heard).to.deep.equal([button]);
    expect(server.flows[0]?.url.href).to.equal("https://api.example.com/v1/widget/flow");
    expect(server.flows[0]?.body).to.deep.equal({ subscription_id: "sub_7", locale: "en-GB" });
    const { locale, colorScheme, fallbackEmail } = modalOf();
    expect({ locale, colorScheme, fallbackEmail }).to.deep.equal({
      locale: "en-GB",
      colorScheme: "dark",
      fallbackEmail: "a@example.com",
    });
  });

  it("warms up the flow on intent, once", async () => {
    const { server } = serve(usual);
    const button = place("renumerate-cancel-button");
    for (const type of ["pointerenter", "focusin"]) inner(button).dispatchEvent(new Event(type));
    await waitUntil(() => server.flows.length);
    expect(modalOf()).to.equal(null);
    await button.open();
    await ready(modalOf());
    expect(server.flows.length).to.equal(1);
  });

  it("two clicks in one tick open one dialog", async () => {
    const { log } = serve(usual);
    const button = place("renumerate-cancel-button");
    inner(button).click();
    inner(button).click();
    await waitUntil(() => modalOf()?.open);
    await ready(modalOf());
    await button.open();
    expect(document.querySelectorAll("renumerate-retention-modal").length).to.equal(1);
    expect(log.short).to.deep.equal(["open", "step:why"]);
  });

  it("is busy, never disabled, while the dialog is on its way", async () => {
    serve(usual);
    const button = place("renumerate-cancel-button");
    const opening = button.open();
    expect(button.matches(":state(loading)")).to.equal(true);
    expect(inner(button).ariaBusy).to.equal("true");
    expect(inner(button).disabled).to.equal(false);
    await opening;
    expect(button.matches(":state(loading)")).to.equal(false);
    expect(inner(button).ariaBusy).to.equal(null);
  });

  it("never submits a form", async () => {
    serve(usual);
    const form = document.createElement("form");
    document.body.append(form);
    let submitted = 0;
    form.onsubmit = (event) => {
      submitted++;
      event.preventDefault();
    };
    const button = place("renumerate-cancel-button");
    form.append(button);
    inner(button).click();
    inner(button).focus();
    await sendKeys({ press: "Enter" });
    await waitUntil(() => modalOf()?.open);
    expect(submitted).to.equal(0);
  });

  it("hides its fallback while it works", async () => {
    const button = place("renumerate-cancel-button");
    const link = document.createElement("a");
    link.href = "mailto:a@example.com";
    link.textContent = "Write to us";
    button.append(link);
    expect(link.checkVisibility()).to.equal(false);
    expect(inner(button).checkVisibility()).to.equal(true);
  });

  it("honours properties that were set before it was known", async () => {
    const { server } = serve(usual);
    const tag = "renumerate-cancel-button";
    const early = document.implementation.createHTMLDocument("").createElement(tag) as CancelButton;
    const getAuthToken = () => "unused while there is a session id";
    Object.assign(early, { sessionId: "ret_early", label: "Go", debug: false, getAuthToken, theirs: 1 });
    expect(early.getAttribute("session-id")).to.equal(null);
    document.body.append(early);
    expect(early.getAttribute("session-id")).to.equal("ret_early");
    expect(inner(early).textContent).to.equal("Go");
    expect(early.getAuthToken).to.equal(getAuthToken);
    expect(early).to.have.property("theirs", 1);
    await early.open();
    await ready(modalOf());
    expect(modalOf().getAuthToken).to.equal(getAuthToken);
    expect(server.flows[0]?.token).to.equal("ret_early");
  });

  it("has a setter for each property, by which frameworks tell them from attributes", () => {
    const known = Object.getOwnPropertyDescriptors(customElements.get("renumerate-cancel-button")?.prototype);
    for (const name of ["getAuthToken", "sessionId", "label", "timeout"])
      expect(known[name]?.set, name).to.be.a("function");
  });

  it("reflects properties and attributes", () => {
    const button = document.createElement("renumerate-cancel-button");
    button.debug = true;
    expect(button.getAttribute("debug")).to.equal("");
    button.debug = false;
    expect(button.hasAttribute("debug")).to.equal(false);
    button.setAttribute("session-url", "/session");
    expect(button.sessionUrl).to.equal("/session");
    expect(button.locale).to.equal("");
  });

  it("can be cloned, moved and put back", async () => {
    serve(usual);
    const first = place("renumerate-cancel-button", { label: "One" });
    const second = first.cloneNode(true) as CancelButton;
    first.replaceWith(second);
    document.body.append(first);
    expect(inner(second).textContent).to.equal("One");
    await second.open();
    await ready(modalOf());
    expect(modalOf().opener).to.equal(second);
  });

  it("an open dialog outlives its button; its events reach the document all the same", async () => {
    const { log } = serve(usual);
    const button = place("renumerate-cancel-button");
    await button.open();
    await ready(modalOf());
    button.remove();
    expect(modalOf().open).to.equal(true);
    await click(modalOf(), "Keep subscription", "Done");
    expect(log.short).to.deep.equal(["open", "step:why", "retained", "complete:retained", "close"]);
    await settle();
    expect(modalOf()).to.equal(null);
  });

  it("does not open for a button that is gone", async () => {
    const { log } = serve(usual);
    const button = place("renumerate-cancel-button");
    const opening = button.open();
    button.remove();
    await opening;
    expect(modalOf()).to.equal(null);
    expect(log.short).to.deep.equal([]);
  });

  it("shows the dialog although a menu closes around the button", async () => {
    serve(usual);
    const menu = document.createElement("div");
    document.body.append(menu);
    const button = place("renumerate-cancel-button");
    menu.append(button);
    button.addEventListener("click", () => {
      menu.hidden = true;
    });
    inner(button).click();
    await waitUntil(() => modalOf()?.open);
    await ready(modalOf());
    expect(root(modalOf()).querySelector("h2")?.checkVisibility()).to.equal(true);
  });
});

describe("the button's own words", () => {
  afterEach(() => {
    closeAll();
    document.documentElement.lang = "en";
  });
  const said = (button: CancelButton) => root(button).querySelector<HTMLElement>('slot[name="label"]');

  it("are in the customer's language, the same as in the dialog", async () => {
    for (const language of languages) {
      await loadLanguage(language);
      const button = place("renumerate-cancel-button", { locale: language });
      const { leave } = messagesFor(language).messages;
      await waitUntil(() => said(button)?.textContent === leave, `${language}: ${leave}`);
      if (language !== "en") expect(said(button)?.lang).to.equal(language);
      button.remove();
    }
  });

  for (const [wanted, label, lang] of [
    ["zh-TW", "取消訂閱", "zh-hant"],
    ["no", "Si opp abonnementet", "no"],
    ["pt_BR", "Cancelar assinatura", "pt"],
    ["eo", "Cancel subscription", "en"],
    ["!", "Cancel subscription", "en"],
  ] as const) {
    it(`${wanted}: ${label}`, async () => {
      const button = place("renumerate-cancel-button", { locale: wanted });
      await waitUntil(() => said(button)?.lang === lang);
      expect(said(button)?.textContent).to.equal(label);
    });
  }

  it("follow the page's language, and give way to a label", async () => {
    document.documentElement.lang = "fr";
    const button = place("renumerate-cancel-button");
    await waitUntil(() => said(button)?.textContent === "Résilier l’abonnement");
    button.label = "Leave";
    expect(said(button)?.textContent).to.equal("Leave");
    expect(said(button)?.hasAttribute("lang")).to.equal(false);
  });
});
