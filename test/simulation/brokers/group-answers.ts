import { ERROR } from './error-codes.ts';
import type { Response } from './messages/apis.ts';

export type JoinAnswer = Response<'JoinGroup'>;
export type SyncAnswer = Response<'SyncGroup'>;

export function refusedJoin(errorCode: number, memberId: string): JoinAnswer {
  return { throttleTimeMs: 0, errorCode, generationId: -1, protocolName: '', leader: '', memberId, members: [] };
}

export function refusedSync(errorCode: number): SyncAnswer {
  return { throttleTimeMs: 0, errorCode, assignment: Buffer.alloc(0) };
}

export function synced(assignment: Buffer): SyncAnswer {
  return { throttleTimeMs: 0, errorCode: ERROR.NONE, assignment };
}
