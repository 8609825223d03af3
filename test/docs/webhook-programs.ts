/** Runs the verifications of docs/webhooks.md as they stand there: a file each, and one that takes all cases to them. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Backend } from "../../scripts/backends.ts";
import { type Block, block } from "./blocks.ts";
import { languages, runProgram } from "./run-program.ts";

export interface Case {
  /** Which of the two headers is looked at. */
  of: "standard" | "retainly";
  body: string;
  headers: Record<string, string>;
  secret: string;
}

/** The event, or the words of the refusal. */
export type Verdict = { event: unknown } | { refused: string };

/** The languages that need nothing, and Node with the libraries. */
export type Way = Backend | "libraries";

const node = `import { readFileSync } from "node:fs";
import { verifyWebhook } from "./main1.mjs";
import { verifyRetainlyWebhook } from "./main2.mjs";
const verdicts = [];
for (const { of, body, headers, secret } of JSON.parse(readFileSync(process.argv.at(-1)))) {
  try {
    const verify = of === "standard" ? verifyWebhook : verifyRetainlyWebhook;
    verdicts.push({ event: verify(Buffer.from(body), headers, secret) });
  } catch (error) {
    verdicts.push({ refused: error.message });
  }
}
console.log(JSON.stringify(verdicts));`;

/** Each reads the cases from the file that its last argument names, and prints a list of verdicts. */
const programs: Record<Backend, string> = {
  node,
  python: `import json, sys
from main1 import verify_webhook
from main2 import verify_retainly_webhook
verdicts = []
for case in json.load(open(sys.argv[-1], encoding="utf-8")):
    try:
        verify = verify_webhook if case["of"] == "standard" else verify_retainly_webhook
        verdicts.append({"event": verify(case["body"].encode(), case["headers"], case["secret"])})
    except Exception as error:
        verdicts.append({"refused": str(error)})
print(json.dumps(verdicts))`,
  php: `<?php
require __DIR__ . '/main1.php';
require __DIR__ . '/main2.php';
set_error_handler(fn ($code, $message) => throw new ErrorException($message));
echo json_encode(array_map(function ($case) {
    try {
        $verify = $case['of'] === 'standard' ? 'verify_webhook' : 'verify_retainly_webhook';
        return ['event' => $verify($case['body'], $case['headers'], $case['secret'])];
    } catch (Throwable $error) {
        return ['refused' => $error->getMessage()];
    }
}, json_decode(file_get_contents(end($argv)), true)));`,
  ruby: `require_relative "main1"
require_relative "main2"
verdicts = JSON.parse(File.read(ARGV.last, encoding: "UTF-8")).map do |each|
  verify = method(each["of"] == "standard" ? :verify_webhook : :verify_retainly_webhook)
  { event: verify.(each["body"].b, each["headers"], each["secret"]) }
rescue StandardError => error
  { refused: error.message }
end
puts JSON.generate(verdicts)`,
  go: `package main

import ("encoding/json"; "net/http"; "os")

func main() {
	text, err := os.ReadFile(os.Args[len(os.Args)-1])
	if err != nil {
		panic(err)
	}
	var cases []struct {
		Of, Body, Secret string
		Headers          map[string]string
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		panic(err)
	}
	verdicts := []map[string]any{}
	for _, each := range cases {
		headers := http.Header{}
		for name, value := range each.Headers {
			headers.Set(name, value)
		}
		verify := verifyWebhook
		if each.Of == "retainly" {
			verify = verifyRetainlyWebhook
		}
		event, err := verify([]byte(each.Body), headers, each.Secret)
		if err != nil {
			verdicts = append(verdicts, map[string]any{"refused": err.Error()})
		} else {
			verdicts = append(verdicts, map[string]any{"event": event})
		}
	}
	json.NewEncoder(os.Stdout).Encode(verdicts)
}`,
};

const SECTION = "Verify the signature";

/** Where Node finds the packages of this project. */
function besidePackages(): string {
  const folder = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  return folder;
}

export async function verifyAll(
  blocks: readonly Block[],
  way: Way,
  cases: readonly Case[],
): Promise<Verdict[]> {
  const backend = way === "libraries" ? "node" : way;
  const heading = way === "libraries" ? "With a library" : languages[backend].heading;
  const verifications = [0, 1].map((at) => block(blocks, [SECTION, heading], languages[backend].fence, at));
  const sources = [programs[backend], ...verifications];
  const verdicts = (await runProgram(
    backend,
    sources,
    cases,
    ...(way === "libraries" ? [besidePackages()] : []),
  )) as Verdict[];
  assert.equal(verdicts.length, cases.length);
  return verdicts;
}
