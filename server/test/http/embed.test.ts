/** Addresses of the embed that a page can pin: what is there once is there after the next upgrade, byte for byte. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Hono } from "hono";
import type { Env } from "../../src/http/route.ts";
import { open, serve } from "../../src/main.ts";
import { BUILDS_KEPT } from "../../src/routes/builds.ts";
import { type EmbedIndex, mountEmbed } from "../../src/routes/embed.ts";
import { NOW } from "../harness.ts";

const HOUR = 3_600_000;
const FOREVER = "public, max-age=31536000, immutable";

const sha384 = (text: string) => `sha384-${createHash("sha384").update(text).digest("base64")}`;

/** A folder for a build, and one for what is kept of it. */
async function place() {
  const path = await mkdtemp(join(tmpdir(), "renumerate-embed-"));
  const [built, kept] = [join(path, "dist"), join(path, "data", "embed")];
  await mkdir(built);
  const warnings: string[] = [];
  const log = { info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) };
  return {
    path,
    built,
    kept,
    warnings,
    /** Another build: an entry, and the chunk that it asks for. */
    async build(words: string): Promise<void> {
      await rm(built, { recursive: true });
      await mkdir(built);
      const chunk = `modal-${words.padEnd(8, "_")}.js`;
      await writeFile(join(built, "embed.js"), `import("./${chunk}");`);
      await writeFile(join(built, chunk), `export const words = "${words}";`);
      await writeFile(join(built, "LICENSES.txt"), "MIT");
    },
    /** A start of the server. */
    start(more: { version?: string; now?: number } = {}) {
      const { version = "1.2.3", now = NOW } = more;
      const app = new Hono<Env>();
      const publicUrl = "https://api.acme.example/base";
      mountEmbed(app, { clock: () => now, log, publicUrl, version }, { built, kept });
      const get = async (address: string, init: RequestInit = {}) =>
        app.fetch(new Request(new URL(address, "http://localhost"), init));
      return { get, index: async () => (await (await get("/embed.json")).json()) as EmbedIndex };
    },
    names: async () => (await readdir(kept)).sort(),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

/** The path of a script of the present build, as this server knows it. */
async function pinned(index: Promise<EmbedIndex>, file = "embed.js"): Promise<string> {
  const { url } = (await index).files[file] ?? assert.fail(file);
  assert.ok(url.startsWith("https://api.acme.example/base/embed/"), url);
  return url.slice("https://api.acme.example/base".length);
}

describe("The embed", () => {
  it("has an index of its scripts, with an address for ever and the hash that belongs to it", async () => {
    await using here = await place();
    await here.build("first");
    const { get, index } = here.start();
    const answer = await get("/embed.json");
    assert.deepEqual(
      [answer.status, answer.headers.get("cache-control"), answer.headers.get("access-control-allow-origin")],
      [200, "no-cache", "*"],
    );
    const { version, files } = await index();
    assert.equal(version, "1.2.3");
    assert.deepEqual(Object.keys(files).sort(), ["embed.js", "modal-first___.js"]);
    for (const [name, { integrity }] of Object.entries(files)) {
      const address = await pinned(index(), name);
      assert.match(address, new RegExp(`^/embed/1\\.2\\.3-[0-9a-f]{8}/${name.replace(".", "\\.")}$`));
      const file = await get(address);
      assert.equal(file.status, 200);
      assert.equal(file.headers.get("cache-control"), FOREVER);
      assert.equal(file.headers.get("access-control-allow-origin"), "*");
      assert.equal(file.headers.get("content-type"), "text/javascript; charset=utf-8");
      const text = await file.text();
      assert.equal(sha384(text), integrity);
      assert.equal(text, await (await get(`/${name}`)).text(), "the same as at its short address");
    }
  });

  it("finds the parts beside the script that asks for them", async () => {
    await using here = await place();
    await here.build("first");
    const { get, index } = here.start();
    const entry = new URL(await pinned(index()), "http://localhost");
    const [, chunk = ""] = /import\("(.+)"\)/.exec(await (await get(entry.href)).text()) ?? assert.fail();
    assert.match(await (await get(new URL(chunk, entry).href)).text(), /words = "first"/);
    assert.equal((await get(`${new URL(chunk, entry).href}?again=1`)).status, 200);
  });

  it("answers HEAD, and says that nothing has changed to who has it", async () => {
    await using here = await place();
    await here.build("first");
    const { get, index } = here.start();
    for (const address of [await pinned(index()), "/embed.js", "/embed.json"]) {
      const head = await get(address, { method: "HEAD" });
      assert.deepEqual([head.status, await head.text()], [200, ""], address);
      assert.equal(head.headers.get("access-control-allow-origin"), "*");
    }
    const address = await pinned(index());
    const etag = (await get(address)).headers.get("etag") ?? assert.fail();
    assert.equal((await get(address, { headers: { "If-None-Match": etag } })).status, 304);
  });

  it("is there for who pinned it after an upgrade, and at the short address is the new one", async () => {
    await using here = await place();
    await here.build("first");
    const before = here.start();
    const old = {
      entry: await pinned(before.index()),
      chunk: await pinned(before.index(), "modal-first___.js"),
    };
    await here.build("second");
    const { get, index } = here.start({ version: "1.3.0", now: NOW + HOUR });
    assert.match(await pinned(index()), /^\/embed\/1\.3\.0-/);
    assert.match(await (await get("/embed.js")).text(), /modal-second__/);
    const entry = await get(old.entry);
    assert.match(await entry.text(), /modal-first___/);
    assert.equal(entry.headers.get("cache-control"), FOREVER);
    assert.match(await (await get(old.chunk)).text(), /"first"/);
    // A page that was open meanwhile asks for its parts at the short address.
    assert.match(await (await get("/modal-first___.js")).text(), /"first"/);
    assert.deepEqual(Object.keys((await index()).files).sort(), ["embed.js", "modal-second__.js"]);
  });

  it("has another address as soon as a byte, a name or the version is another, and the same one else", async () => {
    await using here = await place();
    const folder = async (version?: string) =>
      (await pinned(here.start(version ? { version } : {}).index())).split("/")[2];
    await here.build("first");
    const first = await folder();
    assert.equal(await folder(), first);
    assert.notEqual(await folder("1.2.4"), first);
    await rename(join(here.built, "modal-first___.js"), join(here.built, "modal-fir5t___.js"));
    assert.notEqual(await folder(), first);
    await here.build("first");
    await writeFile(join(here.built, "LICENSES.txt"), "MIT.");
    assert.notEqual(await folder(), first);
    await here.build("first");
    assert.equal(await folder(), first);
    assert.match((await folder("1.0.0-next.1+build/..")) ?? "", /^1\.0\.0-next\.1-build-\.\.-[0-9a-f]{8}$/);
  });

  it("keeps the latest ten builds, of which one that is served again is the latest", async () => {
    await using here = await place();
    await mkdir(join(here.kept, "notes"), { recursive: true });
    await utimes(join(here.kept, "notes"), 0, 0);
    const addresses: string[] = [];
    for (let count = 0; count < BUILDS_KEPT; count++) {
      await here.build(`b${count}`);
      addresses.push(await pinned(here.start({ now: NOW + count * HOUR }).index()));
    }
    const found = async (get: (address: string) => Promise<Response>) =>
      (await Promise.all(addresses.map(async (each) => ((await get(each)).ok ? [each] : [])))).flat();
    await here.build("b0");
    assert.deepEqual(await found(here.start({ now: NOW + 20 * HOUR }).get), addresses);
    assert.equal((await here.names()).length, BUILDS_KEPT + 1);
    await here.build("eleven");
    const { get, index } = here.start({ now: NOW + 21 * HOUR });
    assert.equal((await get(await pinned(index()))).status, 200);
    assert.deepEqual(await found(get), addresses.toSpliced(1, 1));
    assert.equal((await here.names()).length, BUILDS_KEPT + 1);
    assert.ok((await here.names()).includes("notes"), "what is not ours stays");
  });

  it("keeps the present build even if the clock was ahead before", async () => {
    await using here = await place();
    for (let count = 0; count <= BUILDS_KEPT; count++) {
      await here.build(`b${count}`);
      const { get, index } = here.start({ now: NOW - count * HOUR });
      assert.equal((await get(await pinned(index()))).status, 200);
      assert.ok((await here.names()).includes((await pinned(index())).split("/")[2] as string));
    }
  });

  it("serves no damaged build, and repairs the present one", async () => {
    await using here = await place();
    await here.build("first");
    const first = await pinned(here.start().index());
    await here.build("second");
    const second = await pinned(here.start({ now: NOW + HOUR }).index());
    const file = (address: string) => join(here.kept, address.replace("/embed/", ""));
    await writeFile(file(first), "");
    await writeFile(file(second), "");
    const { get } = here.start({ now: NOW + 2 * HOUR });
    assert.equal((await get(first)).status, 404);
    assert.match(await (await get(second)).text(), /modal-second__/);
    await here.build("first");
    const again = here.start({ now: NOW + 3 * HOUR });
    assert.match(await (await again.get(first)).text(), /modal-first___/);
    assert.match(await (await again.get(second)).text(), /modal-second__/);
  });

  it("takes nothing from the disk that is not a plain file in a build", async () => {
    await using here = await place();
    await here.build("first");
    await writeFile(join(here.path, "secret.js"), "SECRET");
    for (const name of [".hidden.js", "a b.js", ":any{.*}.js", "*.js", "%2e.js"])
      await writeFile(join(here.built, name), "SECRET");
    await symlink(join(here.path, "secret.js"), join(here.built, "link.js"));
    await symlink(here.path, join(here.built, "folder.js"));
    await mkdir(join(here.built, "deep.js"));
    const address = await pinned(here.start().index());
    for (const name of ["notes", "1.0.0-zzzzzzzz", "..-00000000"]) {
      await mkdir(join(here.kept, name));
      await writeFile(join(here.kept, name, "embed.js"), "SECRET");
    }
    const build = address.split("/")[2] as string;
    // Whole and well named, but not here.
    const away = await pinned(here.start({ version: "1.0.0" }).index());
    const link = join(here.kept, away.split("/")[2] as string);
    await rename(link, join(here.path, "elsewhere"));
    await symlink(join(here.path, "elsewhere"), link);
    const { get, index } = here.start({ now: NOW + HOUR });
    assert.deepEqual(Object.keys((await index()).files).sort(), ["embed.js", "modal-first___.js"]);
    const names = [
      ".hidden.js",
      "a%20b.js",
      "anything.js",
      "link.js",
      "folder.js/secret.js",
      "%2e%2e/secret.js",
    ];
    for (const base of [
      "/",
      `/embed/${build}/`,
      "/embed/notes/",
      "/embed/1.0.0-zzzzzzzz/",
      "/embed/..-00000000/",
    ])
      for (const name of [...names, ...(base.includes(build) || base === "/" ? [] : ["embed.js"])])
        assert.equal((await get(base + name)).status, 404, base + name);
    assert.equal((await get(away)).status, 404);
    assert.equal((await get(`/embed/${build}/`)).status, 404);
  });

  it("is copied whole or not at all, and what an interrupted start has left is taken away later", async () => {
    await using here = await place();
    await here.build("first");
    for (const [name, at] of [
      [".draft-old", NOW - 2 * HOUR],
      [".draft-new", NOW - 1],
    ] as const) {
      await mkdir(join(here.kept, name), { recursive: true });
      await writeFile(join(here.kept, name, "embed.js"), "half");
      await utimes(join(here.kept, name), new Date(at), new Date(at));
    }
    const { get, index } = here.start();
    const build = (await pinned(index())).split("/")[2];
    assert.deepEqual(await here.names(), [".draft-new", build]);
    assert.equal((await get("/embed/.draft-new/embed.js")).status, 404);
    assert.equal((await stat(join(here.kept, build as string))).mode & 0o077, 0);
  });

  it("that is not built yet has an empty index, and what was pinned is there", async () => {
    await using here = await place();
    assert.deepEqual(await here.start().index(), { version: "1.2.3", files: {} });
    await here.build("first");
    const address = await pinned(here.start().index());
    await rm(here.built, { recursive: true });
    const { get, index } = here.start({ now: NOW + HOUR });
    assert.deepEqual(await index(), { version: "1.2.3", files: {} });
    assert.equal((await get(address)).status, 200);
    assert.equal((await get("/embed.js")).status, 404);
    await mkdir(here.built);
  });

  it("is served although it cannot be kept, and the log says so", async () => {
    await using here = await place();
    await here.build("first");
    // A file where the folder should be: also root cannot make one there.
    await mkdir(join(here.path, "data"));
    await writeFile(here.kept, "");
    const { get, index } = here.start();
    assert.equal((await get(await pinned(index()))).status, 200);
    assert.deepEqual(here.warnings, ["this build of the widgets cannot be kept for later"]);
  });
});

describe("An installation", () => {
  it("serves what a page has pinned after it was upgraded and started again", async () => {
    await using here = await place();
    const started = async () => {
      const env = {
        DATA_DIR: join(here.path, "data"),
        LOG_LEVEL: "silent",
        PORT: "0",
        PUBLIC_URL: "https://a.example",
      };
      const { url, stop } = await serve(await open(env), here.built);
      const index = (await (await fetch(`${url}/embed.json`)).json()) as EmbedIndex;
      const entry = index.files["embed.js"] ?? assert.fail();
      return { url, entry: { ...entry, path: new URL(entry.url).pathname }, [Symbol.asyncDispose]: stop };
    };
    await here.build("first");
    const old = await (async () => {
      await using first = await started();
      return first.entry;
    })();
    await here.build("second");
    await using second = await started();
    assert.notEqual(second.entry.path, old.path);
    const answer = await fetch(second.url + old.path);
    assert.equal(sha384(await answer.text()), old.integrity);
  });
});
