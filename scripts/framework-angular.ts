/**
 * Directives whose selectors are the tags. A template that has one needs no schema that allows everything: its bindings
 * are checked against the inputs. Written in the form in which Angular libraries are published ("partial declarations"),
 * which the compiler of any later version completes.
 */
import type { ElementDeclaration, Member } from "./manifest.ts";

/** The oldest compiler that knows what is declared here; stand-alone directives came with 14. */
const MIN_VERSION = "14.0.0";

type Elements = readonly ElementDeclaration[];

/** Some names are attributes and methods of every directive's element; only settable fields are inputs. */
const inputs = ({ members }: ElementDeclaration) => members.filter(({ kind }) => kind === "field");

const directive = ({ name }: ElementDeclaration) => `Renumerate${name}`;

/** An attribute without a binding arrives as text: empty for a switch, digits for a number. */
function accepts({ type, attribute }: Member): string {
  const text = (type?.text ?? "unknown").replace(" | undefined", "");
  if (attribute && text === "boolean") return 'boolean | "" | undefined';
  if (attribute && text === "number") return "number | string | undefined";
  return `${text} | undefined`;
}

const setter = (member: Member) => {
  const isSwitch = member.attribute && member.type?.text === "boolean";
  return `  set ${member.name}(value) {
    this.element.${member.name} = ${isSwitch ? 'value === "" || value' : "value"};
  }
`;
};

export const angularCode = (elements: Elements) => `import * as i0 from "@angular/core";

${elements
  .map(
    (element) => `export class ${directive(element)} {
  element = i0.inject(i0.ElementRef).nativeElement;
${inputs(element).map(setter).join("")}  static ɵfac = i0.ɵɵngDeclareFactory({
    minVersion: "${MIN_VERSION}", version: "${MIN_VERSION}", ngImport: i0, type: ${directive(element)}, deps: [],
    target: i0.ɵɵFactoryTarget.Directive,
  });
  static ɵdir = i0.ɵɵngDeclareDirective({
    minVersion: "${MIN_VERSION}", version: "${MIN_VERSION}", ngImport: i0, type: ${directive(element)}, isStandalone: true,
    selector: "${element.tagName}",
    inputs: { ${inputs(element)
      .map(({ name }) => `${name}: "${name}"`)
      .join(", ")} },
  });
}
`,
  )
  .join("\n")}
/** All tags, for a component's \`imports\`. */
export const RENUMERATE_TAGS = [${elements.map(directive).join(", ")}];
`;

export const angularTypes = (elements: Elements) => `import * as i0 from "@angular/core";
${elements
  .map(
    ({ name, tagName }) =>
      `import type { ${name} } from "../types/components/${tagName.replace("renumerate-", "")}.js";`,
  )
  .join("\n")}
// Brings the types of the events to every element.
import type {} from "../types/events.js";

${elements
  .map(
    (
      element,
    ) => `/** Inputs of \`<${element.tagName}>\`. Its events are those of the element: \`$event\` is typed by name. */
export declare class ${directive(element)} {
  readonly element: ${element.name};
${inputs(element)
  .map((each) => `  ${each.name}: ${accepts(each)};\n`)
  .join("")}  static ɵfac: i0.ɵɵFactoryDeclaration<${directive(element)}, never>;
  static ɵdir: i0.ɵɵDirectiveDeclaration<
    ${directive(element)}, "${element.tagName}", never,
    { ${inputs(element)
      .map(({ name }) => `"${name}": { "alias": "${name}"; "required": false; };`)
      .join(" ")} },
    {}, never, never, true, never
  >;
}
`,
  )
  .join("\n")}
/** All tags, for a component's \`imports\`. */
export declare const RENUMERATE_TAGS: readonly [${elements.map((each) => `typeof ${directive(each)}`).join(", ")}];
`;
