/** What must hold. Each has a name, by which known faults are allowed and a trace is searched. */
export const invariants = {
  'room order': 'In a sub-group of a room msgid rises, for every member.',
  'group order': 'In a group msgid rises, for every member.',
  'one msgid': 'A chat has one msgid, and a msgid is of one chat.',
  twice: 'Nothing comes twice over one connection; what has no expire not over two of a device either.',
  'kept twice': 'A push with expire comes twice to a device only where the README allows it.',
  stranger:
    'Nobody gets what is for others: chats of others, of rooms or groups that he has not asked for, answers to others.',
  'answered once': 'Every request of a live client is answered exactly once.',
  'chat delivered':
    'A chat reaches everybody who was in its line when it was posted and whose connection and workers lived.',
  'push delivered': 'A push reaches everybody who is there.',
  'push kept': 'A push with expire reaches those who come within it.',
  'room member': 'Who has joined a room is known to its home, over that connection; nobody else is.',
  'busy undoes': 'A request that is answered with BUSY changes nothing.',
  'group member': 'Every session of a member is known to the home of the group, over that connection; nobody else is.',
  'user online': 'The home of a user knows his signed-in sessions, and no others.',
  'memory is disk': 'Groups, configured rooms and relations in memory are as they are on the disk.',
  'newer wins': 'Of two connections of a sid the one that was accepted later stays.',
  'signs in': 'A client that is alone with its sid gets online when nothing fails any more.',
  notices: 'Join and quit notices of a room are of users: the first device that comes, the last one that goes.',
  conservation: 'At each worker: what was handed to topics and sessions is what was written to connections.',
  'early frame': 'Nothing comes before the ONLINE-ACK.',
  defect: 'Nothing throws that should not, and no rejection is left alone.',
  'clock set': 'Who sets the wall clock closes nobody, and makes no statistics of times that never were.',
  relations: 'Who is blocked is refused, who is muted is not heard.',
} as const

export type Invariant = keyof typeof invariants

export interface Violation {
  readonly invariant: Invariant
  readonly text: string
  readonly step: number
}

/** A fault that is in the product and not cured yet. */
export interface KnownFault {
  /** Where it is described. */
  readonly part: string
  readonly invariants: readonly Invariant[]
}
