/**
 * What the page does by itself. Twice a second, one request at a time, it asks for the parts that change and puts them in
 * place of those before, but not while somebody reads in them with the keyboard or marks a text. A button asks the
 * simulator to play something else. All markup comes from the simulator.
 */
export const SCRIPT = `'use strict';
const EVERY_MS = 500;
const the = (id) => document.getElementById(id);
let shown = '';
let asked = 0;

async function renew() {
  asked += 1;
  const ticket = asked;
  const query = new URLSearchParams({ show: the('show').value, payment: the('payment').value });
  const answer = await fetch('live?' + query, { cache: 'no-store' });
  if (!answer.ok) throw new Error('HTTP ' + answer.status);
  const markup = await answer.text();
  if (ticket !== asked || markup === shown) return;
  shown = markup;
  const parts = document.createElement('template');
  parts.innerHTML = markup;
  for (const part of [...parts.content.children]) the(part.id).replaceWith(part);
  mark();
}

function mark() {
  const { playing, title } = the('overview').dataset;
  if (the('said').textContent !== title) the('said').textContent = title;
  document.title = title + ' · gateway simulator';
  for (const button of document.querySelectorAll('button[data-play]')) {
    button.setAttribute('aria-pressed', String(button.dataset.play === playing));
  }
}

function isRead() {
  const { isCollapsed, anchorNode } = document.getSelection();
  const parts = [the('overview'), the('newest')];
  const byKeyboard = document.querySelector(':focus-visible');
  return parts.some((part) => part.contains(byKeyboard) || (!isCollapsed && part.contains(anchorNode)));
}

async function follow() {
  const still = the('pause').getAttribute('aria-pressed') === 'true' || isRead();
  the('still').hidden = !still;
  if (!still && !document.hidden) await orLost(renew);
  setTimeout(follow, EVERY_MS);
}

async function orLost(act) {
  try {
    await act();
    the('lost').hidden = true;
  } catch {
    the('lost').hidden = false;
  }
}

async function ask(method, path, body) {
  the('problems').replaceChildren();
  const answer = await fetch(path, { method, body });
  if (!answer.ok) return complain(await answer.json());
  await renew();
}

function complain({ problem, problems = [], remedy }) {
  const lines = [problem, ...problems.map(({ path, problem }) => path + ': ' + problem), remedy];
  the('problems').replaceChildren(
    ...lines.filter(Boolean).map((line) => Object.assign(document.createElement('p'), { textContent: line })),
  );
}

async function pressed({ id, dataset: { play } }) {
  if (play !== undefined) await ask('PUT', 'playing?' + play + '&concerned=' + the('concerned').value);
  if (id === 'own') await ask('PUT', 'profile', the('profile').value);
  if (id === 'forget') await ask('DELETE', 'requests');
  if (id === 'take') {
    const answer = await fetch('playing', { cache: 'no-store' });
    the('profile').value = JSON.stringify((await answer.json()).profile, null, 2);
  }
  if (id === 'pause') {
    const paused = the('pause').getAttribute('aria-pressed') === 'true';
    the('pause').setAttribute('aria-pressed', String(!paused));
  }
}

document.querySelector('main').addEventListener('click', ({ target }) => {
  const button = target.closest('button');
  if (button !== null) void orLost(() => pressed(button));
});
for (const id of ['show', 'payment']) the(id).addEventListener('input', () => void orLost(renew));

mark();
void follow();
`;
