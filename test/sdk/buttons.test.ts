import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys, sendMouse } from "@web/test-runner-commands";
import { settlements, usual } from "../fixtures/flows.ts";
import { focused, names, serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import {
  begun,
  buttonIn,
  cancelled,
  container,
  cornerOf,
  create,
  dialogs,
  gone,
  kept,
  leave,
  recorder,
  thrown,
} from "./page.ts";

describe("mountCancelButton, by session id", () => {
  afterEach(leave);

  it("1: refuses what is no retention session", () => {
    container("a");
    for (const id of ["sub_x", "cus_1", "", "r10_x", " ret_x"]) {
      expect(thrown(() => create().mountCancelButton("a", id))).to.equal(
        `Error: Invalid sessionId: ${id}. Expected a retention session ID.`,
      );
    }
    expect(thrown(() => create().mountCancelButton("a"))).to.match(/^TypeError: .*startsWith/);
    expect(buttonIn(document.body)).to.equal(null);
  });

  it("2: refuses an element that is not there", () => {
    expect(thrown(() => create().mountCancelButton("missing", "ret_x"))).to.equal(
      "Error: Element with id missing not found",
    );
  });

  it("3: with both wrong, the session error wins", () => {
    expect(thrown(() => create().mountCancelButton("missing", "sub_x"))).to.equal(
      "Error: Invalid sessionId: sub_x. Expected a retention session ID.",
    );
  });

  it("9: the prefix is case-sensitive, and nothing but a prefix", () => {
    container("a");
    expect(thrown(() => create().mountCancelButton("a", "RET_1"))).to.equal(
      "Error: Invalid sessionId: RET_1. Expected a retention session ID.",
    );
    expect(thrown(() => create().mountCancelButton("a", "ret_"))).to.equal("nothing");
  });

  it("10: appends a button with the known text and class", async () => {
    const element = container("a");
    create().mountCancelButton("a", "ret_x");
    expect(buttonIn(element).textContent).to.equal("Cancel Subscription");
    expect(buttonIn(element).className).to.equal("renumerate-cancel-btn");
    expect(await names("button")).to.deep.equal(["Cancel Subscription"]);
  });

  it("11: a text as third argument is the whole class attribute", () => {
    const element = container("a");
    create().mountCancelButton("a", "ret_x", "mine also-mine");
    expect(buttonIn(element).className).to.equal("mine also-mine");
  });

  it("12: an object brings classes, and its three callbacks are used", async () => {
    serve(usual, settlements.kept);
    const element = container("a");
    const { calls, callbacks } = recorder();
    create().mountCancelButton("a", "ret_x", { classes: "mine", ...callbacks });
    expect(buttonIn(element).className).to.equal("mine");
    buttonIn(element).click();
    await kept(await begun());
    cornerOf().click();
    expect(calls).to.deep.equal(["retained", "complete:retained"]);
  });

  it("13: returns nothing, leaves what is in the element, and appends another one at each call", () => {
    const element = container("a");
    element.innerHTML = "<p>Before</p>";
    expect(create().mountCancelButton("a", "ret_x")).to.equal(undefined);
    create().mountCancelButton("a", "ret_x");
    expect([...element.children].map(({ localName }) => localName)).to.deep.equal(["p", "button", "button"]);
  });

  it("14: a click opens exactly one modal dialog, however often it is clicked", async () => {
    serve(usual);
    const element = container("a");
    create().mountCancelButton("a", "ret_x");
    for (let times = 0; times < 3; times++) buttonIn(element).click();
    await begun();
    expect(dialogs().length).to.equal(1);
    expect(dialogs()[0]?.matches(":modal")).to.equal(true);
  });

  it("19: the focus goes back to the button, opened by mouse or by key", async () => {
    serve(usual);
    const element = container("a");
    create().mountCancelButton("a", "ret_x");
    const button = buttonIn(element);
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
      await begun();
      await sendKeys({ press: "Escape" });
      await gone();
      expect(focused()).to.equal(button);
    }
  });

  it("61: the configuration's callbacks are called too, key by key", async () => {
    serve(usual);
    const element = container("a");
    const { calls, callbacks } = recorder();
    const own = recorder("own");
    create({ callbacks }).mountCancelButton("a", "ret_x", { onCancelled: own.callbacks.onCancelled });
    buttonIn(element).click();
    await cancelled(await begun());
    cornerOf().click();
    expect(own.calls).to.deep.equal(["own cancelled"]);
    expect(calls).to.deep.equal(["complete:cancelled"]);
  });

  it("66: never submits the form around it", async () => {
    serve(usual);
    const form = document.createElement("form");
    document.body.append(form);
    let submitted = 0;
    form.onsubmit = (event) => {
      submitted++;
      event.preventDefault();
    };
    container("a", form);
    create().mountCancelButton("a", "ret_x");
    expect(buttonIn(form).type).to.equal("button");
    buttonIn(form).click();
    await begun();
    expect(submitted).to.equal(0);
  });

  it("loads the flow ahead of the click, once", async () => {
    const { server } = serve(usual);
    const element = container("a");
    create().mountCancelButton("a", "ret_x");
    for (const intent of ["pointerenter", "focusin"]) buttonIn(element).dispatchEvent(new Event(intent));
    await waitUntil(() => server.flows.length, "nothing was fetched");
    expect(dialogs()).to.deep.equal([]);
    buttonIn(element).click();
    await begun();
    expect(server.flows.length).to.equal(1);
    expect(server.flows[0]?.token).to.equal("ret_x");
  });

  it("what was fetched ahead is not shown to somebody else", async () => {
    const { server } = serve(usual);
    const [first, second] = [container("a"), container("b")];
    const renumerate = create();
    renumerate.mountCancelButton("a", "ret_a");
    renumerate.mountCancelButton("b", "ret_b");
    buttonIn(first).dispatchEvent(new Event("pointerenter"));
    await waitUntil(() => server.flows.length, "nothing was fetched");
    buttonIn(second).click();
    await begun();
    expect(server.flows.at(-1)?.token).to.equal("ret_b");
  });

  it("an element's id is no selector", async () => {
    serve(usual);
    for (const id of ["a b", "#a", "a.b[c=d]", `"><img src=x onerror="window.hit=1">`, "1", "ä"]) {
      const element = container(id);
      create().mountCancelButton(id, "ret_x");
      expect(element.children.length, id).to.equal(1);
    }
    expect(thrown(() => create().mountCancelButton(`<img src=x onerror="window.hit=1">`, "ret_x"))).to.equal(
      `Error: Element with id <img src=x onerror="window.hit=1"> not found`,
    );
    await settle();
    expect(Reflect.get(window, "hit")).to.equal(undefined);
  });

  it("says its words in another language only where the configuration names one", async () => {
    document.documentElement.lang = "de";
    const [first, second] = [container("a"), container("b")];
    create().mountCancelButton("a", "ret_x");
    create({ locale: "de-AT" }).mountCancelButton("b", "ret_x");
    await waitUntil(() => buttonIn(second).textContent === "Abo kündigen", "no German");
    expect(buttonIn(second).lang).to.equal("de");
    // Who reads the page aloud has to know.
    expect([buttonIn(first).textContent, buttonIn(first).lang]).to.deep.equal(["Cancel Subscription", "en"]);
  });
});
