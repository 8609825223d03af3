<?php
/**
 * Plugin Name:       Renumerate
 * Description:       A fair cancel button and a subscription hub, from your own Renumerate server.
 * Version:           0.1.0
 * Requires at least: 6.3
 * Requires PHP:      8.1
 * License:           MIT
 * Text Domain:       renumerate
 *
 * Two shortcodes and two blocks put the tags into a page. The tags ask this site for a session, and this site asks the
 * server for one, with the private key, for the user who is signed in.
 */

namespace Renumerate;

use WP_Error;
use WP_REST_Request;
use WP_REST_Response;
use WP_User;

defined('ABSPATH') || exit;

/** Settings that may be shown. The private key is not one of them. */
const SETTINGS = 'renumerate_settings';
const PRIVATE_KEY = 'renumerate_private_key';
/** The customer's id at billing; what it is called in the table, `customer_meta()` says. */
const CUSTOMER_META = 'renumerate_customer_id';
const PAGE = 'renumerate';

const DEFAULTS = [
    'server' => '',
    'public_key' => '',
    'fallback_email' => '',
    'script' => '',
    'integrity' => '',
    'by_email' => false,
];

const TAGS = [
    'cancel-button' => ['title' => 'Renumerate cancel button', 'kind' => 'retention'],
    'subscription-hub' => ['title' => 'Renumerate subscription hub', 'kind' => 'subscription'],
];

add_action('init', __NAMESPACE__ . '\\register_tags');
add_action('rest_api_init', __NAMESPACE__ . '\\register_routes');
add_action('admin_init', __NAMESPACE__ . '\\register_settings');
add_action('admin_menu', __NAMESPACE__ . '\\register_page');
add_action('show_user_profile', __NAMESPACE__ . '\\show_customer_field');
add_action('edit_user_profile', __NAMESPACE__ . '\\show_customer_field');
add_action('personal_options_update', __NAMESPACE__ . '\\save_customer_field');
add_action('edit_user_profile_update', __NAMESPACE__ . '\\save_customer_field');
add_action('update_option_' . SETTINGS, __NAMESPACE__ . '\\forget_private_key', 10, 2);
register_uninstall_hook(__FILE__, __NAMESPACE__ . '\\uninstall');

/** @return array{server: string, public_key: string, fallback_email: string, script: string, integrity: string, by_email: bool} */
function settings(): array
{
    $kept = get_option(SETTINGS, []);
    $settings = array_merge(DEFAULTS, is_array($kept) ? array_intersect_key($kept, DEFAULTS) : []);
    return is_from_file() ? array_merge($settings, ['server' => server_of_file()]) : $settings;
}

/**
 * Whether wp-config.php brings the key. It holds for every site of a network, so the server is then said there, too: no
 * site's administrator shall have the key sent to a server of their own.
 */
function is_from_file(): bool
{
    return defined('RENUMERATE_PRIVATE_KEY');
}

function server_of_file(): string
{
    return defined('RENUMERATE_SERVER') ? untrailingslashit(clean_address((string) constant('RENUMERATE_SERVER'))) : '';
}

/** `define('RENUMERATE_PRIVATE_KEY', 'rk_sk_…')` in wp-config.php keeps the key out of the database. */
function private_key(): string
{
    return is_from_file() ? (string) constant('RENUMERATE_PRIVATE_KEY') : (string) get_option(PRIVATE_KEY, '');
}

// ── Tags ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function register_tags(): void
{
    wp_register_script('renumerate-editor', false, ['wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element'], null, true);
    wp_add_inline_script('renumerate-editor', editor_script());
    foreach (TAGS as $tag => ['title' => $title]) {
        add_shortcode('renumerate_' . str_replace('-', '_', $tag), fn ($given, $content = '') =>
            render($tag, is_array($given) ? $given : [], (string) $content));
        register_block_type("renumerate/$tag", [
            'api_version' => 3,
            'title' => $title,
            'category' => 'widgets',
            'icon' => 'money-alt',
            'attributes' => array_fill_keys(array_keys(attributes_of($tag)), ['type' => 'string', 'default' => '']),
            'supports' => ['html' => false],
            'editor_script_handles' => ['renumerate-editor'],
            'render_callback' => fn ($given) => render($tag, (array) $given, ''),
        ]);
    }
}

