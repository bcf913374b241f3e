/** What of Stryker's report is read here; lines and columns count from 1, `end` is behind the last character. */
export interface Report {
  readonly files: Readonly<Record<string, ReportedFile>>;
}

interface ReportedFile {
  readonly source: string;
  readonly mutants: readonly ReportedMutant[];
}

interface ReportedMutant {
  readonly status: string;
  readonly replacement?: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Why no test tells these mutants from the code. */
export interface Explanation {
  readonly file: string;
  /**
   * The text that is mutated and what takes its place, spaces and line breaks alike. Each pair explains one survivor: two
   * of the same text are two pairs, so that none hides behind another.
   */
  readonly mutants: readonly (readonly [original: string, replacement: string])[];
  readonly why: string;
}

/** One change to one file. */
export interface Change {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
}

/** A mutant that no test has killed. */
export interface Survivor extends Change {
  readonly line: number;
}

/** How many of the mutants of a folder are killed, in percent, and how many have to be. */
export interface Score {
  readonly folder: string;
  readonly percent: number;
  readonly floor: number;
}

/** What a run of Stryker has left open. */
export interface Judgement {
  readonly mutants: number;
  readonly killed: number;
  readonly explained: number;
  /** Those of folders without a floor. */
  readonly unexplained: readonly Survivor[];
  readonly scores: readonly Score[];
  /** Explained, but killed by now, or no longer there. */
  readonly stale: readonly Change[];
}

const KILLED = ['Killed', 'Timeout'];
const SURVIVED = ['Survived', 'NoCoverage'];

/**
 * Compares what survived with what is explained; mutants that never ran count for nothing.
 *
 * @param floors folders of which so many percent have to be killed, and no survivor has to be explained
 */
export function judgeSurvivors(
  report: Report,
  explanations: readonly Explanation[],
  floors: Readonly<Record<string, number>> = {},
): Judgement {
  const mutants = Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ status: mutant.status, ...changeOf(file, source, mutant) })),
  );
  const stale = explanations.flatMap(changesOf);
  const unexplained: Survivor[] = [];
  const survivors = mutants.filter(({ status }) => SURVIVED.includes(status));
  for (const { status, ...survivor } of survivors) {
    const at = stale.findIndex((change) => isSame(change, survivor));
    if (at >= 0) stale.splice(at, 1);
    else if (!Object.keys(floors).some((folder) => survivor.file.startsWith(folder))) unexplained.push(survivor);
  }
  const killed = mutants.filter(({ status }) => KILLED.includes(status)).length;
  const explained = explanations.flatMap(changesOf).length - stale.length;
  const scores = Object.entries(floors).map(([folder, floor]) => {
    const within = mutants.filter(({ file }) => file.startsWith(folder));
    return { folder, floor, percent: percentKilled(within.map(({ status }) => status)) };
  });
  return { mutants: killed + survivors.length, killed, explained, unexplained, scores, stale };
}

/** To a tenth, rounded down; nothing tried is nothing killed. */
function percentKilled(statuses: readonly string[]): number {
  const killed = statuses.filter((status) => KILLED.includes(status)).length;
  const survived = statuses.filter((status) => SURVIVED.includes(status)).length;
  return Math.floor((1_000 * killed) / Math.max(1, killed + survived)) / 10;
}

/** Nothing is left unexplained, and every floor is reached. */
export function isGoodEnough({ unexplained, scores }: Judgement): boolean {
  return unexplained.length === 0 && scores.every(({ percent, floor }) => percent >= floor);
}

/** What is to be told of it, a line each; the last one sums up. */
export function judgementLines({ mutants, killed, explained, unexplained, scores, stale }: Judgement): string[] {
  return [
    ...stale.map((change) => `explained, but survives no longer: ${change.file}: ${arrow(change)}`),
    ...unexplained.map((survivor) => `unexplained: ${survivor.file}:${survivor.line}: ${arrow(survivor)}`),
    ...scores.map(({ folder, percent, floor }) => `${folder}: ${percent} % killed, at least ${floor} wanted`),
    `${mutants} mutants: ${killed} killed, ${explained} explained, ${unexplained.length} unexplained`,
  ];
}

function changesOf({ file, mutants }: Explanation): Change[] {
  return mutants.map(([original, replacement]) => ({
    file,
    original: onOneLine(original),
    replacement: onOneLine(replacement),
  }));
}

function changeOf(file: string, source: string, { replacement = '', location }: ReportedMutant): Survivor {
  const original = onOneLine(textBetween(source, location.start, location.end));
  return { file, line: location.start.line, original, replacement: onOneLine(replacement) };
}

function textBetween(source: string, start: Position, end: Position): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, at) => line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined))
    .join('\n');
}

function isSame(one: Change, other: Change): boolean {
  return one.file === other.file && one.original === other.original && one.replacement === other.replacement;
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function arrow({ original, replacement }: Change): string {
  return `${original} -> ${replacement}`;
}
