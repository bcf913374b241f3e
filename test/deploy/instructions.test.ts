import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { Misconfigured } from '../../src/core/misconfigured.ts';
import { loadKeys } from '../../src/http/key-set.ts';
import { loadConfig } from '../../src/settings/load.ts';
import { kubectl } from '../support/kubectl.ts';
import { pem, rsaKeyPair, temporaryFolder } from '../support/keys.ts';
import { all, built, podOf, settingsOf, the } from './kubernetes/manifests.ts';
import { text } from './repository.ts';

const run = promisify(execFile);

const PAGES = ['deploy/README.md', 'deploy/kubernetes/README.md'];

/** Programs that instructions may use, beside kubectl. */
const PROGRAMS = ['docker', 'git', 'openssl', 'jq', 'grep', 'for', 'done'];

/** Every command in code, alone or between pipes. */
function commandsOf(page: string): string[] {
  const markdown = text(page);
  const blocks = [...markdown.matchAll(/^```\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
  const inline = [...markdown.matchAll(/`((?:kubectl|openssl) [^`]+)`/g)].map(([, command = '']) => command);
  return [...blocks, ...inline]
    .flatMap((line) => line.split(/ \| |; (?:do )?|\$\(|\)/))
    .map((command) => command.trim())
    .filter((command) => /^[a-z]+( |$)/.test(command));
}

const commands = PAGES.flatMap(commandsOf);
const ofKubectl = commands.filter((command) => command.startsWith('kubectl '));

describe('commands in the instructions', () => {
  it('are of known programs', () => {
    expect(ofKubectl.length).toBeGreaterThan(15);
    const others = commands.filter((command) => !ofKubectl.includes(command));
    expect(
      others.map((command) => command.split(' ')[0]).filter((program) => !PROGRAMS.includes(program ?? '')),
    ).toEqual([]);
  });

  it('name only files and folders of the repository', () => {
    const paths = commands.flatMap((command) =>
      [...command.matchAll(/ -[kf] (\S+\/\S+)/g)].map(([, path = '']) => path),
    );
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths) expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
  });

  it('have only subcommands and options that kubectl has', { timeout: 60_000 }, async () => {
    const program = await kubectl();
    const { stdout: everywhere } = await run(program, ['options']);
    const subcommands = new Map(ofKubectl.map((command) => [subcommandOf(command).join(' '), subcommandOf(command)]));
    const help = new Map<string, string>();
    for (const [name, words] of subcommands) {
      const { stdout } = await run(program, [...words, '--help']);
      expect(stdout, name).toContain(`kubectl ${name}`);
      help.set(name, stdout + everywhere);
    }
    for (const command of ofKubectl) {
      const known = help.get(subcommandOf(command).join(' ')) ?? '';
      for (const [, option = ''] of command.matchAll(/ (--?[a-z][a-z-]*)(?=[ =]|$)/g)) {
        expect(known, `${option} in: ${command}`).toMatch(new RegExp(`^ +(-\\w, )?${option}[,=]`, 'm'));
      }
    }
  });

  it('name only objects that the manifests have or need', async () => {
    const prod = await built('overlays/prod');
    const kafka = await built('overlays/prod/kafka');
    const replay = await built('overlays/prod/jobs/replay');
    const volumes = [podOf(prod), podOf(replay, 'Job')].flatMap((pod) => pod.volumes ?? []);
    const secrets = [
      ...volumes.flatMap(({ secret }) => secret?.secretName ?? []),
      ...(the(prod, 'TriggerAuthentication').spec.secretTargetRef ?? []).map(({ name }) => name),
    ];
    const made = text('deploy/README.md');
    for (const secret of secrets)
      expect(made).toMatch(new RegExp(`create secret generic ${secret} |for name in .*\\b${secret}\\b`));
    for (const [, name = ''] of made.matchAll(/deployment\/(\S+?)`?[ ,\n]/g)) {
      expect(name.replace('`', '')).toBe(the(prod, 'Deployment').metadata.name);
    }
    const namespaces = ofKubectl.flatMap((command) => [...command.matchAll(/ -n (\S+)/g)].map(([, name = '']) => name));
    const known = [...all(prod, 'Namespace').map(({ metadata }) => metadata.name), kafka[0]?.metadata.namespace];
    expect(namespaces.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('what the instructions say the service says', () => {
  const said = text('deploy/README.md');
  let dir: string;

  beforeAll(() => {
    dir = temporaryFolder();
    return () => rm(dir, { recursive: true });
  });

  it('about an empty folder of keys', () => {
    expect(problemsOf(() => loadKeys(dir, dir))).toContainEqual(expect.stringContaining('holds no key'));
    expectSaid(problemsOf(() => loadKeys(dir, dir)));
  });

  it('about one broken key of several', () => {
    const { privateKey, publicKey } = rsaKeyPair();
    const half = pem(privateKey).slice(0, 400);
    const signing = temporaryFolder({ '1.pem': pem(privateKey), '2.pem': half });
    const gateway = temporaryFolder({ 'gateway.pem': pem(publicKey) });
    dir = signing;
    expectSaid(problemsOf(() => loadKeys(signing, gateway)));
  });

  it('about a setting that is missing', async () => {
    const { GATEWAY_CLIENT_ID: _, ...settings } = settingsOf(await built('overlays/dev')).data;
    expectSaid(problemsOf(() => loadConfig(settings)));
  });

  /** Every problem stands in the instructions, with the folder of the manifests in place of the one here. */
  function expectSaid(problems: readonly string[]): void {
    const [first = ''] = problems;
    expect(first).not.toBe('');
    expect(said).toContain(`\`${first.replaceAll(dir, '/keys/signing')}\``);
  }
});

/** How many words name what kubectl is asked to do, where it is more than one. */
const WORDS: Readonly<Record<string, number>> = { create: 3, rollout: 2 };

function subcommandOf(command: string): string[] {
  const words = command
    .split(' ')
    .slice(1)
    .filter((word, at, all) => !word.startsWith('-') && !/^-[nlk]$/.test(all[at - 1] ?? ''));
  return words.slice(0, WORDS[words[0] ?? ''] ?? 1);
}

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof Misconfigured) return error.problems;
    throw error;
  }
  return [];
}
