import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { parse } from 'node:path';
import type { Command } from 'commander';
import { Misconfigured } from '../core/misconfigured.ts';
import { askService } from '../operate/service-status.ts';
import { type Profile, ProfileError, parseProfileText } from '../simulator/faults.ts';
import { type Simulator, startSimulator } from '../simulator/gateway.ts';
import type { ProfilesAtHand } from '../simulator/player.ts';
import type { ReceivedRequest } from '../simulator/request-log.ts';
import { printable, type Tone, toneOfAnswer } from '../simulator/words.ts';
import { taskCommand, type Task } from './common/command.ts';
import { port } from './common/numbers.ts';
import type { Colour, Terminal } from './common/terminal.ts';

interface SimulateOptions {
  readonly port: number;
  readonly host: string;
  readonly hostName?: readonly string[];
  readonly profile?: readonly string[];
  readonly clientId: string;
  readonly publicKey?: string;
  readonly stateDir: string;
  readonly json?: true;
}

type SimulateTask = Task<SimulateOptions, 'http'>;

/** What stays in memory of a run that lasts for days. */
const KEEP_REQUESTS = 100_000;

/** `simulate`: the gateway simulator in the foreground, until a signal ends it. */
export const simulate = taskCommand({
  name: 'simulate',
  summary: 'the gateway simulator: checks our signatures, signs its answers, plays fault profiles',
  usage,
  help: `
Examples:
  $ payment-notifier simulate --public-key keys/1.pub.pem
  $ payment-notifier simulate --public-key keys/ --port 9443 --profile faults.json
  $ payment-notifier simulate --public-key keys/ --profile everyday.json rush-hour.json
  $ payment-notifier simulate --public-key keys/1.pub.pem --json | jq 'select(.verification != "verified")'

A profile is JSON; the first rule that matches a request answers it, and every part of "when" may be left out:
  { "rules": [ { "when": { "paymentId": "DEMO-U-*", "attempt": 1 }, "answer": { "code": "UNKNOWN_EXCEPTION" } },
               { "when": { "share": 0.01 }, "answer": { "fault": "no_answer" } },
               { "when": { "between": { "beforeMs": 30000 } }, "answer": { "code": "KEY_NOT_FOUND", "sign": "none" } } ],
    "rateCap": 200, "delayMs": 40 }
  when:   paymentId (a pattern or a list), attempt (n, or from and to), share (0 to 1), between (afterMs, beforeMs), first
  answer: code, result, message, status, sign (good, none, wrong_key, wrong_body, wrong_client), delayMs; or
          fault: no_answer, reset_before_read, reset_after_read, http, redirect, not_json, oversized, endless, truncated

While it runs, a browser shows at the page it names what comes in, how it is judged and answered, and whether the service
holds (asked at STATUS_URL); its buttons play faults and load the profiles. The same by curl, with --cacert and the CA
file it prints:
  $ curl -X PUT 'https://127.0.0.1:8443/_simulator/playing?fault=no_answer'
  $ curl -X PUT 'https://127.0.0.1:8443/_simulator/playing?profile=rush-hour'
  $ curl -X PUT https://127.0.0.1:8443/_simulator/profile -d '{"default":{"code":"UNKNOWN_EXCEPTION"}}'
  GET playing                 what is played, and the names of faults and profiles
  PUT playing?fault=NAME      &concerned=all, first (attempts), half or tenth (of the payments); normal is no fault
  PUT playing?profile=NAME    a file given with --profile, read again, by its name without folder and ending
  PUT profile                 any profile; a wrong one is refused with all its problems, and nothing changes
  GET requests?paymentId=&sinceSeq=&limit=      GET summary      DELETE requests`,
  sections: ['http'],

  run: async (task: SimulateTask) => {
    const simulator = await start(task);
    printAddresses(simulator, task);
    if (!task.signal.aborted) await once(task.signal, 'abort');
    await simulator.stop();
    return { text: [] };
  },
});

