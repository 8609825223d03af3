/** The plugin for WordPress, with stand-ins for the functions of WordPress that it calls. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import vm from "node:vm";
import { chooseBackends, findBackend } from "../../scripts/backends.ts";
import { block, blocksOf } from "./blocks.ts";
import { verify } from "./verify.ts";

const plugin = new URL("../../demo/wordpress/renumerate/renumerate.php", import.meta.url).pathname;
const functions = new URL("wordpress/functions.php", import.meta.url).pathname;

const { backends, notices } = chooseBackends();
for (const notice of notices) console.warn(notice);

interface Site {
  options?: object;
  meta?: object;
  user?: object | null;
  /** The sites of a network by number, and the one that this is. */
  network?: object;
  site?: number;
  remote?: object;
  /** PHP before the plugin is loaded. */
  before?: string;
}

const privateKey = "rk_sk_never_to_be_seen_0123456789";
const ada = { ID: 7, user_email: "ada@example.com", can: ["read"] };
const admin = { ID: 1, user_email: "admin@example.com", can: ["manage_options", "edit_user"] };
/** Runs all of a network; `admin` runs one site. */
const root = { ...admin, super: true };
const settings = {
  server: "https://retention.example",
  public_key: "rk_pk_1",
  fallback_email: "help@shop.example",
};

const site = (more: Site = {}): Site => ({
  options: { renumerate_settings: settings, renumerate_private_key: privateKey },
  meta: { 7: { renumerate_customer_id: "cus_ada" } },
  user: ada,
  remote: { status: 200, body: '{"id":"ret_123","session":{"id":"ret_123"}}' },
  ...more,
});

/** Loads the plugin into a site, fires what WordPress fires at the start, and returns what an expression of PHP is. */
async function php({ before = "", ...state }: Site, expression: string): Promise<unknown> {
  const code = `
    set_error_handler(function ($level, $message, $file, $line) { throw new ErrorException($message, 0, $level, $file, $line); });
    require '${functions}';
    foreach (json_decode(getenv('SITE'), true) as $name => $value) { $wp->$name = $value; }
    ${before}
    require '${plugin}';
    foreach (['init', 'rest_api_init', 'admin_init', 'admin_menu'] as $hook) { do_action($hook); }
    function printed(callable $work): string { ob_start(); $work(); return ob_get_clean(); }
    echo json_encode(${expression});`;
  const { stdout } = await promisify(execFile)(findBackend("php") as string, ["-r", code], {
    env: { ...process.env, SITE: JSON.stringify(state) },
  });
  return JSON.parse(stdout);
}

/** What wp-config.php says. */
const defined = (constants: Record<string, string>) =>
  Object.entries(constants)
    .map(([name, value]) => `define('RENUMERATE_${name}', '${value}');`)
    .join("");

interface Asked {
  address: string;
  headers: Record<string, string>;
  body: string;
  redirection: number;
}
/** The answer to who asks for a session, and what the server was asked for it. */
const ask = async (where: Site) =>
  (await php(where, `[rest('/renumerate/v1/session', ${nonce}), $wp->asked]`)) as [RestAnswer, Asked[]];

const text = async (where: Site, expression: string) => String(await php(where, expression));
const render = (where: Site, shortcode: string) => text(where, `do_shortcode('${shortcode}')`);
const nonce = `['_wpnonce' => wp_create_nonce('wp_rest')]`;

interface RestAnswer {
  status: number;
  body: Record<string, string>;
  headers?: Record<string, string>;
}
const rest = async (where: Site, route = "session", query = nonce) =>
  (await php(where, `rest('/renumerate/v1/${route}', ${query})`)) as RestAnswer;