/** What an author may set, and the tag's attribute for it. */
function attributes_of(string $tag): array
{
    $shared = ['locale' => 'locale'];
    return $tag === 'cancel-button' ? ['label' => 'label', 'subscription' => 'subscription-id'] + $shared : $shared;
}

/** @param array<string, string> $given what the author has set */
function render(string $tag, array $given, string $content): string
{
    $settings = settings();
    // Nobody is signed in: there is no customer to stand for.
    if (!is_user_logged_in() || $settings['server'] === '') {
        return '';
    }
    add_action('wp_footer', __NAMESPACE__ . '\\print_script');

    // WordPress takes a request for the user's own only with a nonce; the tag sends no headers, so it is in the address.
    $session = add_query_arg(
        ['kind' => TAGS[$tag]['kind'], '_wpnonce' => wp_create_nonce('wp_rest')],
        rest_url('renumerate/v1/session')
    );
    $attributes = [
        'session-url' => esc_url($session),
        'api-url' => esc_url($settings['server']),
        'fallback-email' => esc_attr($settings['fallback_email']),
    ];
    foreach (attributes_of($tag) as $name => $attribute) {
        $attributes[$attribute] = esc_attr(trim((string) ($given[$name] ?? '')));
    }
    $html = '';
    foreach (array_filter($attributes, fn ($value) => $value !== '') as $name => $value) {
        $html .= " $name=\"$value\"";
    }
    return "<renumerate-$tag$html>" . fallback($settings['fallback_email'], $content) . "</renumerate-$tag>";
}

/** Seen until the script has come, and whenever it does not: the author's own words, or a mail link. */
function fallback(string $email, string $content): string
{
    if (trim($content) !== '') {
        return wp_kses_post(do_shortcode($content));
    }
    if ($email === '') {
        return '';
    }
    return '<a href="' . esc_url("mailto:$email") . '">' . esc_html($email) . '</a>';
}

function print_script(): void
{
    $settings = settings();
    $attributes = ['type' => 'module', 'src' => esc_url($settings['script'] ?: "{$settings['server']}/embed.js")];
    if ($settings['integrity'] !== '') {
        $attributes += ['integrity' => $settings['integrity'], 'crossorigin' => 'anonymous'];
    }
    wp_print_script_tag($attributes);
}

/** The editor shows where a tag is, not the tag: it would ask for a session of whoever writes the page. */
function editor_script(): string
{
    $blocks = [];
    foreach (TAGS as $tag => ['title' => $title]) {
        $blocks["renumerate/$tag"] = ['title' => $title, 'fields' => array_keys(attributes_of($tag))];
    }
    $json = wp_json_encode($blocks);
    return <<<JS
    ((blocks, { createElement: h, Fragment }, { useBlockProps, InspectorControls }, { PanelBody, TextControl }) => {
      for (const [name, { title, fields }] of Object.entries($json)) {
        blocks.registerBlockType(name, {
          save: () => null,
          edit({ attributes, setAttributes }) {
            const field = (each) => h(TextControl, {
              key: each,
              label: each,
              value: attributes[each],
              onChange: (value) => setAttributes({ [each]: value }),
            });
            return h(Fragment, null,
              h(InspectorControls, null, h(PanelBody, { title }, ...fields.map(field))),
              h("p", useBlockProps(), title));
          },
        });
      }
    })(wp.blocks, wp.element, wp.blockEditor, wp.components);
    JS;
}

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────────────────────────

