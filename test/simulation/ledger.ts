/** What was said and pushed in one run, by whom and for whom: what the checks compare with what came. */
export interface Said {
  readonly text: string
  readonly kind: 'user' | 'group' | 'room'
  readonly target: number
  readonly uid: number
  msgid: number | undefined
}

export interface Pushed {
  readonly text: string
  readonly kind: 'user' | 'sid' | 'group' | 'room' | 'all'
  readonly target: number
  /** For a push to a sid: whose it is. */
  readonly uid: number
  readonly expire: number
  /** Undefined until it is answered with code 0. */
  msgid: number | undefined
  /** Whether a worker was lost since: then nothing is promised to those who were there. */
  isDisturbed: boolean
  /** Whether it is one of the pushes at the end that show who is reached. */
  readonly isProbe: boolean
}

export class Ledger {
  readonly chats = new Map<string, Said>()
  readonly pushes = new Map<string, Pushed>()
  readonly #texts = new Map<number, string>()
  #last = 0

  /** A text that nobody has said before. @param padding so many bytes more, to fill rings */
  newText(padding: number): string {
    return `${++this.#last}:${'x'.repeat(padding)}`
  }

  say(said: Said): void {
    this.chats.set(said.text, said)
  }

  push(pushed: Pushed): void {
    this.pushes.set(pushed.text, pushed)
  }

  /** @returns the other text that has this number, or the other number that the text has */
  clash(msgid: number, text: string): string | undefined {
    const known = this.#texts.get(msgid)
    if (known !== undefined && known !== text) return `msgid ${msgid} is of ${brief(known)} too`
    this.#texts.set(msgid, text)
    const said = this.chats.get(text) ?? this.pushes.get(text)
    if (said === undefined) return 'nobody said it'
    if (said.msgid !== undefined && said.msgid !== msgid) return `it had msgid ${said.msgid} before`
    if (this.chats.has(text)) said.msgid = msgid
    return undefined
  }
}

export function brief(text: string): string {
  return text.length > 24 ? `${text.slice(0, 20)}… (${text.length})` : text
}
