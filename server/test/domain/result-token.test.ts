/** Result tokens as any reader of RFC 7519 sees them, and everything that is none. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import type { Problem } from "../../src/domain/problem.ts";
import { resultKeys, rotateResultKey, signResult, verifyResultToken } from "../../src/domain/result-token.ts";
import { MINUTE, NOW, onEachStore } from "../harness.ts";

const SECOND = 1000;

function installation(master = 6) {
  const clock = { now: NOW };
  const keys = {
    result: new Uint8Array(32).fill(master),
    session: new Uint8Array(32),
    signing: new Uint8Array(32),
    webhook: new Uint8Array(32),
  };
  return { clock: () => clock.now, keys, publicUrl: "https://retention.example", at: clock };
}

const workspace = { id: "ws_1", settings: { allowedOrigins: [] } };
const claims = {
  iss: "https://retention.example",
  sub: "user_123",
  sid: "cs_1",
  env: "prod",
  outcome: "churned",
  status: "done",
  reason_key: "too_expensive",
  offer: { type: "none", accepted: false },
  jti: "res_1",
} as const;

const refused = (work: () => unknown) =>
  assert.throws(work, (error: Problem) => error.code === "result_token_invalid");

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const parts = (token: string) => token.split(".") as [string, string, string];
const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());

describe("A result token", () => {
  const here = installation();
  const token = signResult(here, workspace, claims);
  const { secret, kid } = resultKeys(here, workspace, "prod").current;
  const [head, body, signature] = parts(token);
  /** As somebody would who has the key. */
  const signed = (header: object, payload: object, key = secret) => {
    const text = `${encoded(header)}.${encoded(payload)}`;
    return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
  };
  const good = { alg: "HS256", typ: "JWT", kid };

  it("is a JWT with the key's name, and times in seconds", () => {
    assert.deepEqual(read(head), good);
    const iat = Math.floor(NOW / SECOND);
    assert.deepEqual(read(body), { ...claims, aud: "ws_1", iat, exp: iat + 900 });
    assert.deepEqual(verifyResultToken(here, workspace, token), read(body));
    assert.deepEqual(verifyResultToken(here, workspace, signed(good, read(body))), read(body));
  });

  it("has a key that is text, made of the master secret, the workspace and the environment", () => {
    assert.match(secret, /^rts_[\w-]{43}$/);
    assert.match(kid, /^[0-9a-f]{8}$/);
    // Of HKDF-SHA256, by another implementation.
    const python = `
import hmac, hashlib, base64
prk = hmac.new(bytes(32), bytes([6]) * 32, hashlib.sha256).digest()
okm = hmac.new(prk, b"result-token:v1:ws_1:prod:0" + b"\\x01", hashlib.sha256).digest()
secret = "rts_" + base64.urlsafe_b64encode(okm).rstrip(b"=").decode()
print(secret, hashlib.sha256(secret.encode()).hexdigest()[:8])
signed = b"${head}.${body}"
print(base64.urlsafe_b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).rstrip(b"=").decode())`;
    const lines = execFileSync("python3", ["-c", python], { encoding: "utf8" }).trim().split("\n");
    assert.deepEqual(lines, [`${secret} ${kid}`, signature]);
    const others = [
      resultKeys(here, { ...workspace, id: "ws_2" }, "prod"),
      resultKeys(here, workspace, "sandbox"),
      resultKeys(installation(7), workspace, "prod"),
    ];
    assert.equal(new Set([secret, ...others.map(({ current }) => current.secret)]).size, 4);
  });

  it("is checked as the example of RFC 7515 is", () => {
    const key = Buffer.from(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      "base64url",
    );
    const text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    assert.equal(
      createHmac("sha256", key).update(text).digest("base64url"),
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    );
  });

  it("is good for a quarter of an hour, and a minute for clocks that differ", () => {
    const end = NOW + 960 * SECOND;
    assert.ok(verifyResultToken(here, workspace, token, end - 1));
    refused(() => verifyResultToken(here, workspace, token, end));
    assert.ok(verifyResultToken(here, workspace, token, NOW - 60 * SECOND));
    refused(() => verifyResultToken(here, workspace, token, NOW - 60 * SECOND - 1));
  });

  it("is refused with another algorithm, whoever has signed it", () => {
    for (const alg of ["none", "None", "HS384", "RS256", "hs256", "", undefined])
      refused(() => verifyResultToken(here, workspace, signed({ ...good, alg }, read(body))));
    refused(() => verifyResultToken(here, workspace, `${encoded({ ...good, alg: "none" })}.${body}.`));
    refused(() => verifyResultToken(here, workspace, signed({ ...good, crit: ["exp"] }, read(body))));
  });

  it("is refused with another key", () => {
    refused(() => verifyResultToken(here, workspace, signed(good, read(body), "rts_guess")));
    refused(() => verifyResultToken(here, workspace, signed({ alg: "HS256" }, read(body))));
    refused(() => verifyResultToken(here, workspace, signed({ ...good, kid: "00000000" }, read(body))));
    refused(() => verifyResultToken(installation(7), workspace, token));
    refused(() => verifyResultToken(here, { ...workspace, id: "ws_2" }, token));
    const boxed = resultKeys(here, workspace, "sandbox").current;
    const crossed = signed({ ...good, kid: boxed.kid }, read(body), boxed.secret);
    refused(() => verifyResultToken(here, workspace, crossed));
  });

  it("is refused for somebody else, although the key is right", () => {
    for (const more of [
      { iss: "https://elsewhere.example" },
      { aud: "ws_2" },
      { aud: ["ws_1"] },
      { env: "sandbox" },
      { exp: undefined },
      { exp: "never" },
      { iat: undefined },
    ])
      refused(() => verifyResultToken(here, workspace, signed(good, { ...read(body), ...more })));
  });

  it("is refused with a single character changed, anywhere", () => {
    for (let index = 0; index < token.length; index++) {
      const letter = token[index] === "A" ? "B" : "A";
      refused(() =>
        verifyResultToken(here, workspace, token.slice(0, index) + letter + token.slice(index + 1)),
      );
    }
  });

  it("is refused in any other form", () => {
    const forms = [
      "",
      ".",
      "..",
      "...",
      head,
      `${head}.${body}`,
      `${head}.${body}.`,
      `${token}.`,
      `.${token}`,
      `${token}=`,
      `${token} `,
      ` ${token}`,
      `${head}.${body}.${signature}.${signature}`,
      `e30.${body}.${signature}`,
      `bnVsbA.${body}.${signature}`,
      `{}.${body}.${signature}`,
      token.replaceAll(".", ". "),
      "é.é.é",
      "x".repeat(9000),
    ];
    for (const form of forms) refused(() => verifyResultToken(here, workspace, form));
  });
});