const tests = () => {
  it("has no faults that PHP finds", async () => {
    await promisify(execFile)(findBackend("php") as string, ["-l", plugin]);
  });

  it("does nothing when its file is asked for by itself", async () => {
    const { stdout } = await promisify(execFile)(findBackend("php") as string, [plugin]);
    assert.equal(stdout, "");
  });

  it("puts the tag into a page, for who is signed in", async () => {
    const html = await render(site(), "[renumerate_cancel_button]");
    assert.doesNotMatch(html, /&(?!#038;)/);
    const address = /session-url="(.+?)"/.exec(html)?.[1]?.replaceAll("&#038;", "&");
    assert.match(
      String(address),
      /^\/index\.php\?rest_route=\/renumerate\/v1\/session&kind=retention&_wpnonce=\w{10}$/,
    );
    assert.match(html, /^<renumerate-cancel-button session-url=[^<>]+>/);
    assert.match(html, / api-url="https:\/\/retention\.example" fallback-email="help@shop\.example">/);
    assert.match(
      html,
      /<a href="mailto:help@shop\.example">help@shop\.example<\/a><\/renumerate-cancel-button>$/,
    );
    assert.match(
      await render(site(), "[renumerate_subscription_hub]"),
      /^<renumerate-subscription-hub .*kind=subscription/,
    );
  });

  it("shows nothing to who is not signed in, or before there is a server", async () => {
    assert.equal(await render(site({ user: null }), "a[renumerate_cancel_button]b"), "ab");
    assert.equal(await render(site({ options: {} }), "a[renumerate_cancel_button]b"), "ab");
  });

  it("escapes what authors and administrators have written", async () => {
    const evil = `x&quot; onclick=alert(1) <img src=x onerror=alert(2)>`;
    const html = await render(
      site(),
      `[renumerate_cancel_button label="<b>\\'${evil}" subscription="${evil}" locale="de"]`,
    );
    const tag = /^<renumerate-cancel-button([^<>]*)>/.exec(html)?.[1] as string;
    assert.match(tag, / label="&lt;b&gt;&#039;x&quot; onclick=alert\(1\) &lt;img [^"]*" /);
    assert.deepEqual(
      [...tag.matchAll(/ ([\w-]+)="[^"]*"/g)].map(([, name]) => name),
      ["session-url", "api-url", "fallback-email", "label", "subscription-id", "locale"],
    );
    assert.equal(tag.replaceAll(/ [\w-]+="[^"]*"/g, ""), "", "nothing stands outside of a value");
    const crooked = {
      server: 'javascript:alert(1)//"><script>',
      fallback_email: '"><script>alert(1)</script>',
    };
    const other = await render(
      site({ options: { renumerate_settings: crooked } }),
      "[renumerate_cancel_button]",
    );
    assert.doesNotMatch(other, /<script|api-url/);
  });

  it("keeps the author's own fallback, cleaned", async () => {
    const own = '<p onclick="x()">Write to <a href="/help">us</a></p><script>alert(1)</script>';
    const html = await render(site(), `[renumerate_cancel_button]${own}[/renumerate_cancel_button]`);
    assert.match(html, />(<p>Write to <a href="\/help">us<\/a><\/p>)<\/renumerate-cancel-button>$/);
  });

  it("loads the script once, and only on pages that need it", async () => {
    const page = (content: string) =>
      `printed(function () { do_shortcode('${content}'); do_action('wp_footer'); })`;
    assert.equal(await php(site(), page("none")), "");
    const script = '<script type="module" src="https://retention.example/embed.js"></script>\n';
    assert.equal(await php(site(), page("[renumerate_cancel_button][renumerate_subscription_hub]")), script);
    const fixed = { ...settings, script: "https://cdn.example/1.js", integrity: "sha384-AAAA" };
    assert.match(
      await text(site({ options: { renumerate_settings: fixed } }), page("[renumerate_cancel_button]")),
      /src="https:\/\/cdn\.example\/1\.js" integrity="sha384-AAAA" crossorigin="anonymous"/,
    );
  });

  it("has blocks that render as the shortcodes do", async () => {
    for (const tag of ["cancel-button", "subscription-hub"]) {
      const block = `$wp->blocks['renumerate/${tag}']['render_callback'](['locale' => 'fr'])`;
      const shortcode = `do_shortcode('[renumerate_${tag.replace("-", "_")} locale="fr"]')`;
      const [one, other] = (await php(site(), `[${block}, ${shortcode}]`)) as string[];
      assert.equal(one, other);
      assert.match(String(one), / locale="fr"/);
    }
  });

  it("tells the editor of its blocks, in one script without a build", async () => {
    const code = await text(site(), `$wp->scripts['renumerate-editor']['inline']`);
    const blocks: Record<string, { save(): unknown; edit(props: object): unknown }> = {};
    const createElement = (type: unknown, props: Record<string, unknown>, ...children: unknown[]) => ({
      type,
      props,
      children,
    });
    const wp = {
      blocks: { registerBlockType: (name: string, given: never) => Object.assign(blocks, { [name]: given }) },
      element: { createElement, Fragment: "Fragment" },
      blockEditor: {
        useBlockProps: () => ({ className: "wp-block" }),
        InspectorControls: "InspectorControls",
      },
      components: { PanelBody: "PanelBody", TextControl: "TextControl" },
    };
    vm.runInNewContext(code, { wp });
    assert.deepEqual(Object.keys(blocks), ["renumerate/cancel-button", "renumerate/subscription-hub"]);
    const button = blocks["renumerate/cancel-button"];
    assert.equal(button?.save(), null, "the server renders it");
    const changes: object[] = [];
    const attributes = { label: "Leave", subscription: "", locale: "" };
    type Element = { type: string; props: Record<string, unknown>; children: Element[] };
    const drawn = button?.edit({
      attributes,
      setAttributes: (each: object) => changes.push(each),
    }) as Element;
    const fields = drawn.children[0]?.children[0]?.children as Element[];
    assert.deepEqual(
      fields.map(({ props }) => [props.label, props.value]),
      Object.entries(attributes),
    );
    const { onChange } = (fields[0] as Element).props as { onChange(value: string): void };
    onChange("Go");
    assert.equal(JSON.stringify(changes), '[{"label":"Go"}]');
  });

  it("asks the server for the session of who is signed in, whoever the page names", async () => {
    const query = `${nonce} + ['customer_id' => 'cus_other', 'kind' => 'retention']`;
    const [answer, asked] = (await php(site(), `[rest('/renumerate/v1/session', ${query}), $wp->asked]`)) as [
      RestAnswer,
      { address: string; headers: Record<string, string>; body: string; redirection: number }[],
    ];
    assert.deepEqual(answer, {
      status: 200,
      body: { id: "ret_123" },
      headers: { "cache-control": "no-store" },
    });
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.address, "https://retention.example/v1/retention/session");
    assert.equal(asked[0]?.headers["X-Brand-Key"], privateKey);
    assert.equal(asked[0]?.redirection, 0);
    assert.deepEqual(JSON.parse(asked[0]?.body as string), { retention: { customer_id: "cus_ada" } });
    const hub = `${nonce} + ['kind' => 'subscription']`;
    const [, [forHub]] = (await php(site(), `[rest('/renumerate/v1/session', ${hub}), $wp->asked]`)) as [
      RestAnswer,
      typeof asked,
    ];
    assert.equal(forHub?.address, "https://retention.example/v1/subscription/session");
    assert.deepEqual(JSON.parse(String(forHub?.body)), { subscription: { customer_id: "cus_ada" } });
  });

  it("gives nothing without a nonce, without a sign-in, or for another kind", async () => {
    assert.deepEqual((await rest(site(), "session", "[]")).status, 401);
    assert.deepEqual((await rest(site(), "session", "['_wpnonce' => 'guess']")).status, 403);
    assert.deepEqual((await rest(site({ user: null }))).status, 401);
    assert.deepEqual((await rest(site({ user: null }), "token")).status, 401);
    assert.deepEqual((await rest(site(), "session", `${nonce} + ['kind' => '../x']`)).status, 400);
  });

  it("goes by a filter, by the user's own field, and by e-mail only where that is allowed", async () => {
    const asked = async (where: Site) => {
      const body = (await php(
        where,
        `[rest('/renumerate/v1/session', ${nonce}), $wp->asked[0]['body'] ?? null]`,
      )) as [RestAnswer, string | null];
      return body[1] === null ? body[0].status : JSON.parse(body[1]).retention;
    };
    assert.equal(await asked(site({ meta: {} })), 404);
    const byEmail = { options: { renumerate_settings: { ...settings, by_email: true } }, meta: {} };
    assert.deepEqual(await asked(site(byEmail)), { customer_email: "ada@example.com" });
    const before = `add_filter('renumerate_customer_id', fn ($id, $user) => $id ?: "cus_of_{$user->ID}");`;
    assert.deepEqual(await asked(site({ ...byEmail, before })), { customer_id: "cus_of_7" });
    assert.deepEqual(await asked(site({ before })), { customer_id: "cus_ada" });
  });

  it("goes by the customer of the shop's gateway, as the README shows", async () => {
    const before = block(blocksOf("demo/wordpress/README.md"), ["Which customer is a user?"], "php");
    const token = async (meta: object) => {
      const { body } = await rest(site({ before, meta }), "token");
      return body.token && (await verify(body.token, privateKey)).subscriberId;
    };
    assert.equal(await token({ 7: { wp__stripe_customer_id: "cus_shop" } }), "cus_shop");
    const both = { wp__stripe_customer_id: "cus_shop", renumerate_customer_id: "cus_ada" };
    assert.equal(await token({ 7: both }), "cus_ada");
    assert.equal(await token({}), undefined);
  });

  it("says no more of a failure than the page needs", async () => {
    const of = async (status: number, body: string) => {
      const answer = await rest(site({ remote: { status, body } }));
      assert.ok(!JSON.stringify(answer).includes("secret"), "nothing of what the server has said");
      return [answer.status, answer.body.code];
    };
    const down = [502, "renumerate_unavailable"];
    assert.deepEqual(await of(404, '{"error":"secret"}'), [404, "renumerate_no_customer"]);
    assert.deepEqual(await of(401, '{"error":"secret"}'), down, "the user is signed in all the same");
    assert.deepEqual(await of(500, "secret"), down);
    assert.deepEqual(await of(200, '{"id":null}'), down);
  });

  it("signs handshake tokens", async () => {
    const answer = await rest(site(), "token");
    assert.equal(answer.headers?.["cache-control"], "no-store");
    const payload = await verify(answer.body.token as string, privateKey);
    assert.equal(payload.brandPub, "rk_pk_1");
    assert.equal(payload.subscriberId, "cus_ada");
    assert.ok(Math.abs(Date.now() - payload.timestamp) < 60_000);
    assert.match(payload.nonce, /^[0-9a-f]{32}$/);
    assert.equal((await rest(site({ meta: {} }), "token")).status, 404);
    const { public_key: _, ...keyless } = settings;
    assert.equal((await rest(site({ options: { renumerate_settings: keyless } }), "token")).status, 502);
  });

  it("never prints the private key", async () => {
    const page = await text(site({ user: admin }), `printed($wp->pages['renumerate']['callback'])`);
    assert.match(page, /placeholder="A key is set"/);
    assert.ok(!page.includes(privateKey));
    assert.match(page, /name="renumerate_settings\[server]" value="https:\/\/retention\.example"/);
    const constant = { user: admin, before: defined({ PRIVATE_KEY: privateKey }) };
    const other = await text(
      site({ ...constant, options: {} }),
      `printed($wp->pages['renumerate']['callback'])`,
    );
    assert.match(other, /Set in wp-config\.php\./);
    assert.ok(!other.includes(privateKey));
    const key = `[$wp->settings['renumerate_private_key']['show_in_rest'], $wp->settings['renumerate_settings']['show_in_rest']]`;
    assert.deepEqual(await php(site(), key), [false, false]);
  });

  it("uses the key of wp-config.php before the one in the database", async () => {
    const before = defined({ PRIVATE_KEY: "rk_sk_from_the_file_0123456789" });
    const { body } = await rest(site({ before }), "token");
    await verify(body.token as string, "rk_sk_from_the_file_0123456789");
  });

  it("sends the key of wp-config.php to the server of wp-config.php, whatever a site's settings say", async () => {
    const options = { renumerate_settings: { ...settings, server: "https://evil.example" } };
    const key = { PRIVATE_KEY: privateKey };
    const server = { SERVER: "https://retention.example/" };
    const [answer, asked] = await ask(site({ options, before: defined({ ...key, ...server }) }));
    assert.equal(answer.status, 200);
    assert.deepEqual(
      asked.map(({ address, headers }) => [address, headers["X-Brand-Key"]]),
      [["https://retention.example/v1/retention/session", privateKey]],
    );
    const incomplete: Record<string, string>[] = [key, { ...key, SERVER: "http://retention.example" }];
    for (const wrong of incomplete) {
      const where = site({ options, before: defined(wrong) });
      const [refused, unasked] = await ask(where);
      assert.deepEqual([refused.status, refused.body.code, unasked], [502, "renumerate_unavailable", []]);
      assert.equal(await render(where, "[renumerate_cancel_button]"), "");
    }
    const tag = await render(
      site({ options, before: defined({ ...key, ...server }) }),
      "[renumerate_cancel_button]",
    );
    assert.match(tag, / api-url="https:\/\/retention\.example" /);
  });

  it("says on its page where the server comes from", async () => {
    const page = (before: string) =>
      text(site({ user: admin, before }), `printed($wp->pages['renumerate']['callback'])`);
    const key = { PRIVATE_KEY: privateKey };
    const said = await page(defined({ ...key, SERVER: "https://file.example" }));
    assert.match(said, /<code>https:\/\/file\.example<\/code> Set in wp-config\.php\./);
    assert.doesNotMatch(said, /name="renumerate_settings\[server]"/);
    assert.match(await page(defined(key)), /wp-config\.php has to define RENUMERATE_SERVER/);
    assert.match(
      await page(defined({ SERVER: "https://file.example" })),
      /name="renumerate_settings\[server]"/,
    );
  });

  it("forgets the key when another server is named, unless the key comes along", async () => {
    const saved = (server: string, key = "", before = settings.server) =>
      php(
        site({
          user: admin,
          options: {
            renumerate_settings: { ...settings, server: before },
            renumerate_private_key: privateKey,
          },
        }),
        `(function () {
          $given = array_merge(get_option('renumerate_settings'), ['server' => '${server}', 'public_key' => 'new']);
          update_option('renumerate_settings', $given);
          update_option('renumerate_private_key', '${key}');
          return get_option('renumerate_private_key');
        })()`,
      );
    assert.equal(await saved("https://retention.example/"), privateKey);
    assert.equal(await saved("https://retention.example/below"), privateKey);
    for (const other of [
      "https://evil.example",
      "https://retention.example:8443",
      "https://retention.example.evil.example",
      "http://localhost",
      "",
    ])
      assert.equal(await saved(other), "", other);
    assert.equal(await saved("http://localhost", "", "https://localhost"), "");
    assert.equal(await saved("https://new.example", "rk_sk_new"), "rk_sk_new");
    const unset = `[update_option('renumerate_settings', ['server' => 'https://retention.example']), get_option('renumerate_private_key')][1]`;
    assert.equal(await php(site({ options: { renumerate_private_key: privateKey } }), unset), privateKey);
  });

  it("shows its settings to who may change them", async () => {
    assert.equal(await php(site(), `$wp->pages['renumerate']['capability']`), "manage_options");
    const seen = `(function () use ($wp) { try { return printed($wp->pages['renumerate']['callback']); } catch (Died $e) { ob_end_clean(); return 'refused'; } })()`;
    assert.equal(await php(site(), seen), "refused");
    assert.match(await text(site({ user: admin }), seen), /<form action="options.php"/);
  });

  it("escapes settings where it shows them", async () => {
    const crooked = { ...settings, public_key: '"><script>alert(1)</script>' };
    const where = site({ user: admin, options: { renumerate_settings: crooked } });
    assert.doesNotMatch(await text(where, `printed($wp->pages['renumerate']['callback'])`), /<script/);
  });

  it("keeps only settings that make sense", async () => {
    const saved = (given: object) =>
      php(
        site({ user: admin }),
        `(function () use ($wp) { update_option('renumerate_settings', json_decode('${JSON.stringify(given)}', true)); return Renumerate\\settings(); })()`,
      );
    const good = {
      ...settings,
      script: "https://cdn.example/1.js",
      integrity: "sha384-AA+/==",
      by_email: true,
    };
    assert.deepEqual(await saved({ ...good, server: "https://retention.example/", other: 1 }), good);
    const bad = {
      server: "http://retention.example",
      fallback_email: "x",
      script: "javascript:x",
      integrity: "md5-1",
    };
    const empty = {
      server: "",
      public_key: "",
      fallback_email: "",
      script: "",
      integrity: "",
      by_email: false,
    };
    assert.deepEqual(await saved(bad), empty);
    assert.deepEqual(await saved({ server: "http://localhost:4321" }), {
      ...empty,
      server: "http://localhost:4321",
    });
  });

  it("keeps the key when the field is left empty, and removes it when told to", async () => {
    const saved = (given: string) =>
      php(
        site(),
        `[update_option('renumerate_private_key', '${given}'), get_option('renumerate_private_key')][1]`,
      );
    assert.equal(await saved(""), privateKey);
    assert.equal(await saved(" rk_sk_new "), "rk_sk_new");
    assert.equal(await saved("-"), "");
  });

  it("lets administrators say who is which customer, and nobody else", async () => {
    const shown = "printed(fn () => do_action('edit_user_profile', new WP_User(7, '')))";
    const markup = { 7: { renumerate_customer_id: '"><b>cus_ada' } };
    const field = await text(site({ user: admin, meta: markup }), shown);
    assert.match(field, /name="renumerate_customer_id" value="&quot;&gt;&lt;b&gt;cus_ada"/);
    assert.equal(await php(site(), shown), "", "a user sees no such field in their own profile");

    const saved = (user: object, nonce: string) =>
      php(
        site({ user }),
        `(function () use ($wp) {
          $_POST = ['renumerate_customer_id' => ' cus_new ', '_renumerate_nonce' => ${nonce}];
          do_action('edit_user_profile_update', 7);
          do_action('personal_options_update', 7);
          return $wp->meta[7]['renumerate_customer_id'];
        })()`,
      );
    const right = "wp_create_nonce('renumerate_customer_id7')";
    assert.equal(await saved(admin, right), "cus_new");
    assert.equal(await saved(admin, "'guess'"), "cus_ada");
    assert.equal(await saved(ada, right), "cus_ada");
    assert.equal(await saved({ ...admin, can: ["edit_user"] }, right), "cus_ada");
  });

  describe("in a network of sites", () => {
    const victim = "cus_victim";
    const network = { 1: {}, 2: {} };
    const save = (where: Site) =>
      php(
        site({ network, meta: {}, ...where }),
        `(function () use ($wp) {
          $_POST = ['renumerate_customer_id' => '${victim}', '_renumerate_nonce' => wp_create_nonce('renumerate_customer_id1')];
          do_action('personal_options_update', 1);
          return [printed(fn () => do_action('show_user_profile', new WP_User(1, ''))), $wp->meta];
        })()`,
      ) as Promise<[string, Record<number, object>]>;

    it("lets only who runs the network say who is which customer, for each site by itself", async () => {
      assert.deepEqual(await save({ user: admin, site: 2 }), ["", []]);
      assert.deepEqual(await save({ user: admin, site: 1 }), ["", []]);
      const [field, meta] = await save({ user: root, site: 2 });
      assert.match(field, / value="cus_victim"/);
      assert.deepEqual(meta, { 1: { wp_2_renumerate_customer_id: victim } });
      assert.deepEqual((await save({ user: root, site: 1 }))[1], {
        1: { wp_renumerate_customer_id: victim },
      });
    });

    it("knows a user by what this site says, and by nothing that another or all of them say", async () => {
      const meta = { 7: { wp_2_renumerate_customer_id: victim, renumerate_customer_id: victim } };
      const [answer, asked] = await ask(site({ network, meta, site: 1 }));
      assert.deepEqual([answer.status, asked], [404, []]);
      const own = { 7: { ...meta[7], wp_renumerate_customer_id: "cus_ada" } };
      const bodies = async (where: Site) =>
        (await ask(site({ network, meta: own, ...where })))[1].map(({ body }) => JSON.parse(body).retention);
      assert.deepEqual(await bodies({ site: 1 }), [{ customer_id: "cus_ada" }]);
      assert.deepEqual(await bodies({ site: 2 }), [{ customer_id: victim }]);
    });

    it("lets only who runs the network switch on that e-mail addresses are enough", async () => {
      const saved = (user: object, kept: boolean, given: object) =>
        php(
          site({ network, user, options: { renumerate_settings: { ...settings, by_email: kept } } }),
          `(function () {
            update_option('renumerate_settings', json_decode('${JSON.stringify({ ...settings, ...given })}', true));
            return Renumerate\\settings()['by_email'];
          })()`,
        );
      assert.equal(await saved(admin, false, { by_email: "1" }), false);
      assert.equal(await saved(admin, true, {}), true);
      assert.equal(await saved(root, false, { by_email: "1" }), true);
      assert.equal(await saved(root, true, {}), false);
      const page = (user: object) =>
        text(site({ network, user }), `printed($wp->pages['renumerate']['callback'])`);
      assert.match(await page(admin), /name="renumerate_settings\[by_email]" value="1" disabled>/);
      assert.match(await page(root), /name="renumerate_settings\[by_email]" value="1">/);
    });

    it("leaves nothing behind on any site", async () => {
      const options = { renumerate_settings: settings, renumerate_private_key: privateKey, blogname: "One" };
      const other = { ...options, blogname: "Two" };
      const meta = {
        7: { wp_renumerate_customer_id: "cus_ada", wp_2_renumerate_customer_id: victim, nickname: "Ada" },
      };
      assert.deepEqual(
        await php(
          site({ network: { 1: {}, 2: other }, options, meta }),
          "[($wp->uninstall)(), $wp->site, $wp->options, $wp->network[2], $wp->meta]",
        ),
        [null, 1, { blogname: "One" }, { blogname: "Two" }, { 7: { nickname: "Ada" } }],
      );
    });
  });

  it("leaves nothing behind", async () => {
    const meta = { 7: { renumerate_customer_id: "cus_ada", nickname: "Ada" } };
    const options = { renumerate_settings: settings, renumerate_private_key: privateKey, blogname: "Shop" };
    assert.deepEqual(await php(site({ meta, options }), "[($wp->uninstall)(), $wp->options, $wp->meta]"), [
      null,
      { blogname: "Shop" },
      { 7: { nickname: "Ada" } },
    ]);
  });
};

if (backends.includes("php")) describe("the plugin for WordPress", tests);
