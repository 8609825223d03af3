/** `renumerate messages`: the business's words in place of the widgets' own. */
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { MessagesDefinition, messagesLocale } from "../contract/messages.ts";
import { issuesOf } from "../domain/flows.ts";
import { changeSettings } from "../domain/settings.ts";
import { accepted, asJson, print, Refused, readJson, type Using } from "./tools.ts";

/** A language, or `*` for all of them. */
function language(value: string): string {
  const locale = messagesLocale(value);
  if (!locale) throw new InvalidArgumentError("a language tag such as de or pt-BR, or * for all languages");
  return locale;
}

export function messageCommands(root: Command, using: Using): void {
  const messages = root.command("messages").description("your words in place of the widgets' own");
  /** Stores the words of one language; undefined takes them away. */
  const change = (locale: string, words: MessagesDefinition | undefined) =>
    using(async ({ deps, workspace }) => {
      await changeSettings(deps.store, workspace.id, (settings) => {
        const { [locale]: before, ...others } = settings.messages ?? {};
        if (!words && !before) throw new Refused(`There are no messages for ${locale}`);
        return { ...settings, messages: words ? { ...others, [locale]: words } : others };
      });
    });
  messages
    .command("set")
    .argument("<locale>", "a language tag, or * for all languages", language)
    .argument("<file>", "JSON of texts by key; - reads standard input")
    .description("put these words in place of the widgets', instead of all that were set for this language")
    .addOption(asJson())
    .action(async (locale: string, file: string, { json }: { json?: boolean }) => {
      const { data, error } = MessagesDefinition.safeParse(readJson(file));
      const { words } = accepted(
        file,
        data ? { ok: true, words: data } : { ok: false, issues: issuesOf(error) },
        json,
      );
      await change(locale, words);
      const count = Object.keys(words).length;
      print(
        json,
        { ok: true, locale, texts: count },
        `${locale}: ${count} ${count === 1 ? "text" : "texts"}`,
      );
    });
  messages
    .command("list")
    .description("list what was set, by language")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ workspace }) => {
        const all = workspace.settings.messages ?? {};
        const lines = Object.entries(all).flatMap(([locale, words]) =>
          Object.entries(words).map(([key, text]) => `${locale}  ${key}  ${text}`),
        );
        print(json, all, lines.join("\n"));
      }),
    );
  messages
    .command("unset")
    .argument("<locale>", "as it was set", language)
    .description("take the words of one language away")
    .addOption(asJson())
    .action(async (locale: string, { json }: { json?: boolean }) => {
      await change(locale, undefined);
      print(json, { locale, unset: true }, `${locale} is unset`);
    });
}
