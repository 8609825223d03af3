import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Hub } from "../../../src/api/wire.ts";
import { defaultFlow } from "../../src/domain/default-flow.ts";
import { folder, prompt, renumerate, serve } from "./child.ts";

const john = { retention: { customer_id: "cus_NffrFeUfNV2Hib" } };

async function mint(url: string, key: string): Promise<number> {
  const headers = { "X-Brand-Key": key, "Content-Type": "application/json" };
  const reply = await fetch(`${url}/v1/retention/session`, {
    method: "POST",
    headers,
    body: JSON.stringify(john),
  });
  await reply.body?.cancel();
  return reply.status;
}

describe("The command line", () => {
  it("explains itself, without opening anything", async () => {
    await using place = await folder();
    await using one = prompt();
    const help = await one.renumerate(["--help"], place.env);
    assert.deepEqual([help.code, help.err], [0, ""]);
    for (const command of [
      "serve",
      "keys",
      "workspace",
      "messages",
      "hub",
      "flow",
      "reasons",
      "result-key",
      "reports",
      "reminders",
      "analytics",
      "customers",
      "webhooks",
      "stripe",
    ])
      assert.match(help.out, new RegExp(`^  ${command}`, "m"));
    const keys = await one.renumerate(["keys", "--help"], place.env);
    assert.equal(keys.code, 0);
    for (const command of ["create", "list", "revoke"])
      assert.match(keys.out, new RegExp(`^  ${command}`, "m"));
    assert.ok(!existsSync(place.env.DATA_DIR as string));
  });

  it("ends with 2 when it is called wrongly, and says how", async () => {
    await using place = await folder();
    await using one = prompt();
    for (const args of [
      ["nonsense"],
      ["keys", "revoke"],
      ["keys", "create", "--kind", "master"],
      ["flow", "lint"],
      ["keys", "create", "--name", " "],
      ["workspace", "set", "--name", ""],
      ["workspace", "set", "--name", "x".repeat(121)],
      ["workspace", "set", "--status", "closed"],
      ["workspace", "set", "--fallback-email", "help at acme"],
      ["workspace", "set", "--allowed-origins", "https://ok.example,https://shop.example/path"],
      ["workspace", "set", "--allowed-origins", "*"],
      ["workspace", "set", "--currency", "gold"],
      ["workspace", "branding", "--none", "--color", "#5b21b6"],
      ["keys", "create", "--scopes", "analytics:write"],
      ["keys", "create", "--kind", "public", "--scopes", "analytics:read"],
      ["reasons", "disable", "Too expensive"],
      ["messages", "set", "de"],
      ["messages", "set", "not a tag", "-"],
      ["messages", "unset"],
      ["messages", "unset", "**"],
      ["hub"],
      ["hub", "set"],
      ["hub", "show", "--environment", "prod"],
    ]) {
      const { code, out, err } = await one.renumerate(args, place.env);
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.ok(err.trim(), args.join(" "));
    }
    assert.ok(!existsSync(place.env.DATA_DIR as string));
  });

  it("makes, lists and revokes keys", async () => {
    await using place = await folder();
    await using one = prompt();
    const json = async (...args: string[]) => {
      const { code, out, err } = await one.renumerate([...args, "--json"], place.env);
      assert.equal(code, 0, err);
      return JSON.parse(out);
    };
    const made = await json("keys", "create", "--name", "backend");
    assert.match(made.key, /^rk_sk_[A-Za-z0-9]{40}$/);
    assert.deepEqual([made.kind, made.environment], ["secret", "prod"]);
    const words = await one.renumerate(
      ["keys", "create", "--kind", "public", "--environment", "sandbox"],
      place.env,
    );
    assert.match(words.out, /^rk_pk_[A-Za-z0-9]{40}\n$/);

    const listed = await json("keys", "list");
    assert.equal(listed.length, 4, "two from the first command of all, two of ours");
    assert.ok(!JSON.stringify(listed).includes(made.key) && !/hash|sealed/.test(JSON.stringify(listed)));
    const mine = listed.find((each: { id: string }) => each.id === made.id);
    assert.deepEqual([mine.name, mine.lastFour, mine.revokedAt], ["backend", made.key.slice(-4), undefined]);

    await using server = await serve(place.env);
    assert.equal(await mint(server.url, made.key), 200);
    // Another process revokes it while the server runs.
    assert.deepEqual(await json("keys", "revoke", made.id), { id: made.id, revoked: true });
    assert.equal(await mint(server.url, made.key), 401);
    await server.end("SIGTERM");
    assert.match(
      (await one.renumerate(["keys", "list"], place.env)).out,
      /backend {2}used 20\d\d-\d\d-\d\dT[\d:.]+Z {2}revoked/,
    );

    const missing = await one.renumerate(["keys", "revoke", "key_nothing"], place.env);
    assert.deepEqual([missing.code, missing.out, missing.err], [1, "", "There is no key key_nothing\n"]);
  });

  it("changes settings, and leaves alone what is not named", async () => {
    await using place = await folder();
    await using one = prompt();
    const set = async (...args: string[]) =>
      JSON.parse((await one.renumerate(["workspace", "set", ...args, "--json"], place.env)).out);
    const before = await set();
    const after = await set(
      "--name",
      "Acme",
      "--allowed-origins",
      "https://a.example, https://b.example",
      "--status",
      "read_only",
    );
    assert.deepEqual(after, {
      ...before,
      name: "Acme",
      status: "read_only",
      settings: { ...before.settings, allowedOrigins: ["https://a.example", "https://b.example"] },
    });
    const more = await set("--fallback-email", "help@acme.example");
    assert.deepEqual(more, { ...after, settings: { ...after.settings, fallbackEmail: "help@acme.example" } });
    // One value that is not valid keeps the valid ones beside it from being stored.
    for (const [option, value, words] of [
      ["--fallback-email", "nobody", /an e-mail address/],
      ["--allowed-origins", "shop.example", /origins such as https:/],
      ["--name", " ", /a name/],
    ] as const) {
      const args = ["workspace", "set", "--status", "active", option, value, "--json"];
      const refused = await one.renumerate(args, place.env);
      assert.deepEqual([refused.code, refused.out], [2, ""], option);
      assert.match(refused.err, words);
      assert.ok(refused.err.includes(option), refused.err);
    }
    assert.deepEqual(await set(), more);
  });

  it("sets, lists and unsets words in place of the widgets' own", async () => {
    await using place = await folder();
    const messages = (args: string[], input?: unknown) =>
      renumerate(["messages", ...args], place.env, input === undefined ? "" : JSON.stringify(input));
    const list = async () => JSON.parse((await messages(["list", "--json"])).out);
    assert.deepEqual(await list(), {});
    const german = join(place.path, "de.json");
    await writeFile(german, JSON.stringify({ keep: "Behalten", "month.one": "{{price}} im Monat" }));
    assert.equal((await messages(["set", "de_at", german])).out, "de-AT: 2 texts\n");
    const all = await messages(["set", "*", "-", "--json"], { keep: "Stay" });
    assert.deepEqual(JSON.parse(all.out), { ok: true, locale: "*", texts: 1 });
    assert.equal(
      (await messages(["set", "*", "-"], { leave: "Go" })).out,
      "*: 1 text\n",
      "instead of what was set",
    );
    const set = { "de-AT": { keep: "Behalten", "month.one": "{{price}} im Monat" }, "*": { leave: "Go" } };
    assert.deepEqual(await list(), set);
    assert.match((await messages(["list"])).out, /^de-AT {2}month\.one {2}\{\{price\}\} im Monat$/m);

    const refused = await messages(["set", "de-AT", "-", "--json"], {
      keep: "{{name}}",
      kept: "Ja",
      stay: "x",
    });
    assert.equal(refused.code, 1);
    assert.deepEqual(JSON.parse(refused.out), {
      ok: false,
      issues: [
        { path: "keep", message: '"name" is no placeholder of this text' },
        { path: "stay", message: "the widgets have no such text" },
      ],
    });
    assert.equal(refused.err, "2 faults found\n");
    const words = await messages(["set", "de-AT", "-"], { stay: "x" });
    assert.equal(words.out, "-: stay: the widgets have no such text\n");
    assert.match(
      (await messages(["set", "de", join(place.path, "missing.json")])).err,
      /missing\.json: ENOENT/,
    );
    assert.deepEqual(await list(), set, "what is refused changes nothing");

    // A server that runs answers with them at once.
    await using server = await serve(place.env);
    const minted = await fetch(`${server.url}/demo/api/session?customer=cus_NffrFeUfNV2Hib`);
    const { id } = (await minted.json()) as { id: string };
    const ask = async () => {
      const headers = { Authorization: `Bearer ${id}` };
      const answer = await fetch(`${server.url}/v1/widget/flow?locale=de-at`, { headers });
      return ((await answer.json()) as { messages?: object }).messages;
    };
    assert.deepEqual(await ask(), { ...set["*"], ...set["de-AT"] });
    assert.equal((await messages(["unset", "de-at"])).out, "de-AT is unset\n");
    assert.deepEqual(await ask(), set["*"]);
    assert.deepEqual(JSON.parse((await messages(["unset", "*", "--json"])).out), {
      locale: "*",
      unset: true,
    });
    assert.equal(await ask(), undefined);
    await server.end("SIGTERM");
    const again = await messages(["unset", "*"]);
    assert.deepEqual([again.code, again.out, again.err], [1, "", "There are no messages for *\n"]);
  });

  it("shows and sets what customers may do in the hub", async () => {
    await using place = await folder();
    const hub = (args: string[], input?: unknown) =>
      renumerate(["hub", ...args], place.env, input === undefined ? "" : JSON.stringify(input));
    const shown = async () => JSON.parse((await hub(["show", "--json"])).out);
    const sold = ["basic", "pro", "team"].flatMap((plan) =>
      ["monthly", "annual"].map((interval) => `price_${plan}_${interval}`),
    );
    assert.deepEqual(
      (await shown()).plans.toSorted(),
      [...sold, "price_basic_monthly_jpy", "price_pro_monthly_jpy"].toSorted(),
    );

    await using server = await serve(place.env);
    const minted = await fetch(`${server.url}/demo/api/session?customer=cus_NffrFeUfNV2Hib`);
    const { id } = (await minted.json()) as { id: string };
    const ask = async () => {
      const answer = await fetch(`${server.url}/v1/widget/hub`, {
        headers: { Authorization: `Bearer ${id}` },
      });
      return (await answer.json()) as Hub;
    };
    const demo = await ask();
    assert.equal(demo.offer?.offer.type, "annual_switch", "the demo's hub offers something by itself");
    assert.equal(demo.subscriptions[0]?.actions.plan_change?.plans.length, 5);

    const settings = {
      actions: { promo_code: false, offers: false, pause: true },
      pause: { months: [2], maxMonths: 6 },
      plans: ["price_basic_monthly"],
    };
    const file = join(place.path, "hub.json");
    await writeFile(file, JSON.stringify(settings));
    assert.equal((await hub(["set", file])).out, "The hub is set; switched off: promo_code, offers\n");
    assert.deepEqual(await shown(), settings);
    assert.deepEqual(JSON.parse((await hub(["show"])).out), settings, "what it prints can be set again");
    // A server that runs answers with them at once.
    const { offer, subscriptions } = await ask();
    const { promo_code, pause, plan_change } = subscriptions[0]?.actions ?? {};
    assert.deepEqual([offer, promo_code, pause?.months], [undefined, undefined, [2]]);
    assert.deepEqual(
      plan_change?.plans.map(({ price }) => price.id),
      settings.plans,
    );
    await server.end("SIGTERM");

    const refused = await hub(["set", "-", "--json"], {
      ...settings,
      plans: ["price_basic_monthly", "price_nowhere"],
    });
    assert.deepEqual(
      [refused.code, JSON.parse(refused.out)],
      [1, { ok: false, issues: [{ path: "plans/1", message: 'billing has no price "price_nowhere"' }] }],
    );
    const unknown = await hub(["set", "-", "--json"], { actions: { cancel: false } });
    assert.equal(JSON.parse(unknown.out).issues[0].path, "actions", "cancelling cannot be switched off");
    assert.equal(unknown.err, "1 fault found\n");
    assert.match((await hub(["set", "-"], { plans: [] })).out, /^-: plans: at least one/);
    assert.deepEqual(await shown(), settings, "what is refused changes nothing");

    assert.deepEqual(JSON.parse((await hub(["set", "-", "--json"], {})).out), { ok: true, off: [] });
    assert.deepEqual(await shown(), {});
    const workspace = JSON.parse((await renumerate(["workspace", "set", "--json"], place.env)).out);
    assert.ok(workspace.settings.fallbackEmail, "the other settings stay");
  });

  it("checks and publishes flows from a file and from standard input", async () => {
    await using place = await folder();
    await using one = prompt();
    const good = join(place.path, "good.json");
    await writeFile(good, JSON.stringify(defaultFlow));
    const lint = await one.renumerate(["flow", "lint", good, "--json"], place.env);
    const facts = { ok: true, steps: 3, offers: 5, activationsToCancel: 2 };
    assert.deepEqual([lint.code, JSON.parse(lint.out)], [0, facts]);
    assert.ok(!existsSync(place.env.DATA_DIR as string), "a check opens nothing");
    assert.match(
      (await renumerate(["flow", "lint", "-"], place.env, JSON.stringify(defaultFlow))).out,
      /2 activations/,
    );

    const bad = join(place.path, "bad.json");
    await writeFile(bad, JSON.stringify({ name: "", steps: [{ type: "confirm", id: "c" }] }));
    for (const command of ["lint", "publish"]) {
      const refused = await one.renumerate(["flow", command, bad, "--json"], place.env);
      assert.equal(refused.code, 1);
      const { ok, issues } = JSON.parse(refused.out);
      assert.equal(ok, false);
      assert.deepEqual(issues.map(({ path }: { path: string }) => path).sort(), [
        "name",
        "steps/0/effective",
      ]);
      assert.equal(refused.err, "2 faults found\n");
      assert.match(
        (await one.renumerate(["flow", command, bad], place.env)).out,
        /bad\.json: steps\/0\/effective: /,
      );
    }
    const text = await renumerate(["flow", "publish", "-"], place.env, "{not json");
    assert.deepEqual([text.code, text.out], [1, ""]);
    assert.match(text.err, /^- is not valid JSON: /);
    const missing = await one.renumerate(["flow", "lint", join(place.path, "missing.json")], place.env);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /missing\.json: ENOENT/);

    const publish = async (...args: string[]) =>
      JSON.parse(
        (
          await renumerate(
            ["flow", "publish", "-", ...args, "--json"],
            place.env,
            JSON.stringify(defaultFlow),
          )
        ).out,
      );
    const first = await publish();
    assert.deepEqual([first.version, first.environment, first.activationsToCancel], [2, "prod", 2]);
    assert.equal((await publish()).version, 3);
    assert.equal((await publish("--environment", "sandbox")).version, 2);
  });
});

