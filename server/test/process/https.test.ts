/** The real program with a certificate of its own, asked by a client that trusts nobody else. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { type Environment, folder, renumerate, serve } from "./child.ts";

const run = promisify(execFile);
const page = readFileSync(new URL("../../../docs/server.md", import.meta.url), "utf8");
/** As docs/server.md has it. */
const [, makeCertificate = assert.fail("no command")] = /^(openssl req [^`]+?)\n```/ms.exec(page) ?? [];

/** A folder with `cert.pem` and `key.pem` in it. */
async function certified() {
  const place = await folder();
  const make = async (name = ".") => {
    const path = join(place.path, name);
    await mkdir(path, { recursive: true });
    await run("sh", ["-c", makeCertificate], { cwd: path });
    return { cert: join(path, "cert.pem"), key: join(path, "key.pem") };
  };
  const { cert, key } = await make();
  return { ...place, make, cert, key, args: ["serve", "--json", "--tls-cert", cert, "--tls-key", key] };
}

async function ask(url: string, ca: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>();
  get(url, { ca, headers, agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (more) => {
      text += more;
    });
    response.on("end", () => resolve({ status: response.statusCode, text }));
  }).on("error", reject);
  return promise;
}

describe("Serving by https", () => {
  it("answers with the certificate that it was given, and ends as it should", async () => {
    await using place = await certified();
    await using server = await serve(place.env, place.args);
    const { port } = new URL(server.url);
    assert.equal(server.url, `https://localhost:${port}`);
    const cert = await readFile(place.cert, "utf8");
    assert.equal((await ask(`${server.url}/api/health`, cert)).status, 200);
    const minted = await ask(`${server.url}/demo/api/session?customer=cus_NffrFeUfNV2Hib`, cert);
    const { id } = JSON.parse(minted.text) as { id: string };
    // Only http pages of this machine are on the list: this one is let in as the server's own.
    const asked = { Authorization: `Bearer ${id}`, Origin: server.url };
    assert.equal((await ask(`${server.url}/v1/widget/flow`, cert, asked)).status, 200);
    const { cert: foreign } = await place.make("other");
    await assert.rejects(ask(`${server.url}/api/health`, await readFile(foreign, "utf8")), /certificate/);
    await assert.rejects(fetch(`http://localhost:${port}/api/health`));
    assert.equal(await server.end("SIGTERM"), 0);
    for (const line of (await readFile(place.key, "utf8")).trim().split("\n"))
      assert.ok(!server.printed().includes(line), line);
  });

  it("takes files that belong together, and says what is wrong with others", async () => {
    await using place = await certified();
    const { cert, key } = place;
    // So that none of them could start even if its files were taken.
    const env: Environment = { ...place.env, PORT: "none" };
    const other = await place.make("other");
    const secret = await readFile(key, "utf8");
    const [junk, locked, missing] = ["junk.pem", "locked.pem", "missing.pem"].map((name) =>
      join(place.path, name),
    ) as [string, string, string];
    await writeFile(junk, "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n");
    await run("openssl", ["pkey", "-in", key, "-aes256", "-passout", "pass:hunter2", "-out", locked]);
    for (const [certFile, keyFile, words] of [
      ["", "", "--tls-cert : ENOENT"],
      [missing, key, `--tls-cert ${missing}: ENOENT`],
      [cert, missing, `--tls-key ${missing}: ENOENT`],
      [place.path, key, `--tls-cert ${place.path}: EISDIR`],
      [junk, key, `--tls-cert ${junk}: there is no certificate in PEM in it\n`],
      [key, cert, `--tls-cert ${key}: there is no certificate in PEM in it\n`],
      [cert, cert, `--tls-key ${cert}: there is no private key in PEM without a passphrase in it\n`],
      [cert, locked, `--tls-key ${locked}: there is no private key in PEM without a passphrase in it\n`],
      [cert, other.key, `--tls-key ${other.key}: this is not the key of the certificate in ${cert}\n`],
    ] as const) {
      const { code, out, err } = await renumerate(
        ["serve", "--tls-cert", certFile, "--tls-key", keyFile],
        env,
      );
      assert.deepEqual([code, out], [1, ""], words);
      assert.ok(err.startsWith(words), err);
      assert.ok(
        !err.includes("hunter2") && !secret.split("\n").some((line) => line && err.includes(line)),
        err,
      );
    }
    for (const args of [
      ["--tls-cert", cert],
      ["--tls-key", key],
    ]) {
      const { code, out, err } = await renumerate(["serve", ...args], env);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /--tls-cert and --tls-key are only of use together/);
    }
    assert.ok(!existsSync(env.DATA_DIR as string), "nothing is opened before that is clear");
  });

  it("takes a certificate only in the form that it can serve with", async () => {
    await using place = await certified();
    const der = join(place.path, "cert.der");
    await run("openssl", ["x509", "-in", place.cert, "-outform", "der", "-out", der]);
    const { code, err } = await renumerate(["serve", "--tls-cert", der, "--tls-key", place.key], place.env);
    assert.deepEqual([code, err], [1, `--tls-cert ${der}: TLS cannot use this certificate\n`]);
  });
});
