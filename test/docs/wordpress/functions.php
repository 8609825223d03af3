<?php
/**
 * Stand-ins for the functions of WordPress that the plugin calls: as much of each as it relies on. `$wp` is the site; a
 * test fills it before the plugin is loaded.
 */

define('ABSPATH', '/');

$wp = (object) [
    'options' => [],
    'meta' => [],
    /** In a network: the sites' options by their number; those of `site` are in `options` meanwhile. */
    'network' => null,
    'site' => 1,
    'left' => [],
    /** Of whoever is signed in: ID, user_email, can, super. */
    'user' => null,
    'actions' => [],
    'filters' => [],
    'shortcodes' => [],
    'blocks' => [],
    'routes' => [],
    'settings' => [],
    'pages' => [],
    'scripts' => [],
    'uninstall' => null,
    /** What another server answers; null asks it for real. */
    'remote' => null,
    'asked' => [],
];

class WP_User
{
    public function __construct(public int $ID, public string $user_email)
    {
    }
}

class WP_Error
{
    public function __construct(public string $code = '', public string $message = '', public array $data = [])
    {
    }
}

class WP_REST_Response
{
    public array $headers = [];

    public function __construct(public array $data, public int $status)
    {
    }

    public function header(string $name, string $value): void
    {
        $this->headers[strtolower($name)] = $value;
    }
}

class WP_REST_Request
{
    public function __construct(private array $parameters)
    {
    }

    public function get_param(string $name): mixed
    {
        return $this->parameters[$name] ?? null;
    }
}

/** WordPress's way to the database. */
class Tables
{
    public function get_blog_prefix(): string
    {
        global $wp;
        return $wp->site === 1 ? 'wp_' : "wp_{$wp->site}_";
    }
}
$wpdb = new Tables();

class Died extends Exception
{
}

// ── Hooks ──
function add_action(string $name, callable|string $callback, int $priority = 10, int $count = 1): void
{
    global $wp;
    // The same function at the same place is there once.
    $key = is_string($callback) ? $callback : spl_object_id($callback);
    $wp->actions[$name][$key] = $callback;
}
function do_action(string $name, mixed ...$arguments): void
{
    global $wp;
    foreach ($wp->actions[$name] ?? [] as $callback) {
        $callback(...$arguments);
    }
}
function add_filter(string $name, callable $callback): void
{
    global $wp;
    $wp->filters[$name][] = $callback;
}
function apply_filters(string $name, mixed $value, mixed ...$more): mixed
{
    global $wp;
    return array_reduce($wp->filters[$name] ?? [], fn ($now, $filter) => $filter($now, ...$more), $value);
}
function register_uninstall_hook(string $file, string $callback): void
{
    global $wp;
    $wp->uninstall = $callback;
}

// ── Shortcodes, blocks, scripts ──
function add_shortcode(string $name, callable $callback): void
{
    global $wp;
    $wp->shortcodes[$name] = $callback;
}
function do_shortcode(string $text): string
{
    global $wp;
    $names = implode('|', array_keys($wp->shortcodes));
    return preg_replace_callback("~\\[($names)((?: \\w+=\"[^\"]*\")*)](?:(.*?)\\[/\\1])?~s", function ($found) use ($wp) {
        preg_match_all('~(\w+)="([^"]*)"~', $found[2], $pairs, PREG_SET_ORDER);
        // Without attributes WordPress hands over an empty string.
        $attributes = $pairs ? array_column($pairs, 2, 1) : '';
        return $wp->shortcodes[$found[1]]($attributes, $found[3] ?? '');
    }, $text);
}
function register_block_type(string $name, array $arguments): void
{
    global $wp;
    $wp->blocks[$name] = $arguments;
}
function wp_register_script(string $handle, string|bool $source, array $needs): void
{
    global $wp;
    $wp->scripts[$handle] = ['needs' => $needs, 'inline' => ''];
}
function wp_add_inline_script(string $handle, string $code): void
{
    global $wp;
    $wp->scripts[$handle]['inline'] .= $code;
}
function wp_print_script_tag(array $attributes): void
{
    $html = '';
    foreach ($attributes as $name => $value) {
        $html .= " $name=\"" . esc_attr($value) . '"';
    }
    echo "<script$html></script>\n";
}

