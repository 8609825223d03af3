/**
 * Runs the verifications of docs/cancel-links.md as they stand there, each in its own language: around them comes only what
 * reads the cases and prints what became of them. One process of a language takes all cases.
 */
import type { Backend } from "../../scripts/backends.ts";
import { type Block, block } from "./blocks.ts";
import { languages, runProgram } from "./run-program.ts";

export interface Settings {
  keys: Record<string, string>;
  issuer: string;
  audience: string;
  environment: string;
}

export interface Case {
  token: string;
  userId: string;
}

/** The claims, or the words of the refusal. */
export type Verdict = { claims: Record<string, unknown> } | { refused: string };

interface Program {
  /** Comes before the document's code: what it cannot hold itself. */
  readonly before?: string;
  /** Reads `{of, cases}` from the file that its argument names, and prints a list of verdicts. */
  readonly after: string;
}

const programs: Record<Backend, Program> = {
  node: {
    after: `import { readFileSync } from "node:fs";
const { of, cases } = JSON.parse(readFileSync(process.argv[2]));
const taken = new Set();
const takeOnce = async (jti) => !taken.has(jti) && !!taken.add(jti);
const verdicts = [];
for (const { token, userId } of cases) {
  try {
    verdicts.push({ claims: await verifyResult(token, userId, { ...of, takeOnce }) });
  } catch (error) {
    verdicts.push({ refused: error.message });
  }
}
console.log(JSON.stringify(verdicts));`,
  },
  python: {
    after: `import sys
given = json.load(open(sys.argv[1], encoding="utf-8"))
taken = set()
def take_once(jti):
    is_new = jti not in taken
    taken.add(jti)
    return is_new
verdicts = []
for case in given["cases"]:
    try:
        claims = verify_result(case["token"], case["userId"], **given["of"], take_once=take_once)
        verdicts.append({"claims": claims})
    except Exception as error:
        verdicts.append({"refused": str(error)})
print(json.dumps(verdicts))`,
  },
  php: {
    after: `
['of' => $of, 'cases' => $cases] = json_decode(file_get_contents($argv[1]), true);
set_error_handler(fn ($code, $message) => throw new ErrorException($message));
$taken = [];
$takeOnce = function (string $jti) use (&$taken): bool {
    $isNew = !isset($taken[$jti]);
    $taken[$jti] = true;
    return $isNew;
};
echo json_encode(array_map(function ($case) use ($of, $takeOnce) {
    try {
        return ['claims' => verify_result($case['token'], $case['userId'], $of, $takeOnce)];
    } catch (Throwable $error) {
        return ['refused' => $error->getMessage()];
    }
}, $cases));`,
  },
  ruby: {
    after: `given = JSON.parse(File.read(ARGV[0], encoding: "UTF-8"))
taken = {}
take_once = ->(jti) { taken.key?(jti) ? false : taken[jti] = true }
verdicts = given["cases"].map do |each|
  { claims: verify_result(each["token"], each["userId"], **given["of"].transform_keys(&:to_sym), take_once: take_once) }
rescue StandardError => error
  { refused: error.message }
end
puts JSON.generate(verdicts)`,
  },
  go: {
    before: `package main

import ("encoding/json"; "os")

func listed(claims *resultClaims) map[string]any {
	list := map[string]any{
		"iss": claims.Iss, "aud": claims.Aud, "sub": claims.Sub, "sid": claims.Sid, "env": claims.Env,
		"outcome": claims.Outcome, "jti": claims.Jti, "iat": claims.Iat, "exp": claims.Exp,
	}
	list["reason_key"] = nil
	if claims.ReasonKey != "" {
		list["reason_key"] = claims.ReasonKey
	}
	offer := map[string]any{"type": claims.Offer.Type, "accepted": claims.Offer.Accepted}
	if claims.Offer.Type != "none" {
		offer["label"], offer["id"], offer["terms"] = claims.Offer.Label, claims.Offer.ID, claims.Offer.Terms
	}
	list["offer"] = offer
	return list
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var given struct {
		Of struct {
			Keys                          map[string]string
			Issuer, Audience, Environment string
		}
		Cases []struct{ Token, UserID string }
	}
	if err := json.Unmarshal(text, &given); err != nil {
		panic(err)
	}
	taken := map[string]bool{}
	takeOnce := func(jti string) (bool, error) {
		isNew := !taken[jti]
		taken[jti] = true
		return isNew, nil
	}
	of := resultChecks{given.Of.Keys, given.Of.Issuer, given.Of.Audience, given.Of.Environment, takeOnce}
	verdicts := []map[string]any{}
	for _, each := range given.Cases {
		claims, err := verifyResult(each.Token, each.UserID, of)
		if err != nil {
			verdicts = append(verdicts, map[string]any{"refused": err.Error()})
		} else {
			verdicts = append(verdicts, map[string]any{"claims": listed(claims)})
		}
	}
	json.NewEncoder(os.Stdout).Encode(verdicts)
}`,
    after: "",
  },
};

export async function verifyAll(
  blocks: readonly Block[],
  backend: Backend,
  of: Settings,
  cases: readonly Case[],
): Promise<Verdict[]> {
  const { before, after } = programs[backend];
  const { heading, fence } = languages[backend];
  const code = block(blocks, ["Verify it yourself", heading], fence);
  const sources = [...(before ? [before] : []), `${code}\n${after}`];
  return (await runProgram(backend, sources, { of, cases })) as Verdict[];
}
