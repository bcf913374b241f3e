import { describe, expect, it } from 'vitest';
import { text } from './repository.ts';

interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

const instructions: readonly Instruction[] = text('deploy/Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    return { keyword, rest };
  });

const stages = instructions.filter(({ keyword }) => keyword === 'FROM').map(({ rest }) => rest);
const finalStage = instructions.slice(instructions.findLastIndex(({ keyword }) => keyword === 'FROM'));

function all(keyword: string, within: readonly Instruction[] = instructions): string[] {
  return within.filter((instruction) => instruction.keyword === keyword).map(({ rest }) => rest);
}

describe('deploy/Dockerfile', () => {
  it('takes its images by arguments, so that a release can pass digests', () => {
    expect(all('ARG').slice(0, 2)).toEqual([
      'BUILD_IMAGE=node:24-bookworm-slim',
      'RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot',
    ]);
    expect(stages.at(-1)).toBe('${RUNTIME_IMAGE} AS final');
  });

  it('ships the Node that the service is tested on', () => {
    const { optionalDependencies } = JSON.parse(text('test/support/node-under-test/package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const majors = new Set(Object.values(optionalDependencies).map((version) => version.split('.')[0]));
    const [, shipped = ''] = /nodejs(\d+)-/.exec(all('ARG')[1] ?? '') ?? [];
    expect([...majors]).toEqual([shipped]);
  });

  it('ends as an unprivileged user, by number, for the orchestrator to check', () => {
    expect(all('USER', finalStage)).toEqual(['65532:65532']);
  });

  it('starts the service in exec form, by a path that the build makes', () => {
    expect(all('CMD')).toEqual(['["dist/main.js"]']);
    expect(all('ENTRYPOINT')).toEqual([]);
    expect(text('.config/tsconfig.build.json')).toContain('"outDir": "../dist"');
  });

  it('asks for its health through node, as there is no shell', () => {
    const [probe = ''] = all('HEALTHCHECK');
    const [, form = '[]'] = /CMD (\[.*\])$/.exec(probe) ?? [];
    expect(JSON.parse(form)).toEqual(['/nodejs/bin/node', '-e', expect.stringContaining('/livez')]);
  });

  it('runs nothing in the final stage, and nothing of the packages anywhere', () => {
    expect(all('RUN', finalStage)).toEqual([]);
    const installs = all('RUN').filter((command) => command.includes('npm ci'));
    expect(installs).toHaveLength(2);
    for (const install of installs) expect(install).toContain('--ignore-scripts');
    expect(finalStage.map(({ rest }) => rest).join('\n')).toContain('--from=dependencies /app/node_modules');
    expect(all('RUN')[0]).toBe('npm ci --omit=dev --ignore-scripts');
  });

  it('fetches nothing by itself', () => {
    expect(all('ADD')).toEqual([]);
    expect(instructions.filter(({ rest }) => /https?:\/\/(?!127\.0\.0\.1)/.test(rest))).toEqual([]);
  });

  it('holds no secret and leaves the code to root', () => {
    for (const { keyword, rest } of instructions) {
      if (keyword === 'ARG' || keyword === 'ENV') expect(rest).not.toMatch(/TOKEN|SECRET|PASSWORD|PRIVATE|_KEY/i);
    }
    expect(all('COPY').filter((rest) => rest.includes('--chown'))).toEqual([]);
  });

  it('copies only what .dockerignore lets through', () => {
    const let_through = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = all('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(' ').slice(0, -1));
    expect([...new Set(copied)].sort()).toEqual(let_through.sort());
    expect(text('.dockerignore')).toMatch(/^\*$/m);
  });

  it('labels the image with version and revision', () => {
    const labels = all('LABEL', finalStage).join(' ');
    expect(labels).toContain('org.opencontainers.image.version="${VERSION}"');
    expect(labels).toContain('org.opencontainers.image.revision="${REVISION}"');
  });
});