function usage(command: Command): Command {
  return command
    .option('--port <number>', 'TCP port, 0 for any free one', port, 8443)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--host-name <names...>', 'names the certificate is good for, besides localhost and 127.0.0.1')
    .option(
      '--profile <files...>',
      'fault profiles (JSON); the first is played, the others wait; without one all is answered S SUCCESS',
    )
    .option('--client-id <id>', 'the only Client-Id it knows', 'SANDBOX_DEMO')
    .option('--public-key <file>', "the client's public key, or a directory of <keyVersion>.pem (required)")
    .option('--state-dir <dir>', 'where its certificate and keys are kept', '.local/simulator')
    .option('--json', 'print each request as a JSON line; the addresses go to standard error');
}

async function start({ options, settings, signal, out }: SimulateTask): Promise<Simulator> {
  if (options.publicKey === undefined) {
    throw new Misconfigured([
      '--public-key is missing: give the file with the public half of the key that signs the requests',
    ]);
  }
  const { statusUrl } = settings.http;
  try {
    return await startSimulator({
      port: options.port,
      host: options.host,
      hostNames: options.hostName ?? [],
      clientId: options.clientId,
      publicKey: options.publicKey,
      stateDir: options.stateDir,
      profiles: profilesAtHand(options.profile ?? []),
      keepRequests: KEEP_REQUESTS,
      service: { where: statusUrl, ask: () => askService(statusUrl, signal) },
      onRequest: (entry) => out.line(options.json === true ? JSON.stringify(entry) : lineOf(entry, out)),
    });
  } catch (error) {
    throw error instanceof Misconfigured ? error : startFailure(error, options.port);
  }
}

/** Each is read now, so that a wrong one is told at the start, and again when it is played. */
function profilesAtHand(files: readonly string[]): ProfilesAtHand {
  const profiles = new Map<string, () => Profile>();
  const problems: string[] = [];
  for (const file of files) {
    const { name } = parse(file);
    if (profiles.has(name)) problems.push(`--profile: two files are named ${name}: rename one of them`);
    profiles.set(name, () => readProfile(file));
    problems.push(...problemsOf(file));
  }
  if (problems.length > 0) throw new Misconfigured(problems);
  return profiles;
}

function problemsOf(file: string): readonly string[] {
  const remedy = 'correct it there; `payment-notifier simulate --help` shows the format';
  try {
    readProfile(file);
    return [];
  } catch (error) {
    if (error instanceof ProfileError) return error.problems.map((problem) => `${file}: ${problem} (${remedy})`);
    if (error instanceof Misconfigured) return error.problems;
    throw error;
  }
}

function readProfile(file: string): Profile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Misconfigured([`--profile: ${file} cannot be read: give a JSON file, or leave the option out`]);
  }
  return parseProfileText(text);
}

function startFailure(error: unknown, port: number): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return new Error(`port ${port} is taken: choose another with --port, 0 for any free one`);
  return new Error(`the simulator cannot start: ${error instanceof Error ? error.message : String(error)}`);
}

function printAddresses(
  { url, pageUrl, port, caFile, publicKeysDir }: Simulator,
  { options, out, err }: SimulateTask,
): void {
  const name = options.hostName?.[0];
  const to = options.json === true ? err : out;
  to.line(`GATEWAY_URL=${name === undefined ? url : `https://${name}:${port}`}`);
  to.line(`GATEWAY_CLIENT_ID=${options.clientId}`);
  to.line(`GATEWAY_CA_FILE=${caFile}`);
  to.line(`GATEWAY_PUBLIC_KEYS_DIR=${publicKeysDir}`);
  to.line(`# what comes in, and buttons for faults: ${pageUrl}`);
}

const COLOURS: Readonly<Record<Tone, Colour>> = { good: 'green', bad: 'red', open: 'yellow' };

function lineOf({ at, paymentId, attempt, answered }: ReceivedRequest, out: Terminal): string {
  const id = printable(paymentId) || '-';
  const told = out.paint(COLOURS[toneOfAnswer(answered)], answered);
  return [new Date(at).toISOString(), id.padEnd(36), `#${attempt}`.padEnd(4), told].join('  ');
}
