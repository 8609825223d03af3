<?php
/** As much of Laravel as a route of the documents needs. */

namespace Illuminate\Http {
    class Request
    {
        public function __construct(private ?object $user)
        {
        }

        public function user(): ?object
        {
            return $this->user;
        }
    }
}

namespace Illuminate\Support\Facades {
    class Route
    {
        public static array $routes = [];
        public array $middleware = [];

        public function __construct(public \Closure $action)
        {
        }

        public static function get(string $path, \Closure $action): self
        {
            return self::$routes[$path] = new self($action);
        }

        public function middleware(array $names): void
        {
            $this->middleware = $names;
        }

        /** What the client would see. */
        public static function answer(string $path, ?object $user): array
        {
            $route = self::$routes[$path];
            if (!$user && in_array('auth', $route->middleware, true)) {
                return ['status' => 401];
            }
            $response = ($route->action)(new \Illuminate\Http\Request($user));
            return ['status' => 200, 'headers' => $response->headers, 'body' => $response->body];
        }
    }
}

namespace {
    function config(string $name): mixed
    {
        $services = [
            'services.renumerate' => [
                'public_key' => getenv('RENUMERATE_PUBLIC_KEY'),
                'private_key' => getenv('RENUMERATE_PRIVATE_KEY'),
            ],
        ];
        return $services[$name];
    }

    function response(): object
    {
        return new class () {
            public array $headers = [];
            public array $body = [];

            public function json(array $body): self
            {
                $this->body = $body;
                return $this;
            }

            public function header(string $name, string $value): self
            {
                $this->headers[strtolower($name)] = $value;
                return $this;
            }
        };
    }
}
