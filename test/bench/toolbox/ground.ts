import type { Random } from '../../chaos/random.ts';
import { startCommand, type CommandRun } from '../../support/command.ts';
import { imageEnvironment } from '../../../deploy/local/image-environment.ts';
import { nodeUnderTest } from '../../support/node-under-test.ts';
import type { World, WorldOptions } from '../../support/world.ts';

/** What a measurement stands on, and whom it tells how far it is. */
export interface Ground extends Required<Pick<WorldOptions, 'bootstrapServers' | 'registryUrl' | 'onEnd'>> {
  readonly random: Random;
  /** A step has begun, or something is worth knowing. */
  readonly tell: (what: string) => void;
  /** How far it is; only where somebody looks. */
  readonly progress: (text: () => string) => void;
}

/** A figure beside what was wanted of it. */
export interface Figure {
  readonly name: string;
  readonly measured: string;
  readonly wanted: string;
}

/** What a measurement came to. Where something stands under `violations`, a promise was broken, and figures mean nothing. */
export interface Measured {
  readonly figures: readonly Figure[];
  readonly violations: readonly string[];
}

/** Of every source topic. */
export const PARTITIONS = 12;

/** As the image sets them, and production's level of logging. */
export const SERVICE = { LOG_LEVEL: 'info', ...imageEnvironment() };

/** Starts a command of the toolbox on the Node that the image ships. */
export function operate(world: World, ...args: readonly string[]): ReturnType<typeof startCommand> {
  return startCommand(args, world.settings, nodeUnderTest());
}

/** @throws an error with what a command said, where it ended otherwise than it should */
export function assertEnded({ code, errors }: CommandRun, expected = 0): void {
  if (code !== expected)
    throw new Error(`a command ended with ${code} instead of ${expected}:\n${errors.slice(-2_000)}`);
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
