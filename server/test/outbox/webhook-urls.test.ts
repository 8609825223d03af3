/** Where a message may go: as somebody tries who wants this server to speak to what it alone can reach. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Problem } from "../../src/domain/problem.ts";
import { isPublic, resolveWebhookUrl } from "../../src/domain/webhook-urls.ts";

const outgoing = (addresses: string[] = ["93.184.215.14"], allowPrivate = false) => ({
  outgoing: { allowPrivate, resolve: async () => addresses },
});

const refused = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Problem);
  assert.deepEqual([error.code, error.param], ["webhook_url_not_allowed", "url"]);
  assert.match(error.message, message);
  return true;
};

describe("A public address", () => {
  for (const address of [
    "8.8.8.8",
    "93.184.215.14",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "198.17.255.255",
    "168.63.129.15",
    "168.63.129.17",
  ])
    it(`is ${address}`, () => assert.equal(isPublic(address), true));

  const others = {
    private: ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::ffff:10.0.0.1", "::ffff:a00:1"],
    "of this machine": [
      "127.0.0.1",
      "127.255.255.255",
      "::1",
      "::ffff:127.0.0.1",
      "0.0.0.0",
      "0.1.2.3",
      "::",
    ],
    "of the link, where clouds keep their secrets": [
      "169.254.169.254",
      "fe80::1",
      "fe80::1%eth0",
      "fd00:ec2::254",
      "168.63.129.16",
      "::ffff:168.63.129.16",
    ],
    "behind a carrier's router": ["100.64.0.1", "100.127.255.255"],
    "of a site": ["fc00::1", "fdff::1", "fec0::1"],
    "IPv4 in disguise": [
      "64:ff9b::7f00:1",
      "64:ff9b:1::7f00:1",
      "2002:7f00:1::",
      "2001:0:7f00:1::",
      "::127.0.0.1",
      "::ffff:0:7f00:1",
    ],
    "for many": ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"],
    reserved: [
      "192.0.0.8",
      "192.0.2.1",
      "198.18.0.1",
      "198.51.100.1",
      "203.0.113.1",
      "240.0.0.1",
      "2001:db8::1",
      "2001:2::1",
      "3fff::1",
      "100::1",
      "4000::1",
    ],
    "no address": ["", "localhost", "8.8.8.8.8", "1e100", "8.8.8.8/32"],
  };
  for (const [name, addresses] of Object.entries(others))
    it(`is none that is ${name}`, () => {
      for (const address of addresses) assert.equal(isPublic(address), false, address);
    });
});

describe("The URL of an endpoint", () => {
  it("leads to all addresses of its host", async () => {
    const addresses = ["93.184.215.14", "2606:4700::1111"];
    const { url, ...target } = await resolveWebhookUrl(
      outgoing(addresses),
      "https://acme.example:8443/in?key=1",
    );
    assert.deepEqual([url.href, target], ["https://acme.example:8443/in?key=1", { addresses }]);
    const dotted = await resolveWebhookUrl(outgoing(), "https://acme.example./in");
    assert.equal(dotted.url.hostname, "acme.example.");
  });

  it("is not allowed as soon as one of the addresses is private, or there is none", async () => {
    const url = "https://acme.example/";
    for (const last of ["127.0.0.1", "10.1.2.3", "::1", "169.254.169.254"])
      await assert.rejects(
        resolveWebhookUrl(outgoing(["93.184.215.14", last]), url),
        refused(/public internet/),
      );
    await assert.rejects(resolveWebhookUrl(outgoing([]), url), refused(/no address/));
    const fails = { allowPrivate: false, resolve: async () => Promise.reject(new Error("ENOTFOUND")) };
    await assert.rejects(resolveWebhookUrl({ outgoing: fails }, url), refused(/no address/));
  });

  for (const host of [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "①②⑦.0.0.1",
    "169.254.169.254",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[fd00::1]",
    "0",
  ])
    it(`is not allowed to spell a private address as ${host}`, async () => {
      // Nobody is asked for the addresses of what is one.
      const resolve = async () => assert.fail();
      const deps = { outgoing: { allowPrivate: false, resolve } };
      await assert.rejects(resolveWebhookUrl(deps, `https://${host}/in`), refused(/public internet/));
    });

  it("is not allowed without https", async () => {
    await assert.rejects(
      resolveWebhookUrl(outgoing(), "http://acme.example/"),
      refused(/^It must begin with https:/),
    );
  });

  it("is not allowed with a user name, another scheme, or if it is none", async () => {
    for (const url of ["https://user@acme.example/", "https://:secret@acme.example/"])
      await assert.rejects(resolveWebhookUrl(outgoing([], true), url), refused(/user name/));
    for (const url of [
      "ftp://acme.example/",
      "file:///etc/passwd",
      "acme.example",
      "https://",
      "//acme.example",
      "",
    ])
      await assert.rejects(resolveWebhookUrl(outgoing([], true), url), refused(/must be a URL/));
  });

  it("may be private and without https where that is allowed", async () => {
    for (const url of ["http://127.0.0.1:3000/in", "http://[::1]:3000/in", "http://receiver:3000/in"])
      assert.equal((await resolveWebhookUrl(outgoing(["10.0.0.7"], true), url)).url.href, url);
  });
});
