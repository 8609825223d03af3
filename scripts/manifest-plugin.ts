/** What the analyzer cannot see in this project: how elements are registered, and the types of events. */

interface Node {
  readonly name?: { getText(): string };
  readonly members?: readonly Node[];
  readonly type?: { getText(): string };
  readonly expression?: { getText(): string };
  readonly arguments?: readonly { getText(): string; readonly text?: string }[];
  readonly jsDoc?: readonly {
    readonly comment?: string;
    readonly tags?: readonly { readonly tagName: { readonly text: string } }[];
  }[];
}

/** The interface of the analyzer's compiler, of which no types come along. */
interface Compiler {
  isClassDeclaration(node: Node): boolean;
  isCallExpression(node: Node): boolean;
  isInterfaceDeclaration(node: Node): boolean;
  forEachChild(node: Node, visit: (child: Node) => void): void;
}

interface Described {
  name: string;
  type?: { text: string };
  description?: string;
}

interface Declaration {
  name: string;
  kind: string;
  tagName?: string;
  customElement?: boolean;
  superclass?: { name: string };
  attributes?: (Described & { fieldName?: string })[];
  members?: (Described & { kind: string; privacy?: string; attribute?: string })[];
  events?: Described[];
}

interface ModuleDoc {
  path: string;
  declarations: Declaration[];
  exports: { kind: string; name: string; declaration: { name: string; module?: string } }[];
}

const isInternal = ({ jsDoc }: Node) =>
  jsDoc?.some(({ tags }) => tags?.some(({ tagName }) => tagName.text === "internal"));

export const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** An attribute that is not there is no value of it. */
const present = (type: string) => type.replace(/ \| (null|undefined)\b/g, "");

/** Type and comment of each event in the map of `src/events.ts`. */
function readEvents(ts: Compiler, source: Node): Map<string, Described> {
  const found = new Map<string, Described>();
  ts.forEachChild(source, (node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name?.getText() !== "RenumerateEventMap") return;
    for (const { name, type, jsDoc } of node.members ?? []) {
      const event = (name?.getText() ?? "").replaceAll('"', "");
      const description = jsDoc?.[0]?.comment?.replace(/\s+/g, " ") ?? "";
      found.set(event, { name: event, type: { text: type?.getText() ?? "Event" }, description });
    }
  });
  return found;
}

export function elementsPlugin(ts: Compiler, events: Node) {
  const known = readEvents(ts, events);
  const tags = new Map<string, string>();
  const written = new Map<string, Set<string>>();

  function finish(declaration: Declaration): void {
    declaration.tagName = tags.get(declaration.name);
    declaration.customElement = true;
    if (declaration.superclass?.name === "Base") declaration.superclass = { name: "HTMLElement" };
    // Assignments to other objects in a constructor are taken for fields; what is private is nobody's business.
    const members = (declaration.members ?? []).filter(
      ({ name, privacy }) =>
        written.get(declaration.name)?.has(name) &&
        (privacy ?? "public") === "public" &&
        !name.startsWith("#"),
    );
    declaration.members = members;
    declaration.attributes ??= [];
    for (const attribute of declaration.attributes) {
      const member = members.find(
        (each) => each.attribute === attribute.name || each.name === camel(attribute.name),
      );
      if (attribute.type) attribute.type.text = present(attribute.type.text);
      if (!member) continue;
      attribute.fieldName = member.name;
      member.attribute = attribute.name;
      member.description ??= attribute.description;
    }
    declaration.events = (declaration.events ?? []).map((event) => ({ ...event, ...known.get(event.name) }));
  }

  return {
    name: "elements",
    analyzePhase({ node }: { node: Node }) {
      if (ts.isClassDeclaration(node) && node.name) {
        const shown = (node.members ?? []).filter((member) => !isInternal(member));
        const names = shown.map((member) => member.name?.getText() ?? "");
        written.set(node.name.getText(), new Set(names));
      }
      if (ts.isCallExpression(node) && node.expression?.getText() === "define") {
        const [tag, element] = node.arguments ?? [];
        if (tag?.text && element) tags.set(element.getText(), tag.text);
      }
    },
    moduleLinkPhase({ moduleDoc }: { moduleDoc: ModuleDoc }) {
      const elements = moduleDoc.declarations.filter(({ name }) => tags.has(name));
      for (const element of elements) finish(element);
      moduleDoc.declarations = elements;
    },
    packageLinkPhase({ customElementsManifest }: { customElementsManifest: { modules: ModuleDoc[] } }) {
      for (const moduleDoc of customElementsManifest.modules) {
        const module = moduleDoc.path.replace(/^src\/components\/(.+)\.ts$/, "dist/npm/components/$1.js");
        moduleDoc.path = module;
        moduleDoc.exports = moduleDoc.declarations.flatMap(({ name, tagName = "" }) => [
          { kind: "js", name, declaration: { name, module } },
          { kind: "custom-element-definition", name: tagName, declaration: { name, module } },
        ]);
      }
    },
  };
}