onEachStore("The key of result tokens", ({ open }) => {
  it("can be changed: tokens of the one before hold until they would have expired", async () => {
    const world = await open();
    const { workspaceId } = world.scope;
    const own = async () => (await world.deps.store.workspace(workspaceId)) ?? assert.fail();
    const mine = { ...claims, iss: world.deps.publicUrl };
    const boxedBefore = resultKeys(world.deps, await own(), "sandbox");
    const before = signResult(world.deps, await own(), mine);
    const { current: old } = resultKeys(world.deps, await own(), "prod");

    const keys = await rotateResultKey(world.deps, workspaceId, "prod");
    assert.deepEqual(keys.previous, old);
    assert.notEqual(keys.current.secret, old.secret);
    assert.deepEqual(resultKeys(world.deps, await own(), "prod"), keys);
    assert.deepEqual(resultKeys(world.deps, await own(), "sandbox"), boxedBefore);
    assert.equal((await own()).settings.fallbackEmail, "help@papercrane.example");
    assert.ok(verifyResultToken(world.deps, await own(), before));
    assert.equal(read(parts(signResult(world.deps, await own(), mine))[0]).kid, keys.current.kid);

    world.pass(16 * MINUTE - 1);
    assert.ok(resultKeys(world.deps, await own(), "prod").previous);
    world.pass(1);
    assert.deepEqual(resultKeys(world.deps, await own(), "prod"), { current: keys.current });
    const settled = await own();
    // Even for a clock that has stood still.
    refused(() => verifyResultToken(world.deps, settled, before, NOW));
  });

  it("is two steps further after two changes, even at once", async () => {
    const world = await open();
    const { workspaceId } = world.scope;
    await Promise.all([1, 2].map(() => rotateResultKey(world.deps, workspaceId, "prod")));
    const { settings } = (await world.deps.store.workspace(workspaceId)) ?? assert.fail();
    assert.equal(settings.resultKeys?.prod?.generation, 2);
  });
});
