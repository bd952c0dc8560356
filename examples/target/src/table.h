/* A table from words to counts. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

struct entry {
    struct entry *next;
    unsigned long count;
    char word[];
};

struct table {
    struct entry **buckets;
    size_t size;
    size_t used;
};

void table_init(struct table *table);
void table_add(struct table *table, const char *word, size_t length);
struct entry **table_entries(const struct table *table);

#endif