describe("The command line, asked for what cannot be", () => {
  it("says its version", async () => {
    await using place = await folder();
    await using one = prompt();
    const { code, out, err } = await one.renumerate(["--version"], place.env);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^\d+\.\d+\.\d+\S*\n$/);
    assert.ok(!existsSync(place.env.DATA_DIR as string));
  });

  it("publishes no price that billing does not sell, and names each place", async () => {
    await using place = await folder();
    const plans = [{ priceId: "price_basic_monthly" }, { priceId: "price_nowhere" }];
    const offers = [
      { type: "plan_change", id: "smaller", plans },
      { type: "annual_switch", id: "annual", priceId: "price_never" },
    ];
    const steps = [
      { type: "offer", id: "offer", offers },
      { type: "confirm", id: "confirm", effective: "period_end" },
    ];
    const publish = (definition: unknown) =>
      renumerate(["flow", "publish", "-", "--json"], place.env, JSON.stringify(definition));
    const refused = await publish({ name: "Unknown", steps });
    assert.equal(refused.code, 1);
    assert.deepEqual(JSON.parse(refused.out), {
      ok: false,
      issues: [
        { path: "steps/0/offers/0/plans/1/priceId", message: 'billing has no price "price_nowhere"' },
        { path: "steps/0/offers/1/priceId", message: 'billing has no price "price_never"' },
      ],
    });
    assert.match(refused.err, /2 faults found\n$/);
    assert.equal(JSON.parse((await publish(defaultFlow)).out).version, 2, "nothing was published before");
  });

  it("lints what is nested beyond reason in clear words", async () => {
    await using place = await folder();
    const deep = `${'{"not":'.repeat(5000)}{"field":"mrr","is":1}${"}".repeat(5000)}`;
    const text = `{"name":"Deep","steps":[{"type":"confirm","id":"c","effective":"period_end","when":${deep}}]}`;
    const { code, out, err } = await renumerate(["flow", "lint", "-"], place.env, text);
    assert.deepEqual([code, out, err], [1, "-: /: nested too deeply\n", "1 fault found\n"]);
  });
});

