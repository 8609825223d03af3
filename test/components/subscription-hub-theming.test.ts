import { expect } from "@open-wc/testing";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import { offers } from "../fixtures/flows.ts";
import {
  hubButton,
  hubOf,
  hubRoot,
  hubServer,
  managed,
  openHub,
  placeHub,
  previewOf,
  subscriptions,
  until,
} from "../fixtures/hub.ts";
import { closeSections, invoicesOf, sectionServer } from "../fixtures/hub-sections.ts";

/** Each documented property: a value, where it must show, and as which style. */
const properties: Record<string, [value: string, selector: string, style: string]> = {
  background: ["rgb(1, 2, 3)", "article", "backgroundColor"],
  text: ["rgb(1, 2, 3)", "h2", "color"],
  muted: ["rgb(1, 2, 3)", "dt", "color"],
  surface: ["rgb(1, 2, 3)", "dl", "backgroundColor"],
  border: ["rgb(1, 2, 3)", "article", "borderTopColor"],
  "control-border": ["rgb(1, 2, 3)", "button:not(.primary)", "borderTopColor"],
  accent: ["rgb(1, 2, 3)", ".primary", "backgroundColor"],
  "accent-text": ["rgb(1, 2, 3)", ".primary", "color"],
  danger: ["rgb(1, 2, 3)", ".error", "color"],
  focus: ["rgb(1, 2, 3)", "button", "outlineColor"],
  radius: ["7px", "article", "borderTopLeftRadius"],
  "control-radius": ["7px", "button", "borderTopLeftRadius"],
  spacing: ["8px", "section", "rowGap"],
  font: ["fantasy", "dt", "fontFamily"],
  "heading-font": ["fantasy", "h3", "fontFamily"],
  "font-size": ["20px", "dt", "fontSize"],
};

const documentation = async (tag: string): Promise<string[]> => {
  const source = await (await fetch("/src/components/subscription-hub.ts")).text();
  return [...source.matchAll(new RegExp(`@${tag} \\[?(?:--renumerate-)?([\\w-]+)`, "g"))].map(
    ([, name]) => name as string,
  );
};

describe("theming of the subscription hub", () => {
  afterEach(closeSections);

  for (const [name, [value, selector, style]] of Object.entries(properties)) {
    it(`--renumerate-${name}`, async () => {
      const { hub } = await openHub(hubOf([managed.due]));
      hubRoot(hub).querySelector("button")?.focus();
      const read = () => getComputedStyle(hubRoot(hub).querySelector(selector) as Element)[style as "color"];
      expect(read()).not.to.equal(value);
      hub.style.setProperty(`--renumerate-${name}`, value);
      expect(read()).to.equal(value);
    });
  }

  it("every documented property is one of these", async () => {
    expect((await documentation("cssprop")).sort()).to.deep.equal(Object.keys(properties).sort());
  });

  it("every part that is documented exists, and every part that exists is documented", async () => {
    const seen = new Set<string>();
    const look = (hub: SubscriptionHub) => {
      for (const each of hubRoot(hub).querySelectorAll("[part]"))
        for (const part of each.part) seen.add(part);
    };
    const all = Object.values(subscriptions).map((each, index) => ({ ...each, id: `sub_${index}` }));
    const { hub, server } = await openHub(hubOf(all));
    look(hub);
    server.answer = "offline";
    await hub.refresh();
    look(hub);
    const { active, due } = managed;
    const offer = {
      subscription: active.id,
      offer: { ...offers.discount, body: "[Less](https://example.com)" },
    };
    const invoices = { invoices: invoicesOf(1), after: "next" };
    sectionServer("invoices", { body: invoices });
    const { hub: open, server: changes } = await openHub(
      hubOf([active, due], { offer, sections: ["invoices", "billing_details"] }),
      { fallbackEmail: "help@example.com" },
    );
    hubButton(open, "Billing history").click();
    await until(() => hubRoot(open).querySelector("[part=invoice]"), "an invoice");
    look(open);
    hubButton(open, "Billing details").click();
    await open.updateComplete;
    hubButton(open, "Edit").click();
    await open.updateComplete;
    look(open);
    hubButton(open, "Back").click();
    await open.updateComplete;
    changes.replies.preview = { body: previewOf(active) };
    for (const name of ["Change plan", "Pause subscription", "Enter a promo code", "Accept discount"]) {
      hubButton(open, name).click();
      await open.updateComplete;
      look(open);
      await until(() => !hubRoot(open).querySelector("i"), "the preview");
      look(open);
      hubButton(open, "Back").click();
      await open.updateComplete;
    }
    look((await openHub({ status: 500, code: "x" }, { fallbackEmail: "help@example.com" })).hub);
    hubServer(new Promise(() => {}));
    const waiting = placeHub();
    await waiting.updateComplete;
    look(waiting);
    const kinds = ["active", "trialing", "past-due", "paused", "ending", "ended"];
    expect([...seen].filter((part) => !kinds.includes(part)).sort()).to.deep.equal(
      (await documentation("csspart")).sort(),
    );
    expect([...seen]).to.include.members(kinds);
  });

  it("the colour scheme is the page's, unless the tag says which", async () => {
    const { hub } = await openHub(hubOf([subscriptions.active]));
    const card = () => getComputedStyle(hubRoot(hub).querySelector("article") as Element).backgroundColor;
    const light = card();
    document.documentElement.style.colorScheme = "dark";
    const dark = card();
    expect(dark).not.to.equal(light);
    hub.colorScheme = "light";
    await hub.updateComplete;
    expect(card()).to.equal(light);
  });
});
