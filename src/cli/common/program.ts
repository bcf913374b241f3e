import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../../core/exit-codes.ts';
import type { CliCommand } from './command.ts';
import type { Host } from './host.ts';

/** What the command line as a whole says of itself. */
export interface About {
  readonly name: string;
  readonly description: string;
  readonly version: string;
}

/** Runs what the arguments ask for. Wrong usage is told with what there is, and ends with `misconfigured`. */
export async function runProgram(
  about: About,
  commands: readonly CliCommand[],
  args: readonly string[],
  host: Host,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = (): Command => {
    const whole = equipped(new Command(about.name), host).description(about.description).version(about.version);
    for (const command of commands) {
      const [name = '', ...groups] = command.name.split(' ').reverse();
      const sub = equipped(new Command(name), host).description(command.summary);
      command.usage?.(sub);
      sub.addHelpText('after', `\n${command.help.trim()}\n`).action(async (...given: unknown[]) => {
        code = await command.act(given, host);
      });
      groups.reduceRight((parent, group) => within(parent, group, commands, host), whole).addCommand(sub);
    }
    return whole;
  };
  try {
    if (args.some(isHelp)) {
      const others = args.filter((arg) => !isHelp(arg));
      refuseUnknown(program(), others);
    }
    await program().parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.misconfigured;
  }
}

/** The group of commands of this name, such as `replay` of `replay plan`. */
function within(parent: Command, name: string, commands: readonly CliCommand[], host: Host): Command {
  const known = parent.commands.find((command) => command.name() === name);
  if (known !== undefined) return known;
  const members = commands.flatMap((command) =>
    command.name.startsWith(`${name} `) ? [command.name.slice(name.length + 1)] : [],
  );
  const group = equipped(new Command(name), host).description(members.join(', '));
  parent.addCommand(group);
  return group;
}

function equipped(command: Command, { out, err }: Host): Command {
  return command
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({
      writeOut: (text) => out.line(text.trimEnd()),
      writeErr: (text) => err.line(text.trimEnd()),
    });
}

function isHelp(arg: string): boolean {
  return arg === '--help' || arg === '-h';
}

/** Commander shows help before it looks at anything else, and whoever misspelt a word would take it for good. */
function refuseUnknown(command: Command, args: readonly string[]): void {
  const { operands, unknown } = command.parseOptions([...args]);
  const [name, ...more] = operands;
  if (command.commands.length > 0 && name !== undefined && name !== 'help') {
    const sub = command.commands.find((known) => known.name() === name);
    if (sub === undefined) command.error(`error: unknown command '${name}'`);
    refuseUnknown(sub, [...more, ...unknown]);
    return;
  }
  const misspelt = unknown.find((arg) => arg.startsWith('-'));
  if (misspelt !== undefined) command.error(`error: unknown option '${misspelt}'`);
}
