import { expect, waitUntil } from "@open-wc/testing";
import type { Offer, Step } from "../../src/api/wire.ts";
import {
  configOf,
  DAY,
  NOW,
  offering,
  offers,
  settled,
  settlements,
  steps,
  subscription,
  trialing,
  usual,
} from "../fixtures/flows.ts";
import {
  click,
  closeAll,
  control,
  facts,
  heading,
  open,
  ready,
  root,
  text,
  write,
} from "../fixtures/open.ts";

const long = (at: number) => new Intl.DateTimeFormat("en", { dateStyle: "long" }).format(at);
const day = (at: number) => new Date(at).toLocaleDateString("sv");

describe("every step", () => {
  afterEach(closeAll);

  for (const [name, step] of Object.entries(steps) as [string, Step][]) {
    it(`${name} has both ways out, of one kind and size`, async () => {
      const { modal } = await open(configOf([step, steps.confirm]));
      const exits = [...root(modal).querySelectorAll<HTMLElement>("[part=footer] button")];
      expect(exits.map((each) => each.textContent)).to.deep.equal([
        "Keep subscription",
        "Cancel subscription",
      ]);
      const [keep, leave] = exits.map((each) => {
        const { offsetWidth: width, offsetHeight: height } = each;
        const { color, backgroundColor, borderColor, fontSize, fontWeight } = getComputedStyle(each);
        return { width, height, color, backgroundColor, borderColor, fontSize, fontWeight };
      });
      expect(keep).to.deep.equal(leave);
      expect(keep?.height).to.be.at.least(44);
    });

    it(`${name} has nothing chosen beforehand`, async () => {
      const { modal } = await open(configOf([step]));
      expect(root(modal).querySelector(":checked")).to.equal(null);
      for (const field of root(modal).querySelectorAll<HTMLInputElement>("textarea, [type=date]")) {
        expect(field.value).to.equal("");
      }
    });
  }
});

