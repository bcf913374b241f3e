import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { type Profile, ProfileError, parseProfileText } from '../simulator/faults.ts';
import { type Simulator, startSimulator } from '../simulator/gateway.ts';
import type { ReceivedRequest } from '../simulator/request-log.ts';
import { SetupProblem } from '../simulator/setup-problem.ts';

interface SimulateOptions {
  readonly port: string;
  readonly host: string;
  readonly hostName?: readonly string[];
  readonly profile?: string;
  readonly clientId: string;
  readonly publicKey?: string;
  readonly stateDir: string;
  readonly json?: true;
}

const EXIT = { failed: 1, usage: 2, SIGINT: 130, SIGTERM: 143 } as const;

const HELP = `
Examples:
  $ payment-notifier simulate --public-key keys/1.pub.pem
  $ payment-notifier simulate --public-key keys/ --port 9443 --profile faults.json
  $ payment-notifier simulate --public-key keys/1.pub.pem --json | jq 'select(.verification != "verified")'

A profile is JSON; the first rule that matches a request answers it, and every part of "when" may be left out:
  { "rules": [ { "when": { "paymentId": "DEMO-U-*", "attempt": 1 }, "answer": { "code": "UNKNOWN_EXCEPTION" } },
               { "when": { "share": 0.01 }, "answer": { "fault": "no_answer" } },
               { "when": { "between": { "beforeMs": 30000 } }, "answer": { "code": "KEY_NOT_FOUND", "sign": "none" } } ],
    "rateCap": 200, "delayMs": 40 }
  when:   paymentId (a pattern or a list), attempt (n, or from and to), share (0 to 1), between (afterMs, beforeMs), first
  answer: code, result, message, status, sign (good, none, wrong_key, wrong_body, wrong_client), delayMs; or
          fault: no_answer, reset_before_read, reset_after_read, http, redirect, not_json, oversized, endless, truncated

While it runs, with curl --cacert and the CA file it prints:
  GET /_simulator/requests?paymentId=&sinceSeq=&limit=   GET /_simulator/summary
  PUT /_simulator/profile                                DELETE /_simulator/requests
`;

/** The command `simulate`: the gateway simulator in the foreground, until a signal ends it. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('the gateway simulator: checks our signatures, signs its answers, plays fault profiles')
    .option('--port <number>', 'TCP port, 0 for any free one', '8443')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--host-name <names...>', 'names the certificate is good for, besides localhost and 127.0.0.1')
    .option('--profile <file>', 'fault profile (JSON); without one every valid request is answered S SUCCESS')
    .option('--client-id <id>', 'the only Client-Id it knows', 'SANDBOX_DEMO')
    .option('--public-key <file>', "the client's public key, or a directory of <keyVersion>.pem (required)")
    .option('--state-dir <dir>', 'where its certificate and keys are kept', '.local/simulator')
    .option('--json', 'print each request as a JSON line; the addresses go to standard error')
    .addHelpText('after', HELP)
    .action(async (options: SimulateOptions, command: Command) => {
      const simulator = await start(options, command);
      printAddresses(simulator, options);
      const signal = await endingSignal();
      await simulator.stop();
      process.exitCode = EXIT[signal];
    });
}

async function start(options: SimulateOptions, command: Command): Promise<Simulator> {
  const usage = (...problems: readonly string[]): never =>
    command.error(problems.map((problem) => `error: ${problem}`).join('\n'), { exitCode: EXIT.usage });
  if (options.publicKey === undefined) {
    return usage('--public-key is missing: give the file with the public half of the key that signs the requests');
  }
  const port = Number(options.port);
  if (!/^\d+$/.test(options.port) || port > 65_535) return usage('--port must be a number from 0 to 65535');
  try {
    return await startSimulator({
      port,
      host: options.host,
      hostNames: options.hostName ?? [],
      clientId: options.clientId,
      publicKey: options.publicKey,
      stateDir: options.stateDir,
      ...(options.profile === undefined ? {} : { profile: readProfile(options.profile) }),
      onRequest: options.json === true ? printJson : printLine,
    });
  } catch (error) {
    if (error instanceof SetupProblem) return usage(error.message);
    if (error instanceof ProfileError) {
      const remedy = 'correct it there; `payment-notifier simulate --help` shows the format';
      return usage(
        ...error.problems.map(
          ({ path, problem }) => `${options.profile ?? 'profile'}: ${path}: ${problem} (${remedy})`,
        ),
      );
    }
    return command.error(`error: ${startFailure(error, port)}`, { exitCode: EXIT.failed });
  }
}

function readProfile(file: string): Profile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new SetupProblem(`--profile: ${file} cannot be read: give a JSON file, or leave the option out`);
  }
  return parseProfileText(text);
}

function startFailure(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `port ${port} is taken: choose another with --port, 0 for any free one`;
  return `the simulator cannot start: ${error instanceof Error ? error.message : String(error)}`;
}

function printAddresses({ url, port, caFile, publicKeysDir }: Simulator, options: SimulateOptions): void {
  const name = options.hostName?.[0];
  const lines = [
    `GATEWAY_URL=${name === undefined ? url : `https://${name}:${port}`}`,
    `GATEWAY_CLIENT_ID=${options.clientId}`,
    `GATEWAY_CA_FILE=${caFile}`,
    `GATEWAY_PUBLIC_KEYS_DIR=${publicKeysDir}`,
  ];
  (options.json === true ? process.stderr : process.stdout).write(`${lines.join('\n')}\n`);
}

function printJson(entry: ReceivedRequest): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}

function printLine({ at, paymentId, attempt, answered }: ReceivedRequest): void {
  // An id of a request that was refused can be anything: control characters must not reach the terminal.
  const id = paymentId.replace(/\p{C}/gu, '?') || '-';
  const columns = [new Date(at).toISOString(), id.padEnd(36), `#${attempt}`.padEnd(4)];
  process.stdout.write(`${columns.join('  ')}  ${coloured(answered)}\n`);
}

function coloured(answered: string): string {
  if (!process.stdout.isTTY || process.env['NO_COLOR'] !== undefined) return answered;
  const colour = answered === 'S SUCCESS' ? 'green' : answered.startsWith('F ') ? 'red' : 'yellow';
  return styleText(colour, answered);
}

function endingSignal(): Promise<'SIGINT' | 'SIGTERM'> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
}