function register_routes(): void
{
    $route = fn (string $answer, array $arguments) => [
        'methods' => 'GET',
        'callback' => __NAMESPACE__ . "\\$answer",
        // Without a valid nonce WordPress has signed the user out by now.
        'permission_callback' => fn () => is_user_logged_in(),
        'args' => $arguments,
    ];
    $kind = ['type' => 'string', 'enum' => ['retention', 'subscription'], 'default' => 'retention'];
    register_rest_route('renumerate/v1', '/session', $route('answer_session', ['kind' => $kind]));
    register_rest_route('renumerate/v1', '/token', $route('answer_token', []));
}

/**
 * How billing knows a user: `customer_id`, or `customer_email` where the site has said that its addresses are checked.
 *
 * @return array<string, string> empty for who is no customer
 */
function customer_of(WP_User $user): array
{
    $id = apply_filters('renumerate_customer_id', (string) get_user_meta($user->ID, customer_meta(), true), $user);
    if (is_string($id) && $id !== '') {
        return ['customer_id' => $id];
    }
    return settings()['by_email'] && $user->user_email !== '' ? ['customer_email' => $user->user_email] : [];
}

/** The signed-in user's session: `{"id": …}`, as `session-url` wants it. */
function answer_session(WP_REST_Request $request): WP_REST_Response|WP_Error
{
    $customer = customer_of(wp_get_current_user());
    if (!$customer) {
        return refusal('renumerate_no_customer', 404);
    }
    if (settings()['server'] === '') {
        return refusal('renumerate_unavailable', 502);
    }
    $kind = $request->get_param('kind') === 'subscription' ? 'subscription' : 'retention';
    $response = wp_remote_post(settings()['server'] . "/v1/$kind/session", [
        'headers' => ['Content-Type' => 'application/json', 'X-Brand-Key' => private_key()],
        'body' => wp_json_encode([$kind => $customer]),
        'timeout' => 10,
        // The key is for this server alone.
        'redirection' => 0,
    ]);
    $status = (int) wp_remote_retrieve_response_code($response);
    $answer = json_decode((string) wp_remote_retrieve_body($response), true);
    if ($status === 200 && is_string($answer['id'] ?? null)) {
        return uncached(['id' => $answer['id']]);
    }
    // 401 would tell the page that the user is signed out, and what the server says of our key is nobody's business.
    return $status === 404 ? refusal('renumerate_no_customer', 404) : refusal('renumerate_unavailable', 502);
}

/** A handshake token: `{"token": …}`, for pages that use `getAuthToken`. The server is not asked. */
function answer_token(): WP_REST_Response|WP_Error
{
    ['customer_id' => $id] = customer_of(wp_get_current_user()) + ['customer_id' => ''];
    if ($id === '') {
        return refusal('renumerate_no_customer', 404);
    }
    ['public_key' => $public_key] = settings();
    if ($public_key === '' || private_key() === '') {
        return refusal('renumerate_unavailable', 502);
    }
    $payload = (string) wp_json_encode([
        'brandPub' => $public_key,
        'subscriberId' => $id,
        'timestamp' => (int) floor(microtime(true) * 1000),
        'nonce' => bin2hex(random_bytes(16)),
    ]);
    $base64url = fn (string $bytes) => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    $signature = hash_hmac('sha256', $payload, private_key(), true);
    return uncached(['token' => $base64url($payload) . '.' . $base64url($signature)]);
}

function uncached(array $body): WP_REST_Response
{
    $response = new WP_REST_Response($body, 200);
    $response->header('Cache-Control', 'no-store');
    return $response;
}

function refusal(string $code, int $status): WP_Error
{
    $words = $status === 404
        ? __('Billing does not know this user.', 'renumerate')
        : __('The subscription service cannot be reached.', 'renumerate');
    return new WP_Error($code, $words, ['status' => $status]);
}

// ── Settings ────────────────────────────────────────────────────────────────────────────────────────────────────────