describe("survey", () => {
  afterEach(closeAll);

  it("shows title and text with merge fields, and its reasons", async () => {
    const { modal } = await open(usual);
    expect(heading(modal)).to.equal("Why would you like to cancel, Ada?");
    expect(root(modal).querySelectorAll("input[type=radio]").length).to.equal(5);
    expect(root(modal).querySelector("fieldset legend")?.textContent).to.equal("Your reason");
  });

  it("a merge field does not break the line of its reason", async () => {
    const reasons = [
      { id: "a", label: "Too much" },
      { id: "b", label: "{{price}} is {{attributes.much|too}} much" },
    ];
    const { modal } = await open(configOf([{ ...steps.survey, reasons }]));
    const [plain, merged] = [...root(modal).querySelectorAll<HTMLElement>("fieldset label")];
    expect(merged?.offsetHeight).to.equal(plain?.offsetHeight);
    expect(merged?.textContent?.trim()).to.equal("$49.00 is too much");
  });

  it("asks for a reason at the field, and leads to it again each time", async () => {
    const { modal } = await open(usual);
    for (let times = 0; times < 2; times++) {
      control(modal, "Continue").focus();
      await click(modal, "Continue");
      expect(root(modal).querySelector("[role=alert]")?.textContent).to.contain("choose a reason");
      expect(root(modal).querySelector("fieldset")?.ariaInvalid).to.equal("true");
      expect(root(modal).activeElement).to.equal(root(modal).querySelector("input"));
    }
    await click(modal, "I am switching to another product");
    expect(root(modal).querySelector("[role=alert]")).to.equal(null);
  });

  it("leads to the offer of the reason, and back with the answer kept", async () => {
    const { modal } = await open(usual);
    await click(modal, "It is too expensive", "Continue");
    expect(heading(modal)).to.equal("30% off for three months");
    await click(modal, "Back");
    expect(control<HTMLInputElement>(modal, "It is too expensive").checked).to.equal(true);
  });

  it("asks for a required follow-up and keeps what was typed", async () => {
    const { modal, server } = await open(usual);
    await click(modal, "Something else", "Continue");
    expect(root(modal).activeElement).to.equal(control(modal, "Please tell us more"));
    expect(control(modal, "Please tell us more").ariaInvalid).to.equal("true");
    await write(modal, "Please tell us more", "It rains");
    await click(modal, "Continue");
    expect(heading(modal)).to.equal("Confirm your cancellation");
    await click(modal, "Back");
    expect(control<HTMLTextAreaElement>(modal, "Please tell us more").value).to.equal("It rains");
    await click(modal, "Continue", "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    const written = server.decisions[0]?.body.events.find((event) => event.type === "write");
    expect(written).to.include({ text: "It rains" });
  });
});

describe("other questions", () => {
  afterEach(closeAll);

  it("feedback that is too short is refused, an empty one is not", async () => {
    const { modal } = await open(configOf([steps.feedback, steps.confirm]));
    await write(modal, "Your feedback (optional)", "short");
    await click(modal, "Continue");
    expect(root(modal).querySelector("[role=alert]")).to.not.equal(null);
    expect(text(modal)).to.contain("At least 10 characters");
    await write(modal, "Your feedback (optional)", "");
    await click(modal, "Continue");
    expect(heading(modal)).to.equal("Confirm your cancellation");
  });

  it("losses are listed with merge fields", async () => {
    const { modal } = await open(configOf([steps.losses, steps.confirm]));
    expect([...root(modal).querySelectorAll("li")].map((each) => each.textContent)).to.deep.equal([
      "12 shared projects",
      "Priority support",
      "Your price of $49.00 per month",
    ]);
    expect(root(modal).querySelector("strong")?.textContent).to.equal(long(subscription.periodEnd));
  });

  it("a custom step is filled by its slot, or by the page", async () => {
    const { modal, server, log } = await open(
      configOf([steps.custom, { ...steps.custom, id: "again" }, steps.confirm]),
    );
    expect(log.all.at(-1)?.detail).to.deep.equal({
      id: "rating",
      type: "custom",
      name: "rating",
      data: { max: 5 },
    });
    await click(modal, "Continue");
    expect(root(modal).querySelector("[role=alert]")).to.not.equal(null);

    const stars = document.createElement("button");
    stars.slot = "custom:rating";
    modal.append(stars);
    stars.dispatchEvent(new CustomEvent("renumerate-fill", { bubbles: true, detail: { value: 4 } }));
    await click(modal, "Continue");
    modal.fill("fine");
    await click(modal, "Continue", "Cancel subscription");
    await waitUntil(() => server.decisions.length);
    const fills = server.decisions[0]?.body.events.filter((event) => event.type === "fill");
    expect(fills?.map(({ value }) => value)).to.deep.equal([4, "fine"]);
  });
});

describe("offers", () => {
  afterEach(closeAll);

  const shown: [Offer, string[]][] = [
    [offers.discount, ["Applies to: 3 months", `Full price again: $49.00 from ${long(NOW + 110 * DAY)}`]],
    [offers.pause, [`Pause starts: ${long(NOW + 20 * DAY)}`]],
    [offers.plan_change, [`New price from: ${long(NOW + 20 * DAY)}`]],
    [offers.annual_switch, ["Due today: $457.50", "You save per year: $98.00"]],
    [
      offers.trial_extension,
      [`Trial ends: ${long(NOW + 19 * DAY)}`, `Without the extension: ${long(NOW + 5 * DAY)}`],
    ],
    [offers.contact, []],
    [offers.redirect, []],
    [offers.custom, []],
  ];
  for (const [offer, rows] of shown) {
    it(`${offer.type} states its terms`, async () => {
      const { modal, log } = await open(offering(offer, { subscription: trialing }));
      expect(facts(modal)).to.deep.equal(rows);
      expect(log.all.at(-1)?.detail).to.include({ id: "deal", type: "offer", offer: offer.type });
    });
  }

  it("a discount shows the new and the old price", async () => {
    const { modal } = await open(offering(offers.discount));
    expect(root(modal).querySelector(".price")?.textContent?.replace(/\s+/g, " ").trim()).to.equal(
      "$34.30 per month instead of $49.00",
    );
  });

  it("a discount in a currency without decimals is not divided", async () => {
    const { modal } = await open(
      offering({
        type: "discount",
        id: "yen",
        terms: { amountOff: 900, duration: "forever", amount: 3800, discounted: 2900, currency: "jpy" },
      }),
    );
    expect(heading(modal)).to.equal("¥900 off your subscription");
    expect(text(modal)).to.contain("¥2,900 per month").and.contain("As long as you subscribe");
  });

  it("sends exactly what was seen", async () => {
    const { modal, server } = await open(offering(offers.discount), settlements.discount);
    await click(modal, "Accept discount");
    await waitUntil(() => heading(modal) === "Your discount is on");
    expect(server.decisions[0]?.body.seen).to.deep.equal({
      offer: "thirty",
      terms: offers.discount.terms,
      choice: {},
    });
    expect(server.decisions[0]?.body.events.at(-1)?.type).to.equal("accept");
  });

  it("promises no date of a pause where nobody has said until when is paid for", async () => {
    const { periodEnd: _, ...unknown } = subscription;
    const { dates: _d, ...terms } = offers.pause.terms;
    const { modal } = await open(offering({ ...offers.pause, terms }, { subscription: unknown }));
    control<HTMLInputElement>(modal, "2 months").click();
    await modal.updateComplete;
    expect(facts(modal)).to.deep.equal([]);
    expect(text(modal)).not.to.match(/Pause starts|Billing resumes/);
  });

  it("a pause sends the length that was picked", async () => {
    const { modal, server } = await open(offering(offers.pause), settlements.pause);
    await click(modal, "Pause subscription");
    expect(root(modal).activeElement).to.equal(control(modal, "1 month"));
    await click(modal, "2 months");
    expect(facts(modal)).to.include(`Billing resumes: ${long(Date.UTC(2026, 7, 20, 12))}`);
    await click(modal, "Pause subscription");
    await waitUntil(() => server.decisions.length);
    expect(server.decisions[0]?.body.seen?.choice).to.deep.equal({ months: 2 });
  });

  it("a pause sends the date that was picked, kept within the limits", async () => {
    const { modal, server } = await open(offering(offers.pause), settlements.pause);
    // The limits are instants in the middle of a day; what can be picked are the whole days between them.
    const { min, max } = offers.pause.terms.dates;
    const first = new Date(min + DAY).setHours(0, 0, 0, 0);
    const last = new Date(max).setHours(0, 0, 0, 0);
    const field = control<HTMLInputElement>(modal, "Or until a date");
    const pick = async (value: string) => {
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      await modal.updateComplete;
    };
    await click(modal, "2 months");
    await pick(day(NOW + 60 * DAY));
    expect(root(modal).querySelector(":checked")).to.equal(null);
    expect(facts(modal)).to.include(`Billing resumes: ${long(NOW + 60 * DAY)}`);
    // Half typed, and the field is left.
    await pick("0002-01-01");
    expect(facts(modal)).to.include(`Billing resumes: ${long(first)}`);
    field.dispatchEvent(new FocusEvent("blur"));
    expect(field.value).to.equal(day(first));
    expect([field.min, field.max]).to.deep.equal([day(first), day(last)]);
    await pick("2099-01-01");
    await click(modal, "Pause subscription");
    await waitUntil(() => server.decisions.length);
    expect(server.decisions[0]?.body.seen?.choice).to.deep.equal({ until: last });
  });

  it("picking a length again clears the date", async () => {
    const { modal } = await open(offering(offers.pause));
    const field = control<HTMLInputElement>(modal, "Or until a date");
    field.value = day(NOW + 60 * DAY);
    field.dispatchEvent(new Event("change", { bubbles: true }));
    await modal.updateComplete;
    await click(modal, "3 months");
    expect(field.value).to.equal("");
  });

  it("a plan change sends the plan that was picked", async () => {
    const { modal, server } = await open(offering(offers.plan_change), settlements.plan_change);
    await click(modal, "Solo", "Switch plan");
    await waitUntil(() => heading(modal) === "Your plan is changed");
    expect(server.decisions[0]?.body.seen?.choice).to.deep.equal({ priceId: "price_solo" });
  });

  it("a contact is a real link that also tells the server", async () => {
    const { modal, server } = await open(offering(offers.contact), settlements.kept);
    const link = control<HTMLAnchorElement>(modal, "Contact us");
    expect(link.href).to.equal("mailto:help@example.com");
    expect(link.target).to.equal("");
    link.addEventListener("click", (event) => event.preventDefault());
    link.click();
    await waitUntil(() => server.decisions.length);
    expect(server.decisions[0]?.body.seen?.offer).to.equal("talk");
  });

  it("a redirect opens beside the page", async () => {
    const { modal } = await open(offering(offers.redirect));
    const { target, rel, href } = control<HTMLAnchorElement>(modal, "Take a look");
    expect({ target, rel, href }).to.deep.equal({
      target: "_blank",
      rel: "noopener",
      href: "https://example.com/guide",
    });
  });

  for (const url of [
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "/account",
    "http://example.com",
  ]) {
    it(`leads nowhere for ${JSON.stringify(url)}`, async () => {
      const { modal } = await open(offering({ ...offers.redirect, terms: { url } }));
      expect(root(modal).querySelector("a")).to.equal(null);
      expect(control(modal, "No thanks")).to.be.instanceOf(HTMLButtonElement);
    });
  }

  it("declining goes on", async () => {
    const { modal, server } = await open(offering(offers.discount));
    await click(modal, "No thanks");
    expect(heading(modal)).to.equal("Confirm your cancellation");
    expect(server.decisions).to.deep.equal([]);
  });
});

describe("confirm and endings", () => {
  afterEach(closeAll);

  it("names the end of access and the charges", async () => {
    const { modal } = await open(configOf([steps.confirm]));
    expect(facts(modal)).to.deep.equal([
      "Plan: Team",
      `Access until: ${long(subscription.periodEnd)}`,
      "Further charges: None",
    ]);
  });

  it("says of a subscription that the business bills by itself only what it has said of it", async () => {
    const { price: _p, periodEnd: _e, ...unknown } = subscription;
    const { modal } = await open(
      configOf([{ ...steps.confirm, title: "Leave {{plan.name}}{{price}}{{period.end}}?" }], {
        subscription: unknown,
      }),
    );
    expect(heading(modal)).to.equal("Leave Team?");
    expect(facts(modal)).to.deep.equal(["Plan: Team"]);
    closeAll();
    const priced = await open(
      configOf([steps.confirm], { subscription: { ...unknown, price: subscription.price } }),
    );
    expect(facts(priced.modal)).to.deep.equal(["Plan: Team · $49.00 per month"]);
    expect(text(modal)).not.to.match(/Invalid|NaN|undefined|1970|Further charges/);
    closeAll();
    const now = await open(
      configOf([{ ...steps.confirm, effective: "immediately" }], { subscription: unknown }),
    );
    expect(facts(now.modal)).to.include("Access until: Today");
  });

  it("names the end of a trial, of access now, and an unpaid invoice", async () => {
    const { modal } = await open(configOf([steps.confirm], { subscription: trialing }));
    expect(text(modal)).to.contain(`Your free trial will end on ${long(NOW + 5 * DAY)}.`);
    closeAll();
    const now = await open(configOf([{ ...steps.confirm, effective: "immediately" }]));
    expect(facts(now.modal)).to.include("Access until: Today");
    closeAll();
    const due = await open(
      configOf([steps.confirm], { subscription: { ...subscription, status: "past_due" } }),
    );
    expect(facts(due.modal)).to.include("Further charges: None, but an unpaid invoice stays due");
  });

  it("has the labels of the flow", async () => {
    const { modal } = await open(configOf([{ ...steps.confirm, confirmLabel: "End it", keepLabel: "Stay" }]));
    const labels = [...root(modal).querySelectorAll("[part=footer] button")].map((each) => each.textContent);
    expect(labels).to.deep.equal(["Stay", "End it"]);
  });

  const endings: [keyof typeof settlements, string, string[]][] = [
    [
      "cancelled",
      "Your subscription is cancelled",
      [`Access until: ${long(NOW + 20 * DAY)}`, "Further charges: None"],
    ],
    ["requested", "We have received your request", []],
    [
      "kept",
      "Your subscription continues",
      ["Plan: Team · $49.00 per month", `Next charge: $49.00 on ${long(NOW + 20 * DAY)}`],
    ],
    [
      "discount",
      "Your discount is on",
      [
        "Plan: Team · $49.00 per month",
        `Discount until: ${long(NOW + 110 * DAY)}`,
        `Next charge: $34.30 on ${long(NOW + 20 * DAY)}`,
      ],
    ],
    [
      "pause",
      "Your pause is set",
      [
        "Plan: Team · $49.00 per month",
        `Paused until: ${long(NOW + 81 * DAY)}`,
        `Next charge: $49.00 on ${long(NOW + 81 * DAY)}`,
      ],
    ],
    [
      "plan_change",
      "Your plan is changed",
      ["Plan: Solo · $19.00 per month", `Next charge: $19.00 on ${long(NOW + 20 * DAY)}`],
    ],
    [
      "annual_switch",
      "You now pay by the year",
      ["Plan: Team · $490.00 per year", `Next charge: $490.00 on ${long(NOW + 365 * DAY)}`],
    ],
    [
      "trial_extension",
      "Your trial is extended",
      [
        "Plan: Team · $49.00 per month",
        `Trial ends: ${long(NOW + 19 * DAY)}`,
        `Next charge: $49.00 on ${long(NOW + 19 * DAY)}`,
      ],
    ],
  ];
  for (const [name, title, rows] of endings) {
    it(`${name}: says what billing says`, async () => {
      const session = { id: "ses_1", environment: "sandbox", settlement: settlements[name] } as const;
      const { modal } = await open(configOf([steps.confirm], { session }));
      expect(heading(modal)).to.equal(title);
      expect(facts(modal)).to.deep.equal(rows);
      expect(root(modal).querySelector("[part=footer]")).to.equal(null);
    });
  }

  it("uses the flow's own words, but never for what is only requested", async () => {
    const own: Step = {
      type: "success",
      id: "end",
      cancelled: { title: "Farewell, {{customer.firstName}}", body: "Done." },
    };
    const of = (status: "done" | "requested") =>
      configOf([steps.confirm, own], {
        session: { id: "s", environment: "sandbox", settlement: settled("cancelled", {}, { status }) },
      });
    const { modal } = await open(of("done"));
    expect(heading(modal)).to.equal("Farewell, Ada");
    closeAll();
    const requested = await open(of("requested"));
    expect(heading(requested.modal)).to.equal("We have received your request");
    expect(text(requested.modal)).to.not.contain("Farewell").and.not.contain("Done.");
  });

  it("having stayed never locks the door", async () => {
    const { modal, server, log } = await open(configOf([steps.confirm]));
    await click(modal, "Keep subscription");
    expect(heading(modal)).to.equal("Your subscription continues");
    await click(modal, "I still want to cancel");
    await waitUntil(() => server.flows.length === 2);
    expect(server.flows[1]?.body.restart).to.equal("1");
    await ready(modal);
    await click(modal, "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    expect(log.short).to.deep.equal([
      "open",
      "step:sure",
      "retained",
      "complete:retained",
      "step:sure",
      "cancelled",
      "complete:cancelled",
    ]);
  });

  it("says when the subscription is already ending", async () => {
    const cancelAt = NOW + 3 * DAY;
    const { modal, log } = await open(
      configOf([steps.confirm], { subscription: { ...subscription, cancelAt, nextCharge: undefined } }),
    );
    expect(heading(modal)).to.equal("Your subscription is already cancelled");
    expect(facts(modal)).to.include(`Access until: ${long(cancelAt)}`);
    await click(modal, "Done");
    expect(log.short).to.deep.equal(["open", "close"]);
  });
});
