#!/usr/bin/env bash
# Answers of a JavaScript module: what every exported function returns or throws, what it does to its arguments, and what a
# second call says, also for undefined, NaN, -0 and holes. Fill in MODULE and CALLS. What may differ is declared in a line
# that begins with "# OUTPUTS:".
set -euo pipefail
export LC_ALL=C TZ=UTC

node --input-type=module - <<'JS'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'

const MODULE = './MODULE.js'
const CALLS = [ // a function by its path in the module ('' is the module itself), and its arguments: text, value, number
  ['FUNCTION', () => [text(), pick([undefined, {}, { option: true }])]],
]
const EVERY = true // every other exported function too, with arguments of any kind
const CASES = 300

const seed = Number(process.env.AUTORESEARCH_SEED)
let state = 1
const random = () => { // mulberry32
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const below = n => Math.floor(random() * n)
const pick = list => list[below(list.length)]
const many = (n, make) => Array.from({ length: n }, make)
const NUMBERS = [0, -0, 1, -1, 2, 10, 255, 256, 0.1, -1.5, 1e21, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, NaN, Infinity, -Infinity]
const TEXTS = ['', ' ', '\n', '\0', '0', '-0', '1e3', 'NaN', 'null', 'undefined', '__proto__', 'constructor', 'toString', 'length',
  'é', 'e\u0301', 'ß', 'İ', '😀', '\ud800', '\u2028', '[]', '{}', '.', '-', '_', '/', '\\', "'", '"', '$&', '%s', '<a>', 'aB', 'a b']
const LETTERS = [...'abAB01 \n\t.,;:-_=/\\\'"()[]{}<>$%&é😀\u2028']
const FORBIDDEN = [...Array(32).keys(), 127, 128, 133, 160, 0xfeff, 0xfffd, 0xffff].map(n => String.fromCharCode(n)) // by many a format, somewhere
let pools = {}
const number = () => pick([pick(NUMBERS), below(41) - 20, random() * 10 - 5, Math.floor(random() * 2 ** 40)])
const text = (letters = LETTERS) => {
  const kind = below(6)
  if (kind < 2) return pick(kind ? TEXTS : TEXTS.slice(0, 3))
  if (kind === 2 && pools.text) return pick(pools.text)
  const words = many(pick([1, 2, 3, 5, 8, 30, 200]), () => pick(letters))
  if (below(10) === 0) words[below(words.length)] = pick(FORBIDDEN)
  return words.join('')
}
const value = (depth = 2) => {
  const kind = below(depth > 0 ? 14 : 8)
  if (kind < 2) return number()
  if (kind < 4) return text()
  if (kind < 6) return pick([undefined, undefined, null, true, false, 10n, Symbol('s')])
  if (kind === 6) return pools.value ? pick(pools.value) : undefined
  if (kind === 7) return pick([() => new Date(0), () => new Date(NaN), () => /a/gi, () => new Map([[1, 2]]), () => new Set([1, 'a']),
    () => new Uint8Array([1, 255]), () => Object.create(null), () => x => x, () => () => undefined, () => new Error('e')])()
  const n = pick([0, 1, 2, 3, 5, depth === 2 ? 100 : 2])
  if (kind < 11) {
    const list = many(n, () => (kind === 8 ? number() : value(depth - 1)))
    if (n > 2 && below(4) === 0) delete list[1] // a hole
    return list
  }
  return Object.fromEntries(many(n, () => [text(), value(depth - 1)]))
}

const whole = { depth: 50, maxArrayLength: null, maxStringLength: null, breakLength: Infinity }
const show = it => inspect(it, whole).replace(/\n\s+at [^\n]*/g, '') // an error's stack says where, not what
const isHeld = it => it !== null && typeof it === 'object'
const plain = it => { try { return isHeld(it) && (Array.isArray(it) || Object.getPrototypeOf(it) === Object.prototype) } catch { return false } }
const parts = it => (plain(it) ? Object.entries(Object.getOwnPropertyDescriptors(it)).filter(([, d]) => 'value' in d).map(([k, d]) => [k, d.value]) : [])
const shared = (args, result) => { // where an answer holds an object that stands elsewhere too: who changes one changes both
  const seen = new Map()
  let found = []
  const walk = (it, place, depth = 0) => {
    if (!isHeld(it)) return
    if (seen.has(it)) {
      found.push(`, ${place} is ${seen.get(it)} itself`)
      return
    }
    seen.set(it, place)
    if (depth < 20) for (const [key, part] of parts(it)) walk(part, `${place}.${key}`.slice(0, 60), depth + 1)
  }
  args.forEach((a, n) => walk(a, `argument ${n}`))
  found = [] // what the arguments share among themselves
  walk(result, 'answer')
  return found.slice(0, 9).join('')
}
const spoil = (it, depth = 0, seen = new Set()) => { // what the caller does with an answer must not reach the next one
  if (!isHeld(it) || seen.has(it)) return
  seen.add(it)
  if (depth < 20) for (const [, part] of parts(it)) spoil(part, depth + 1, seen)
  try { if (Array.isArray(it)) it.length = 0 } catch { /* frozen, or sealed */ }
}
const internal = it => {
  try {
    const its = isHeld(it) ? Object.getPrototypeOf(it)?.constructor : undefined
    return typeof its === 'function' && !/\[native code\]/.test(Function.prototype.toString.call(its))
  } catch { return true }
}
const given = a => (plain(a) && !Array.isArray(a) // what a program hangs into it is its own affair
  ? Object.fromEntries(parts(a).map(([key, it]) => [key, internal(it) ? 'an object of its own' : it])) : a)
const ask = async (self, f, args, deep) => {
  const before = show(args.map(given))
  let said, result
  try {
    result = f.apply(self, args)
    if (result instanceof Promise) result = ['promise of', await result]
    if (typeof result?.next === 'function') result = ['iterator of', ...Array.from({ length: 1000 }, () => result.next().value)]
    said = ` = ${show(result)}`
  } catch (error) {
    said = ` raises ${error?.name ?? typeof error}`
    if (!(error instanceof TypeError)) said += `: ${error?.message ?? show(error)}` // whose words name what stands inside
  }
  said += shared(args, result)
  const after = show(args.map(given))
  if (after !== before) said += `\n  arguments are then ${after}`
  spoil(result, deep ? 0 : 20) // deep at the end: what it holds may be everybody's
  return `(${before.slice(0, 400)})${said}`
}

const require = createRequire(resolve('x.js'))
try {
  const fc = require('fast-check')
  const options = { seed: seed | 0, numRuns: 60 }
  pools = { text: fc.sample(fc.string({ unit: 'binary' }), options), value: fc.sample(fc.anything(), options) }
} catch { /* not installed: our own inputs */ }
const loaded = await import(pathToFileURL(resolve(MODULE)))
const top = 'module.exports' in loaded ? loaded['module.exports'] : loaded.default ?? loaded
const exported = { ...(typeof top === 'object' || typeof top === 'function' ? top : {}), ...loaded }
const calls = [...CALLS]
if (EVERY) {
  if (typeof top === 'function') exported[''] = top
  for (const name of Object.keys(exported).sort()) {
    const known = ['default', 'module.exports'].includes(name) || CALLS.some(call => call[0] === name)
    const plain = typeof exported[name] === 'function' && !/^class\b/.test(Function.prototype.toString.call(exported[name]))
    if (plain && !known) calls.push([name, () => many(below(4), () => value())])
  }
}
const lines = []
for (let number = 0; number < CASES; number++) {
  const [name, make] = calls[number % calls.length]
  if (process.env.SHOW_CASES) console.error(number, name) // by hand: SHOW_CASES=1; the last one is where it hangs
  let self = exported
  let f = name === '' ? top : exported
  for (const part of name === '' ? [] : name.split('.')) [self, f] = [f, f[part]]
  if (typeof f !== 'function') throw new Error(`${MODULE} exports no function ${name}`)
  for (const time of ['', 'again ']) {
    state = (Math.imul(seed, 100003) + number) | 0 // the same arguments, made anew
    lines.push(`${number} ${time}${name}${await ask(self, f, make(), 4 * number > 3 * CASES)}`)
  }
}
writeFileSync(`${process.env.AUTORESEARCH_OUT}/answers`, lines.join('\n') + '\n')
console.error(`${lines.length} answers in ${process.env.AUTORESEARCH_OUT}/answers`)
JS
