const COLUMNS = 100

/** Lines that stay as they are: headings, tables, comments. */
const FIXED = /^(?:#|\||<!--)/
/** The mark of a list entry; its further lines are indented by as much. */
const MARK = /^(?:- |\d+\. )/
/** A word; a code span counts as one, whatever spaces are in it. */
const WORD = /(?:`[^`]*`|\S)+/g

/**
 * Wraps the prose of a Markdown page at 100 columns. Code blocks, tables and headings keep their lines; each line of the
 * source that begins with the mark of a list begins an entry.
 */
export function wrapProse(page: string): string {
  const wrapped: string[] = []
  let paragraph: string[] = []
  let isCode = false
  const flush = () => {
    if (paragraph.length > 0) wrapped.push(...wrap(paragraph.join(' ')))
    paragraph = []
  }
  for (const line of page.split('\n')) {
    const isFence = line.startsWith('```')
    if (isFence) isCode = !isCode
    if (isFence || isCode || line === '' || FIXED.test(line)) {
      flush()
      wrapped.push(line)
    } else {
      if (MARK.test(line)) flush()
      paragraph.push(line)
    }
  }
  flush()
  return wrapped.join('\n')
}

/** @returns the lines of one paragraph or list entry */
function wrap(text: string): string[] {
  const indent = ' '.repeat(MARK.exec(text)?.[0].length ?? 0)
  const lines: string[] = []
  let line = ''
  for (const [word] of text.matchAll(WORD)) {
    if (line === '') line = word
    else if (line.length + 1 + word.length <= COLUMNS) line += ` ${word}`
    else {
      lines.push(line)
      line = indent + word
    }
  }
  return [...lines, line]
}
