import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { describeFrameworks } from "../../scripts/framework-types.ts";
import {
  createManifest,
  describe as describeElements,
  ELEMENTS,
  type ElementDeclaration,
} from "../../scripts/manifest.ts";
import { CancelButton } from "../../src/components/cancel-button.ts";
import { RetentionModal } from "../../src/components/retention-modal.ts";
import { SubscriptionHub } from "../../src/components/subscription-hub.ts";

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The button defines its accessors by name; the others tell Lit. */
const accepted: Record<string, string[]> = {
  "renumerate-cancel-button": Object.entries(Object.getOwnPropertyDescriptors(CancelButton.prototype))
    .filter(([, { enumerable }]) => enumerable)
    .map(([name]) => kebab(name)),
  "renumerate-retention-modal": RetentionModal.observedAttributes,
  "renumerate-subscription-hub": SubscriptionHub.observedAttributes,
};

const source = readFileSync(path.join(import.meta.dirname, "../../src/events.ts"), "utf8");
const events = [...source.matchAll(/^ {2}"(renumerate-[\w-]+)": CustomEvent<(\w+)>;$/gm)];

/** Whoever can open a flow hears all of it; only a hub asks before it does. */
const firedBy = (tag: string) =>
  events.filter(
    ([, name]) =>
      tag === "renumerate-subscription-hub" ||
      !["renumerate-cancel-request", "renumerate-change"].includes(`${name}`),
  );

describe("the manifest", () => {
  let elements: ElementDeclaration[];
  before(async () => {
    elements = (await createManifest()).modules.flatMap(({ declarations }) => declarations);
  });

  it("has the three elements under their tags", () => {
    assert.deepEqual(
      elements.map(({ tagName }) => tagName),
      ELEMENTS.map((name) => `renumerate-${name}`),
    );
  });

  for (const name of ELEMENTS) {
    const tag = `renumerate-${name}`;
    const element = () => elements.find(({ tagName }) => tagName === tag) as ElementDeclaration;

    it(`has the attributes of <${tag}> and no other, each with type, description and property`, () => {
      assert.deepEqual(
        element()
          .attributes.map((each) => each.name)
          .sort(),
        [...(accepted[tag] ?? [])].sort(),
      );
      for (const { name, type, description, fieldName } of element().attributes) {
        assert.match(type?.text ?? "", /^(string|number|boolean|"[\w" |]+")$/, name);
        assert.ok(description && fieldName, name);
        assert.equal(kebab(fieldName), name);
      }
    });

    it(`has the events of <${tag}> and no other, each with the type of its detail`, () => {
      assert.deepEqual(
        element()
          .events.map(({ name, type }) => [name, type?.text])
          .sort(),
        firedBy(tag)
          .map(([, name, detail]) => [name, `CustomEvent<${detail}>`])
          .sort(),
      );
      for (const { name, description } of element().events) assert.ok(description, name);
    });

    it(`has of <${tag}> what is for pages alone`, () => {
      const names = element().members.map((each) => each.name);
      for (const name of names) assert.doesNotMatch(name, /^#|^constructor$|Callback$/);
      for (const hidden of ["showFallback", "settings", "texts", "getSession"])
        assert.ok(!names.includes(hidden), hidden);
      assert.ok(names.includes("getAuthToken"));
    });
  }

  it("comes with data for editors that know every tag, attribute and event", async () => {
    const files = await describeElements();
    const code = JSON.parse(files["vscode.html-custom-data.json"] as string);
    const webTypes = JSON.parse(files["web-types.json"] as string).contributions.html.elements;
    for (const { tagName, attributes, events } of elements) {
      const tag = code.tags.find((each: { name: string }) => each.name === tagName);
      const contributed = webTypes.find((each: { name: string }) => each.name === tagName);
      for (const { name } of attributes) {
        assert.ok(
          tag.attributes.some((each: { name: string }) => each.name === name),
          name,
        );
        assert.ok(
          contributed.attributes.some((each: { name: string }) => each.name === name),
          name,
        );
      }
      for (const { name } of events)
        assert.match(JSON.stringify(contributed.js.events), new RegExp(`"${name}"`));
    }
    assert.match(files["vscode.css-custom-data.json"] as string, /"--renumerate-accent"/);
  });

  it("is what the types for the frameworks are made of", async () => {
    const files = await describeFrameworks();
    const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const spelt: Record<string, (event: string) => string> = {
      react: (event) => `"on${event}"?:`,
      vue: (event) => `"${camel(`on-${event}`)}"?:`,
      svelte: (event) => `"on${event}"?:`,
    };
    for (const [framework, spell] of Object.entries(spelt)) {
      const text = files[`${framework}.d.ts`] as string;
      for (const { name, tagName, attributes, events } of elements) {
        assert.ok(text.includes(`"${tagName}": `), tagName);
        const body = text.split(`interface ${name}Props {`)[1]?.split("\n}")[0] ?? "";
        for (const attribute of attributes) assert.ok(body.includes(`"${attribute.name}"?:`), attribute.name);
        for (const event of events) assert.ok(body.includes(spell(event.name)), event.name);
      }
    }
    for (const { tagName, attributes } of elements) {
      const inputs = files["angular.js"]?.split(`selector: "${tagName}"`)[1]?.split("}")[0] ?? "";
      for (const { fieldName } of attributes) assert.ok(inputs.includes(`${fieldName}: "${fieldName}"`));
    }
  });
});
