/**
 * Templates in the language of Lit, as much of it as the flow needs: `html` with texts, templates and lists as
 * children, attributes, `?flag`, `.property` and `@event`. What is shown again changes only where it differs.
 *
 * Only what stands in our own source is ever parsed. Values become text nodes, attributes and properties, and nothing
 * that came as JSON can pass for a template.
 */

/** Where it is enforced, a string becomes markup only by a policy. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML: (source: string) => string }): typeof rules;
}

export class Template {
  readonly strings: TemplateStringsArray;
  readonly values: readonly unknown[];
  key: unknown;

  constructor(strings: TemplateStringsArray, values: readonly unknown[]) {
    this.strings = strings;
    this.values = values;
  }
}

export const html = (strings: TemplateStringsArray, ...values: unknown[]) => new Template(strings, values);

/** Templates with another key are made anew, even if they are of the same source. */
export function keyed(key: unknown, template: Template): Template {
  template.key = key;
  return template;
}

/** As a child it shows nothing; as a value it takes the attribute away. */
export const nothing = Symbol();

/** A place in the page: takes its values from the front of the queue and shows them. */
type Part = (queue: unknown[]) => void;

/** Stands for a value in the source: within an attribute, or as the text of a comment where a child goes. */
const HOLE = "{{}}";

const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("renumerate", {
  createHTML: (source) => source,
});

/** New elements, and their parts in the order of the values. */
function create(strings: TemplateStringsArray): { content: DocumentFragment; parts: Part[] } {
  const source = strings.reduce((before, after) => {
    const inTag = before.lastIndexOf("<") > before.lastIndexOf(">");
    return before + (inTag ? HOLE : `<!--${HOLE}-->`) + after;
  });
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(source) : source;
  const { content } = template;
  const parts: Part[] = [];
  const nodes = document.createTreeWalker(content, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
  while (nodes.nextNode()) {
    const node = nodes.currentNode as Element | Comment;
    if (!("attributes" in node)) parts.push(childPart(node));
    else {
      for (const { name, value } of [...node.attributes]) {
        if (value.includes(HOLE)) parts.push(attributePart(node, name, value.split(HOLE)));
      }
    }
  }
  return { content, parts };
}

function update(parts: readonly Part[], values: readonly unknown[]): void {
  const queue = [...values];
  for (const part of parts) part(queue);
}

function attributePart(element: Element, name: string, pieces: readonly string[]): Part {
  const kind = name[0];
  const key = name.slice(1);
  const whole = pieces.join("") === "";
  let shown: unknown;
  element.removeAttribute(name);
  if (kind === "@") element.addEventListener(key, (event) => (shown as (event: Event) => void)(event));
  return (queue) => {
    const value = whole ? queue.shift() : pieces.reduce((text, piece) => `${text}${queue.shift()}${piece}`);
    if (value === shown) return;
    shown = value;
    if (kind === ".") Object.assign(element, { [key]: value });
    else if (kind === "?") element.toggleAttribute(key, !!value);
    else if (value === nothing || value === undefined) element.removeAttribute(name);
    else if (kind !== "@") element.setAttribute(name, `${value}`);
  };
}

/** What it shows stands before `end`. */
function childPart(end: ChildNode): Part {
  const start = document.createTextNode("");
  let shown: unknown;
  let parts: Part[] = [];
  end.before(start);

  function clear(): void {
    while (start.nextSibling !== end) start.nextSibling?.remove();
    parts = [];
  }

  return (queue) => {
    const before = shown;
    const value = queue.shift();
    shown = value;
    if (value instanceof Template) {
      if (!(before instanceof Template && before.strings === value.strings && before.key === value.key)) {
        clear();
        const created = create(value.strings);
        parts = created.parts;
        end.before(created.content);
      }
      update(parts, value.values);
    } else if (Array.isArray(value)) {
      // A list may grow in its place; a shorter one is made anew.
      if (!Array.isArray(before) || value.length < parts.length) clear();
      while (parts.length < value.length) {
        const itemEnd = document.createComment("");
        end.before(itemEnd);
        parts.push(childPart(itemEnd));
      }
      update(parts, value);
    } else if (value !== before) {
      clear();
      if (value !== nothing && value !== undefined) end.before(`${value}`);
    }
  };
}

/** What shows templates in the container, each in the place of the last; what they have in common stays untouched. */
export function renderer(container: ParentNode): (template: unknown) => void {
  const end = document.createComment("");
  container.append(end);
  const part = childPart(end);
  return (template) => part([template]);
}
