#include "table.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024

static size_t hash(const char *word, size_t length)
{
    size_t value = 5381;
    for (size_t i = 0; i < length; i++)
        value = value * 33 + (unsigned char)word[i];
    return value;
}

void table_init(struct table *table)
{
    table->size = BUCKETS;
    table->used = 0;
    table->buckets = calloc(table->size, sizeof *table->buckets);
    if (!table->buckets)
        abort();
}

void table_add(struct table *table, const char *word, size_t length)
{
    struct entry **bucket = &table->buckets[hash(word, length) % table->size];
    for (struct entry *entry = *bucket; entry; entry = entry->next) {
        if (strlen(entry->word) == length && memcmp(entry->word, word, length) == 0) {
            entry->count++;
            return;
        }
    }
    struct entry *entry = malloc(sizeof *entry + length + 1);
    if (!entry)
        abort();
    memcpy(entry->word, word, length);
    entry->word[length] = '\0';
    entry->count = 1;
    entry->next = *bucket;
    *bucket = entry;
    table->used++;
}

struct entry **table_entries(const struct table *table)
{
    struct entry **all = malloc((table->used + 1) * sizeof *all);
    size_t n = 0;
    if (!all)
        abort();
    for (size_t i = 0; i < table->size; i++)
        for (struct entry *entry = table->buckets[i]; entry; entry = entry->next)
            all[n++] = entry;
    all[n] = NULL;
    return all;
}
