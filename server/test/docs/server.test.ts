/** What docs/server.md shows does what the page says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { MessagesDefinition } from "../../src/contract/messages.ts";
import { onEachStore } from "../harness.ts";

const page = readFileSync(new URL("../../../docs/server.md", import.meta.url), "utf8");
const example = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(page)?.[1] ?? assert.fail(`no ${language}`);

onEachStore("docs/server.md", ({ open }) => {
  it("shows how a backend signs who is signed in", async () => {
    // It stands for a backend of today.
    const world = await open({ at: Date.now() });
    const keys = { RENUMERATE_PUBLIC_KEY: world.publicKey, RENUMERATE_PRIVATE_KEY: world.key };
    const code = example("js").replaceAll("process.env", JSON.stringify(keys));
    const text = `${code}\nexport default handshakeToken;`;
    const { default: handshakeToken } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    const reply = await world.request("/v1/session/exchange", { json: { handshakeToken } });
    assert.equal(reply.status, 200, reply.text);
  });

  it("shows words that can be set", () => {
    const { error } = MessagesDefinition.safeParse(JSON.parse(example("json")));
    assert.equal(error, undefined);
  });
});