// ── Options and users ──
function get_option(string $name, mixed $default = false): mixed
{
    global $wp;
    return $wp->options[$name] ?? $default;
}
function update_option(string $name, mixed $value): void
{
    global $wp;
    $clean = $wp->settings[$name]['sanitize_callback'] ?? fn ($same) => $same;
    $isNew = !array_key_exists($name, $wp->options);
    $before = get_option($name);
    $wp->options[$name] = $clean($value);
    if (!$isNew && $wp->options[$name] !== $before) {
        do_action("update_option_$name", $before, $wp->options[$name]);
    }
}
function delete_option(string $name): void
{
    global $wp;
    unset($wp->options[$name]);
}
function is_user_logged_in(): bool
{
    global $wp;
    return $wp->user !== null;
}
function wp_get_current_user(): WP_User
{
    global $wp;
    return new WP_User($wp->user['ID'] ?? 0, $wp->user['user_email'] ?? '');
}
function current_user_can(string $capability): bool
{
    global $wp;
    return in_array($capability, $wp->user['can'] ?? [], true);
}
function get_user_meta(int $user, string $name): mixed
{
    global $wp;
    return $wp->meta[$user][$name] ?? '';
}
/** What a site says of a user, else what all of a network say. */
function get_user_option(string $name, int $user): mixed
{
    global $wpdb;
    return get_user_meta($user, $wpdb->get_blog_prefix() . $name) ?: get_user_meta($user, $name) ?: false;
}
function update_user_meta(int $user, string $name, string $value): void
{
    global $wp;
    $wp->meta[$user][$name] = $value;
}
function delete_metadata(string $type, int $id, string $name, string $value, bool $all): void
{
    global $wp;
    foreach ($all ? array_keys($wp->meta) : [$id] as $user) {
        unset($wp->meta[$user][$name]);
    }
}

// ── Networks ──
function is_multisite(): bool
{
    global $wp;
    return $wp->network !== null;
}
function get_sites(array $arguments): array
{
    global $wp;
    return array_keys($wp->network);
}
function is_super_admin(): bool
{
    global $wp;
    return $wp->user['super'] ?? false;
}
function go_to_blog(int $site): void
{
    global $wp;
    $wp->network[$wp->site] = $wp->options;
    $wp->options = $wp->network[$site];
    $wp->site = $site;
}
function switch_to_blog(int $site): void
{
    global $wp;
    $wp->left[] = $wp->site;
    go_to_blog($site);
}
function restore_current_blog(): void
{
    global $wp;
    go_to_blog(array_pop($wp->left));
}

// ── Nonces ──
function wp_create_nonce(string $action): string
{
    return substr(hash('sha256', $action . '|' . wp_get_current_user()->ID), 0, 10);
}
function wp_verify_nonce(string $nonce, string $action): bool
{
    return hash_equals(wp_create_nonce($action), $nonce);
}
function wp_nonce_field(string $action, string $name): void
{
    echo '<input type="hidden" name="' . esc_attr($name) . '" value="' . wp_create_nonce($action) . '">';
}

