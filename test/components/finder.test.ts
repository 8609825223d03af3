import { expect } from "@open-wc/testing";
import { finder } from "../../scripts/finder.ts";
import { usual } from "../fixtures/flows.ts";
import { click, closeAll, open, place, told } from "../fixtures/open.ts";

/** The end-to-end tests find things by rules of their own: they have to be those of the browser. */
describe("finding as people do", () => {
  afterEach(closeAll);
  const { find, nameOf, reaches, hitAt } = finder();
  const role = (role: string, name?: string) =>
    ({ by: "role", role, ...(name ? { name: { text: name } } : {}) }) as const;
  const found = (role: string) => find([{ by: "role", role }]).map(nameOf);

  it("roles and names are those that assistive technology is told", async () => {
    const { modal } = await open(usual);
    await click(modal, "Something else");
    const all = await told();
    for (const role of ["dialog", "heading", "radio", "textbox", "button"]) {
      const names = all.filter((node) => node.role === role).map(({ name }) => name);
      expect(found(role), role).to.deep.equal(names);
      expect(found(role).length, role).to.be.above(0);
    }
  });

  it("a name is contained, or equal if it is to be exact; a path leads inwards", async () => {
    await open(usual);
    expect(find([role("button", "subscription")]).length).to.equal(2);
    expect(find([{ by: "role", role: "button", name: { text: "subscription", exact: true } }])).to.deep.equal(
      [],
    );
    expect(find([role("dialog"), role("heading"), role("button")])).to.deep.equal([]);
    const both = [[role("heading")], [role("button", "Continue")]];
    expect(find([{ by: "any", of: both }]).length).to.equal(2);
    expect(find([{ by: "any", of: both }, { by: "first" }]).map(nameOf)).to.deep.equal(found("heading"));
  });

  it("a text is that of the innermost element, and what is hidden has none", () => {
    const button = place("renumerate-cancel-button");
    button.textContent = "Write to us";
    const paragraph = document.createElement("p");
    paragraph.innerHTML = "You may <b>leave</b> at <i>any</i> time";
    document.body.append(paragraph);
    const text = (text: string) => find([{ by: "text", text: { text } }]).map(({ localName }) => localName);
    expect(text("leave at any")).to.deep.equal(["p"]);
    expect(text("leave")).to.deep.equal(["b"]);
    expect(text("Write to us")).to.deep.equal([]);
  });

  it("a click has to reach what it is meant for", () => {
    const button = place("renumerate-cancel-button");
    const [inner] = find([role("button")]) as [Element];
    const { x, y, width, height } = inner.getBoundingClientRect();
    const hit = () => hitAt(x + width / 2, y + height / 2);
    expect(reaches(hit(), inner)).to.equal(true);
    expect(reaches(hit(), button)).to.equal(true);
    const cover = document.createElement("div");
    cover.style.cssText = "position: fixed; inset: 0";
    document.body.append(cover);
    expect(reaches(hit(), inner)).to.equal(false);
  });
});
