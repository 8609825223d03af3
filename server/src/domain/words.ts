/** Which words a customer reads: the business's own, in the customer's language, before the widgets'. */
import type { Flow } from "../../../src/api/wire.ts";
import { chain } from "../../../src/i18n/tags.ts";
import type { FlowDefinition } from "../contract/flow-definition.ts";
import { sayStep } from "../contract/translations.ts";
import type { WorkspaceSettings } from "../store/store.ts";
import { linkWords } from "./link-words.ts";

type Words = Readonly<Record<string, string>>;

/**
 * All words for a locale, the more exact ones in place of the more general: `*`, then the language, its script, the
 * exact tag. The same tags in the same order as the widgets look for their texts.
 */
function merged(byLocale: Readonly<Record<string, Words>>, locale: string | undefined): Words {
  const tags = [...chain(locale).tags, "*"].reverse();
  const known = Object.entries(byLocale).map(
    ([tag, words]) => [tag.replaceAll("_", "-").toLowerCase(), words] as const,
  );
  return Object.assign({}, ...tags.map((tag) => known.find(([each]) => each === tag)?.[1]));
}

/** In place of the widgets' own, by key; undefined if there are none. */
export function messagesOf(
  { messages = {} }: Pick<WorkspaceSettings, "messages">,
  locale: string | undefined,
): Record<string, string> | undefined {
  const found = merged(messages, locale);
  return Object.keys(found).length ? { ...found } : undefined;
}

/** A resolved flow in the customer's language, as far as its version was translated. Terms are no words, and stay. */
export function translated(
  flow: Flow,
  { translations }: Pick<FlowDefinition, "translations">,
  locale: string | undefined,
): Flow {
  if (!translations) return flow;
  const words = merged(translations, locale);
  return { ...flow, steps: flow.steps.map((step) => sayStep(step, (path) => words[path])) };
}

/** What a confirmation says where nobody has said when the subscription would end, unless the business has its own words. */
export function withOpenEnd(flow: Flow, locale: string | undefined): Flow {
  const body = linkWords(locale).openEnd;
  const say = (step: Flow["steps"][number]) =>
    step.type === "confirm" && step.effective === "period_end" ? { body, ...step } : step;
  return { ...flow, steps: flow.steps.map(say) };
}

/** Names of the attributes that texts mention. */
export function attributesIn(...texts: unknown[]): Set<string> {
  const found = JSON.stringify(texts).matchAll(/\{\{\s*attributes\.([\w-]+)/g);
  return new Set(Array.from(found, ([, key]) => key as string));
}
