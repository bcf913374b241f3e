import { MOST_ROWS, type Count, type Facts, type ServiceState } from './facts.ts';
import { html, type Html } from './html.ts';
import type { Choice } from '../player.ts';
import type { ReceivedRequest } from '../request-log.ts';
import {
  answerInWords,
  printable,
  type Tone,
  toneOfAnswer,
  toneOfVerification,
  verificationInWords,
} from '../words.ts';

const LONGEST_ID = 64;
const NOTHING = html``;
/** Beside the colour, for those who do not see it. */
const MARKS: Readonly<Record<Tone, string>> = { good: '✓', bad: '✗', open: '?' };

/** How a choice is called in the page: the button that it belongs to. */
export function choiceKey(choice: Choice): string {
  switch (choice.kind) {
    case 'fault':
      return `fault=${choice.fault}`;
    case 'profile':
      return `profile=${encodeURIComponent(choice.name)}`;
    case 'own':
      return 'own';
  }
}

/** The parts of the page that are renewed. */
export function liveParts(facts: Facts): Html {
  return html`${overview(facts)} ${newestRequests(facts)}`;
}

/** What is played, what the service does, and the counts. */
export function overview(facts: Facts): Html {
  const { playing, open, total, payments, perSecond, service } = facts;
  return html`<div id="overview" data-playing="${choiceKey(playing.choice)}" data-title="${playing.title}">
    <div class="headline ${playing.asUsual ? 'good' : 'bad'}">
      <h2>${playing.title}</h2>
      <p>${playing.about} Since ${time(playing.since)}.</p>
    </div>
    <dl class="facts">
      ${fact('Requests', String(total))} ${fact('Payments', String(payments))} ${fact('A second', perSecond.toFixed(1))}
      ${fact('Open', String(open.count), open.since === undefined ? undefined : html`since ${time(open.since)}`)}
      ${service === undefined ? NOTHING : serviceFact(service)}
    </dl>
    <div class="counts">
      ${counts('Requests, as judged', facts.verification, total, toneOfVerification, verificationInWords)}
      ${counts('Answers, as given', facts.answered, total, toneOfAnswer, answerInWords)}
    </div>
  </div>`;
}

function fact(term: string, value: string, more?: Html, tone: Tone | 'plain' = 'plain'): Html {
  return html`<div class="${tone}">
    <dt>${term}</dt>
    <dd>${value}${more === undefined ? NOTHING : html` <small>${more}</small>`}</dd>
  </div>`;
}

function serviceFact(service: ServiceState): Html {
  switch (service.kind) {
    case 'sends':
      return fact('Service', 'sends', undefined, 'good');
    case 'holds':
      return fact('Service', 'holds', html`for ${printable(service.reason, LONGEST_ID)}`, 'bad');
    case 'silent':
      return fact('Service', 'not known', html`nobody answers at ${service.where}`, 'open');
  }
}

function counts(
  title: string,
  of: readonly Count[],
  total: number,
  tone: (name: string) => Tone,
  words: (name: string) => string,
): Html {
  const rows = of.map(
    ([name, count]) =>
      html`<tr class="${tone(name)}">
        <th scope="row">${marked(tone(name), words(name))}</th>
        <td class="n">${count}</td>
        <td><meter aria-hidden="true" max="${total}" value="${count}"></meter></td>
      </tr>`,
  );
  return html`<table>
    <caption>
      ${title}
    </caption>
    <tbody>
      ${
        rows.length === 0
          ? html`<tr>
              <td>none yet</td>
            </tr>`
          : rows
      }
    </tbody>
  </table>`;
}

/** The newest requests, whatever is asked for. */
export function newestRequests({ requests }: Facts): Html {
  const head = ['#', 'at (UTC)', 'payment', 'attempt', 'key', 'judged', 'answered', 'after'];
  return html`<div id="newest" class="scroll" tabindex="0" role="region" aria-labelledby="newest-title">
    <table class="requests">
      <caption id="newest-title">
        The newest requests, ${MOST_ROWS} at most
      </caption>
      <thead>
        <tr>
          ${head.map((title) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${
          requests.length === 0
            ? html`<tr>
                <td colspan="${head.length}">none to show</td>
              </tr>`
            : requests.map(row)
        }
      </tbody>
    </table>
  </div>`;
}

function row(request: ReceivedRequest): Html {
  const { seq, at, paymentId, attempt, keyVersion, verification, why, answered, answeredAt, settled } = request;
  const judged = marked(toneOfVerification(verification), verificationInWords(verification));
  const after = answeredAt === undefined ? (settled === true ? '–' : 'open') : `${answeredAt - at} ms`;
  return html`<tr data-seq="${seq}">
    <td class="n">${seq}</td>
    <td>${time(at)}</td>
    <td>${payment(paymentId)}</td>
    <td class="n">${attempt === 0 ? '–' : attempt}</td>
    <td>${printable(keyVersion, LONGEST_ID) || '–'}</td>
    <td class="${toneOfVerification(verification)}">
      ${judged}${why === undefined ? NOTHING : html`<small>${printable(why)}</small>`}
    </td>
    <td class="${toneOfAnswer(answered)}">${marked(toneOfAnswer(answered), printable(answerInWords(answered)))}</td>
    <td class="n">${after}</td>
  </tr>`;
}

/** A link to all that is known of the payment. */
function payment(id: string): Html {
  if (id === '') return html`–`;
  const query = new URLSearchParams({ paymentId: id }).toString();
  return html`<a href="requests?${query}"><bdi>${printable(id, LONGEST_ID)}</bdi></a>`;
}

function marked(tone: Tone, words: string): Html {
  return html`<span aria-hidden="true">${MARKS[tone]}</span> ${words}`;
}

function time(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(11, 23)}</time>`;
}
