// How many rooms and groups the growth is looked at with.
export const SIZES = [
  { unit: '1k', count: 1000 },
  { unit: '10k', count: 10_000 },
  { unit: '100k', count: 100_000 },
  { unit: '1M', count: 1_000_000 },
]
