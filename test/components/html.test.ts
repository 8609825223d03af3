import { expect } from "@open-wc/testing";
import { html, keyed, nothing, renderer } from "../../src/components/html.ts";

/** A container, and what it shows without the comments that mark the places of values. */
function place() {
  const container = document.createElement("div");
  return {
    show: renderer(container),
    markup: () => container.innerHTML.replace(/<!--.*?-->/g, ""),
    find: <Type extends Element = Element>(selector: string) =>
      container.querySelector<Type>(selector) as Type,
  };
}

describe("children of a template", () => {
  it("are texts, numbers, templates and lists; nothing and undefined leave no trace", () => {
    const { show, markup } = place();
    show(html`<p>${"a"} ${1}${nothing}${undefined}${html`<b>b</b>`}${["c", html`<i>${["d", 2]}</i>`]}</p>`);
    expect(markup()).to.equal("<p>a 1<b>b</b>c<i>d2</i></p>");
  });

  it("are never markup, and JSON is never a template", () => {
    const { show, find } = place();
    const forged = JSON.parse('{"strings":["<img>"],"values":[],"key":null}');
    show(html`<p title=${'"><b>'}>${"<b>"}${forged}</p>`);
    expect(find("p").children.length).to.equal(0);
    expect(find("p").textContent).to.equal("<b>[object Object]");
    expect(find("p").getAttribute("title")).to.equal('"><b>');
  });

  it("of every kind take the place of each other", () => {
    const { show, markup } = place();
    const shown = (child: unknown) => {
      show(html`<p>${child}</p>`);
      return markup();
    };
    const kinds: [unknown, string][] = [
      ["a", "<p>a</p>"],
      [html`<b>${"b"}</b>`, "<p><b>b</b></p>"],
      [["c", "d"], "<p>cd</p>"],
      [nothing, "<p></p>"],
    ];
    for (const [from] of kinds) {
      for (const [to, result] of kinds) {
        shown(from);
        expect(shown(to)).to.equal(result);
      }
    }
  });

  it("stay the same elements while only values change", () => {
    const { show, find } = place();
    const draw = (text: string, list: string[]) =>
      show(html`<p>${text}</p><ul>${list.map((item) => html`<li>${item}</li>`)}</ul>`);
    draw("a", ["x"]);
    const [paragraph, item] = [find("p"), find("li")];
    draw("b", ["y", "z"]);
    expect([find("p"), find("li")]).to.deep.equal([paragraph, item]);
    expect(find("p").textContent).to.equal("b");
    expect(find("ul").textContent).to.equal("yz");
    draw("b", ["z"]);
    expect(find("ul").textContent).to.equal("z");
  });

  it("are made anew for another source, and for another key", () => {
    const { show, find } = place();
    const draw = (key: string) => show(html`${keyed(key, html`<input />`)}`);
    draw("a");
    const first = find("input");
    draw("a");
    expect(find("input")).to.equal(first);
    draw("b");
    expect(find("input")).to.not.equal(first);
  });
});

describe("attributes of a template", () => {
  it("take one value or several, and go with nothing and undefined", () => {
    const { show, find } = place();
    for (const [value, result] of [
      ["t", "t"],
      [nothing, null],
      [false, "false"],
      [undefined, null],
      ["", ""],
    ] as const) {
      show(html`<p title=${value} class="a ${1} b-${2}"></p>`);
      expect(find("p").getAttribute("title")).to.equal(result);
      expect(find("p").className).to.equal("a 1 b-2");
    }
  });

  it("are flags with ?, properties with .", () => {
    const { show, find, markup } = place();
    const draw = (on: unknown, value: string) => show(html`<input ?disabled=${on} .value=${value} />`);
    draw(false, "a");
    expect(markup()).to.equal("<input>");
    expect(find<HTMLInputElement>("input").value).to.equal("a");
    draw("yes", "b");
    expect(markup()).to.equal('<input disabled="">');
    expect(find<HTMLInputElement>("input").value).to.equal("b");
  });

  it("leave a property alone that has not changed", () => {
    const { show, find } = place();
    const draw = () => show(html`<input .value=${"ours"} />`);
    draw();
    find<HTMLInputElement>("input").value = "typed";
    draw();
    expect(find<HTMLInputElement>("input").value).to.equal("typed");
  });

  it("are listeners with @: the last one, once", () => {
    const { show, find } = place();
    const heard: string[] = [];
    const draw = (name: string) => show(html`<button @click=${() => heard.push(name)}></button>`);
    draw("a");
    find<HTMLElement>("button").click();
    draw("b");
    find<HTMLElement>("button").click();
    expect(heard).to.deep.equal(["a", "b"]);
  });
});
