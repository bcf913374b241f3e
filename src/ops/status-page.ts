import type { LaneStatus, Status } from './status.ts';

/** How often a browser asks again, in seconds. */
const REFRESH_S = 5;

/** The status as a page for people: it needs no script and nothing from elsewhere, and renews itself. */
export function statusPage(status: Status): string {
  const { member, hold, pace, lanes, parked, keys, trouble } = status;
  const [tone, headline] = headlineOf(status);
  const behind = lanes.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="${REFRESH_S}">
<meta name="viewport" content="width=device-width">
<title>${text(headline)} · payment-notifier</title>
<style>${STYLE}</style>
</head>
<body>
<h1 class="${tone}">${text(headline)}</h1>
<dl>
${entry('Member', `${member.state} since ${member.since}${member.id === null ? '' : ` · ${member.id}`}`)}
${entry('Generation', member.generation === null ? '–' : String(member.generation))}
${entry('Hold', hold === null ? 'none' : `${hold.reason} since ${hold.since}`)}
${entry('Pace', pace.limit === 0 ? 'not limited' : `${pace.limit.toFixed(1)} requests per second`)}
${entry('Keys', `${keys.signing} signs, ${keys.active} is active; at hand: ${keys.versions.join(', ')}`)}
${entry('Not yet committed', `${behind} records`)}
</dl>
${table(
  'Partitions',
  ['tier', 'partition', 'position', 'committed', 'lag', 'waits for', 'since'],
  lanes.map((lane) => [
    ...[lane.tier, lane.partition, lane.position, lane.committed, lane.lag ?? '?'],
    ...[lane.waitsFor ?? '', lane.since ?? ''],
  ]),
  (at) => toneOf(lanes[at]),
)}
${table(
  'Parked',
  ['tier', 'partition', 'records', 'keys'],
  parked.map(({ tier, partition, records, keys: of }) => [tier, partition, records, of]),
)}
${table(
  'Last trouble',
  ['at', 'event', 'what', 'remedy'],
  trouble.map(({ at, event, detail, remedy }) => [at, event, detail, remedy ?? '']),
)}
</body>
</html>
`;
}

type Tone = 'good' | 'busy' | 'bad';

function headlineOf({ member, hold, lanes }: Status): readonly [Tone, string] {
  if (member.state !== 'serving') return ['busy', `Not serving: ${member.state}`];
  if (hold !== null) return ['bad', `Held: ${hold.reason}`];
  const standing = lanes.filter((lane) => toneOf(lane) === 'bad').length;
  if (standing > 0) return ['bad', `${standing} of ${lanes.length} partitions stand`];
  return ['good', `Serving ${lanes.length} partitions`];
}

function toneOf(lane: LaneStatus | undefined): Tone {
  if (lane === undefined || lane.waitsFor === null) return 'good';
  return lane.waitsFor === 'due' ? 'busy' : 'bad';
}

type Cell = string | number;

function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  tone: (row: number) => Tone = () => 'good',
): string {
  if (rows.length === 0) return `<h2>${title}</h2>\n<p>none</p>`;
  const line = (tag: 'th' | 'td', cells: readonly Cell[]): string =>
    cells
      .map((cell) => `<${tag}${typeof cell === 'number' ? ' class="n"' : ''}>${text(String(cell))}</${tag}>`)
      .join('');
  return [
    `<h2>${title}</h2>\n<table>\n<tr>${line('th', head)}</tr>`,
    ...rows.map((cells, at) => `<tr class="${tone(at)}">${line('td', cells)}</tr>`),
    '</table>',
  ].join('\n');
}

function entry(term: string, value: string): string {
  return `<dt>${term}</dt><dd>${text(value)}</dd>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { padding: .5rem 1rem; border-left: .6rem solid; }
h1.good { border-color: #1a7f37; } h1.busy { border-color: #bf8700; } h1.bad { border-color: #cf222e; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { opacity: .7; } dd { margin: 0; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem; text-align: left; vertical-align: top; }
th { border-bottom: 1px solid; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.bad td { background: #cf222e22; } tr.busy td { background: #bf870022; }
`;
