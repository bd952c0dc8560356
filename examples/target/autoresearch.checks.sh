#!/usr/bin/env bash
# Correctness: the counts of three texts, as coreutils and awk see them.
set -euo pipefail
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

reference() { # words in lower case, counted, most frequent first, ties in alphabetical order
  tr 'A-Z' 'a-z' | tr -cs 'a-z' '\n' | awk 'NF { n[$0]++ } END { for (w in n) print n[w], w }' | sort -k1,1nr -k2,2
}

awk 'BEGIN { x = 7
  for (i = 0; i < 20000; i++) {
    x = (x * 16807) % 2147483647; n = int(9000 * x / 2147483647); w = ""
    do { w = w sprintf("%c", ((n % 3) ? 97 : 65) + n % 26); n = int(n / 26) } while (n > 0)
    printf "%s%s", w, (i % 7 == 6) ? ",\n" : " "
  } }' >"$work/long"
printf 'The cat and the hat. THE END' >"$work/short"
: >"$work/empty"

for text in long short empty; do
  reference <"$work/$text" >"$work/want"
  ./wordstat <"$work/$text" >"$work/got"
  cmp "$work/want" "$work/got" || { echo "wrong counts for the $text text"; exit 1; }
done
