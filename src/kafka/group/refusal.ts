/** Why a member is refused that reads another source than its group. */
export function otherSource(ofGroup: string, ofMember: string): string {
  return `the members of this group read ${ofGroup}, and this one ${ofMember}`;
}
