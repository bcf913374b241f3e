/** What happened in the cluster, told to whoever listens at the moment it happens. */
export type Fact =
  | {
      readonly kind: 'appended';
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      readonly count: number;
    }
  | {
      readonly kind: 'committed';
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      readonly metadata: string;
      readonly clientId: string;
      readonly memberId: string;
    }
  | {
      readonly kind: 'stabilized';
      readonly group: string;
      readonly generation: number;
      readonly members: readonly Assigned[];
    }
  | { readonly kind: 'evicted' | 'left'; readonly group: string; readonly memberId: string; readonly clientId: string }
  | { readonly kind: 'transaction'; readonly transactionalId: string; readonly state: string };

/** A member of a generation, with what its leader gave to it, as the group's assigner writes it. */
export interface Assigned {
  readonly memberId: string;
  readonly clientId: string;
  readonly assignment: Buffer;
}

export type Tell = (fact: Fact) => void;