function register_settings(): void
{
    register_setting(PAGE, SETTINGS, ['type' => 'object', 'sanitize_callback' => __NAMESPACE__ . '\\clean_settings', 'show_in_rest' => false]);
    register_setting(PAGE, PRIVATE_KEY, ['type' => 'string', 'sanitize_callback' => __NAMESPACE__ . '\\clean_private_key', 'show_in_rest' => false]);
}

function clean_settings(mixed $given): array
{
    $given = is_array($given) ? $given : [];
    $text = fn (string $name) => sanitize_text_field((string) ($given[$name] ?? ''));
    $integrity = $text('integrity');
    return [
        'server' => untrailingslashit(clean_address($text('server'))),
        'public_key' => $text('public_key'),
        'fallback_email' => sanitize_email((string) ($given['fallback_email'] ?? '')),
        'script' => clean_address($text('script')),
        'integrity' => preg_match('~^sha(256|384|512)-[A-Za-z0-9+/]+=*$~', $integrity) ? $integrity : '',
        'by_email' => may_identify() ? !empty($given['by_email']) : settings()['by_email'],
    ];
}

/** Scripts and keys travel over https; `localhost` is for trying things out. */
function clean_address(string $given): string
{
    $address = esc_url_raw($given, ['https', 'http']);
    $parts = wp_parse_url($address);
    $is_local = in_array($parts['host'] ?? '', ['localhost', '127.0.0.1'], true);
    return ($parts['scheme'] ?? '') === 'https' || $is_local ? $address : '';
}

/** A key belongs to the server that it was entered for: whoever names another one has to know it. */
function forget_private_key(mixed $before, mixed $after): void
{
    $origin = function (mixed $settings): array {
        $parts = wp_parse_url(is_array($settings) ? (string) ($settings['server'] ?? '') : '');
        return [$parts['scheme'] ?? '', $parts['host'] ?? '', $parts['port'] ?? ''];
    };
    if ($origin($before) !== $origin($after)) {
        delete_option(PRIVATE_KEY);
    }
}

/** The field is always empty when it is shown: left so, the key stays; a single `-` removes it. */
function clean_private_key(mixed $given): string
{
    $given = sanitize_text_field((string) $given);
    if ($given === '') {
        return (string) get_option(PRIVATE_KEY, '');
    }
    return $given === '-' ? '' : $given;
}

function register_page(): void
{
    add_options_page('Renumerate', 'Renumerate', 'manage_options', PAGE, __NAMESPACE__ . '\\show_page');
}

function show_page(): void
{
    if (!current_user_can('manage_options')) {
        wp_die(esc_html__('You may not change these settings.', 'renumerate'), '', ['response' => 403]);
    }
    $settings = settings();
    $row = function (string $label, string $id, string $input, string $help = ''): void {
        printf('<tr><th scope="row"><label for="%s">%s</label></th><td>%s', esc_attr($id), esc_html($label), $input);
        printf($help === '' ? '%s</td></tr>' : '<p class="description">%s</p></td></tr>', esc_html($help));
    };
    $field = fn (string $name, string $type = 'text') => sprintf(
        '<input class="regular-text" type="%s" id="renumerate_%s" name="%s[%2$s]" value="%s">',
        esc_attr($type),
        esc_attr($name),
        esc_attr(SETTINGS),
        esc_attr($settings[$name])
    );
    echo '<div class="wrap"><h1>Renumerate</h1><form action="options.php" method="post">';
    settings_fields(PAGE);
    echo '<table class="form-table" role="presentation">';
    $row('Server', 'renumerate_server', is_from_file() ? server_from_file() : $field('server', 'url'), 'Where your Renumerate server is. It has to allow this site: ' . home_url());
    $row('Public key', 'renumerate_public_key', $field('public_key'), 'Only for handshake tokens.');
    $row('Private key', PRIVATE_KEY, private_key_field(), 'Never shown again. Leave it empty to keep it, enter - to remove it. With another server it has to be entered again.');
    $row('Fallback e-mail', 'renumerate_fallback_email', $field('fallback_email', 'email'), 'Whom customers can write to when nothing else works.');
    $checkbox = sprintf(
        '<input type="checkbox" id="renumerate_by_email" name="%s[by_email]" value="1"%s%s>',
        esc_attr(SETTINGS),
        $settings['by_email'] ? ' checked' : '',
        may_identify() ? '' : ' disabled'
    );
    $row('Recognise customers by e-mail address', 'renumerate_by_email', $checkbox, 'Only if nobody can have an account here under an address that is not theirs.');
    $row('Script', 'renumerate_script', $field('script', 'url'), 'Without one, embed.js of the server.');
    $row('Integrity', 'renumerate_integrity', $field('integrity'), 'Of a script with a fixed version: sha384-…');
    echo '</table>';
    submit_button();
    echo '</form></div>';
}

