<?php
/** A site with the plugin, under PHP's own server: `PHP_SERVER`, keys and settings come from the environment. */

require __DIR__ . '/functions.php';
$plugin = __DIR__ . '/../../../demo/wordpress/renumerate/renumerate.php';

// Signed in is who has the cookie; John and a user that billing does not know.
$users = ['john' => ['ID' => 7, 'user_email' => 'john.doe@example.com'], 'nobody' => ['ID' => 8, 'user_email' => 'n@example.com']];
$wp->user = $users[$_COOKIE['user'] ?? ''] ?? null;
$wp->meta = [7 => ['renumerate_customer_id' => 'cus_NffrFeUfNV2Hib'], 8 => ['renumerate_customer_id' => 'cus_nobody']];
$wp->options = [
    'renumerate_settings' => ['server' => getenv('SITE_SERVER'), 'fallback_email' => 'help@shop.example'],
    'renumerate_private_key' => getenv('SITE_PRIVATE_KEY'),
];
require $plugin;
do_action('init');
do_action('rest_api_init');

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (isset($_GET['rest_route'])) {
    $answer = rest($_GET['rest_route'], $_GET);
    http_response_code($answer['status']);
    header('Content-Type: application/json');
    foreach ($answer['headers'] ?? [] as $name => $value) {
        header("$name: $value");
    }
    echo json_encode($answer['body']);
} elseif ($path === '/account') {
    echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>Account</title><main><h1>Account</h1>';
    echo do_shortcode('[renumerate_cancel_button label="Leave <now>"]');
    echo '</main>';
    do_action('wp_footer');
    echo '</html>';
} else {
    http_response_code(404);
}
