#!/usr/bin/env bash
# Answers of a C library: results and buffers of its functions for odd, empty, small and large input; each case in a process
# of its own, so that a crash is an answer, and each buffer between guards, so that a write beside it is one too.
# Fill in SOURCES, the header and `ask`. What may differ is declared in a line that begins with "# OUTPUTS:".
set -euo pipefail
export LC_ALL=C
SOURCES="src/LIBRARY.c"
FLAGS="-O1 -Isrc"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/answers.c" <<'C'
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "LIBRARY.h"

enum { CASES = 300, LARGE = 100000, GUARD = 64 };
static uint64_t state;
static uint32_t draw(uint32_t below) { /* splitmix64 */
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}
static size_t size(void) { /* small and odd, now and then large */
  static const uint32_t near[] = {0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 4095, 4096, 4097};
  uint32_t kind = draw(10);
  return kind == 0 ? draw(LARGE) : kind < 6 ? near[draw(sizeof near / sizeof *near)] : draw(40);
}
static long long number(void) {
  static const long long near[] = {0, 1, -1, 2, 127, 128, 255, 256, 32767, 65535, 65536, 2147483647LL, -2147483648LL, 4294967295LL};
  return draw(2) ? near[draw(sizeof near / sizeof *near)] : (long long)draw(2000) - 1000;
}
static unsigned char *buffer(size_t n) { /* n bytes between guards */
  unsigned char *all = malloc(n + 2 * GUARD);
  memset(all, 0xa5, n + 2 * GUARD);
  return all + GUARD;
}
static unsigned char *bytes(size_t n) { /* n bytes of one of several shapes, ended by a 0 for text */
  static const char *letters[] = {"ab", "abc \n", "0123456789.-+eE", "aA\xc3\xa9\t\r\n ,;\"'"};
  unsigned char *made = buffer(n + 1);
  uint32_t kind = draw(6);
  const char *from = letters[draw(4)];
  for (size_t i = 0; i < n; i++)
    made[i] = kind == 0 ? (unsigned char)draw(256) : kind == 1 ? 'a' : kind == 2 ? (unsigned char)i : (unsigned char)from[draw((uint32_t)strlen(from))];
  made[n] = 0;
  return made;
}
static void show(const char *name, const unsigned char *b, size_t n) { /* content, and whether the guards are whole */
  int whole = 1;
  for (size_t i = 0; i < GUARD; i++) whole &= b[-1 - (long)i] == 0xa5 && b[n + i] == 0xa5;
  printf("  %s%s ", name, whole ? "" : " (written beside it)");
  for (size_t i = 0; i < n; i++) printf(b[i] >= 32 && b[i] < 127 && b[i] != '\\' ? "%c" : "\\%02x", b[i]);
  printf("\n");
}

static void ask(void) { /* one case: make the arguments, call, print all that a caller could see */
  size_t n = size();
  unsigned char *text = bytes(n), *out = buffer(2 * n + 16);
  errno = 0;
  long long result = FUNCTION(out, 2 * n + 16, text, n, number());
  printf("FUNCTION of %zu bytes = %lld, errno %d\n", n, result, errno);
  show("text", text, n + 1);
  show("out", out, 2 * n + 16);
}

int main(int argc, char **argv) {
  unsigned long long seed = strtoull(argv[argc - 1], NULL, 10);
  for (int number = 0; number < CASES; number++) {
    printf("case %d: ", number);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      state = seed * 1000003u + (unsigned)number;
      alarm(60);
      ask();
      fflush(stdout);
      _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0) return 3;
    if (status) printf("ends with status %d\n", status);
  }
  return 0;
}
C
# shellcheck disable=SC2086
${CC:-cc} $FLAGS -I"$work" "$work/answers.c" $SOURCES -o "$work/answers" ${LIBS:-}
"$work/answers" "$AUTORESEARCH_SEED" >"$AUTORESEARCH_OUT/answers"
