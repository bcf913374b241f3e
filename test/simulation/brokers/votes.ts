import type { Member } from './group-member.ts';

/** Each member votes for the first of its protocols that all know; empty where there is nobody. */
export function electedBy(members: readonly Member[]): string {
  const votes = new Map<string, number>();
  for (const { said } of members) {
    const vote = said.protocols.find(({ name }) => members.every((member) => member.knows(name)))?.name ?? '';
    votes.set(vote, (votes.get(vote) ?? 0) + 1);
  }
  return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best), ['', 0])[0];
}
