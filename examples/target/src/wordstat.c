/* wordstat: count the words of standard input, most frequent first, ties in alphabetical order. */
#include "table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 256

static int by_count(const void *left, const void *right)
{
    const struct entry *a = *(struct entry *const *)left;
    const struct entry *b = *(struct entry *const *)right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->word, b->word);
}

int main(void)
{
    struct table table;
    char word[LONGEST];
    size_t length = 0;
    int c;

    table_init(&table);
    while ((c = getchar()) != EOF) {
        if (isalpha(c)) {
            if (length < LONGEST)
                word[length++] = (char)tolower(c);
        } else if (length > 0) {
            table_add(&table, word, length);
            length = 0;
        }
    }
    if (length > 0)
        table_add(&table, word, length);

    struct entry **all = table_entries(&table);
    qsort(all, table.used, sizeof *all, by_count);
    for (size_t i = 0; i < table.used; i++)
        printf("%lu %s\n", all[i]->count, all[i]->word);
    return 0;
}