function server_from_file(): string
{
    $server = server_of_file();
    return $server === ''
        ? esc_html__('Missing: with the private key, wp-config.php has to define RENUMERATE_SERVER, an address with https.', 'renumerate')
        : sprintf('<code>%s</code> %s', esc_html($server), esc_html__('Set in wp-config.php.', 'renumerate'));
}

function private_key_field(): string
{
    if (is_from_file()) {
        return esc_html__('Set in wp-config.php.', 'renumerate');
    }
    return sprintf(
        '<input class="regular-text" type="password" autocomplete="off" id="%1$s" name="%1$s" value="" placeholder="%2$s">',
        esc_attr(PRIVATE_KEY),
        esc_attr(private_key() === '' ? '' : __('A key is set', 'renumerate'))
    );
}

// ── Users ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the id is called in the table of user meta, which is one for all sites of a network: there, each has its own. */
function customer_meta(): string
{
    global $wpdb;
    // Not get_user_option(): it falls back on what holds for all sites.
    return is_multisite() ? $wpdb->get_blog_prefix() . CUSTOMER_META : CUSTOMER_META;
}

/**
 * Who may say which customers users are. In a network those who run all of it: a site's administrators run that site, and
 * the key may be that of all.
 */
function may_identify(): bool
{
    // Not a capability: what a site's roles may do, its administrators can change.
    return is_multisite() ? is_super_admin() : current_user_can('manage_options');
}

/** Nobody may say of themselves which customer they are. */
function may_assign(int $user_id): bool
{
    return may_identify() && current_user_can('edit_user', $user_id);
}

function show_customer_field(WP_User $user): void
{
    if (!may_assign($user->ID)) {
        return;
    }
    wp_nonce_field(CUSTOMER_META . $user->ID, '_renumerate_nonce', false);
    printf(
        '<table class="form-table" role="presentation"><tr><th><label for="%1$s">%2$s</label></th><td><input class="regular-text" id="%1$s" name="%1$s" value="%3$s"></td></tr></table>',
        esc_attr(CUSTOMER_META),
        esc_html__('Customer id at billing', 'renumerate'),
        esc_attr((string) get_user_meta($user->ID, customer_meta(), true))
    );
}

function save_customer_field(int $user_id): void
{
    $nonce = sanitize_text_field(wp_unslash($_POST['_renumerate_nonce'] ?? ''));
    if (!isset($_POST[CUSTOMER_META]) || !may_assign($user_id) || !wp_verify_nonce($nonce, CUSTOMER_META . $user_id)) {
        return;
    }
    update_user_meta($user_id, customer_meta(), sanitize_text_field(wp_unslash($_POST[CUSTOMER_META])));
}

function uninstall(): void
{
    $forget = function (): void {
        delete_option(SETTINGS);
        delete_option(PRIVATE_KEY);
        delete_metadata('user', 0, customer_meta(), '', true);
    };
    if (!is_multisite()) {
        $forget();
        return;
    }
    foreach (get_sites(['fields' => 'ids', 'number' => 0]) as $site) {
        switch_to_blog($site);
        $forget();
        restore_current_blog();
    }
}
