/** Finds elements as people do, by role, name and text, through open shadow roots and slots. Runs in the page. */

/** A text that must be contained, or equal if `exact`; or a regular expression in its two parts. */
export interface Wanted {
  text?: string;
  exact?: boolean;
  source?: string;
  flags?: string;
}

export type Step =
  | { by: "role"; role: string; name?: Wanted }
  | { by: "text"; text: Wanted }
  | { by: "label"; text: Wanted }
  | { by: "css"; selector: string }
  | { by: "first" }
  /** What any of these ways leads to. */
  | { by: "any"; of: readonly Path[] };

/** The way to elements, each step within what the one before has found. */
export type Path = readonly Step[];

/** Self-contained, because it is sent as text: nothing outside of it exists where it runs. */
export function finder() {
  const fields = {
    checkbox: "checkbox",
    radio: "radio",
    range: "slider",
    number: "spinbutton",
    search: "searchbox",
  };
  const roles: Record<string, (element: Element) => string | undefined> = {
    A: (element) => (element.hasAttribute("href") ? "link" : undefined),
    BUTTON: () => "button",
    DIALOG: () => "dialog",
    FIELDSET: () => "group",
    INPUT: ({ type }: Element & { type?: string }) =>
      /button|submit|reset|image/.test(type ?? "") ? "button" : (fields[type as "radio"] ?? "textbox"),
    NAV: () => "navigation",
    SELECT: () => "combobox",
    TEXTAREA: () => "textbox",
  };
  const clean = (text: string) => text.replace(/\s+/g, " ").trim();
  const isVisible = (element: Element) => element.checkVisibility({ visibilityProperty: true });

  const childrenOf = (node: Node): Node[] => {
    if (node instanceof HTMLSlotElement && node.assignedNodes().length) return node.assignedNodes();
    return [...((node as Element).shadowRoot ?? node).childNodes];
  };
  /** All elements below, as they are rendered: what a slot shows is below the slot. */
  const below = (node: Node): Element[] =>
    childrenOf(node).flatMap((child) => (child instanceof Element ? [child, ...below(child)] : []));

  const roleOf = (element: Element): string | undefined =>
    element.getAttribute("role") ??
    (/^H[1-6]$/.test(element.tagName) ? "heading" : roles[element.tagName]?.(element));

  const textOf = (node: Node): string => {
    if (node instanceof Text) return node.data;
    if (!(node instanceof Element) || /^(SCRIPT|STYLE|TEXTAREA|SELECT)$/.test(node.tagName)) return "";
    const { display } = getComputedStyle(node);
    // What has no box of its own, such as a slot, counts as not visible although its content is.
    if (node.ariaHidden === "true" || (display !== "contents" && !node.checkVisibility())) return "";
    const text = childrenOf(node).map(textOf).join("");
    return /^(inline|contents)/.test(display) ? text : ` ${text} `;
  };
  const nameOf = (element: Element): string => {
    const scope = element.getRootNode() as Document | ShadowRoot;
    const ids = element.getAttribute("aria-labelledby")?.split(/\s+/) ?? [];
    const named = ids.map((id) => scope.getElementById(id)?.textContent ?? "").join(" ");
    const labels = [...((element as HTMLInputElement).labels ?? [])].map(textOf).join(" ");
    const ways = [named, element.getAttribute("aria-label") ?? "", labels];
    if (!/^(dialog|group|navigation|textbox)$/.test(roleOf(element) ?? "")) ways.push(textOf(element));
    return clean(ways.find((way) => clean(way)) ?? element.getAttribute("title") ?? "");
  };

  const matches = (found: string, { text, exact, source, flags }: Wanted): boolean => {
    if (source !== undefined) return new RegExp(source, flags).test(found);
    const wanted = clean(text ?? "");
    return exact ? found === wanted : found.toLowerCase().includes(wanted.toLowerCase());
  };
  const holds = (element: Element, step: Exclude<Step, { by: "first" | "any" }>): boolean => {
    switch (step.by) {
      case "role":
        return (
          roleOf(element) === step.role &&
          isVisible(element) &&
          (!step.name || matches(nameOf(element), step.name))
        );
      case "label":
        return "labels" in element && matches(nameOf(element), step.text);
      case "text":
        return matches(clean(textOf(element)), step.text) && !childrenOf(element).some(isText(step.text));
      case "css":
        return element.matches(step.selector);
    }
  };
  /** Only the innermost element that has a text counts. */
  const isText = (text: Wanted) => (node: Node) =>
    node instanceof Element && matches(clean(textOf(node)), text);

  const find = (path: Path): Element[] => {
    let found: Element[] = [document.documentElement];
    for (const step of path) {
      if (step.by === "first") found = found.slice(0, 1);
      else if (step.by === "any") found = [...new Set(step.of.flatMap(find))];
      else found = [...new Set(found.flatMap(below))].filter((element) => holds(element, step));
    }
    return found;
  };

  /** The element that a click at this point would reach, within all shadow roots. */
  const hitAt = (x: number, y: number): Element | null => {
    let hit = document.elementFromPoint(x, y);
    for (let root = hit?.shadowRoot; root; root = hit?.shadowRoot) {
      const inner = root.elementFromPoint(x, y);
      if (!inner || inner === hit) break;
      hit = inner;
    }
    return hit;
  };

  /** Whether a click on one element is a click on the other, which contains it or has it for a label. */
  const reaches = (hit: Element | null, element: Element): boolean => {
    const targets: Node[] = [element, ...((element as HTMLInputElement).labels ?? [])];
    const parentOf = (node: Node) =>
      (node as Element).assignedSlot ?? node.parentNode ?? (node as ShadowRoot).host ?? null;
    for (let node: Node | null = hit; node; node = parentOf(node)) {
      if (targets.includes(node)) return true;
    }
    return false;
  };

  return { below, find, hitAt, isVisible, nameOf, reaches, roleOf };
}

/** The text of a function whose body can use `finder` and the `arguments` that it is called with. */
export const withFinder = (body: string): string => `const finder = (${finder})();\n${body}`;
