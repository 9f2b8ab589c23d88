// An SVG with one panel for each case: a bar for each variant's median, a line from the least to the most of its runs.

const WIDTH = 760
const LABEL = 120
const VALUE = 130
const BAR = 22
const GAP = 8
const TITLE = 44
const MARGIN = 16
const AXIS = WIDTH - LABEL - VALUE - 2 * MARGIN

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = text => text.replace(/[&<>"]/g, sign => escapes[sign])
const round = value => Math.round(value * 10) / 10

function text(x, y, content, more = '') {
  return `<text x="${x}" y="${y}" ${more}>${escaped(content)}</text>`
}

function panel({ title, figures, plotted, variants }, top) {
  const figure = figures.find(({ key }) => key === plotted)
  const names = Object.keys(variants)
  const sums = names.map(name => variants[name]?.figures[figure.key])
  const largest = Math.max(...sums.map(sum => sum?.max ?? 0))
  const x = value => round(MARGIN + LABEL + (largest > 0 ? (value / largest) * AXIS : 0))
  const number = value => value.toLocaleString('en-US', { maximumFractionDigits: figure.digits })

  const rows = names.flatMap((name, i) => {
    const y = top + TITLE + i * (BAR + GAP)
    const sum = sums[i]
    const middle = y + BAR / 2
    const label = text(MARGIN, middle + 5, name)
    if (!sum)
      return [label, text(x(0) + 6, middle + 5, variants[name] === null ? 'not installed' : 'n/a', 'class="faint"')]
    // Pale: no run of this variant was sound, so the bar is no result.
    const { runs, refused, failed } = variants[name]
    const kind = refused + failed === runs ? 'bar refused' : 'bar'
    return [
      label,
      `<rect class="${kind}" x="${x(0)}" y="${y}" width="${round(x(sum.median) - x(0))}" height="${BAR}"/>`,
      `<path class="spread" d="M${x(sum.min)} ${middle}H${x(sum.max)}M${x(sum.min)} ${middle - 4}v8M${x(sum.max)} ${middle - 4}v8"/>`,
      text(WIDTH - MARGIN, middle + 5, number(sum.median), 'text-anchor="end"'),
    ]
  })
  return {
    svg: [
      text(MARGIN, top + 16, title, 'class="title"'),
      text(MARGIN, top + 34, figure.heading, 'class="faint"'),
      ...rows,
    ].join('\n'),
    height: TITLE + names.length * (BAR + GAP) + MARGIN,
  }
}

const STYLE = `
text { font: 13px sans-serif; fill: #222 }
.title { font-size: 12px; font-weight: bold }
.faint { fill: #777 }
.bar { fill: #4878a8 }
.refused { fill: #c8d4e0 }
.spread { stroke: #222; fill: none }`

export function plot(cases) {
  let top = MARGIN
  const panels = cases.map(one => {
    const { svg, height } = panel(one, top)
    top += height
    return svg
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}">
<title>Results of the benchmark: a bar for the median of each server, a line from the least to the most of its runs</title>
<style>${STYLE}
</style>
<rect width="100%" height="100%" fill="#fff"/>
${panels.join('\n')}
</svg>
`
}