// ── Addresses and escaping ──
function home_url(): string
{
    return 'https://site.example/blog';
}
function rest_url(string $path): string
{
    return '/index.php?rest_route=/' . $path;
}
function add_query_arg(array $arguments, string $address): string
{
    return $address . (str_contains($address, '?') ? '&' : '?') . http_build_query($arguments);
}
function wp_parse_url(string $address): array
{
    return parse_url($address) ?: [];
}
function untrailingslashit(string $text): string
{
    return rtrim($text, '/\\');
}
function esc_url_raw(string $address, array $schemes = ['http', 'https', 'mailto']): string
{
    $clean = preg_replace('~[^a-z0-9\-\~+_.?#=!&;,/:%@$|*\'()\[\]\x80-\xff]~i', '', $address);
    $isRelative = str_starts_with($clean, '/') || $clean === '';
    return $isRelative || in_array(strtolower(strstr($clean, ':', true) ?: ''), $schemes, true) ? $clean : '';
}
function esc_url(string $address): string
{
    return str_replace(['&', "'"], ['&#038;', '&#039;'], esc_url_raw($address));
}
function esc_attr(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES, 'UTF-8', false);
}
function esc_html(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES, 'UTF-8', false);
}
function __(string $text): string
{
    return $text;
}
function esc_html__(string $text): string
{
    return esc_html($text);
}
/** A few elements, and of their attributes only addresses: enough to see that it is asked. */
function wp_kses_post(string $html): string
{
    $clean = strip_tags(preg_replace('~<script.*?</script>~is', '', $html), ['a', 'p', 'em', 'strong']);
    return preg_replace('~\son\w+="[^"]*"~i', '', $clean);
}
function sanitize_text_field(string $text): string
{
    return trim(preg_replace('~[\r\n\t ]+~', ' ', strip_tags($text)));
}
function sanitize_email(string $text): string
{
    return filter_var($text, FILTER_VALIDATE_EMAIL) ?: '';
}
/** What is posted has slashes before quotation marks, as WordPress adds them. */
function wp_unslash(string $text): string
{
    return stripslashes($text);
}
function wp_json_encode(mixed $value, int $flags = 0): string|false
{
    return json_encode($value, $flags);
}

// ── Settings pages ──
function register_setting(string $group, string $name, array $arguments): void
{
    global $wp;
    $wp->settings[$name] = $arguments;
}
function add_options_page(string $title, string $menu, string $capability, string $slug, string $callback): void
{
    global $wp;
    $wp->pages[$slug] = ['capability' => $capability, 'callback' => $callback];
}
function settings_fields(string $group): void
{
    wp_nonce_field("$group-options", '_wpnonce');
}
function submit_button(): void
{
    echo '<input type="submit" value="Save Changes">';
}
function wp_die(string $message): never
{
    throw new Died($message);
}

// ── HTTP ──
function register_rest_route(string $space, string $route, array $arguments): void
{
    global $wp;
    $wp->routes["/$space$route"] = $arguments;
}
/** A request for a route as WordPress handles it: without a good nonce nobody is signed in. */
function rest(string $route, array $query): array
{
    global $wp;
    if ($wp->user && !wp_verify_nonce($query['_wpnonce'] ?? '', 'wp_rest')) {
        if (isset($query['_wpnonce'])) {
            return ['status' => 403, 'body' => ['code' => 'rest_cookie_invalid_nonce']];
        }
        $wp->user = null;
    }
    $found = $wp->routes[$route];
    if (!$found['permission_callback']()) {
        return ['status' => $wp->user ? 403 : 401, 'body' => ['code' => 'rest_forbidden']];
    }
    foreach ($found['args'] as $name => $rule) {
        $query[$name] ??= $rule['default'];
        if (!in_array($query[$name], $rule['enum'], true)) {
            return ['status' => 400, 'body' => ['code' => 'rest_invalid_param']];
        }
    }
    $answer = $found['callback'](new WP_REST_Request($query));
    return $answer instanceof WP_Error
        ? ['status' => $answer->data['status'], 'body' => ['code' => $answer->code, 'message' => $answer->message]]
        : ['status' => $answer->status, 'body' => $answer->data, 'headers' => $answer->headers];
}
function wp_remote_post(string $address, array $arguments): array|WP_Error
{
    global $wp;
    $wp->asked[] = ['address' => $address] + $arguments;
    if ($wp->remote) {
        return $wp->remote;
    }
    $header = array_map(fn ($name, $value) => "$name: $value", array_keys($arguments['headers']), $arguments['headers']);
    $http = ['method' => 'POST', 'header' => $header, 'content' => $arguments['body'], 'ignore_errors' => true];
    $body = @file_get_contents($address, false, stream_context_create(['http' => $http]));
    return $body === false
        ? new WP_Error('http_request_failed')
        : ['status' => (int) explode(' ', $http_response_header[0])[1], 'body' => $body];
}
function wp_remote_retrieve_response_code(array|WP_Error $response): int|string
{
    return $response instanceof WP_Error ? '' : $response['status'];
}
function wp_remote_retrieve_body(array|WP_Error $response): string
{
    return $response instanceof WP_Error ? '' : $response['body'];
}
