/**
 * Runs the examples of docs/sessions.md as they stand there, each in its own language: around them comes only what asks
 * for a result and prints it as JSON.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Backend, findBackend } from "../../scripts/backends.ts";
import { type Block, block } from "./blocks.ts";

const frameworks = new URL("frameworks/", import.meta.url).pathname;

interface Program {
  /** How the language is called in the document. */
  readonly heading: string;
  readonly fence: string;
  readonly extension: string;
  /** What comes between the language's program and the files. */
  readonly command: readonly string[];
  /** @param code the function alone; the program prints the id for a private key and a customer */
  session(code: string): string;
  /**
   * @param code the function; @param route the route; the program prints two tokens for the keys and the customer, and
   *   what the route answers to that customer and to nobody
   */
  token(code: string, route: string): string;
}

const PATH = "/api/renumerate-token";

const programs: Record<Backend, Program> = {
  node: {
    heading: "Node",
    fence: "js",
    extension: "mjs",
    command: [],
    session: (code) => `${code}
console.log(JSON.stringify(await renumerateSession(...process.argv.slice(2))));`,
    token: (code, route) => `import { application } from "./express.mjs";
${code}
const app = application();
${route}
const keys = process.argv.slice(2);
console.log(JSON.stringify({
  tokens: [renumerateToken(...keys), renumerateToken(...keys)],
  signedIn: await app.answer("${PATH}", { customerId: keys[2] }),
  signedOut: await app.answer("${PATH}"),
}));`,
  },
  python: {
    heading: "Python",
    fence: "python",
    extension: "py",
    command: [],
    session: (code) => `${code}
import sys
print(json.dumps(renumerate_session(*sys.argv[1:])))`,
    token: (code, route) => `${code}
import sys
from flask import Flask
app = Flask()
${route}
keys = sys.argv[1:]
def answer(customer_id):
    current_user.is_authenticated = customer_id is not None
    current_user.customer_id = customer_id
    response = app.routes["${PATH}"]()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return {"status": response.status, "headers": headers, "body": response.body}
print(json.dumps({
    "tokens": [renumerate_token(*keys), renumerate_token(*keys)],
    "signedIn": answer(keys[2]),
    "signedOut": answer(None),
}))`,
  },
  php: {
    heading: "PHP",
    fence: "php",
    extension: "php",
    command: ["-d", "display_errors=stderr"],
    session: (code) => `${code}
echo json_encode(renumerate_session(...array_slice($argv, 1)));`,
    token: (code, route) => `${code}
require __DIR__ . '/laravel.php';
${route.replace("<?php\n", "")}
$keys = array_slice($argv, 1);
$answer = fn (?object $user) => Route::answer('${PATH}', $user);
echo json_encode([
    'tokens' => [renumerate_token(...$keys), renumerate_token(...$keys)],
    'signedIn' => $answer((object) ['stripe_id' => $keys[2]]),
    'signedOut' => $answer(null),
]);`,
  },
  ruby: {
    heading: "Ruby",
    fence: "ruby",
    extension: "rb",
    command: ["-w"],
    session: (code) => `${code}
puts JSON.generate(renumerate_session(*ARGV))`,
    token: (code, route) => `${code}
require_relative "rails"
${route}
answer = ->(customer) { RenumerateTokensController.new(customer).process(:show) }
puts JSON.generate(
  tokens: [renumerate_token(*ARGV), renumerate_token(*ARGV)],
  signedIn: answer.call(ARGV[2]),
  signedOut: answer.call(nil)
)`,
  },
  go: {
    heading: "Go",
    fence: "go",
    extension: "go",
    command: ["run"],
    session: () => `package main

import ("encoding/json"; "fmt"; "os")

func main() {
	id, err := renumerateSession(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(id)
}`,
    token: () => `package main

import ("encoding/json"; "net/http"; "net/http/httptest"; "os")

func customerOf(r *http.Request) (string, bool) {
	customer := r.Header.Get("Test-Customer")
	return customer, customer != ""
}

func answer(customer string) map[string]any {
	request := httptest.NewRequest("GET", "${PATH}", nil)
	request.Header.Set("Test-Customer", customer)
	recorder := httptest.NewRecorder()
	serveRenumerateToken(recorder, request)
	headers := map[string]string{"cache-control": recorder.Header().Get("Cache-Control")}
	var body map[string]string
	json.Unmarshal(recorder.Body.Bytes(), &body)
	return map[string]any{"status": recorder.Code, "headers": headers, "body": body}
}

func main() {
	tokens := []string{}
	for range "ab" {
		token, err := renumerateToken(os.Args[1], os.Args[2], os.Args[3])
		if err != nil {
			panic(err)
		}
		tokens = append(tokens, token)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"tokens": tokens, "signedIn": answer(os.Args[3]), "signedOut": answer(""),
	})
}`,
  },
};

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: { token?: string };
}

export interface Tokens {
  tokens: string[];
  signedIn: Answer;
  signedOut: Answer;
}

export interface Runner {
  /** What `renumerateSession` of the document returns. Rejects where that fails. */
  session(backend: Backend, server: string, privateKey: string, customer: string): Promise<unknown>;
  token(backend: Backend, publicKey: string, privateKey: string, customer: string): Promise<Tokens>;
  dispose(): void;
}

const standIns = ["express.mjs", "flask.py", "flask_login.py", "laravel.php", "rails.rb"];

export function createRunner(blocks: readonly Block[]): Runner {
  const root = mkdtempSync(join(tmpdir(), "renumerate-examples-"));

  /** @param own files of the document that the program stands beside, where it cannot hold them */
  async function run(
    backend: Backend,
    program: string,
    own: string[],
    args: string[],
    env = {},
  ): Promise<unknown> {
    const folder = mkdtempSync(join(root, `${backend}-`));
    for (const name of standIns) copyFileSync(join(frameworks, name), join(folder, name));
    const { extension, command } = programs[backend];
    const files = [program, ...(backend === "go" ? own : [])].map((text, at) => {
      const file = join(folder, `main${at || ""}.${extension}`);
      writeFileSync(file, text);
      return file;
    });
    const { stdout } = await promisify(execFile)(
      findBackend(backend) as string,
      [...command, ...files, ...args],
      // Ruby takes the encoding of its arguments from LANG.
      { cwd: folder, env: { ...process.env, LANG: "C.UTF-8", ...env } },
    );
    return JSON.parse(stdout);
  }

  const example = (title: string, backend: Backend, index = 0) =>
    block(blocks, [title, programs[backend].heading], programs[backend].fence, index);

  return {
    session(backend, server, privateKey, customer) {
      const code = example("Session ids", backend).replaceAll("https://renumerate.example.com", server);
      return run(backend, programs[backend].session(code), [code], [privateKey, customer]);
    },
    async token(backend, publicKey, privateKey, customer) {
      const code = example("Handshake tokens", backend);
      const route = example("Handshake tokens", backend, 1);
      const env = { RENUMERATE_PUBLIC_KEY: publicKey, RENUMERATE_PRIVATE_KEY: privateKey };
      const keys = [publicKey, privateKey, customer];
      return (await run(backend, programs[backend].token(code, route), [code, route], keys, env)) as Tokens;
    },
    dispose: () => rmSync(root, { recursive: true }),
  };
}