describe("Serving", () => {
  it("says where it listens and shows its keys once", async () => {
    await using place = await folder();
    await using first = await serve(place.env);
    assert.match(first.url, /^http:\/\/localhost:[1-9]\d*$/);
    assert.equal((await fetch(`${first.url}/api/health`)).status, 200);
    const { privateKey = assert.fail(), publicKey = assert.fail() } = first;
    assert.equal(await mint(first.url, privateKey), 200);
    assert.equal(await first.end("SIGTERM"), 0);

    await using second = await serve(place.env);
    assert.equal(second.privateKey, undefined);
    assert.equal(await mint(second.url, privateKey), 200, "the key outlives a restart");
    assert.ok(![privateKey, publicKey].some((key) => second.printed().includes(key)));
    assert.equal(await second.end("SIGINT"), 0);
  });

  it("without --json says it in words, as the default command", async () => {
    await using place = await folder();
    await using server = await serve(place.env, []);
    assert.match(server.printed(), /Renumerate is listening at http:\/\/localhost:\d+\n/);
    assert.match(server.printed(), /private key {2}rk_sk_\w{40}\n {2}The private key is shown this once/);
    assert.equal(await server.end("SIGTERM"), 0);
  });

  it("takes its first keys and settings from the environment", async () => {
    await using place = await folder();
    const env = {
      ...place.env,
      RENUMERATE_PRIVATE_KEY: "sk_live_0123456789abcdef",
      RATE_LIMIT_PER_MINUTE: "2",
    };
    await using server = await serve(env);
    assert.equal(await mint(server.url, "sk_live_0123456789abcdef"), 200);
    assert.equal(await mint(server.url, "sk_live_0123456789abcdef"), 200);
    assert.equal(await mint(server.url, "sk_live_0123456789abcdef"), 429);
    await server.end("SIGTERM");
  });

  it("keeps its data for itself: folder, secret and database are the owner's alone", async () => {
    await using place = await folder();
    await (await serve(place.env)).end("SIGTERM");
    const data = place.env.DATA_DIR as string;
    assert.equal((await stat(data)).mode & 0o777, 0o700);
    assert.equal((await stat(join(data, "secret"))).mode & 0o777, 0o600);
    const secret = await readFile(join(data, "secret"), "utf8");
    assert.ok(secret.length >= 43);
    await (await serve(place.env)).end("SIGTERM");
    assert.equal(await readFile(join(data, "secret"), "utf8"), secret);
    assert.ok((await readdir(data)).includes("renumerate.db"));
  });

  it("makes no file that others can read, not even beside the database", async () => {
    await using place = await folder();
    await using server = await serve(place.env);
    assert.equal(await mint(server.url, server.privateKey ?? ""), 200);
    const data = place.env.DATA_DIR as string;
    const files = await readdir(data);
    assert.ok(files.includes("renumerate.db") && files.includes("renumerate.db-wal"), files.join());
    for (const file of files) assert.equal((await stat(join(data, file))).mode & 0o077, 0, file);
    await server.end("SIGTERM");
  });

  it("does not start with a damaged secret, and names its file", async () => {
    await using place = await folder();
    assert.equal((await renumerate(["keys", "list"], place.env)).code, 0);
    const file = join(place.env.DATA_DIR as string, "secret");
    for (const text of ["", "x".repeat(31), ` ${"x".repeat(31)}\n`]) {
      await writeFile(file, text);
      const { code, out, err } = await renumerate(["serve"], { ...place.env, PORT: "0" });
      assert.deepEqual([code, out], [1, ""]);
      assert.equal(err, `${file} is damaged: it must hold at least 32 characters. Restore or delete it.\n`);
    }
    await writeFile(file, `${"x".repeat(32)}\n`);
    await (await serve(place.env)).end("SIGTERM");
  });

  it("finishes what is in hand before it ends", async () => {
    await using place = await folder();
    await using server = await serve(place.env);
    const asked = Array.from({ length: 20 }, () => mint(server.url, server.privateKey ?? ""));
    await asked[0];
    const ended = server.end("SIGTERM");
    // Those that it had taken are answered; the others find nobody, which their caller notices.
    const results = await Promise.allSettled(asked);
    for (const result of results) if (result.status === "fulfilled") assert.equal(result.value, 200);
    assert.equal(await ended, 0);
  });

  it("names each variable that is wrong, in plain words, and never its value", async () => {
    await using place = await folder();
    const faults: [string, string, string?][] = [
      ["PORT", "http-hunter2"],
      ["PUBLIC_URL", "ftp://hunter2"],
      ["DATABASE_URL", "mysql://user:hunter2@host/db", "a postgres:// address"],
      ["RENUMERATE_SECRET", "hunter2", "at least 32 characters"],
      ["RENUMERATE_PRIVATE_KEY", "hunter2", "at least 16 characters"],
      ["RATE_LIMIT_PER_MINUTE", "0"],
      ["FALLBACK_EMAIL", "hunter2"],
      ["ALLOWED_ORIGINS", "https://ok.example,hunter2", "origins such as https://shop.example"],
      ["BILLING", "hunter2", "simulator, stripe or none"],
      ["BILLING_TIMEOUT_SECONDS", "61"],
      ["LOG_LEVEL", "hunter2"],
    ];
    const { code, out, err } = await renumerate(["serve"], { ...place.env, ...Object.fromEntries(faults) });
    assert.deepEqual([code, out], [1, ""]);
    const [head, ...lines] = err.trimEnd().split("\n");
    assert.equal(head, "The environment is not valid:");
    assert.equal(lines.length, faults.length, err);
    for (const [name, , words = ""] of faults) {
      assert.ok(
        lines.some((line) => line.startsWith(`  ${name}: `) && line.includes(words)),
        `${name} in ${err}`,
      );
    }
    assert.ok(!err.includes("hunter2"), err);
    assert.ok(!existsSync(place.env.DATA_DIR as string));
  });

  it("says that its port is taken or its database away, and ends", async () => {
    await using place = await folder();
    await using server = await serve(place.env);
    await using other = await folder();
    const taken = await renumerate(["serve"], { ...other.env, PORT: new URL(server.url).port });
    assert.equal(taken.code, 1);
    assert.match(taken.err, /EADDRINUSE/);
    // It was the first command: the keys that it made are shown then or never.
    const key = /private key {2}(rk_sk_\w{40})\n/.exec(taken.err)?.[1] ?? assert.fail(taken.err);
    assert.match(taken.err, /public key {3}rk_pk_\w{40}\n/);
    const again = await renumerate(["serve"], { ...other.env, PORT: new URL(server.url).port });
    assert.equal(again.code, 1);
    assert.doesNotMatch(again.err, /rk_sk_/);
    await using later = await serve(other.env);
    assert.equal(await mint(later.url, key), 200);
    await later.end("SIGTERM");
    await server.end("SIGTERM");
    const away = await renumerate(["keys", "list"], {
      ...other.env,
      DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/db",
    });
    assert.equal(away.code, 1);
    assert.match(away.err, /ECONNREFUSED/);
    assert.ok(!away.err.includes("hunter2"));
  });
});
